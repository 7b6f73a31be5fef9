//! Which settings have an effect, given the others and the rows: one table.
//!
//! A setting that a user gives on the command line, and that changes nothing, is a mistake that is named. Settings that
//! come from a preset or a file may be more than one training uses.

use clap::ValueEnum;

use super::{KeptEpoch, TrainingConfig};
use crate::data::Source;
use crate::encoding::Input;
use crate::error::Error;

/// Options of `trainer train` that mean something with `--resume`.
pub const OPTIONS_OF_RESUME: [&str; 5] = ["out", "resume", "device", "devices", "verbose"];

/// What decides whether a setting has an effect.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// All settings.
    pub config: &'a TrainingConfig,
    /// What a step is; none before the rows are known.
    pub input: Option<Input>,
    /// Whether the validation rows are held out by chance; none before the rows are known.
    pub holds_out: Option<bool>,
}

/// When some options have an effect.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The options, without dashes.
    pub options: &'static [&'static str],
    /// What they need to have one.
    pub needs: &'static str,
    /// Whether they have one, as far as is known.
    pub has_effect: fn(&Circumstances<'_>) -> bool,
    /// Whether they are refused otherwise; else it is said that they have none.
    pub is_refused: bool,
}

/// What `--adversarial` needs.
const ADVERSARIAL_NEEDS: &str = "frames, or vectors of words that training changes: an --embedding-size above 0, and no \
                                 --freeze-embeddings";

/// The rules. Settings that are in none of them have an effect in every training, or are checked where they are used.
pub const RULES: [Rule; 21] = [
    refused(
        &["vocabulary-size", "vocabulary-rows", "vocabulary-columns", "vocabulary-by"],
        "--input words, fingerprinted-words or characters",
        |of| of.reads(&[Input::Words, Input::FingerprintedWords, Input::Characters]),
    ),
    refused(&["hash-buckets"], "--input hashed-words", |of| of.reads(&[Input::HashedWords])),
    refused(&["subword-buckets"], "--input fingerprinted-words", |of| {
        of.config.subword_buckets == 0 || of.reads(&[Input::FingerprintedWords])
    }),
    refused(&["frame-unit", "frames-per-step", "frame-stride", "frame-differences"], "rows of frames", |of| {
        of.reads(&[Input::Frames])
    }),
    refused(&["word-rule"], "--input words, fingerprinted-words or hashed-words", |of| {
        of.reads(&[Input::Words, Input::FingerprintedWords, Input::HashedWords])
    }),
    refused(&["input-noise"], "rows of frames", |of| of.config.input_noise == 0.0 || of.reads(&[Input::Frames])),
    refused(&["time-warp", "scaling", "cropping"], "rows of frames", |of| {
        of.config.signal_augmentation().is_none() || of.reads(&[Input::Frames])
    }),
    said(&["embedding-size"], "rows of texts", |of| of.reads_texts()),
    refused(&["adversarial"], ADVERSARIAL_NEEDS, |of| {
        let changes_vectors = of.config.embedding_size > 0 && !of.config.freeze_embeddings;
        of.config.adversarial == 0.0 || changes_vectors || of.reads(&[Input::Frames])
    }),
    refused(&["word-dropout"], "rows of texts", |of| of.config.word_dropout == 0.0 || of.reads_texts()),
    refused(&["embedding-bits"], "an embedding: rows of texts, and an --embedding-size above 0", |of| {
        of.config.embedding_size > 0 && of.reads_texts()
    }),
    refused(&["text-columns"], "--data and a file of texts", |of| {
        // Before the rows are read, columns that they do not have are the better reason.
        of.input.is_none() || (matches!(of.config.data, Source::Path(_)) && of.reads_texts())
    }),
    refused(&["label-column", "label-names", "delimiter", "encoding"], "--data and a file", |of| {
        of.config.data != Source::HomeCommands
    }),
    refused(&["channels"], "--data and a file of frames", |of| {
        of.config.data != Source::HomeCommands && of.reads(&[Input::Frames])
    }),
    refused(&["segment-every", "segment"], "--data and recordings of frames", |of| {
        of.config.data != Source::HomeCommands && of.reads(&[Input::Frames])
    }),
    refused(&["group-column"], "--data and rows that are held out, or recordings to cut (--segment)", |of| {
        of.config.data != Source::HomeCommands && (of.holds_out != Some(false) || of.config.segment.is_some())
    }),
    refused(&["validation-share"], "validation rows that are held out, not rows of their own, and --folds 0", |of| {
        of.holds_out != Some(false) && of.config.folds == 0
    }),
    refused(&["data-seed"], "validation rows that are held out, or the home commands", |of| {
        of.config.data == Source::HomeCommands || of.holds_out != Some(false)
    }),
    refused(&["teacher-share", "teachers-read"], "--teacher", |of| !of.config.teachers.is_empty()),
    refused(
        &[
            "input",
            "vocabulary-size",
            "vocabulary-rows",
            "vocabulary-columns",
            "vocabulary-by",
            "hash-buckets",
            "subword-buckets",
            "frame-unit",
            "frames-per-step",
            "frame-stride",
            "frame-differences",
            "word-rule",
        ],
        "a training from the beginning, and --fine-tune takes over what the run reads",
        |of| of.config.fine_tune.is_none(),
    ),
    said(&["patience"], "--keep-epoch best or last-good", |of| of.config.keep_epoch != KeptEpoch::Last),
];

