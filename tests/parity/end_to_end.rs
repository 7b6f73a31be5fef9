use std::path::Path;

use tests::{real_data, source, trained_run};
use trainer::config::TrainingConfig;
use trainer::report::{ParityDetail, ParityReport, PrecisionParity};

/// Trains on a source with the default settings and compares on its test rows.
fn report(data: Option<&Path>) -> ParityReport {
    let folder = tempfile::tempdir().unwrap();
    let config = TrainingConfig { data: source(data), ..TrainingConfig::default() };
    let run = trained_run(&config, folder.path()).unwrap();
    let rows: Vec<_> = config.data.test_rows(&Default::default()).unwrap().map(Result::unwrap).collect();
    let report = ParityReport::new(&run, &rows, "test rows", ParityDetail::default()).unwrap();
    println!("{report}");
    assert_eq!(report.rows, rows.len());
    report
}

fn of<'r>(report: &'r ParityReport, precision: &str) -> &'r PrecisionParity {
    report.precision(precision).unwrap()
}

fn assert_parity(report: &ParityReport) {
    let [f32, f16, int8] = ["f32", "f16", "int8"].map(|precision| of(report, precision));
    assert_eq!(f32.agreement, 1.0);
    assert_eq!(f32.accuracy, report.accuracy);
    assert!(f32.max_logit_error <= 1e-4);
    // One of 420 rows is 0.24 %: two logits may lie as near to each other as a weight's rounding.
    assert!(f16.agreement >= 0.997);
    assert!(f16.max_logit_error <= 0.01);
    assert!(int8.agreement >= 0.995);
    assert!(int8.max_logit_error <= 0.5);
    assert!(int8.mean_logit_error > 0.0, "int8 is not float");
}

#[test]
fn home_commands() {
    let report = report(None);
    assert_parity(&report);
    assert!(report.accuracy >= 0.95 && of(&report, "int8").accuracy >= 0.95);
}

#[test]
fn snips() {
    let Some(folder) = real_data("snips") else { return };
    let report = report(Some(&folder));
    assert_parity(&report);
    assert!(report.accuracy >= 0.955);
    assert!((of(&report, "int8").accuracy - report.accuracy).abs() <= 0.0015);
}
