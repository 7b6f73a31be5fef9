use super::plot::{Axis, Figure, GRAY, PALETTE, Panel, Scale, Series, Style};
use super::{Histogram, ParityReport, PrecisionParity, StepErrors};

impl ParityReport {
    /// Errors of `h` and `c` by step, of each precision beside f32, and how large logit errors are; of a report with
    /// [`super::ParityDetail::by_step`].
    pub fn figure(&self, run: &str) -> Figure {
        let mut panels = vec![self.state_panel("h")];
        if self.precisions.iter().any(|precision| !steps(precision, "c").is_empty()) {
            panels.push(self.state_panel("c"));
        }
        panels.push(self.logit_panel());
        Figure { title: format!("{run}: the runtime beside the trained network, {} rows", self.rows), panels }
    }

    fn state_panel(&self, name: &str) -> Panel {
        let mut series = Vec::new();
        for (place, precision) in self.precisions.iter().enumerate() {
            let steps = steps(precision, name);
            let points = |of: fn(&StepErrors) -> f64| -> Vec<(f64, f64)> {
                steps.iter().enumerate().map(|(step, errors)| (step as f64 + 1.0, of(errors))).collect()
            };
            let line = |what: &str, style, points| Series {
                name: format!("{}, {what}", precision.name),
                color: color(place),
                style,
                points,
                names: Vec::new(),
            };
            if !steps.is_empty() {
                series.push(line("largest", Style::Line, points(|errors| errors.max_error.into())));
                series.push(line("mean", Style::Dashes, points(|errors| errors.mean_error)));
            }
        }
        let values = || series.iter().flat_map(|series| &series.points);
        Panel {
            title: format!("error of {name} beside f32, all layers and units"),
            x: Axis::around("step", Scale::Linear, values().map(|(step, _)| *step)),
            y: Axis::around("absolute error", Scale::Logarithmic, values().map(|(_, error)| *error)).with_legend(),
            series,
        }
    }

    fn logit_panel(&self) -> Panel {
        let of_precision = |(place, precision): (usize, &PrecisionParity)| {
            let Histogram { zero, bins } = precision.logit_errors.as_ref()?;
            let all = (zero + bins.iter().sum::<u64>()).max(1);
            let outline = bins.iter().enumerate().flat_map(|(bin, count)| {
                let percent = 100.0 * *count as f64 / all as f64;
                [bin, bin + 1].map(|edge| (10.0_f64.powf(Histogram::start(edge)), percent))
            });
            let points = outline.collect();
            Some(Series {
                name: precision.name.clone(),
                color: color(place),
                style: Style::Area,
                points,
                names: Vec::new(),
            })
        };
        let series: Vec<Series> = self.precisions.iter().enumerate().filter_map(of_precision).collect();
        let points = || series.iter().flat_map(|series| &series.points);
        let shown = points().filter(|(_, percent)| *percent > 0.0).map(|(error, _)| *error);
        let highest = points().map(|(_, percent)| *percent).fold(0.0, f64::max);
        Panel {
            title: "differences of logits from the trained network".into(),
            x: Axis::around("absolute difference", Scale::Logarithmic, shown),
            y: Axis::between("% of all logits", Scale::Linear, 0.0, 1.08 * highest.max(1.0)),
            series,
        }
    }
}

fn color(place: usize) -> super::plot::Color {
    place.checked_sub(1).and_then(|place| PALETTE.get(place)).copied().unwrap_or(GRAY)
}

fn steps(precision: &PrecisionParity, name: &str) -> Vec<StepErrors> {
    precision.by_step.as_ref().map_or(Vec::new(), |by_step| by_step.of_all_layers(name))
}
