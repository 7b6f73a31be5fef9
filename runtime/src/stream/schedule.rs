use super::settings::StreamSettings;

/// Which classifiers of a stream are at work, and when the next one starts and the next answer is due.
///
/// Answers are due after each hop. The classifier of the answer after frame `t` starts before frame `t - span`, so that one
/// starts each hop, in a ring of `ceil(span / hop)` places. Before there is a whole span, the classifier that starts before
/// the first frame answers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schedule {
    /// The place of the classifier that started first.
    oldest: u32,
    /// Classifiers at work.
    at_work: u32,
    /// Frames before the next classifier starts; at 0 it starts once there is a place for it.
    until_start: u32,
    /// Frames before the next answer, at least 1.
    until_answer: u32,
    /// Whether a classifier has started since the beginning.
    has_begun: bool,
}

impl Schedule {
    /// The beginning of a stream.
    #[inline]
    pub(super) const fn start(settings: &StreamSettings) -> Self {
        let ahead = match settings.span {
            // The frames between two spans are in none.
            Some(span) => settings.hop.saturating_sub(span),
            None => 0,
        };
        Self { oldest: 0, at_work: 0, until_start: ahead, until_answer: settings.hop, has_begun: false }
    }

    /// Before a frame: the place of a classifier that starts with it.
    #[inline]
    pub(super) fn before_frame(&mut self, settings: &StreamSettings) -> Option<u32> {
        let is_due = self.until_start == 0 && self.at_work < settings.classifiers();
        let started = is_due.then(|| {
            self.until_start = if self.has_begun { settings.hop } else { after_first(settings) };
            self.has_begun = true;
            self.at_work = self.at_work.saturating_add(1);
            self.place(settings, self.at_work.saturating_sub(1))
        });
        self.until_start = self.until_start.saturating_sub(1);
        started
    }

    /// After a frame: whether an answer is due.
    #[inline]
    pub(super) fn after_frame(&mut self, settings: &StreamSettings) -> bool {
        self.until_answer = self.until_answer.saturating_sub(1);
        let is_due = self.until_answer == 0;
        if is_due {
            self.until_answer = settings.hop;
        }
        is_due
    }

    /// The places of the classifiers at work, that of the oldest first.
    #[inline]
    pub(super) fn places(self, settings: &StreamSettings) -> impl Iterator<Item = u32> {
        (0..self.at_work).map(move |number| self.place(settings, number))
    }

    /// Ends the oldest.
    #[inline]
    pub(super) fn end_oldest(&mut self, settings: &StreamSettings) {
        self.oldest = self.place(settings, 1);
        self.at_work = self.at_work.saturating_sub(1);
    }

    /// The place of the classifier that started so many after the oldest.
    #[inline]
    fn place(&self, settings: &StreamSettings, number: u32) -> u32 {
        let place = self.oldest.wrapping_add(number);
        place.checked_sub(settings.classifiers()).unwrap_or(place)
    }
}

/// Frames from the start of the first classifier to that of the second: a hop, or less where the first is about less than a
/// span whenever it answers.
#[inline]
fn after_first(settings: &StreamSettings) -> u32 {
    let hop = settings.hop;
    match settings.span {
        Some(span) if span >= hop => hop.saturating_sub(span.checked_rem(hop).unwrap_or(0)),
        _ => hop,
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;

    /// For each answer the frames that have come, and the frames that the oldest classifier has.
    fn answers(span: u32, hop: u32, frames: u32) -> Vec<(u32, u32)> {
        let settings = StreamSettings::last(span, hop);
        let mut schedule = Schedule::start(&settings);
        let mut started = std::vec![0; settings.classifiers() as usize];
        let mut answers = Vec::new();
        for frame in 0..frames {
            if let Some(place) = schedule.before_frame(&settings) {
                started[place as usize] = frame;
            }
            let places: Vec<u32> = schedule.places(&settings).collect();
            assert!(places.windows(2).all(|pair| started[pair[0] as usize] < started[pair[1] as usize]));
            if schedule.after_frame(&settings) {
                let age = frame + 1 - started[places[0] as usize];
                answers.push((frame + 1, age));
                if age + hop > span {
                    schedule.end_oldest(&settings);
                }
            }
        }
        answers
    }

    #[test]
    fn every_answer_is_about_the_last_frames() {
        for span in 1..40 {
            for hop in 1..45 {
                let expected: Vec<_> = (1..=200 / hop).map(|number| (number * hop, span.min(number * hop))).collect();
                assert_eq!(answers(span, hop, 200), expected, "{span} {hop}");
            }
        }
    }

    #[test]
    fn each_frame_is_a_step_of_as_many_classifiers_if_a_span_is_whole_hops() {
        let at_work = |span, hop| {
            let settings = StreamSettings::last(span, hop);
            let mut schedule = Schedule::start(&settings);
            let mut counts = Vec::new();
            for frame in 1..=10 * span {
                schedule.before_frame(&settings);
                counts.push(schedule.places(&settings).count() as u32);
                if schedule.after_frame(&settings) && frame + hop > span {
                    schedule.end_oldest(&settings);
                }
            }
            let warm = counts.split_off(span as usize);
            (*warm.iter().min().unwrap_or(&0), *warm.iter().max().unwrap_or(&0))
        };
        assert_eq!(at_work(128, 32), (4, 4));
        assert_eq!(at_work(100, 10), (10, 10));
        assert_eq!(at_work(10, 10), (1, 1));
        assert_eq!(at_work(10, 4), (2, 3));
        assert_eq!(at_work(10, 14), (0, 1));
    }
}
