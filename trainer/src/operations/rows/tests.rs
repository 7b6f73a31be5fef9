//! The slices' implementation against the tensors'.

use proptest::prelude::*;

use super::super::check::largest_difference;
use super::super::host::Host;
use super::trial::Trial;
use super::*;

proptest! {
    #[test]
    fn slices_and_tensors_agree(share in 0.01_f64..1.0, count in 1_usize..700, steps in any::<bool>(), seed in any::<u64>()) {
        let trial = Trial::new(share, count, steps, seed);
        let found = trial.results::<Host>(&Default::default(), host::table_rows, host::change_rows);
        let expected = trial.results::<Host>(&Default::default(), tensors::table_rows, tensors::change_rows);
        for (found, expected) in found.iter().zip(&expected) {
            let largest = largest_difference(found, expected);
            assert!(largest <= 2e-6, "{largest}");
        }
    }
}
