use crate::config::Schedule;

/// The learning rate at a step, from 0: a straight rise to `peak` over `warmup_steps`, then as `schedule` says up
/// to `total_steps`.
pub(super) fn learning_rate(
    schedule: Schedule,
    peak: f64,
    warmup_steps: usize,
    total_steps: usize,
    step: usize,
) -> f64 {
    let warmup_steps = warmup_steps.min(total_steps / 2);
    if step < warmup_steps {
        return peak * (step + 1) as f64 / warmup_steps as f64;
    }
    match schedule {
        Schedule::Linear => peak * total_steps.saturating_sub(step) as f64 / (total_steps - warmup_steps).max(1) as f64,
        Schedule::Constant => peak,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rises_and_falls_in_straight_lines() {
        let rate = |schedule, [warmup, total, step]: [usize; 3]| learning_rate(schedule, 1.0, warmup, total, step);
        let rates = [0, 1, 3, 4, 7, 9, 10].map(|step| rate(Schedule::Linear, [4, 10, step]));
        assert_eq!(rates, [0.25, 0.5, 1.0, 1.0, 0.5, 1.0 / 6.0, 0.0]);
        assert_eq!(rate(Schedule::Linear, [200, 2, 0]), 1.0);
        assert_eq!(rate(Schedule::Linear, [0, 1, 0]), 1.0);
    }

    #[test]
    fn a_constant_one_stays_where_it_has_risen_to() {
        let rates = [0, 3, 4, 9].map(|step| learning_rate(Schedule::Constant, 2.0, 4, 10, step));
        assert_eq!(rates, [0.5, 2.0, 2.0, 2.0]);
    }
}
