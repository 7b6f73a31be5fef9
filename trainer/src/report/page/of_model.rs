use std::path::Path;

use super::classes::{class_rows, confusions, matrix};
use super::content::{Fact, RowsSection};
use super::memory::memory;
use super::{Measurement, Page, percent, rendered};
use crate::data::Source;
use crate::error::Error;
use crate::export::ModelFile;
use crate::report::network::grouped;
use crate::report::{EvaluationReport, Inspection};
use crate::shell_word;

/// The page of a model file that was measured on labelled rows; `source`: how these are named, `layout`: what their file
/// is.
///
/// # Errors
/// [`Error::Model`]; [`Error::Failed`].
pub fn model_page(
    (file, path): (&ModelFile, &Path),
    (source, layout): (&Source, &str),
    report: &EvaluationReport,
    measured: &Measurement,
) -> Result<String, Error> {
    let inspection = Inspection::new(file, path)?;
    let labels: Vec<String> = report.classes.iter().map(|class| class.label.clone()).collect();
    let cards = vec![
        Fact::new(format!("accuracy, {} rows", grouped(report.rows)), percent(report.accuracy)),
        Fact::new("macro F1", percent(report.macro_f1)),
        Fact::new("classes", labels.len()),
        Fact::new("bytes of flash", grouped(inspection.flash_bytes)),
        Fact::new("bytes of RAM to reserve", grouped(inspection.reserved_bytes)),
    ];
    let facts = vec![
        Fact::new("source", source.name()),
        Fact::new("columns", layout),
        Fact::new("rows", grouped(report.rows)),
        Fact::new("rows that were cut", report.rows_cut),
        Fact::new("id of the model", &inspection.id),
    ];
    let facts = facts.into_iter().filter(|fact| !fact.value.is_empty()).collect();
    let commands = commands(path, source);
    let by = format!("The model file on {} rows, as the runtime of the device computes it.", report.rows);
    rendered(&Page {
        title: format!("{} on {}", path.file_name().unwrap_or(path.as_os_str()).display(), source.name()),
        subtitle: inspection.architecture.join(" | "),
        cards,
        data: Some(RowsSection { facts, ..RowsSection::default() }),
        classes_note: by.clone(),
        classes: class_rows(report),
        matrix: matrix(report),
        confusions: confusions(report),
        lengths_note: by,
        lengths: measured.lengths(),
        reliability: measured.reliability()?,
        mistakes_note: "The surest ones. Each channel of a signal has its own scale.".into(),
        mistakes: measured.mistakes(&labels),
        memory: Some(memory(&inspection, &inspection.precision)),
        commands,
        version: env!("CARGO_PKG_VERSION"),
        ..Page::default()
    })
}

fn commands(path: &Path, source: &Source) -> Vec<Fact> {
    let model = shell_word(path);
    let (data, pushed) = match source {
        Source::HomeCommands => (String::new(), " \"lights off\"".to_owned()),
        Source::Digits => (" --data digits".into(), " --data trainer/data/digits/test.csv --rows 5".into()),
        Source::Path(data) => {
            let data = shell_word(data);
            (format!(" --data {data}"), format!(" --data {data} --rows 5"))
        }
    };
    vec![
        Fact::new("Repeat this measurement:", format!("trainer evaluate {model}{data} --report evaluation.html")),
        Fact::new("See what the model costs a device:", format!("trainer inspect {model}")),
        Fact::new(
            "Run it on an emulated Cortex-M4, in a checkout of the repository:",
            format!("firmware-demo/emulate --board m4 --model {model}{pushed}"),
        ),
    ]
}
