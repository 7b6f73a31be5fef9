//! Windows of long recordings.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;
use std::path::Path;

use serde::Serialize;

use super::columns::TimeColumn;
use super::error::LONGEST_RECORD;
use super::frames::{FrameColumns, ValueColumns};
use super::listing::counted;
use super::origin::{Numbers, Origin, RunPart};
use super::reader::PlacedRow;
use super::records::Record;
use super::{Content, DataError, Frames, RecordError, Row, Segment};

/// Which columns of a file of recordings are what.
#[derive(Debug, Clone)]
pub(super) struct RecordingColumns {
    pub(super) frames: FrameColumns,
    /// Columns whose change ends a run: recordings, persons, groups.
    pub(super) breaks: Vec<usize>,
    pub(super) time: Option<TimeColumn>,
    pub(super) segment: Segment,
}

/// What became of recordings.
///
/// A run is a row of frames without a change of label, recording or person, and without a gap in time. Windows lie
/// inside a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SegmentCounts {
    /// Frames of a window.
    pub window: usize,
    /// Frames from the start of a window to that of the next one.
    pub every: usize,
    /// Frames of all recordings.
    pub frames: usize,
    /// Windows, each of them a row.
    pub windows: usize,
    /// Runs that the frames make.
    pub runs: usize,
    /// Runs that are shorter than a window.
    pub short_runs: usize,
    /// Frames with a label that are in no window.
    pub frames_left_over: usize,
    /// Frames without a label, which are in no window either.
    pub frames_without_label: usize,
    /// Runs that end because time goes on after a gap, or starts again.
    pub gaps: usize,
    /// The column of time, as a message has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
}

impl fmt::Display for SegmentCounts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { window, every, frames, runs, short_runs, frames_left_over, .. } = self;
        write!(formatter, "windows of {} every {every} in {}", counted(*window, "frame"), counted(*runs, "run"))?;
        write!(formatter, " of one label; {frames_left_over} of {} in no window", counted(*frames, "frame"))?;
        match short_runs {
            0 => {}
            1 => write!(formatter, " (1 run is shorter than a window)")?,
            runs => write!(formatter, " (all frames of {runs} runs that are shorter than a window)")?,
        }
        if self.frames_without_label > 0 {
            write!(formatter, "; {} without a label left out", counted(self.frames_without_label, "frame"))?;
        }
        match (&self.time, self.gaps) {
            (None, _) => write!(formatter, "; no column of time to find gaps by"),
            (Some(time), 0) => write!(formatter, "; no gap in {time}"),
            (Some(time), 1) => write!(formatter, "; 1 gap in {time} ends a run"),
            (Some(time), gaps) => write!(formatter, "; {gaps} gaps in {time} end a run"),
        }
    }
}

/// Frames of recordings that become windows.
pub(super) struct Segmenter {
    columns: RecordingColumns,
    run: Option<Run>,
    recordings: Numbers,
    counts: SegmentCounts,
}

/// Frames without a break.
struct Run {
    label: String,
    breaks: Vec<String>,
    group: Option<String>,
    time: Option<f64>,
    number: u32,
    recording: Option<u32>,
    /// Values of the frames from the start of the next window on.
    values: VecDeque<f32>,
    /// Line and bytes of each of these frames.
    places: VecDeque<(usize, Range<u64>)>,
    /// Frames that are still to be passed over, where windows do not touch.
    passed_over: usize,
    windows: u32,
}

impl Segmenter {
    pub(super) fn new(columns: RecordingColumns) -> Self {
        let Segment { frames, every } = columns.segment;
        let counts = SegmentCounts {
            window: frames,
            every,
            frames: 0,
            windows: 0,
            runs: 0,
            short_runs: 0,
            frames_left_over: 0,
            frames_without_label: 0,
            gaps: 0,
            time: columns.time.as_ref().map(|time| time.name.clone()),
        };
        Self { columns, run: None, recordings: Numbers::default(), counts }
    }

    /// What became of the frames so far.
    pub(super) fn counts(&self) -> &SegmentCounts {
        &self.counts
    }

