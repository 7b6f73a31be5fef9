use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::cross_validation::Fold;
use crate::note;
use crate::run::EpochMetrics;

/// Shows how training goes: a bar on a terminal, a plain line an epoch and every half minute elsewhere.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    quiet: bool,
    verbose: bool,
    started: Instant,
    rows_done: u64,
    rows_per_second: f64,
    last_line: Instant,
}

/// What the progress shows after some batches.
#[derive(Debug, Clone, Copy)]
pub(super) struct Status {
    pub(super) epoch: usize,
    pub(super) epochs: usize,
    pub(super) rows: u64,
    pub(super) total_rows: u64,
    pub(super) loss: f64,
    pub(super) accuracy: f64,
}

const LINE_INTERVAL: Duration = Duration::from_secs(30);
/// Rows between two lines of a verbose training.
const VERBOSE_ROWS: u64 = 3_200;

impl Progress {
    /// Progress on standard error; `verbose`: with a line of the accuracy so far every 3,200 rows.
    pub fn new(verbose: bool) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(0);
            if let Ok(style) = ProgressStyle::with_template("{prefix} {bar:24} {percent:>3} %  {msg}  {eta} left") {
                bar.set_style(style);
            }
            bar
        });
        Self { bar, verbose, quiet: false, ..Self::silent() }
    }

    /// Progress that shows nothing.
    pub fn silent() -> Self {
        let now = Instant::now();
        Self {
            bar: None,
            quiet: true,
            verbose: false,
            started: now,
            rows_done: 0,
            rows_per_second: 0.0,
            last_line: now,
        }
    }

    pub(super) fn start_epoch(&mut self) {
        self.started = Instant::now();
        self.last_line = self.started;
        self.rows_done = 0;
        if let Some(bar) = &self.bar {
            bar.reset();
        }
    }

    pub(super) fn advance(&mut self, rows: u64, status: &Status) {
        self.rows_done += rows;
        if self.verbose && status.rows / VERBOSE_ROWS > status.rows.saturating_sub(rows) / VERBOSE_ROWS {
            let line = format!("{} rows  loss {:.4}  accuracy {:.4}", status.rows, status.loss, status.accuracy);
            self.print(&line);
        }
        self.rows_per_second = self.rows_done as f64 / self.started.elapsed().as_secs_f64().max(1e-9);
        let message = format!(
            "loss {:.4}  accuracy {:.2} %  {:.0} rows/s",
            status.loss,
            100.0 * status.accuracy,
            self.rows_per_second
        );
        let prefix = format!("epoch {}/{}", status.epoch, status.epochs);
        if let Some(bar) = &self.bar {
            bar.set_length(status.total_rows);
            bar.set_position(status.rows);
            bar.set_prefix(prefix);
            bar.set_message(message);
        } else if !self.quiet && self.last_line.elapsed() >= LINE_INTERVAL {
            self.last_line = Instant::now();
            let left = status.total_rows.saturating_sub(status.rows) as f64 / self.rows_per_second;
            note(&format!("{prefix}  {}/{} rows  {message}  {left:.0} s left", status.rows, status.total_rows));
        }
    }

    pub(super) fn end_epoch(&mut self, metrics: &EpochMetrics, kept: bool) {
        self.last_line = Instant::now();
        let line = format!(
            "epoch {:>3}  loss {:.4}  accuracy {:.2} %  validation loss {:.4}  accuracy {:.2} %  {:.1} s  {:.0} rows/s{}",
            metrics.epoch,
            metrics.training_loss,
            100.0 * metrics.training_accuracy,
            metrics.validation_loss,
            100.0 * metrics.validation_accuracy,
            self.started.elapsed().as_secs_f64(),
            self.rows_per_second,
            if kept { "  kept" } else { "" },
        );
        self.print(&line);
    }

    /// Says what a part of a cross-validation came to.
    pub fn end_fold(&self, number: usize, folds: usize, fold: &Fold) {
        if let Some(last) = fold.history.last() {
            let (rows, percent) = (fold.expected.len(), 100.0 * last.validation_accuracy);
            self.print(&format!("part {number} of {folds}  {rows} rows held out  accuracy {percent:.2} %"));
        }
    }

    fn print(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| note(line)),
            None if self.quiet => {}
            None => note(line),
        }
    }

    pub(super) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
