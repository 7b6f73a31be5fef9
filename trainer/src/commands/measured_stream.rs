use std::collections::BTreeMap;
use std::path::Path;

use clap::Args;
use runtime::{Model, Probability, ResetPolicy, StreamSettings};
use trainer::data::{DataError, Mismatch, ReadOptions, Recordings};
use trainer::export::ModelFile;
use trainer::inference::InferenceError;
use trainer::report::{StreamCounts, StreamReport};
use trainer::stream::HostStream;
use trainer::{Error, note};

use super::stream::{Hops, StreamArguments};

/// Labels that a line names; the others are counted.
const MOST_NAMED: usize = 8;

/// How a model is measured on streams.
#[derive(Debug, Args)]
pub(super) struct MeasuredStream {
    /// Measure streams: each line of --data is a frame with its own label, and a column `sequence` names its recording,
    /// `sequence,label,channels`. Nothing happens in frames whose label is empty or unknown to the model
    #[arg(long)]
    stream: bool,
    #[command(flatten)]
    hops: StreamArguments,
    /// With --stream: each answer is about all frames of the recording so far. The stream needs one classifier and is the
    /// cheapest
    #[arg(long, requires = "stream", conflicts_with = "span")]
    endless: bool,
    /// With --stream: the number of answers whose probabilities are averaged [default: 1]
    #[arg(long, value_name = "K", requires = "stream")]
    smoothing: Option<u16>,
    /// With --stream: the smallest probability with which an answer is accepted, 0 to 1 [default: the model's thresholds]
    #[arg(long, value_name = "P", requires = "stream")]
    threshold: Option<f32>,
    /// With --stream: reset the stream after each accepted answer, so that a short event is answered once
    #[arg(long, requires = "stream")]
    reset_after_accepted: bool,
    /// With --stream: classes of the model that mean that nothing happens
    #[arg(long, value_name = "LABELS", value_delimiter = ',', requires = "stream")]
    background: Vec<String>,
    /// With --stream: frames per second of the recordings, to print false alarms per hour and times in seconds
    #[arg(long, value_name = "X", requires = "stream")]
    frames_per_second: Option<f64>,
}

impl MeasuredStream {
    /// Whether streams are measured.
    ///
    /// # Errors
    /// [`Error::Setting`] for options of a stream without `--stream`.
    pub(super) fn is_given(&self) -> Result<bool, Error> {
        if self.hops.is_given() && !self.stream {
            return Err(Error::Setting("--hop and --span need --stream: rows are answered once, at their end".into()));
        }
        Ok(self.stream)
    }

    /// The report of a model file on the recordings of a file.
    pub(super) fn report(
        &self,
        path: &Path,
        data: Option<&Path>,
        options: &ReadOptions,
    ) -> Result<StreamReport, Error> {
        let data = data.ok_or_else(|| Error::Setting("--stream needs --data FILE, the recordings".into()))?;
        let without_effect =
            [("--segment", options.segment.is_some()), ("--group-column", options.group_column.is_some())];
        if let Some((option, _)) = without_effect.into_iter().find(|(_, is_given)| *is_given) {
            return Err(Error::Setting(format!("{option} has no effect with --stream: leave it out")));
        }
        let file = ModelFile::read(path)?;
        let model = file.parse(path)?;
        let hops = self.hops(&model, path)?;
        let settings = hops.settings;
        let labels: Vec<&str> = model.labels().collect();
        let is_background = self.background(&labels)?;
        let mut counts = StreamCounts::new(labels.iter().copied(), &is_background, settings, self.frames_per_second);
        let mut stream = HostStream::new(&model, settings).map_err(Error::of_model(path))?;
        let options = options.clone().with_known_labels(&labels).with_schema(file.parts(path)?.1.columns());
        let mut recordings = open_recordings(&model, data, &options)?;
        let mut unknown = BTreeMap::<String, usize>::new();
        let (mut frames, mut known) = (0_usize, 0_usize);
        while let Some(frame) = recordings.next_frame()? {
            if frame.is_first {
                counts.start_recording();
                stream.reset();
            }
            let class = labels.iter().position(|label| *label == frame.label);
            frames += 1;
            known += usize::from(class.is_some());
            match unknown.get_mut(frame.label) {
                Some(count) => *count += 1,
                None if class.is_none() => {
                    unknown.insert(frame.label.into(), 1);
                }
                None => {}
            }
            counts.count_frame(class);
            let named = |error: InferenceError| error.named(path, &data.display().to_string());
            let answered = stream.push_values(frame.values).map_err(named)?;
            if let Some(answered) = answered.filter(|answered| answered.is_settled) {
                counts.count_answer(answered.accepted.then_some(answered.answer.class));
            }
        }
        if frames == 0 {
            return Err(DataError::Empty { path: data.into(), expected: "sequence,label,channels" }.into());
        }
        if known == 0 {
            return Err(DataError::NoKnownLabel { path: data.into(), known: labels.join(", ") }.into());
        }
        let report = counts.report();
        hops.say();
        note(&format!(
            "{}: {}; {} recordings, {frames} frames",
            data.display(),
            recordings.layout(),
            report.recordings
        ));
        note_unknown(&unknown);
        Ok(report)
    }

