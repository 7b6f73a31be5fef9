use serde::Serialize;

/// Bins of a factor of ten.
const BINS_PER_DECADE: usize = 5;
/// The exponents of ten that the bins reach from and to.
const DECADES: (i32, i32) = (-8, 2);

/// How many errors are how large, by their order of magnitude.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Histogram {
    /// Errors that are 0.
    pub zero: u64,
    /// Errors in each bin: bin `n` reaches from `10^(n / 5 - 8)` to `10^((n + 1) / 5 - 8)`; the first and the last one
    /// have all that are smaller and larger.
    pub bins: Vec<u64>,
}

impl Histogram {
    /// Counts errors, none of them negative.
    pub fn new(errors: impl IntoIterator<Item = f32>) -> Self {
        let (first, last) = DECADES;
        let count = (last - first) as usize * BINS_PER_DECADE;
        let mut bins = vec![0; count];
        let mut zero = 0;
        for error in errors {
            if error > 0.0 {
                let place = (f64::from(error).log10() - f64::from(first)) * BINS_PER_DECADE as f64;
                bins[(place.max(0.0) as usize).min(count - 1)] += 1;
            } else {
                zero += 1;
            }
        }
        Self { zero, bins }
    }

    /// The exponent of ten at which bin `number` begins.
    pub fn start(number: usize) -> f64 {
        number as f64 / BINS_PER_DECADE as f64 + f64::from(DECADES.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_fall_into_their_decade() {
        let histogram = Histogram::new([0.0, 1e-12, 0.011, 0.013, 1e6]);
        assert_eq!((histogram.zero, histogram.bins.len(), histogram.bins.iter().sum::<u64>()), (1, 50, 4));
        assert_eq!([0, 30, 49].map(|bin| histogram.bins[bin]), [1, 2, 1]);
        assert!((Histogram::start(30) + 2.0).abs() < 1e-12);
    }
}
