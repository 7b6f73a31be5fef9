//! What `trainer parity` finds where a precision departs from f32, in a good model and in one with a planted error.

use std::sync::OnceLock;

use tests::{Cpu, trained_run};
use trainer::config::TrainingConfig;
use trainer::data::Row;
use trainer::network::Cell;
use trainer::report::{ByStep, DriftReport, ParityDetail, ParityReport, PrecisionParity};
use trainer::run::Run;

/// Steps without a reset.
const DRIFT: usize = 10_000;

/// Two layers trained on the home commands.
fn trained() -> &'static Run<Cpu> {
    static RUN: OnceLock<Run<Cpu>> = OnceLock::new();
    RUN.get_or_init(|| {
        let settings = TrainingConfig { num_layers: 2, hidden_size: 32, epochs: 4, ..TrainingConfig::default() };
        let config = TrainingConfig { cell: Cell::Lstm, ..settings };
        trained_run(&config, tempfile::tempdir().unwrap().path()).unwrap()
    })
}

fn rows(run: &Run<Cpu>) -> Vec<Row> {
    run.config.data.test_rows(&Default::default()).unwrap().map(Result::unwrap).collect()
}

fn report(run: &Run<Cpu>, detail: ParityDetail) -> ParityReport {
    ParityReport::new(run, &rows(run), "test rows", detail).unwrap()
}

fn of<'r>(report: &'r ParityReport, precision: &str) -> &'r PrecisionParity {
    report.precision(precision).unwrap()
}

/// Values of `c` of a layer, and those at the ends of its format.
fn saturation(by_step: &ByStep, layer: usize) -> (u64, u64) {
    let total = by_step.quantity(layer, false, "c").unwrap().total();
    (total.bounded, total.saturated)
}

#[test]
fn a_range_that_was_made_too_small_is_found_in_its_layer() {
    let run = trained();
    let detail = ParityDetail { by_step: true, worst: 5, ..ParityDetail::default() };
    let good = report(run, detail);
    let mut planted = run.clone();
    assert_eq!(run.config.cell, Cell::Lstm);
    assert!(run.result.ranges.states[1][0] > 1.0, "{:?}", run.result.ranges);
    planted.result.ranges.states[1][0] = 0.2;
    let bad = report(&planted, detail);
    println!("{bad}");
    let [good_int8, bad_int8] = [&good, &bad].map(|report| of(report, "int8"));
    let [good_steps, bad_steps] = [good_int8, bad_int8].map(|int8| int8.by_step.as_ref().unwrap());
    for layer in [1, 2] {
        let (values, saturated) = saturation(good_steps, layer);
        assert!(values > 0 && saturated == 0, "layer {layer}: {saturated} of {values}");
    }
    assert_eq!(saturation(bad_steps, 1), saturation(good_steps, 1));
    let (values, saturated) = saturation(bad_steps, 2);
    assert!(saturated > values / 20, "{saturated} of {values}");
    let error = |by_step: &ByStep, layer| by_step.quantity(layer, false, "c").unwrap().total().mean_error;
    assert_eq!(error(bad_steps, 1), error(good_steps, 1));
    assert!(error(bad_steps, 2) > 10.0 * error(good_steps, 2));
    assert_eq!(of(&bad, "f16"), of(&good, "f16"), "the ranges are those of integers alone");

    let worst = &bad_int8.worst.as_ref().unwrap().rows;
    assert_eq!(worst.len(), 5);
    assert!(worst[0].expected != worst[0].found, "{worst:?}");
    let rows = rows(run);
    assert!(worst.iter().all(|row| Some(row.content.as_str()) == rows[row.row - 1].content.text()));
    let errors = |precision: &PrecisionParity| precision.logit_errors.as_ref().unwrap().bins.iter().sum::<u64>();
    assert!(errors(bad_int8) > 4_000, "10 logits of 420 rows, less those without an error");
}

#[test]
fn states_stay_near_f32_without_a_reset() {
    let report = report(trained(), ParityDetail { drift: DRIFT, ..ParityDetail::default() });
    assert_eq!(of(&report, "f32").drift, None);
    for (precision, largest_mean) in [("f16", 1e-3), ("int8", 2e-2)] {
        let drift: &DriftReport = of(&report, precision).drift.as_ref().unwrap();
        println!("{precision}\n{drift}");
        assert_eq!((drift.steps, drift.blocks.len(), drift.units), (DRIFT, 10, 64));
        assert_eq!((drift.blocks[9].first_step, drift.blocks[9].last_step), (9_001, DRIFT));
        assert_eq!(drift.stuck, [], "{precision}");
        assert!(drift.blocks.iter().all(|block| block.hidden.mean > 0.0 && block.hidden.mean < largest_mean));
        assert!(drift.growth() < 1.5, "{precision}: {}", drift.growth());
    }
}