    /// Takes in the next record; the window that is full with it, if one is.
    ///
    /// # Errors
    /// [`DataError`] for a frame with a value that is no number, or a window with more values than a row can have.
    pub(super) fn push(&mut self, path: &Path, record: &Record) -> Result<Option<PlacedRow>, DataError> {
        self.counts.frames += 1;
        let of_label = self.columns.frames.label;
        if !of_label.is_optional && of_label.place.is_some_and(|place| record.field(place).is_empty()) {
            self.counts.frames_without_label += 1;
            self.run = None;
            return Ok(None);
        }
        let label = record.label(path, of_label)?;
        self.counts.frames_left_over += 1;
        let time = self.columns.time.as_ref().and_then(|time| time.of(record));
        let is_same = |run: &Run| {
            let breaks = self.columns.breaks.iter().zip(&run.breaks);
            run.label == label && breaks.into_iter().all(|(column, before)| record.field(*column) == before)
        };
        let has_gap = |run: &Run| match (&self.columns.time, run.time, time) {
            (Some(column), Some(before), Some(now)) => !(0.0..=column.longest_step).contains(&(now - before)),
            _ => false,
        };
        let goes_on = match &self.run {
            Some(run) if is_same(run) => {
                let has_gap = has_gap(run);
                self.counts.gaps += usize::from(has_gap);
                !has_gap
            }
            _ => false,
        };
        let mut run = match self.run.take().filter(|_| goes_on) {
            Some(run) => run,
            None => self.begin(record, label),
        };
        run.time = time.or(run.time);
        if run.passed_over > 0 {
            run.passed_over -= 1;
            self.run = Some(run);
            return Ok(None);
        }
        let mut values = Vec::with_capacity(self.values().columns.len());
        self.values().append(path, record, &mut values)?;
        run.values.extend(values);
        run.places.push_back((record.line, record.span.clone()));
        if run.values.len() > LONGEST_RECORD {
            let sequence = format!("a window of {} frames", self.counts.window);
            return Err(RecordError::LongSequence { path: path.into(), line: record.line, sequence }.into());
        }
        let window = (run.places.len() == self.counts.window).then(|| self.window(&mut run));
        self.run = Some(run);
        Ok(window)
    }

    fn values(&self) -> &ValueColumns {
        &self.columns.frames.values
    }

    fn begin(&mut self, record: &Record, label: &str) -> Run {
        let recording = self.columns.frames.sequence.map(|column| self.recordings.of(record.field(column)));
        let number = self.counts.runs as u32;
        self.counts.runs += 1;
        self.counts.short_runs += 1;
        Run {
            label: label.to_owned(),
            breaks: self.columns.breaks.iter().map(|column| record.field(*column).to_owned()).collect(),
            group: self.columns.frames.group.map(|column| record.field(column).to_owned()),
            time: None,
            number,
            recording,
            values: VecDeque::new(),
            places: VecDeque::new(),
            passed_over: 0,
            windows: 0,
        }
    }

