use std::collections::BTreeSet;
use std::path::Path;

use clap::Args;
use serde::Serialize;
use trainer::config::TrainingConfig;
use trainer::data::{ReadOptions, Row, Source};
use trainer::{Error, note};

/// Which columns of a file are what, where its names and its content do not tell.
#[derive(Debug, Clone, Default, Args, Serialize)]
pub(super) struct Reading {
    /// Label column, by name or by number from 1 [by common names, else by content]
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    label_column: Option<String>,
    /// Text columns, by name or number [by common names, else by content]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Option::is_none")]
    text_columns: Option<Vec<String>>,
    /// Channels of frames, by name or number [all numeric columns except times]
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    #[serde(skip_serializing_if = "Option::is_none")]
    channels: Option<Vec<String>>,
    /// Column delimiter: one character, or `tab` [found in the first lines]
    #[arg(long, value_name = "C", value_parser = delimiter)]
    #[serde(skip_serializing_if = "Option::is_none")]
    delimiter: Option<char>,
    /// Character encoding of the file, for example latin1 [utf-8, or utf-16 with a byte-order mark]
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<String>,
}

/// A delimiter as it is given: one character, `tab` or `\t`.
fn delimiter(given: &str) -> Result<char, String> {
    let mut characters = given.chars();
    match (given, characters.next(), characters.next()) {
        ("tab" | "\\t", ..) => Ok('\t'),
        (_, Some(only), None) => Ok(only),
        _ => Err("expected one character, or `tab`".into()),
    }
}

impl Reading {
    /// Whether other columns are read than without these arguments.
    pub(super) fn is_given(&self) -> bool {
        let Self { label_column, text_columns, channels, delimiter, encoding } = self;
        let of_columns = label_column.is_some() || text_columns.is_some() || channels.is_some();
        of_columns || delimiter.is_some() || encoding.is_some()
    }

    /// Refuses these arguments where no file of rows is read.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub(super) fn needs_rows(&self, has_rows: bool) -> Result<(), Error> {
        if self.is_given() && !has_rows {
            let problem = "--label-column, --text-columns, --channels, --delimiter and --encoding have no effect here: they need \
                 --data and a file";
            return Err(Error::Setting(problem.into()));
        }
        Ok(())
    }

    /// What was given, under the names that config.toml has.
    ///
    /// # Errors
    /// [`Error::Failed`] for a value that TOML does not have.
    pub(super) fn table(&self) -> Result<toml::Table, Error> {
        toml::Table::try_from(self).map_err(|error| Error::Failed(format!("the settings: {error}")))
    }

    /// Puts what was given in the place of what `config` has.
    pub(super) fn apply(&self, config: &mut TrainingConfig) {
        if self.label_column.is_some() {
            config.label_column.clone_from(&self.label_column);
        }
        if let Some(columns) = &self.text_columns {
            config.text_columns.clone_from(columns);
        }
        config.delimiter = self.delimiter.or(config.delimiter);
        if self.encoding.is_some() {
            config.encoding.clone_from(&self.encoding);
        }
        if let Some(channels) = &self.channels {
            config.channels.clone_from(channels);
        }
    }

    /// How rows are read that need a label.
    pub(super) fn options(&self) -> ReadOptions {
        self.options_of(&TrainingConfig::default())
    }

    /// How the rows of a run are read, with what was given in the place of what it has.
    pub(super) fn options_of(&self, config: &TrainingConfig) -> ReadOptions {
        let mut config = config.clone();
        self.apply(&mut config);
        config.read_options()
    }

    /// How rows are read that need no label.
    pub(super) fn options_without_labels(&self) -> ReadOptions {
        ReadOptions { labels_are_optional: true, ..self.options() }
    }
}

/// Rows that were read, and what their file is.
pub(super) struct TestRows {
    pub(super) rows: Vec<Row>,
    layout: String,
}

impl TestRows {
    /// All test rows of a source.
    pub(super) fn read(source: &Source, options: &ReadOptions) -> Result<Self, Error> {
        let mut rows = source.test_rows(options)?;
        let read = rows.by_ref().collect::<Result<Vec<_>, _>>()?;
        Ok(Self { rows: read, layout: rows.layout() })
    }

    /// Says what the file of these rows is, once nothing was found wrong with them.
    pub(super) fn say(&self, source: &Source) {
        let labels = self.rows.iter().map(|row| row.label.as_str()).filter(|label| !label.is_empty());
        let classes = labels.collect::<BTreeSet<_>>().len();
        note_test_rows(source, &self.layout, self.rows.len(), classes);
    }
}

/// Says what the file of a source's test rows is, after they were read; nothing about data that is built in.
pub(super) fn note_test_rows(source: &Source, layout: &str, rows: usize, classes: usize) {
    if let Some(path) = source.test_file() {
        note_rows(&path, layout, rows, classes);
    }
}

/// Says what a file is, and what was found in it.
pub(super) fn note_rows(path: &Path, layout: &str, rows: usize, classes: usize) {
    let count =
        |number: usize, one: &str, several: &str| format!("{number} {}", if number == 1 { one } else { several });
    let classes = match classes {
        0 => String::new(),
        classes => format!(", {}", count(classes, "class", "classes")),
    };
    note(&format!("{}: {layout}; {}{classes}", path.display(), count(rows, "row", "rows")));
}
