use super::{Frontier, Measured, Reference};
use crate::report::plot::{Axis, Color, Figure, GRAY, PALETTE, Panel, Scale, Series, Style};

impl Frontier {
    /// Validation accuracy against bytes: all candidates that were trained on all rows, a line through the chosen ones, and
    /// what others reached.
    pub fn figure(&self, data: &str, references: &[Reference]) -> Figure {
        let mut chosen: Vec<&Measured> = self.chosen().collect();
        chosen.sort_by_key(|measured| measured.candidate.size.bytes);
        let point = |measured: &Measured| (measured.candidate.size.bytes as f64, 100.0 * measured.accuracy());
        let percent = |measured: &&Measured| format!("{:.2} %", 100.0 * measured.accuracy());
        let series = |name: &str, color: Color, style, points: Vec<(f64, f64)>, names| Series {
            name: name.into(),
            color,
            style,
            points,
            names,
        };
        let on_all_rows = |measured: &&Measured| measured.stage.is_some_and(|stage| stage.number > 1);
        let others = self.measured.iter().filter(|measured| !measured.is_chosen).filter(on_all_rows);
        let others = others.map(point).collect();
        let mut all = vec![series("candidates, shorter training", GRAY, Style::Dots, others, Vec::new())];
        if !references.is_empty() {
            let points = references.iter().map(|reference| (reference.bytes as f64, 100.0 * reference.accuracy));
            let names = references.iter().map(|reference| reference.name.clone()).collect();
            all.push(series(
                "of others, measured as their file says",
                PALETTE[1],
                Style::Triangles,
                points.collect(),
                names,
            ));
        }
        let points = chosen.iter().map(|measured| point(measured)).collect();
        all.push(series(
            "chosen, mean of seeds",
            PALETTE[0],
            Style::LineAndDots,
            points,
            chosen.iter().map(percent).collect(),
        ));
        let values = || all.iter().flat_map(|series| &series.points);
        let panel = Panel {
            title: String::new(),
            x: Axis::around("bytes of the model file", Scale::Bytes, values().map(|(bytes, _)| *bytes)),
            y: Axis::around("accuracy, %", Scale::Linear, values().map(|(_, accuracy)| *accuracy)).with_legend(),
            series: all,
        };
        Figure { title: format!("{data}: accuracy on validation rows against bytes of the file"), panels: vec![panel] }
    }
}