    /// The window that is full, and the run after it.
    fn window(&mut self, run: &mut Run) -> PlacedRow {
        let SegmentCounts { window, every, .. } = self.counts;
        let channels = self.values().columns.len();
        let frames = Frames { channels, values: run.values.iter().copied().collect() };
        let [first, last] = [run.places.front(), run.places.back()].map(|place| place.cloned().unwrap_or_default());
        let is_first = run.windows == 0;
        self.counts.windows += 1;
        self.counts.short_runs -= usize::from(is_first);
        self.counts.frames_left_over -= if is_first { window } else { every.min(window) };
        let left = every.min(window);
        run.places.drain(..left);
        run.values.drain(..left * channels);
        run.passed_over = every - left;
        let part = RunPart { recording: run.recording, run: run.number, window: run.windows };
        run.windows += 1;
        let name = self.columns.frames.sequence.and_then(|sequence| {
            let place = self.columns.breaks.iter().position(|column| *column == sequence)?;
            run.breaks.get(place).cloned()
        });
        let lines = [first.0.to_string(), last.0.to_string()];
        PlacedRow {
            row: Row { label: run.label.clone(), content: Content::Frames(frames) },
            span: first.1.start..last.1.end,
            fields: name.into_iter().chain([run.label.clone()]).chain(lines).collect(),
            group: run.group.clone(),
            origin: Origin { group: None, part: Some(part) },
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::data::{ReadOptions, Rows};

    /// What is said of the file, and of each window its label and first value.
    fn read(content: &str, frames: usize, every: usize, options: &ReadOptions) -> (String, Vec<(String, f32)>) {
        let options = ReadOptions { segment: Some(Segment { frames, every }), ..options.clone() };
        let mut rows = Rows::new(Path::new("a.csv"), content.as_bytes(), &options).unwrap();
        let windows: Vec<_> = rows.by_ref().map(Result::unwrap).collect();
        assert!(windows.iter().all(|row| row.content.frames().unwrap().iter().len() == frames));
        let first = |row: Row| (row.label, row.content.frames().unwrap().values[0]);
        (rows.layout(), windows.into_iter().map(first).collect())
    }

    /// Frames of these labels, at the times that `time` gives, numbered by `x`.
    fn recording(labels: &[(&str, usize)], time: impl Fn(usize) -> usize) -> String {
        let labels = labels.iter().flat_map(|(label, frames)| std::iter::repeat_n(label, *frames)).enumerate();
        let line = |(frame, label): (usize, &&str)| format!("{},{frame},{},{label}\n", time(frame), frame % 3);
        "timestamp,x,y,label\n".to_owned() + &labels.map(line).collect::<String>()
    }

    fn windows(windows: &[(&str, f32)]) -> Vec<(String, f32)> {
        windows.iter().map(|(label, first)| (label.to_string(), *first)).collect()
    }

    /// `x` counts the frames, which is no channel unless it is asked for.
    fn channels() -> ReadOptions {
        ReadOptions { channels: vec!["x".into(), "y".into()], ..ReadOptions::default() }
    }

    #[test]
    fn windows_lie_inside_a_label_and_what_is_left_over_is_counted() {
        let content = recording(&[("idle", 5), ("wave", 9), ("idle", 3), ("", 2), ("idle", 4)], |frame| 20 * frame);
        let (layout, found) = read(&content, 4, 2, &channels());
        let expected = [("idle", 0.0), ("wave", 5.0), ("wave", 7.0), ("wave", 9.0), ("idle", 19.0)];
        assert_eq!(found, windows(&expected));
        assert_eq!(
            layout,
            "CSV, header; label: `label`; 2 channels: `x`, `y`; time: `timestamp`; windows of 4 frames every 2 \
             in 4 runs of one label; 5 of 23 frames in no window (1 run is shorter than a window); 2 frames without a \
             label left out; no gap in `timestamp`"
        );
        let (layout, found) = read(&content, 2, 5, &channels());
        assert_eq!(found, windows(&[("idle", 0.0), ("wave", 5.0), ("wave", 10.0), ("idle", 14.0), ("idle", 19.0)]));
        assert!(layout.contains("; 11 of 23 frames in no window; "), "{layout}");
    }

    #[test]
    fn a_gap_in_time_ends_a_run_and_a_restart_too() {
        let jump = |frame: usize| 20 * frame + if frame >= 6 { 500 } else { 0 };
        let (layout, found) = read(&recording(&[("a", 12)], jump), 4, 4, &channels());
        assert_eq!(found, windows(&[("a", 0.0), ("a", 6.0)]));
        assert!(layout.ends_with("; 4 of 12 frames in no window; 1 gap in `timestamp` ends a run"), "{layout}");
        let restart = |frame: usize| 20 * (frame % 30);
        let (_, found) = read(&recording(&[("a", 60)], restart), 20, 20, &channels());
        assert_eq!(found, windows(&[("a", 0.0), ("a", 30.0)]));
        let jitter = |frame: usize| 20 * frame + 4 * (frame % 4);
        let (layout, _) = read(&recording(&[("a", 60)], jitter), 20, 20, &channels());
        assert!(layout.ends_with("; no gap in `timestamp`"), "{layout}");
    }

    #[test]
    fn a_change_of_recording_or_person_ends_a_run() {
        let line = |frame: usize| {
            let (person, value) = (frame / 10, frame * frame % 17);
            format!("p{person},{},{value},{}\n", frame / 20, ["sit", "walk"][frame / 40])
        };
        let content = "subject,session,x,activity\n".to_owned() + &(0..80).map(line).collect::<String>();
        let (layout, found) = read(&content, 6, 3, &ReadOptions::default());
        assert_eq!(found.len(), 16, "two windows in each ten frames");
        let start =
            "CSV, header; recording: `session`; label: `activity`; 1 channel: `x`; group: `subject`; windows of 6";
        assert!(layout.starts_with(start) && layout.ends_with("; no column of time to find gaps by"), "{layout}");
    }

    #[test]
    fn groups_and_runs_are_told_to_splits() {
        let content = recording(&[("a", 4), ("b", 4), ("a", 4)], |frame| frame);
        let options = ReadOptions { segment: Some(Segment { frames: 2, every: 2 }), ..channels() };
        let mut rows = Rows::new(Path::new("a.csv"), content.as_bytes(), &options).unwrap();
        let mut parts = Vec::new();
        while let Some(placed) = rows.next_placed().unwrap() {
            let RunPart { recording, run, window } = placed.origin.part.unwrap();
            parts.push((recording, run, window));
        }
        assert_eq!(parts, [(None, 0, 0), (None, 0, 1), (None, 1, 0), (None, 1, 1), (None, 2, 0), (None, 2, 1)]);
    }

    #[test]
    fn files_that_cannot_be_cut_are_refused_with_the_way_out() {
        let refused = |content: &str, options: &ReadOptions| {
            let rows = Rows::new(Path::new("a.csv"), content.as_bytes(), options);
            rows.and_then(|rows| rows.collect::<Result<Vec<_>, _>>()).unwrap_err().to_string()
        };
        let content = recording(&[("a", 12), ("b", 12)], |frame| frame);
        let whole = refused(&content, &ReadOptions::default());
        assert!(
            whole.contains("cut a long recording into windows of N frames with --segment N, or add a column"),
            "{whole}"
        );
        let segment = |frames| ReadOptions { segment: Some(Segment { frames, every: 2 }), ..channels() };
        let short = refused(&content, &segment(20));
        assert!(short.ends_with("no run has so many frames: give a smaller --segment"), "{short}");
        let texts = refused("label,text\na,so it is\nb,not so\n", &segment(20));
        assert!(
            texts.starts_with("a.csv, line 1: --segment cuts recordings of numbers, and this file has texts"),
            "{texts}"
        );
        let unlabelled = refused("x,y\n1.5,2\n2.5,1\n2,1\n", &segment(2));
        assert!(
            unlabelled.starts_with("a.csv, line 1: no column of labels found; choose one with --label-column"),
            "{unlabelled}"
        );
    }
}
