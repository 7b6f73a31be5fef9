//! Names that columns have in files in use, and what they tell.

/// Names of a column of labels. Of two columns the one whose name is in an earlier line is the label.
const LABELS: [&[&str]; 4] = [
    &["label"],
    &["labels", "class", "class index", "class label", "target", "y", "v1", "ground truth", "gold"],
    &[
        "category",
        "sentiment",
        "intent",
        "topic",
        "gesture",
        "activity",
        "emotion",
        "polarity",
        "tag",
        "species",
        "genre",
        "state",
        "event",
        "action",
        "movement",
        "motion",
        "fault",
        "condition",
        "diagnosis",
    ],
    &["rating", "score", "stars", "overall", "answer", "result", "status"],
];

/// Words of a name that make it one of labels, as in `airline_sentiment` and `activity_label`.
const LABEL_WORDS: [&str; 10] =
    ["label", "class", "target", "category", "sentiment", "intent", "topic", "gesture", "activity", "emotion"];

/// Names of a column of text; what stands in an earlier line is read first.
const TEXTS: [&[&str]; 3] = [
    &["title", "headline", "subject"],
    &["description", "summary"],
    &[
        "text",
        "texts",
        "message",
        "messages",
        "review",
        "sentence",
        "utterance",
        "tweet",
        "comment",
        "content",
        "contents",
        "body",
        "v2",
        "sms",
        "query",
        "question",
        "phrase",
        "document",
        "article",
        "news",
        "transcript",
        "transcription",
        "command",
        "post",
        "abstract",
        "email",
        "mail",
        "feedback",
        "input",
        "prompt",
        "story",
        "verbatim",
        "words",
    ],
];

/// Words of a name that make it one of text, as in `review_text` and `clean_message`.
const TEXT_WORDS: [&str; 12] = [
    "text",
    "message",
    "review",
    "sentence",
    "utterance",
    "tweet",
    "comment",
    "content",
    "body",
    "question",
    "title",
    "description",
];

/// Names of the column that says which sequence a frame belongs to, beside [`super::SEQUENCE`].
const SEQUENCES: [&str; 17] = [
    "sequence",
    "seq",
    "recording",
    "rec",
    "series",
    "segment",
    "window",
    "trial",
    "session",
    "sample",
    "episode",
    "file",
    "filename",
    "clip",
    "instance",
    "example",
    "case",
];

/// Names of a column that tells rows apart and nothing else.
const IDENTIFIERS: [&str; 15] = [
    "id",
    "ids",
    "index",
    "idx",
    "no",
    "nr",
    "num",
    "number",
    "row",
    "key",
    "uuid",
    "guid",
    "uid",
    "unnamed 0",
    "rownames",
];

/// Names of a column of times, or of what counts frames.
const TIMES: [&str; 20] = [
    "time",
    "times",
    "timestamp",
    "timestamps",
    "datetime",
    "date",
    "t",
    "ts",
    "ms",
    "us",
    "ns",
    "sec",
    "secs",
    "second",
    "seconds",
    "millis",
    "micros",
    "elapsed",
    "frame",
    "step",
];

/// Words of a name that make it one of times, as in `time_ms` and `unix_timestamp`.
const TIME_WORDS: [&str; 6] = ["time", "timestamp", "datetime", "elapsed", "millis", "micros"];

/// Names of a column that says who was measured.
const PERSONS: [&str; 11] = [
    "subject",
    "user",
    "participant",
    "person",
    "patient",
    "volunteer",
    "speaker",
    "individual",
    "wearer",
    "athlete",
    "driver",
];

/// Names of a column of recordings, of which a recording may have many sequences; an earlier one has longer ones.
const RECORDINGS: [&str; 5] = ["session", "recording", "rec", "file", "filename"];

/// Words that stand behind the name of what they number.
const NUMBER_WORDS: [&str; 7] = ["id", "no", "nr", "name", "index", "idx", "number"];

/// A name in lower case, its words separated by single spaces: `Class_Index` and `classIndex` are `class index`.
pub(super) fn plain(name: &str) -> String {
    let (mut plain, mut before_is_lower) = (String::new(), false);
    for symbol in name.trim().chars() {
        let begins_word = symbol.is_uppercase() && before_is_lower;
        if (begins_word || !symbol.is_alphanumeric()) && !plain.is_empty() && !plain.ends_with(' ') {
            plain.push(' ');
        }
        if symbol.is_alphanumeric() {
            plain.extend(symbol.to_lowercase());
        }
        before_is_lower = symbol.is_lowercase();
    }
    plain.trim_end().to_owned()
}