    fn hops(&self, model: &Model<'_>, path: &Path) -> Result<Hops, Error> {
        let refuse = |problem: String| Err(Error::Setting(problem));
        if self.frames_per_second.is_some_and(|rate| !(rate > 0.0 && rate.is_finite())) {
            return refuse("--frames-per-second: expected a number above 0".into());
        }
        if self.smoothing == Some(0) {
            return refuse("--smoothing 0: expected 1 or more answers".into());
        }
        let threshold = match self.threshold {
            Some(given) if !(0.0..=1.0).contains(&given) => {
                return refuse(format!("--threshold {given}: expected a probability from 0 to 1"));
            }
            given => given.map(|given| (given * Probability::ONE as f32).round() as u16),
        };
        let hops = if self.endless { self.hops.endless(model, path)? } else { self.hops.hops(model, path)? };
        let mut hops =
            hops.ok_or_else(|| Error::Setting("--stream needs --hop N, the frames between two answers".into()))?;
        let reset = if self.reset_after_accepted { ResetPolicy::AfterAccepted } else { ResetPolicy::Continue };
        let smoothing = self.smoothing.unwrap_or(1);
        hops.settings = StreamSettings { smoothing, threshold, reset, ..hops.settings };
        Ok(hops)
    }

    /// Whether each class means that nothing happens.
    fn background(&self, labels: &[&str]) -> Result<Vec<bool>, Error> {
        if let Some(unknown) = self.background.iter().find(|given| !labels.contains(&given.as_str())) {
            let known = labels.join(", ");
            return Err(Error::Setting(format!("--background {unknown}: the model has no such class; it has {known}")));
        }
        Ok(labels.iter().map(|label| self.background.iter().any(|given| given == label)).collect())
    }
}

/// The recordings of a file whose frames the model takes in.
///
/// # Errors
/// As [`Recordings::open`]; [`DataError::Mismatch`].
pub(super) fn open_recordings(
    model: &Model<'_>,
    data: &Path,
    options: &ReadOptions,
) -> Result<Recordings<'static>, Error> {
    let recordings = Recordings::open(data, options)?;
    let (expected, found) = (model.channels(), recordings.channels());
    if expected == found {
        return Ok(recordings);
    }
    let (place, mismatch) = (data.display().to_string(), Mismatch::Channels { expected, found });
    Err(DataError::Mismatch { place, mismatch }.into())
}

/// Says which labels were taken to mean that nothing happens.
fn note_unknown(unknown: &BTreeMap<String, usize>) {
    if unknown.is_empty() {
        return;
    }
    let name =
        |label: &String| if label.is_empty() { "no label".to_owned() } else { format!("`{}`", label.escape_debug()) };
    let named: Vec<String> =
        unknown.iter().take(MOST_NAMED).map(|(label, frames)| format!("{} {frames}", name(label))).collect();
    let others = match unknown.len().saturating_sub(MOST_NAMED) {
        0 => String::new(),
        others => format!(" and {others} more labels"),
    };
    note(&format!("frames where nothing happens, as the model has no such class: {}{others}", named.join(", ")));
}
