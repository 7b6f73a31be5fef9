use std::collections::BTreeSet;
use std::path::Path;

use clap::Args;
use serde::Serialize;
use trainer::config::{TrainingConfig, settings_table};
use trainer::data::{ReadOptions, Row, Source};
use trainer::{Error, note};

/// Which columns of a file are what, where its names and its content do not tell.
#[derive(Debug, Clone, Default, Args, Serialize)]
pub(super) struct Reading {
    /// Label column, by name or by number from 1 [by common names, else by content]
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    label_column: Option<String>,
    /// Names of the labels, separated by commas, or a file with one name per line: NAME alone, or LABEL=NAME
    #[arg(long, value_name = "NAMES", value_parser = names)]
    #[serde(skip_serializing_if = "Option::is_none")]
    label_names: Option<Names>,
    /// Group column: a split keeps all rows of a person or recording on one side; `none`: no groups [by common names]
    #[arg(long, value_name = "NAME")]
    #[serde(skip_serializing_if = "Option::is_none")]
    group_column: Option<String>,
    /// Cut recordings into windows of N frames; a window has one label, recording and person, and no gap in time
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    segment: Option<usize>,
    /// Frames from one window to the next [half of --segment]
    #[arg(long, value_name = "N")]
    #[serde(skip_serializing_if = "Option::is_none")]
    segment_every: Option<usize>,
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

/// Names of labels.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
struct Names(Vec<String>);

/// Names of labels from a list or from the lines of a file. A line such as `1 WALKING` has a label and its name.
fn names(given: &str) -> Result<Names, String> {
    let path = Path::new(given);
    if !path.is_file() {
        return Ok(Names(given.split(',').map(|name| name.trim().to_owned()).collect()));
    }
    let content = std::fs::read_to_string(path).map_err(|error| format!("{given}: {error}"))?;
    let lines = content.trim_start_matches('\u{feff}').lines().map(str::trim).filter(|line| !line.is_empty());
    let lines: Vec<String> = lines.map(str::to_owned).collect();
    let pair = |line: &String| {
        let (label, name) = line.split_once([' ', '\t', ',', ';', ':', '='])?;
        label.parse::<i64>().ok().map(|label| format!("{label}={}", name.trim()))
    };
    match lines.iter().map(pair).collect::<Option<Vec<_>>>() {
        _ if lines.is_empty() => Err(format!("{given}: no names; expected one a line")),
        Some(pairs) => Ok(Names(pairs)),
        None => Ok(Names(lines)),
    }
}

impl Reading {
    /// The options that are given.
    fn given(&self) -> Vec<&'static str> {
        let Self {
            label_column,
            label_names,
            group_column,
            segment,
            segment_every,
            text_columns,
            channels,
            delimiter,
            encoding,
        } = self;
        let options = [
            ("--label-column", label_column.is_some()),
            ("--label-names", label_names.is_some()),
            ("--group-column", group_column.is_some()),
            ("--segment", segment.is_some()),
            ("--segment-every", segment_every.is_some()),
            ("--text-columns", text_columns.is_some()),
            ("--channels", channels.is_some()),
            ("--delimiter", delimiter.is_some()),
            ("--encoding", encoding.is_some()),
        ];
        options.into_iter().filter(|(_, is_given)| *is_given).map(|(option, _)| option).collect()
    }

    /// Refuses options that a copy of lines ignores, where the lines of a file are split.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub(super) fn needs_no_change_of_rows(&self) -> Result<(), Error> {
        match self.given().into_iter().find(|option| ["--label-names", "--segment"].contains(option)) {
            None => Ok(()),
            Some(option) => {
                let problem = "has no effect here: the lines are copied unchanged to both files; give it to the command that \
                               reads these files";
                Err(Error::Setting(format!("{option} {problem}")))
            }
        }
    }

    /// Whether rows are read differently than without these arguments.
    pub(super) fn is_given(&self) -> bool {
        !self.given().is_empty()
    }

    /// Refuses these arguments where no file of rows is read.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub(super) fn needs_rows(&self, has_rows: bool) -> Result<(), Error> {
        match self.given().first() {
            Some(option) if !has_rows => {
                Err(Error::Setting(format!("{option} has no effect here: it needs --data and a file")))
            }
            _ => Ok(()),
        }
    }

    /// What was given, under the names that config.toml has.
    ///
    /// # Errors
    /// [`Error::Failed`] for a value that TOML does not have.
    pub(super) fn table(&self) -> Result<toml::Table, Error> {
        settings_table(self)
    }

    /// Puts what was given in the place of what `config` has.
    pub(super) fn apply(&self, config: &mut TrainingConfig) {
        if self.label_column.is_some() {
            config.label_column.clone_from(&self.label_column);
        }
        if let Some(Names(names)) = &self.label_names {
            config.label_names.clone_from(names);
        }
        if self.group_column.is_some() {
            config.group_column.clone_from(&self.group_column);
        }
        if self.segment.is_some() {
            (config.segment, config.segment_every) = (self.segment, None);
        }
        config.segment_every = self.segment_every.or(config.segment_every);
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
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub(super) fn options(&self) -> Result<ReadOptions, Error> {
        self.options_of(&TrainingConfig::default())
    }

    /// How the rows of a run are read, with what was given in the place of what it has.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub(super) fn options_of(&self, config: &TrainingConfig) -> Result<ReadOptions, Error> {
        let mut config = config.clone();
        self.apply(&mut config);
        config.check_segment()?;
        // Other rows than those trained on need not have that run's groups.
        Ok(ReadOptions { group_is_optional: self.group_column.is_none(), ..config.read_options() })
    }

    /// How rows are read that need no label.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub(super) fn options_without_labels(&self) -> Result<ReadOptions, Error> {
        Ok(ReadOptions { labels_are_optional: true, ..self.options()? })
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
