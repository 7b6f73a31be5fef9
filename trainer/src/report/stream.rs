use std::fmt;
use std::ops::Range;

use runtime::{ResetPolicy, StreamSettings};
use serde::Serialize;

/// How a model does on streams: recordings whose label changes.
///
/// A stream says the class of its last accepted answer, or nothing; a class that is background is nothing as well. Events are
/// runs of frames with one label that is another class. Answers before the stream is warm are not measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StreamReport {
    /// Recordings measured.
    pub recordings: usize,
    /// Frames of all recordings.
    pub frames: usize,
    /// Last frames that an answer is about; none: all.
    pub span: Option<u32>,
    /// Frames from one answer to the next.
    pub hop: u32,
    /// Answers whose probabilities are averaged.
    pub smoothing: u16,
    /// Frames up to the first answer of a recording that is measured.
    pub warm_up_frames: u32,
    /// Answers measured.
    pub answers: usize,
    /// Answers that say what the label of their newest frame says.
    pub answers_right: usize,
    /// Share of the answers that are right.
    pub share_right: f64,
    /// Answers about frames of one label alone.
    pub answers_of_one_label: usize,
    /// Share of the answers about one label that are right.
    pub share_right_of_one_label: f64,
    /// Events that a warm stream could answer.
    pub events: usize,
    /// Events with an answer of their class that is about one of their frames.
    pub events_found: usize,
    /// Events without such an answer.
    pub events_missed: usize,
    /// Events that ended before their stream was warm.
    pub events_too_early: usize,
    /// Runs of answers with one class, none of which is about a frame of it.
    pub false_alarms: usize,
    /// False alarms per hour of the measured answers; none without the frames a second.
    pub false_alarms_per_hour: Option<f64>,
    /// False alarms per 1,000 measured answers.
    pub false_alarms_per_1000_answers: f64,
    /// Frames from the start of a found event to the first answer of its class, in the mean over events that began when
    /// their stream was warm; none without such an event.
    pub delay_mean_frames: Option<f64>,
    /// The largest of these delays.
    pub delay_largest_frames: Option<usize>,
    /// Frames a second, as they were given.
    pub frames_per_second: Option<f64>,
    /// Each class that is no background.
    pub classes: Vec<StreamClass>,
}

/// How a model does on the events of one class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StreamClass {
    /// Its name.
    pub label: String,
    /// Its events.
    pub events: usize,
    /// Those that were found.
    pub found: usize,
    /// Runs of answers that were none of its events.
    pub false_alarms: usize,
}

/// Counts the answers of streams.
#[derive(Debug, Clone)]
pub struct StreamCounts {
    settings: StreamSettings,
    /// Whether each class is an event.
    is_event: Vec<bool>,
    report: StreamReport,
    delays: Vec<usize>,
    /// Of the recording that goes on.
    runs: Vec<Run>,
    said: Vec<Said>,
}

/// Frames of a recording with one label.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Run {
    /// None: nothing happens.
    class: Option<usize>,
    frames: Range<usize>,
}

/// A measured answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Said {
    /// Frames that had come.
    after: usize,
    /// None: nothing.
    class: Option<usize>,
}

