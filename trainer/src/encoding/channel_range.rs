//! How far the values of a channel of frames, or of one of a network's inputs, reach, and how far nearly all of them do.

/// Values of a channel that are kept to tell its quantiles.
const MOST_KEPT: usize = 1 << 16;
/// Share of the values at each end that may be outliers.
const OUTLIERS: f64 = 0.01;
/// How far beyond the others, in widths of their range, an outlier still counts as what it is.
const MARGIN: f64 = 4.0;

/// The range of a channel's values, found while they are read.
#[derive(Debug, Clone)]
pub(crate) struct ChannelRange {
    /// Whether one is no integer.
    pub(super) has_fraction: bool,
    smallest: f64,
    largest: f64,
    count: usize,
    /// Every `spacing`-th value.
    kept: Vec<f32>,
    spacing: usize,
}

/// An interval, ends included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Bounds {
    pub(super) smallest: f64,
    pub(super) largest: f64,
}

impl Bounds {
    pub(super) fn clamp(self, value: f64) -> f64 {
        value.clamp(self.smallest, self.largest)
    }

    pub(super) fn width(self) -> f64 {
        self.largest - self.smallest
    }

    pub(crate) fn magnitude(self) -> f64 {
        self.smallest.abs().max(self.largest.abs())
    }
}

impl Default for ChannelRange {
    fn default() -> Self {
        let (smallest, largest) = (f64::INFINITY, f64::NEG_INFINITY);
        Self { has_fraction: false, smallest, largest, count: 0, kept: Vec::new(), spacing: 1 }
    }
}

impl ChannelRange {
    /// Takes in a value.
    pub(crate) fn add(&mut self, value: f32) {
        self.has_fraction |= value.fract() != 0.0;
        self.smallest = self.smallest.min(value.into());
        self.largest = self.largest.max(value.into());
        if self.count.is_multiple_of(self.spacing) {
            self.kept.push(value);
        }
        self.count += 1;
        if self.kept.len() >= MOST_KEPT {
            let mut number = 0;
            self.kept.retain(|_| {
                number += 1;
                number % 2 == 1
            });
            self.spacing *= 2;
        }
    }

    /// All values; `[0, 0]` if there is none.
    pub(super) fn whole(&self) -> Bounds {
        match self.count {
            0 => Bounds { smallest: 0.0, largest: 0.0 },
            _ => Bounds { smallest: self.smallest, largest: self.largest },
        }
    }

    /// Standard deviation of the values as they count within `bounds`, of those that were kept.
    pub(super) fn deviation(&self, bounds: Bounds) -> f64 {
        let count = self.kept.len().max(1) as f64;
        let values = || self.kept.iter().map(|value| bounds.clamp((*value).into()));
        let mean = values().sum::<f64>() / count;
        (values().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt()
    }

    /// All values, but that the few at the ends reach no farther than [`MARGIN`] widths beyond the others. A channel
    /// whose other values are all the same has no outliers.
    pub(crate) fn without_outliers(&self) -> Bounds {
        let whole = self.whole();
        let mut kept = self.kept.clone();
        kept.sort_unstable_by(f32::total_cmp);
        let outliers = (OUTLIERS * kept.len() as f64) as usize;
        let (Some(low), Some(high)) = (kept.get(outliers), kept.len().checked_sub(outliers + 1)) else { return whole };
        let (low, high) = (f64::from(*low), f64::from(kept[high]));
        let margin = MARGIN * (high - low);
        if margin > 0.0 {
            Bounds { smallest: whole.smallest.max(low - margin), largest: whole.largest.min(high + margin) }
        } else {
            whole
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(values: impl IntoIterator<Item = f32>) -> ChannelRange {
        let mut range = ChannelRange::default();
        values.into_iter().for_each(|value| range.add(value));
        range
    }

    #[test]
    fn few_values_far_from_the_others_do_not_count() {
        let clean = || (0..200_000).map(|n| (n % 101) as f32);
        assert_eq!(range(clean()).without_outliers(), Bounds { smallest: 0.0, largest: 100.0 });
        assert_eq!(range(clean()).kept.len(), 50_000);
        let bounds = range(clean().chain([1e9, -3e9])).without_outliers();
        assert_eq!(bounds, Bounds { smallest: -391.0, largest: 491.0 });
        assert_eq!(range(clean().chain([1e9])).whole(), Bounds { smallest: 0.0, largest: 1e9 });
    }

    #[test]
    fn a_channel_that_rarely_changes_has_no_outliers() {
        let rare = (0..1_000).map(|n| if n % 300 == 0 { 50.0 } else { 1.0 });
        assert_eq!(range(rare).without_outliers(), Bounds { smallest: 1.0, largest: 50.0 });
        assert_eq!(range([]).without_outliers(), Bounds { smallest: 0.0, largest: 0.0 });
        assert_eq!(range([7.0]).without_outliers(), Bounds { smallest: 7.0, largest: 7.0 });
    }
}
