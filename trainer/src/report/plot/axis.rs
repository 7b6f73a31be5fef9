use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged, ValueFormatter};

/// Most ticks of a linear axis.
const MOST_TICKS: f64 = 8.0;

/// One axis of a panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    /// What it shows, with its unit.
    pub name: String,
    /// How values become places.
    pub scale: Scale,
    /// The smallest value shown.
    pub start: f64,
    /// The largest.
    pub end: f64,
}

/// How values become places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// As they are.
    Linear,
    /// Powers of ten.
    Logarithmic,
    /// Powers of two, of bytes.
    Bytes,
}

impl Axis {
    /// An axis that shows all `values`, those of a logarithmic one that are positive, with some room around them.
    pub fn around(name: &str, scale: Scale, values: impl IntoIterator<Item = f64>) -> Self {
        let is_shown = |value: &f64| value.is_finite() && (scale == Scale::Linear || *value > 0.0);
        let places = values.into_iter().filter(is_shown).map(|value| scale.place(value));
        let (start, end) =
            places.fold((f64::INFINITY, f64::NEG_INFINITY), |(start, end), place| (start.min(place), end.max(place)));
        let (start, end) = if start <= end { (start, end) } else { (0.0, 1.0) };
        let room = if end > start { 0.04 * (end - start) } else { 0.5 };
        Self { name: name.into(), scale, start: scale.value(start - room), end: scale.value(end + room) }
    }

    /// The same with room above its values, for a legend.
    pub fn with_legend(self) -> Self {
        let range = Axis::range(&self);
        Self { end: self.scale.value(range.end + 0.35 * (range.end - range.start)), ..self }
    }

    /// An axis from one value to another.
    pub fn between(name: &str, scale: Scale, start: f64, end: f64) -> Self {
        Self { name: name.into(), scale, start, end }
    }

    /// Where a value is between [`Self::range`].
    pub(super) fn place(&self, value: f64) -> f64 {
        let start = self.scale.place(self.start);
        let place = self.scale.place(value);
        if place.is_finite() { place } else { start }
    }

    /// The places of the start and the end.
    pub(super) fn range(&self) -> Range<f64> {
        self.scale.place(self.start)..self.scale.place(self.end)
    }

    /// The places of the ticks.
    fn ticks(&self) -> Vec<f64> {
        let range = self.range();
        let step = match self.scale {
            Scale::Linear => nice_step(range.end - range.start),
            Scale::Logarithmic | Scale::Bytes => ((range.end - range.start) / MOST_TICKS).ceil().max(1.0),
        };
        let first = (range.start / step - 1e-9).ceil() as i64;
        let last = (range.end / step + 1e-9).floor() as i64;
        (first..=last).map(|tick| tick as f64 * step).collect()
    }

    /// What is written at a place.
    fn label(&self, place: f64) -> String {
        match self.scale {
            Scale::Linear => {
                let step = nice_step(self.end - self.start);
                let digits = (-step.log10().floor()).max(0.0) as usize;
                format!("{place:.digits$}")
            }
            Scale::Logarithmic => match place.round() as i32 {
                exponent @ -3..=3 => format!("{}", 10.0_f64.powi(exponent)),
                exponent => format!("1e{exponent}"),
            },
            Scale::Bytes => match place.round() as i32 {
                power @ 20.. => format!("{}M", 1_u64 << (power - 20)),
                power @ 10..20 => format!("{}K", 1_u64 << (power - 10)),
                power => format!("{}", 1_u64 << power.max(0)),
            },
        }
    }
}

/// Coordinates are places.
impl Ranged for Axis {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, place: &f64, (first, last): (i32, i32)) -> i32 {
        let range = Axis::range(self);
        let share = (place - range.start) / (range.end - range.start);
        first + (share * f64::from(last - first)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.ticks()
    }

    fn range(&self) -> Range<f64> {
        Axis::range(self)
    }
}

impl ValueFormatter<f64> for Axis {
    fn format(place: &f64) -> String {
        place.to_string()
    }

    fn format_ext(&self, place: &f64) -> String {
        self.label(*place)
    }
}

impl Scale {
    fn place(self, value: f64) -> f64 {
        match self {
            Self::Linear => value,
            Self::Logarithmic => value.log10(),
            Self::Bytes => value.log2(),
        }
    }

    fn value(self, place: f64) -> f64 {
        match self {
            Self::Linear => place,
            Self::Logarithmic => 10.0_f64.powf(place),
            Self::Bytes => place.exp2(),
        }
    }
}

/// The smallest of 1, 2, 5, 10, 20, .. that divides `length` into no more than [`MOST_TICKS`] parts.
fn nice_step(length: f64) -> f64 {
    let rough = (length / MOST_TICKS).max(f64::MIN_POSITIVE);
    let decade = 10.0_f64.powf(rough.log10().floor());
    let factor = [1.0, 2.0, 5.0].into_iter().find(|factor| factor * decade >= rough).unwrap_or(10.0);
    factor * decade
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<String> {
        axis.ticks().into_iter().map(|tick| axis.label(tick)).collect()
    }

    #[test]
    fn ticks_are_at_round_values() {
        assert_eq!(
            labels(&Axis::between("", Scale::Linear, 0.895, 0.92)),
            ["0.895", "0.900", "0.905", "0.910", "0.915", "0.920"]
        );
        assert_eq!(
            labels(&Axis::between("", Scale::Linear, 1.0, 40.0)),
            ["5", "10", "15", "20", "25", "30", "35", "40"]
        );
        assert_eq!(labels(&Axis::between("", Scale::Logarithmic, 2e-5, 0.5)), ["1e-4", "0.001", "0.01", "0.1"]);
        assert_eq!(
            labels(&Axis::between("", Scale::Bytes, 30_000.0, 1_200_000.0)),
            ["32K", "64K", "128K", "256K", "512K", "1M"]
        );
    }

    #[test]
    fn an_axis_has_room_around_its_values() {
        let axis = Axis::around("", Scale::Logarithmic, [0.0, 1e-3, 1e-1]);
        assert!((axis.start.log10() + 3.08).abs() < 1e-9 && (axis.end.log10() + 0.92).abs() < 1e-9);
        assert_eq!(axis.place(0.0), axis.range().start);
        let alone = Axis::around("", Scale::Linear, [2.0]);
        assert_eq!((alone.start, alone.end), (1.5, 2.5));
    }
}
