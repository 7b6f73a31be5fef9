/// The learning rate at a step, from 0: a straight rise to `peak` over `warmup_steps`, then a straight fall
/// to 0 at `total_steps`.
pub(super) fn learning_rate(peak: f64, warmup_steps: usize, total_steps: usize, step: usize) -> f64 {
    let warmup_steps = warmup_steps.min(total_steps / 2);
    if step < warmup_steps {
        peak * (step + 1) as f64 / warmup_steps as f64
    } else {
        peak * total_steps.saturating_sub(step) as f64 / (total_steps - warmup_steps).max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rises_and_falls_in_straight_lines() {
        let rates = [0, 1, 3, 4, 7, 9, 10].map(|step| learning_rate(1.0, 4, 10, step));
        assert_eq!(rates, [0.25, 0.5, 1.0, 1.0, 0.5, 1.0 / 6.0, 0.0]);
        assert_eq!(learning_rate(1.0, 200, 2, 0), 1.0);
        assert_eq!(learning_rate(1.0, 0, 1, 0), 1.0);
    }
}