impl StreamCounts {
    /// Nothing counted; `is_background` says of each class whether it means that nothing happens.
    pub fn new<'l>(
        labels: impl Iterator<Item = &'l str>,
        is_background: &[bool],
        settings: StreamSettings,
        frames_per_second: Option<f64>,
    ) -> Self {
        let class = |label: &str| StreamClass { label: label.into(), events: 0, found: 0, false_alarms: 0 };
        let report = StreamReport {
            recordings: 0,
            frames: 0,
            span: settings.span,
            hop: settings.hop,
            smoothing: settings.smoothing,
            warm_up_frames: settings.warm_up(),
            answers: 0,
            answers_right: 0,
            share_right: 0.0,
            answers_of_one_label: 0,
            share_right_of_one_label: 0.0,
            events: 0,
            events_found: 0,
            events_missed: 0,
            events_too_early: 0,
            false_alarms: 0,
            false_alarms_per_hour: None,
            false_alarms_per_1000_answers: 0.0,
            delay_mean_frames: None,
            delay_largest_frames: None,
            frames_per_second,
            classes: labels.map(class).collect(),
        };
        let is_event = is_background.iter().map(|is_background| !is_background).collect();
        Self { settings, is_event, report, delays: Vec::new(), runs: Vec::new(), said: Vec::new() }
    }

    /// Begins a recording.
    pub fn start_recording(&mut self) {
        self.end_recording();
        self.report.recordings += 1;
    }

    /// Counts a frame with the class that its label is, if it is one.
    pub fn count_frame(&mut self, class: Option<usize>) {
        let class = self.event(class);
        self.report.frames += 1;
        let start = self.runs.last().map_or(0, |run| run.frames.end);
        match self.runs.last_mut() {
            Some(run) if run.class == class => run.frames.end += 1,
            _ => self.runs.push(Run { class, frames: start..start + 1 }),
        }
    }

    /// Counts an answer of a warm stream after the frames that were counted: its class if it was accepted.
    pub fn count_answer(&mut self, class: Option<usize>) {
        let (after, class) = (self.runs.last().map_or(0, |run| run.frames.end), self.event(class));
        self.said.push(Said { after, class });
    }

    /// A class that is an event.
    fn event(&self, class: Option<usize>) -> Option<usize> {
        class.filter(|class| self.is_event.get(*class) == Some(&true))
    }

    /// The frames that an answer is about, of a stream without a span those since the answer before.
    fn reach(&self) -> usize {
        self.settings.span.unwrap_or(self.settings.hop) as usize
    }

    fn end_recording(&mut self) {
        let (runs, said) = (std::mem::take(&mut self.runs), std::mem::take(&mut self.said));
        self.count_right(&runs, &said);
        self.count_events(&runs, &said);
        self.count_false_alarms(&runs, &said);
    }

    fn count_right(&mut self, runs: &[Run], said: &[Said]) {
        let reach = self.reach();
        let mut later = runs.iter();
        let mut run = later.next();
        for Said { after, class } in said {
            while run.is_some_and(|run| run.frames.end < *after) {
                run = later.next();
            }
            let Some(run) = run else { continue };
            let is_right = usize::from(*class == run.class);
            self.report.answers += 1;
            self.report.answers_right += is_right;
            if run.frames.start + reach <= *after {
                self.report.answers_of_one_label += 1;
                self.report.share_right_of_one_label += is_right as f64;
            }
        }
    }

    fn count_events(&mut self, runs: &[Run], said: &[Said]) {
        let (reach, warm_up) = (self.reach(), self.report.warm_up_frames as usize);
        for Run { class, frames } in runs {
            let Some(class) = *class else { continue };
            if frames.end <= warm_up {
                self.report.events_too_early += 1;
                continue;
            }
            let first = said.partition_point(|said| said.after <= frames.start);
            let within = said.iter().skip(first).take_while(|said| said.after < frames.end + reach);
            let found = within.filter(|said| said.class == Some(class)).map(|said| said.after).next();
            self.report.events += 1;
            self.report.events_found += usize::from(found.is_some());
            if let Some(counted) = self.report.classes.get_mut(class) {
                counted.events += 1;
                counted.found += usize::from(found.is_some());
            }
            if frames.start >= warm_up {
                self.delays.extend(found.map(|after| after - frames.start));
            }
        }
    }

    fn count_false_alarms(&mut self, runs: &[Run], said: &[Said]) {
        let reach = self.reach();
        // After a reset the same class is another detection.
        let is_one = |one: &Said, next: &Said| one.class == next.class && self.settings.reset == ResetPolicy::Continue;
        for detection in said.chunk_by(is_one) {
            let Some(class) = detection.first().and_then(|said| said.class) else { continue };
            let is_about = |said: &Said| {
                let oldest = said.after.saturating_sub(reach);
                let first = runs.partition_point(|run| run.frames.end <= oldest);
                let mut about = runs.iter().skip(first).take_while(|run| run.frames.start < said.after);
                about.any(|run| run.class == Some(class))
            };
            if !detection.iter().any(is_about) {
                self.report.false_alarms += 1;
                if let Some(counted) = self.report.classes.get_mut(class) {
                    counted.false_alarms += 1;
                }
            }
        }
    }

    /// What was counted.
    pub fn report(mut self) -> StreamReport {
        self.end_recording();
        let Self { settings, is_event, mut report, delays, .. } = self;
        let share = |part: f64, whole: usize| if whole == 0 { 0.0 } else { part / whole as f64 };
        report.share_right = share(report.answers_right as f64, report.answers);
        report.share_right_of_one_label = share(report.share_right_of_one_label, report.answers_of_one_label);
        report.events_missed = report.events - report.events_found;
        report.false_alarms_per_1000_answers = share(1000.0 * report.false_alarms as f64, report.answers);
        let hours = |rate: f64| report.answers as f64 * f64::from(settings.hop) / rate / 3600.0;
        let rate = report.frames_per_second.filter(|_| report.answers > 0);
        report.false_alarms_per_hour = rate.map(|rate| report.false_alarms as f64 / hours(rate));
        if !delays.is_empty() {
            report.delay_mean_frames = Some(delays.iter().sum::<usize>() as f64 / delays.len() as f64);
            report.delay_largest_frames = delays.iter().copied().max();
        }
        let mut events = is_event.into_iter();
        report.classes.retain(|_| events.next() == Some(true));
        report
    }
}

