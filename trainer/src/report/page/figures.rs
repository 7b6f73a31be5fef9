use super::measured::Bin;
use crate::error::Error;
use crate::report::plot::{Axis, Color, Figure, GRAY, PALETTE, Panel, Scale, Series, Style};
use crate::run::EpochMetrics;

/// Pixels of a plot on a page.
const SIZE: (u32, u32) = (460, 330);

/// What a curve shows of a measurement.
type Measured = fn(&EpochMetrics) -> f64;

/// Loss and accuracy over the epochs of a training; a dot where the kept epoch is.
///
/// # Errors
/// As [`Figure::to_svg`].
pub(super) fn learning_curves(history: &[EpochMetrics], kept: &EpochMetrics) -> Result<Vec<String>, Error> {
    let losses: [(&str, Measured); 2] =
        [("training", |metrics| metrics.training_loss), ("validation", |metrics| metrics.validation_loss)];
    let accuracies: [(&str, Measured); 2] = [
        ("training", |metrics| 100.0 * metrics.training_accuracy),
        ("validation", |metrics| 100.0 * metrics.validation_accuracy),
    ];
    let curve = |(number, (name, of)): (usize, (&str, Measured))| {
        let style = if number == 0 { Style::Dashes } else { Style::Line };
        series(name, PALETTE[1 - number], style, points(history, of))
    };
    let panel = |title: &str, axis: &str, measured: [(&str, Measured); 2]| {
        let kept = (kept.epoch as f64, measured[1].1(kept));
        let mut all: Vec<Series> = measured.into_iter().enumerate().map(curve).collect();
        all.push(series("kept", PALETTE[2], Style::Triangles, vec![kept]));
        svg(panel_of(title, "epoch", axis, all))
    };
    Ok(vec![panel("Loss", "cross-entropy", losses)?, panel("Accuracy", "% right", accuracies)?])
}

/// The validation loss and accuracy of several trainings, over the share of each.
///
/// # Errors
/// As [`Figure::to_svg`].
pub(super) fn overlaid_curves(runs: &[(String, Vec<EpochMetrics>)]) -> Result<Vec<String>, Error> {
    let panel = |title: &str, axis: &str, of: Measured| {
        let curve = |(number, (name, history)): (usize, &(String, Vec<EpochMetrics>))| {
            let style = if number < PALETTE.len() { Style::Line } else { Style::Dashes };
            series(name, PALETTE[number % PALETTE.len()], style, points(history, of))
        };
        svg(panel_of(title, "epoch", axis, runs.iter().enumerate().map(curve).collect()))
    };
    let loss = panel("Validation loss", "cross-entropy", |metrics| metrics.validation_loss)?;
    let accuracy = panel("Validation accuracy", "% right", |metrics| 100.0 * metrics.validation_accuracy)?;
    Ok(vec![loss, accuracy])
}

/// The share of right answers of each range of probabilities, beside what it should be.
///
/// # Errors
/// As [`Figure::to_svg`].
pub(super) fn reliability_plot(bins: &[Bin]) -> Result<String, Error> {
    let filled = bins.iter().filter(|bin| bin.rows > 0);
    let place = |bin: &Bin| {
        let rows = bin.rows as f64;
        (100.0 * bin.probability / rows, 100.0 * bin.right as f64 / rows)
    };
    let names = filled.clone().map(|bin| bin.rows.to_string()).collect();
    let found = Series {
        names,
        ..series("answers, with their number", PALETTE[0], Style::LineAndDots, filled.map(place).collect())
    };
    let ideal = series("as they should be", GRAY, Style::Dashes, vec![(0.0, 0.0), (100.0, 100.0)]);
    // Above 100 % there is room for a number.
    let axis = |name: &str, end: f64| Axis::between(name, Scale::Linear, 0.0, end);
    let (x, y) = (axis("probability, %", 103.0), axis("% right", 108.0));
    svg(Panel { title: String::new(), x, y, series: vec![ideal, found] })
}

fn points(history: &[EpochMetrics], of: Measured) -> Vec<(f64, f64)> {
    history.iter().map(|metrics| (metrics.epoch as f64, of(metrics))).collect()
}

fn series(name: &str, color: Color, style: Style, points: Vec<(f64, f64)>) -> Series {
    Series { name: name.into(), color, style, points, names: Vec::new() }
}

fn panel_of(title: &str, x: &str, y: &str, series: Vec<Series>) -> Panel {
    let values = || series.iter().flat_map(|series| &series.points);
    Panel {
        title: title.into(),
        x: Axis::around(x, Scale::Linear, values().map(|(x, _)| *x)),
        y: Axis::around(y, Scale::Linear, values().map(|(_, y)| *y)),
        series,
    }
}

fn svg(panel: Panel) -> Result<String, Error> {
    Figure { title: String::new(), panels: vec![panel] }.to_svg(SIZE)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_of_data_are_escaped_in_plots() {
        let history = vec![EpochMetrics { epoch: 1, ..EpochMetrics::default() }];
        let plots = overlaid_curves(&[("<script>alert(1)</script>".into(), history)]).unwrap();
        assert!(plots.iter().all(|plot| plot.contains("&lt;script") && !plot.contains("<script")), "{plots:?}");
    }
}
