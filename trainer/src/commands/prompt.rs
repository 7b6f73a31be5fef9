//! The prompt of `predict` on a terminal: a bar a class for each line.

use std::io::{BufRead, IsTerminal, Write};
use std::path::Path;

use runtime::{Model, Probability};
use trainer::Error;
use trainer::data::{Content, Frames, parse_frame};
use trainer::inference::{Answer, HostClassifier, answer};

/// Classes that have a bar at most: those of the largest probabilities.
const MOST_BARS: usize = 10;
/// Characters of a bar of 100 %.
const BAR: usize = 32;
/// Eighths of a character, from 1.
const EIGHTHS: [char; 8] = ['▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];

/// Whether a person reads the answers and types the lines.
pub(super) fn is_there() -> bool {
    std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// Answers the lines of `input` on `output` until an empty line, or until its end: a text a line, or a frame a line and an
/// answer after an empty line.
///
/// A line that is refused is said on `output`, and the next one is read.
///
/// # Errors
/// [`Error::Model`] for a model that is too large for this program; [`Error::Unreadable`]; [`Error::Unwritable`].
pub(super) fn answer_lines(
    model: &Model<'_>,
    path: &Path,
    input: impl BufRead,
    output: &mut impl Write,
) -> Result<(), Error> {
    let mut classifier = HostClassifier::new(model).map_err(Error::of_model(path))?;
    let written = |result: std::io::Result<()>| {
        result.map_err(|source| Error::Unwritable { path: "standard output".into(), source })
    };
    let channels = model.channels();
    let how = match channels {
        0 => "Type a text; an empty line ends.".to_owned(),
        channels => format!(
            "Type frames of {channels} numbers, one a line, then an empty line for the answer; another empty line ends."
        ),
    };
    written(writeln!(output, "{how}"))?;
    let mut frames = Frames { channels, values: Vec::new() };
    let mut lines = input.lines();
    for number in 1.. {
        written(write!(output, "> ").and_then(|()| output.flush()))?;
        let Some(line) = lines.next() else { break };
        let line = line.map_err(|source| Error::Unreadable { path: "standard input".into(), source })?;
        let is_empty = line.trim().is_empty();
        if is_empty && frames.values.is_empty() {
            return Ok(());
        }
        if channels > 0 && !is_empty {
            match parse_frame(&line, channels, "standard input".as_ref(), number) {
                Ok(frame) => frames.values.extend(frame),
                Err(error) => written(writeln!(output, "{error}"))?,
            }
            continue;
        }
        let content = match channels {
            0 => Content::Text(line),
            _ => Content::Frames(Frames { channels, values: std::mem::take(&mut frames.values) }),
        };
        let shown = match answer(&mut classifier, &content) {
            Ok(answer) => bars(model, &answer),
            Err(error) => error.named(path, "the line").to_string(),
        };
        written(writeln!(output, "{shown}"))?;
    }
    written(writeln!(output))
}

/// A line a class with its probability and a bar, the most probable first.
fn bars(model: &Model<'_>, answer: &Answer) -> String {
    let mut classes: Vec<(String, Probability)> =
        model.labels().map(|label| label.escape_debug().to_string()).zip(answer.probabilities(model)).collect();
    classes.sort_by_key(|(_, probability)| std::cmp::Reverse(*probability));
    let left_out = classes.len().saturating_sub(MOST_BARS);
    classes.truncate(MOST_BARS);
    let width = classes.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    let line = |(label, probability): &(String, Probability)| {
        let shown = format!("{:>7}", probability.to_string());
        format!("  {label:width$}  {shown}  {}", bar(probability.to_f32())).trim_end().to_owned()
    };
    let mut lines: Vec<String> = classes.iter().map(line).collect();
    if left_out > 0 {
        lines.push(format!("  and {left_out} classes that are less probable"));
    }
    if answer.refused > 0 {
        lines.push(format!("  the last {} steps were ignored: the model takes in no more", answer.refused));
    }
    lines.join("\n")
}

/// A bar of so large a share of [`BAR`] characters.
fn bar(share: f32) -> String {
    let eighths = (share.clamp(0.0, 1.0) * (BAR * EIGHTHS.len()) as f32).round() as usize;
    let whole = std::iter::repeat_n('█', eighths / EIGHTHS.len());
    let part = (eighths % EIGHTHS.len()).checked_sub(1).and_then(|place| EIGHTHS.get(place));
    whole.chain(part.copied()).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use trainer::export::ModelFile;

    use super::*;

    fn said(model: &str, input: &str) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("models").join(model);
        let file = ModelFile::read(&path).unwrap();
        let mut output = Vec::new();
        answer_lines(&file.parse(&path).unwrap(), &path, input.as_bytes(), &mut output).unwrap();
        String::from_utf8(output).unwrap()
    }

    #[test]
    fn a_line_has_a_bar_a_class() {
        let said = said("home-commands/home-commands.int8.rnl", "kitchen lights off\n\nnever read\n");
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines[0], "Type a text; an empty line ends.");
        assert!(lines[1].starts_with(">   lights_off") && lines[1].contains('█'), "{said}");
        assert_eq!(lines.len(), 12, "ten classes, then the last prompt: {said}");
        assert_eq!(lines[11], "> ");
    }

    #[test]
    fn frames_are_answered_after_an_empty_line_and_a_wrong_one_is_said() {
        let frame = "1,2,3,4,5,6\n";
        let said = said("gestures/gestures.int8.rnl", &format!("{frame}1,2,x\n{frame}\n\n"));
        assert!(said.contains("standard input, line 2"), "{said}");
        assert_eq!(said.matches(" %  ").count() + said.matches(" %\n").count(), 3, "one answer, a bar a class: {said}");
        assert!(said.contains('█') && said.ends_with("> "), "{said}");
    }

    #[test]
    fn bars_are_as_long_as_their_share() {
        assert_eq!(bar(1.0), "█".repeat(BAR));
        assert_eq!(bar(0.5), "█".repeat(BAR / 2));
        assert_eq!(bar(1.0 / 256.0), "▏");
        assert_eq!(bar(0.0), "");
        assert_eq!(bar(9.0 / 256.0), "█▏");
    }
}