/// How surely a name is one of labels, from 0, the surest.
pub(super) fn label_rank(name: &str) -> Option<usize> {
    rank(name, &LABELS, &LABEL_WORDS)
}

/// Where a column of text with this name stands among others.
pub(super) fn text_rank(name: &str) -> Option<usize> {
    rank(name, &TEXTS, &TEXT_WORDS)
}

/// The rank of a name that is known because one of its words is.
pub(super) const LABEL_WORD_RANK: usize = LABELS.len();
/// As [`LABEL_WORD_RANK`], of texts.
pub(super) const TEXT_WORD_RANK: usize = TEXTS.len();

fn rank(name: &str, exact: &[&[&str]], words: &[&str]) -> Option<usize> {
    let name = plain(name);
    let known = exact.iter().position(|names| names.contains(&name.as_str()));
    known.or_else(|| has_word(&name, words).then_some(exact.len()))
}

pub(super) fn is_sequence(name: &str) -> bool {
    let name = plain(name);
    SEQUENCES.contains(&name.as_str()) || SEQUENCES.contains(&without_number_word(&name))
}

/// A name without the word for what it numbers: `session id` is `session`.
fn without_number_word(plain: &str) -> &str {
    NUMBER_WORDS.iter().find_map(|end| plain.strip_suffix(end)).map_or(plain, str::trim_end)
}

/// How surely a name is one of groups that a split keeps on one side, from 0, the surest: persons, then recordings.
pub(super) fn group_rank(name: &str) -> Option<usize> {
    if is_person(name) {
        return Some(0);
    }
    let name = plain(name);
    let stem = without_number_word(&name);
    RECORDINGS.iter().position(|known| name == *known || stem == *known).map(|place| place + 1)
}

pub(super) fn is_identifier(name: &str) -> bool {
    let name = plain(name);
    name.is_empty() || IDENTIFIERS.contains(&name.as_str()) || name.ends_with(" id")
}

pub(super) fn is_time(name: &str) -> bool {
    let name = plain(name);
    TIMES.contains(&name.as_str()) || has_word(&name, &TIME_WORDS)
}

pub(super) fn is_person(name: &str) -> bool {
    let name = plain(name);
    PERSONS.contains(&name.as_str()) || PERSONS.contains(&without_number_word(&name))
}

/// Whether a name is in use for a column of any kind.
pub(in crate::data) fn is_known(name: &str) -> bool {
    let exact = |rank: Option<usize>, of_words| rank.is_some_and(|rank| rank < of_words);
    exact(label_rank(name), LABEL_WORD_RANK)
        || exact(text_rank(name), TEXT_WORD_RANK)
        || is_sequence(name)
        || (!plain(name).is_empty() && is_identifier(name))
        || is_time(name)
        || is_person(name)
}

fn has_word(plain: &str, words: &[&str]) -> bool {
    plain.split(' ').any(|word| words.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_in_any_spelling() {
        for name in ["Class Index", "class_index", "classIndex", " CLASS-INDEX ", "ClassIndex"] {
            assert_eq!(label_rank(name), Some(1), "{name}");
        }
        assert_eq!(["airline_sentiment", "Label"].map(label_rank), [Some(LABEL_WORD_RANK), Some(0)]);
        assert_eq!(["Review", "reviewText", "Title"].map(text_rank), [Some(2), Some(TEXT_WORD_RANK), Some(0)]);
        assert_eq!(["accX", "c0", "gyro_z", ""].map(label_rank), [None; 4]);
        assert!(["sequence", "Recording", "recording_id", "SeriesID", "window id"].into_iter().all(is_sequence));
        assert!(["", "Id", "tweet_id", "Unnamed: 0", "#"].into_iter().all(is_identifier));
        assert!(["time_ms", "Timestamp", "t", "unixTimestamp"].into_iter().all(is_time));
        assert!(["subject", "user_id", "Participant No"].into_iter().all(is_person));
        let ranks = ["subject_id", "Session", "recording id", "file name", "window", "x"].map(group_rank);
        assert_eq!(ranks, [Some(0), Some(1), Some(2), Some(4), None, None]);
        assert!(!["x", "nice lamp", "positive", "3.5"].into_iter().any(is_known));
    }
}