impl fmt::Display for StreamReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |share: f64| format!("{:.2} %", 100.0 * share);
        let time =
            |frames: f64| self.frames_per_second.map(|rate| format!(" ({:.2} s)", frames / rate)).unwrap_or_default();
        writeln!(
            formatter,
            "answers right  {}  ({} of {}, by the label of the newest frame)",
            percent(self.share_right),
            self.answers_right,
            self.answers
        )?;
        writeln!(
            formatter,
            "               {}  of the {} about frames of one label",
            percent(self.share_right_of_one_label),
            self.answers_of_one_label
        )?;
        write!(
            formatter,
            "events         {} of {} found, {} missed",
            self.events_found, self.events, self.events_missed
        )?;
        if self.events_too_early > 0 {
            write!(formatter, "; {} more ended before their stream was warm", self.events_too_early)?;
        }
        let rate = match self.false_alarms_per_hour {
            Some(rate) => format!("{rate:.2} an hour"),
            None => format!(
                "{:.2} per 1,000 answers (give --frames-per-second for false alarms an hour)",
                self.false_alarms_per_1000_answers
            ),
        };
        writeln!(formatter, "\nfalse alarms   {}, {rate}", self.false_alarms)?;
        match self.delay_mean_frames.zip(self.delay_largest_frames) {
            Some((mean, largest)) => writeln!(
                formatter,
                "delay          {mean:.1} frames in the mean{}, {largest} at most{}",
                time(mean),
                time(largest as f64)
            )?,
            None => writeln!(formatter, "delay          no event was found that began when its stream was warm")?,
        }
        let warm_up = self.warm_up_frames;
        writeln!(formatter, "warm-up        {warm_up} frames{} of each recording", time(warm_up.into()))?;
        let width = self.classes.iter().map(|class| class.label.chars().count()).max().unwrap_or(0).max(5);
        write!(formatter, "\n{:width$}  {:>6}  {:>6}  {:>12}", "class", "events", "found", "false alarms")?;
        for StreamClass { label, events, found, false_alarms } in &self.classes {
            write!(formatter, "\n{label:width$}  {events:>6}  {found:>6}  {false_alarms:>12}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Classes 0 and 1 are events, 2 is background. Each letter of `labels` is ten frames: `0`, `1`, `2`, or `.` for a label that
    /// is none of the model's; each of `said` the answer after them, `-` for one that is not measured, `x` for one that is
    /// rejected.
    fn report(settings: StreamSettings, rate: Option<f64>, recordings: &[[&str; 2]]) -> StreamReport {
        let mut counts = StreamCounts::new(["a", "b", "none"].into_iter(), &[false, false, true], settings, rate);
        let class = |letter: char| letter.to_digit(10).map(|class| class as usize);
        for [labels, said] in recordings {
            counts.start_recording();
            for (label, said) in labels.chars().zip(said.chars()) {
                (0..10).for_each(|_| counts.count_frame(class(label)));
                if said != '-' {
                    counts.count_answer(class(said));
                }
            }
        }
        counts.report()
    }

    #[test]
    fn events_are_found_late_and_alarms_are_false_where_nothing_is_near() {
        let settings = StreamSettings::last(20, 10);
        // `a` in frames 30..70 is answered after 50; `b` in 100..130 after 140, when one of its frames is among the last 20.
        let found = report(settings, Some(10.0), &[["222000022211122222", "-2220002222xx12212"]]);
        assert_eq!((found.recordings, found.frames, found.warm_up_frames), (1, 180, 20));
        assert_eq!((found.events, found.events_found, found.events_missed), (2, 2, 0));
        assert_eq!((found.delay_mean_frames, found.delay_largest_frames), (Some(30.0), Some(40)));
        assert_eq!((found.answers, found.answers_right), (17, 11));
        assert_eq!(found.false_alarms, 1);
        assert!(found.false_alarms_per_hour.is_some_and(|rate| (rate - 3600.0 / 17.0).abs() < 1e-9));
        assert_eq!(
            found.classes.iter().map(|class| (class.found, class.false_alarms)).collect::<Vec<_>>(),
            [(1, 0), (1, 1)]
        );
    }

    #[test]
    fn what_is_before_the_warm_up_is_not_measured() {
        let settings = StreamSettings { smoothing: 2, ..StreamSettings::last(20, 10) };
        let found = report(settings, None, &[["0111", "--11"], ["0000", "--00"], ["....", "--.x"]]);
        assert_eq!((found.recordings, found.warm_up_frames, found.events_too_early), (3, 30, 1));
        assert_eq!((found.events, found.events_found, found.delay_mean_frames), (2, 2, None));
        assert_eq!((found.answers, found.answers_right, found.false_alarms), (6, 6, 0));
        assert_eq!(found.answers_of_one_label, 6);
        assert_eq!((found.false_alarms_per_hour, found.false_alarms_per_1000_answers), (None, 0.0));
        assert!(found.to_string().contains("0.00 per 1,000 answers (give --frames-per-second"), "{found}");
    }

    #[test]
    fn a_class_that_goes_on_is_one_alarm_but_after_a_reset() {
        let settings = StreamSettings::last(20, 10);
        let recording = [["222222222222", "-11112011222"]];
        assert_eq!(report(settings, None, &recording).false_alarms, 3);
        let reset = StreamSettings { reset: ResetPolicy::AfterAccepted, ..settings };
        assert_eq!(report(reset, None, &recording).false_alarms, 7);
        // A missed event, and an answer of another class while it lasts.
        let found = report(settings, None, &[["222000222", "-22211222"]]);
        assert_eq!((found.events_found, found.events_missed, found.false_alarms), (0, 1, 1));
    }
}