const fn refused(
    options: &'static [&'static str],
    needs: &'static str,
    has_effect: fn(&Circumstances<'_>) -> bool,
) -> Rule {
    Rule { options, needs, has_effect, is_refused: true }
}

const fn said(
    options: &'static [&'static str],
    needs: &'static str,
    has_effect: fn(&Circumstances<'_>) -> bool,
) -> Rule {
    Rule { options, needs, has_effect, is_refused: false }
}

impl Circumstances<'_> {
    /// What is known before the rows are read.
    pub fn before_reading(config: &TrainingConfig) -> Circumstances<'_> {
        let has_own = config.validation.is_some() || config.data == Source::HomeCommands;
        Circumstances {
            config,
            input: Some(config.input).filter(|input| *input != Input::Auto),
            holds_out: has_own.then_some(false),
        }
    }

    fn reads(&self, inputs: &[Input]) -> bool {
        self.input.is_none_or(|input| inputs.contains(&input))
    }

    fn reads_texts(&self) -> bool {
        self.input != Some(Input::Frames)
    }

    /// Checks that each given option has an effect; `given` has their names, without dashes. The notices are about
    /// options that may be given without one.
    ///
    /// # Errors
    /// [`Error::Setting`] with the first option that has none, what it needs, and what the rows are read as.
    pub fn check(&self, given: &[String]) -> Result<Vec<String>, Error> {
        let mut notices = Vec::new();
        for rule in RULES.iter().filter(|rule| !(rule.has_effect)(self)) {
            for option in rule.options.iter().filter(|option| given.iter().any(|given| given == **option)) {
                let line = self.describe(option, rule);
                if rule.is_refused {
                    return Err(Error::Setting(format!("{line}; leave it out")));
                }
                notices.push(line);
            }
        }
        Ok(notices)
    }

    fn describe(&self, option: &str, rule: &Rule) -> String {
        let read_as = self.input.and_then(|input| input.to_possible_value());
        let read_as = read_as.map_or(String::new(), |value| format!(" (the rows are read as {})", value.get_name()));
        format!("--{option} has no effect here: it needs {}{read_as}", rule.needs)
    }
}

