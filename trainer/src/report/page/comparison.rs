use std::collections::BTreeSet;
use std::path::Path;

use askama::Template;
use burn_ndarray::NdArray;

use super::{figures, percent, rendered};
use crate::config::{TrainingConfig, settings_table};
use crate::error::Error;
use crate::export::ExportPrecision;
use crate::report::Inspection;
use crate::report::network::grouped;
use crate::report::parity::EXPORTED;
use crate::run::{EpochMetrics, Run, RunResult};
use crate::run_folder::RunFolder;

/// A finished run that is compared with others.
#[derive(Debug, Clone)]
pub struct ComparedRun {
    name: String,
    config: TrainingConfig,
    result: RunResult,
    history: Vec<EpochMetrics>,
    classes: usize,
    /// Of the model file in integers; none where it cannot be made.
    inspection: Option<Inspection>,
}

/// A table of runs and their curves; see `templates/comparison.html`.
#[derive(Debug, Template)]
#[template(path = "comparison.html")]
struct Comparison {
    names: Vec<String>,
    results: Vec<ComparedRow>,
    settings: Vec<ComparedRow>,
    curves: Vec<String>,
    version: &'static str,
}

/// A row of a table, with a value for each run.
#[derive(Debug)]
struct ComparedRow {
    name: String,
    values: Vec<String>,
}

impl ComparedRun {
    /// Reads a finished run.
    ///
    /// # Errors
    /// As [`Run::load`]; [`Error::Run`] for a damaged `metrics.csv`.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let run = Run::<NdArray<f32>>::load(path, &Default::default())?;
        let file = run.export(ExportPrecision::Integer(run.integer_bits())).ok();
        let inspection = file.map(|file| Inspection::new(&file, EXPORTED.as_ref())).transpose()?;
        let metrics = RunFolder::open(path)?.metrics();
        // An imported run has none.
        let history = if metrics.is_file() { read_metrics(&metrics)? } else { Vec::new() };
        let Run { config, labels, result, .. } = run;
        Ok(Self { name: path.display().to_string(), config, result, history, classes: labels.len(), inspection })
    }
}

fn read_metrics(path: &Path) -> Result<Vec<EpochMetrics>, Error> {
    let failed = |error: csv::Error| Error::Run { path: path.into(), problem: error.to_string() };
    csv::Reader::from_path(path).map_err(failed)?.into_deserialize().collect::<Result<_, _>>().map_err(failed)
}

/// A page that compares runs.
///
/// # Errors
/// [`Error::Failed`].
pub fn comparison_page(runs: &[ComparedRun]) -> Result<String, Error> {
    let curves: Vec<(String, Vec<EpochMetrics>)> =
        runs.iter().filter(|run| !run.history.is_empty()).map(|run| (run.name.clone(), run.history.clone())).collect();
    rendered(&Comparison {
        names: runs.iter().map(|run| run.name.clone()).collect(),
        results: results(runs),
        settings: different_settings(runs)?,
        curves: if curves.is_empty() { Vec::new() } else { figures::overlaid_curves(&curves)? },
        version: env!("CARGO_PKG_VERSION"),
    })
}

fn results(runs: &[ComparedRun]) -> Vec<ComparedRow> {
    let row = |name: &str, of: &dyn Fn(&ComparedRun) -> String| ComparedRow {
        name: name.into(),
        values: runs.iter().map(of).collect(),
    };
    let inspected = |of: fn(&Inspection) -> usize| {
        move |run: &ComparedRun| run.inspection.as_ref().map_or("-".into(), |inspection| grouped(of(inspection)))
    };
    let trained = |of: fn(&RunResult) -> String| {
        move |run: &ComparedRun| if run.result.is_imported() { "imported".into() } else { of(&run.result) }
    };
    let validated = |result: &RunResult| match result.folds {
        0 => grouped(result.validation_rows),
        folds => format!("{}, in {folds} parts", grouped(result.validation_rows)),
    };
    vec![
        row("data", &|run| run.config.data.name()),
        row("training rows", &trained(|result| grouped(result.training_rows))),
        row("validation rows", &trained(validated)),
        row("classes", &|run| run.classes.to_string()),
        row("accuracy, validation", &trained(|result| percent(result.kept.validation_accuracy))),
        row("macro F1, validation", &trained(|result| result.macro_f1.map_or("-".into(), percent))),
        row("loss, validation", &trained(|result| format!("{:.4}", result.kept.validation_loss))),
        row("epoch that is kept", &trained(|result| result.kept.epoch.to_string())),
        row("bytes of flash, in integers", &inspected(|inspection| inspection.flash_bytes)),
        row("bytes of RAM to reserve", &inspected(|inspection| inspection.reserved_bytes)),
        row("multiplications a step", &inspected(|inspection| inspection.macs_per_step)),
    ]
}

/// The settings that are not the same in all runs.
fn different_settings(runs: &[ComparedRun]) -> Result<Vec<ComparedRow>, Error> {
    let tables = runs.iter().map(|run| settings_table(&run.config)).collect::<Result<Vec<_>, _>>()?;
    let names: BTreeSet<&String> = tables.iter().flat_map(|table| table.keys()).collect();
    let row = |name: &String| {
        let values = tables.iter().map(|table| table.get(name).map_or(String::new(), toml::Value::to_string));
        ComparedRow { name: name.clone(), values: values.collect() }
    };
    let is_different = |row: &ComparedRow| row.values.iter().any(|value| Some(value) != row.values.first());
    Ok(names.into_iter().map(row).filter(is_different).collect())
}