/// Checks that nothing is given with `--resume` that an interrupted run cannot change.
///
/// # Errors
/// [`Error::Setting`] with the first such option.
pub fn check_resumed(given: &[String]) -> Result<(), Error> {
    match given.iter().find(|option| !OPTIONS_OF_RESUME.contains(&option.as_str())) {
        Some(option) => Err(Error::Setting(format!(
            "--{option} has no effect with --resume: an interrupted run goes on with the settings of its config.toml; \
             leave it out, or train in another --out"
        ))),
        None => Ok(()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// Every input with every other circumstance that a rule asks for.
    fn circumstances(each: &mut dyn FnMut(&Circumstances<'_>)) {
        let base = TrainingConfig { word_dropout: 0.1, ..TrainingConfig::default() };
        let path = Source::Path(PathBuf::from("rows.csv"));
        let configs = [
            base.clone(),
            TrainingConfig { data: path.clone(), ..base.clone() },
            TrainingConfig { teachers: vec![PathBuf::from("run")], ..base.clone() },
            TrainingConfig { fine_tune: Some(PathBuf::from("run")), ..base.clone() },
            TrainingConfig { keep_epoch: KeptEpoch::Last, ..base.clone() },
            TrainingConfig { subword_buckets: 8, input_noise: 0.1, scaling: 0.1, ..base.clone() },
            TrainingConfig { embedding_size: 0, adversarial: 0.1, ..base },
        ];
        for config in &configs {
            for input in Input::value_variants() {
                for holds_out in [true, false] {
                    each(&Circumstances { config, input: Some(*input), holds_out: Some(holds_out) });
                }
            }
        }
    }

    #[test]
    fn each_rule_lets_its_options_pass_somewhere_and_nowhere_else() {
        for rule in RULES {
            let (mut passed, mut stopped) = (0, 0);
            circumstances(&mut |of| {
                let has_effect = (rule.has_effect)(of);
                for option in rule.options {
                    let given = [(*option).to_owned()];
                    // Other rules may speak of the same option.
                    match of.check(&given) {
                        Ok(notices) => assert_eq!(notices.is_empty(), has_effect, "{option}: {of:?}"),
                        Err(error) => assert!(!has_effect || !error.to_string().contains(rule.needs), "{error}"),
                    }
                }
                passed += usize::from(has_effect);
                stopped += usize::from(!has_effect);
            });
            assert!(passed > 0 && stopped > 0, "{:?}: {passed} {stopped}", rule.options);
        }
    }

    #[test]
    fn what_was_not_given_is_not_spoken_of() {
        circumstances(&mut |of| assert_eq!(of.check(&["epochs".into()]).unwrap(), Vec::<String>::new()));
    }

    #[test]
    fn what_is_not_known_yet_is_not_refused() {
        let config = TrainingConfig { data: Source::Path(PathBuf::from("rows.csv")), ..TrainingConfig::default() };
        let of = Circumstances::before_reading(&config);
        for option in ["vocabulary-size", "frame-unit", "word-dropout", "validation-share", "text-columns"] {
            assert_eq!(of.check(&[option.into()]).unwrap(), Vec::<String>::new(), "{option}");
        }
        let beside = TrainingConfig { validation: Some(PathBuf::from("valid.csv")), ..config };
        assert!(Circumstances::before_reading(&beside).check(&["validation-share".into()]).is_err());
    }

    #[test]
    fn a_message_names_the_option_what_it_needs_and_what_was_found() {
        let config = TrainingConfig::default();
        let of = Circumstances { config: &config, input: Some(Input::Bytes), holds_out: Some(true) };
        let message = of.check(&["hash-buckets".into()]).unwrap_err().to_string();
        let expected = "--hash-buckets has no effect here: it needs --input hashed-words (the rows are read as bytes); \
                        leave it out";
        assert_eq!(message, expected);
        let resumed = check_resumed(&["out".into(), "epochs".into()]).unwrap_err().to_string();
        assert!(resumed.starts_with("--epochs has no effect with --resume: "), "{resumed}");
        check_resumed(&OPTIONS_OF_RESUME.map(str::to_owned)).unwrap();
    }
}
