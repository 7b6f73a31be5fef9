//! Training: exact lengths, repeatable runs, interruptions that leave no trace, rows wherever they lie.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod composed;
mod devices;
mod frames_and_words;
mod long_data;

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tests::{Cpu, train};
use trainer::config::{KeptEpoch, TeachersRead, TrainingConfig};
use trainer::encoding::Input;
use trainer::examples::{Example, Examples};
use trainer::network::{self, Classifier, InputShape, NetworkConfig, Packed, Pooling, Sequence};
use trainer::quantize::{Bits, IntegerBits};
use trainer::run::{Run, RunResult};
use trainer::run_folder::{RunFolder, read_toml};
use trainer::training::{Fold, logits};
use trainer::weights::NetworkWeights;

/// A run of a few seconds: a few hundred home commands.
fn small_config(folder: &Path) -> TrainingConfig {
    let rows = trainer::data::home_commands::training_rows(3, 400).unwrap();
    let path = folder.join("rows.csv");
    let lines: Vec<String> =
        rows.iter().map(|row| format!("{},\"{}\"\n", row.label, row.content.text().unwrap())).collect();
    std::fs::write(&path, lines.concat()).unwrap();
    TrainingConfig {
        data: tests::source(Some(&path)),
        embedding_size: 8,
        hidden_size: 10,
        num_layers: 2,
        epochs: 3,
        batch_size: 16,
        warmup_steps: 5,
        ..TrainingConfig::default()
    }
}

/// A run of frames: the handwritten digits, stroke by stroke.
fn digits_config() -> TrainingConfig {
    TrainingConfig {
        data: tests::source(Some(Path::new("digits"))),
        hidden_size: 10,
        epochs: 2,
        batch_size: 64,
        warmup_steps: 5,
        ..TrainingConfig::default()
    }
}

/// The weights and the metrics of a finished run.
fn outcome(path: &Path) -> (NetworkWeights, String) {
    let run = Run::<Cpu>::load(path, &Default::default()).unwrap();
    let metrics = std::fs::read_to_string(RunFolder::open(path).unwrap().metrics()).unwrap();
    (NetworkWeights::from_network(&run.network, run.config.cell), metrics)
}

/// Trains twice without an interruption, and then with one after each of these numbers of batches.
fn assert_repeats(config: &TrainingConfig, parent: &Path, interruptions: &[usize]) {
    let run = |name: &str| RunFolder::create(&parent.join(name)).unwrap();
    let whole = run("whole");
    assert!(train(config, &whole, false, &|| false).unwrap().is_some());
    let expected = outcome(whole.path());
    if config.folds == 0 {
        assert_eq!(expected.1.lines().count(), 1 + config.epochs.div_ceil(config.measure_every));
    }

    let again = run("again");
    train(config, &again, false, &|| false).unwrap();
    assert_eq!(outcome(again.path()), expected);

    for batches in interruptions {
        let interrupted = run(&format!("interrupted {batches}"));
        let asked = AtomicUsize::new(0);
        let stop = || asked.fetch_add(1, Ordering::Relaxed) >= *batches;
        assert_eq!(train(config, &interrupted, false, &stop).unwrap(), None);
        assert!(Run::<Cpu>::load(interrupted.path(), &Default::default()).is_err(), "not finished yet");
        assert!(train(config, &interrupted, true, &|| false).unwrap().is_some());
        assert_eq!(outcome(interrupted.path()), expected, "after {batches} batches");
    }
}

#[test]
fn a_run_repeats_bit_for_bit_and_an_interruption_changes_nothing() {
    let parent = tempfile::tempdir().unwrap();
    // 360 training rows are 23 batches: in the first epoch, at its end, and in the second.
    assert_repeats(&small_config(parent.path()), parent.path(), &[3, 23, 30]);
}

#[test]
fn a_run_that_is_measured_now_and_then_repeats_bit_for_bit_and_an_interruption_changes_nothing() {
    let parent = tempfile::tempdir().unwrap();
    let config = TrainingConfig { epochs: 5, measure_every: 2, ..small_config(parent.path()) };
    // In an epoch that is not measured, after it, and in the last one.
    assert_repeats(&config, parent.path(), &[3, 23, 100]);
    let metrics = outcome(&parent.path().join("whole")).1;
    let epochs: Vec<&str> = metrics.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
    assert_eq!(epochs, ["2", "4", "5"]);
}

#[test]
fn a_cross_validated_run_repeats_bit_for_bit_and_an_interruption_changes_nothing() {
    let parent = tempfile::tempdir().unwrap();
    let config = TrainingConfig { folds: 3, num_layers: 1, ..small_config(parent.path()) };
    // In the first parts, in the last part, and in the training on all rows.
    assert_repeats(&config, parent.path(), &[3, 130, 170]);
    let folder = RunFolder::open(&parent.path().join("whole")).unwrap();
    let result: RunResult = read_toml(&folder.result()).unwrap();
    assert_eq!((result.training_rows, result.validation_rows, result.folds), (400, 400, 3));
    let folds = [1, 2, 3]
        .map(|number| -> Fold { read_toml(&folder.cross_validation().join(format!("fold-{number}.toml"))).unwrap() });
    assert_eq!(folds.each_ref().map(|fold| fold.expected.len()).iter().sum::<usize>(), 400);
    let right = |fold: &Fold| {
        let last = fold.answers.last().unwrap();
        last.iter().zip(&fold.expected).filter(|(answer, expected)| answer == expected).count()
    };
    let accuracy = folds.iter().map(right).sum::<usize>() as f64 / 400.0;
    assert_eq!((result.kept.epoch, result.kept.validation_accuracy), (3, accuracy), "{result:?}");
    let mut files: Vec<_> =
        std::fs::read_dir(folder.cross_validation()).unwrap().map(|f| f.unwrap().file_name()).collect();
    files.sort();
    assert_eq!(files, ["fold-1.toml", "fold-2.toml", "fold-3.toml"]);
}

#[test]
fn a_run_in_both_directions_repeats_bit_for_bit_and_an_interruption_changes_nothing() {
    let parent = tempfile::tempdir().unwrap();
    let config =
        TrainingConfig { cell: network::Cell::Gru, bidirectional: true, epochs: 2, ..small_config(parent.path()) };
    assert_repeats(&config, parent.path(), &[30]);
}

#[test]
fn a_run_over_frames_repeats_bit_for_bit_and_an_interruption_changes_nothing() {
    let parent = tempfile::tempdir().unwrap();
    assert_repeats(&digits_config(), parent.path(), &[7]);
}

#[test]
fn a_run_with_averaged_weights_repeats_bit_for_bit_and_an_interruption_changes_nothing() {
    let parent = tempfile::tempdir().unwrap();
    let config = TrainingConfig { weight_average: 0.3, adversarial: 0.1, epochs: 2, ..small_config(parent.path()) };
    assert_repeats(&config, parent.path(), &[1, 2, 23, 30]);
    let plain = RunFolder::create(&parent.path().join("plain")).unwrap();
    train(&TrainingConfig { weight_average: 0.0, ..config }, &plain, false, &|| false).unwrap();
    let [averaged, last] = ["whole", "plain"].map(|name| outcome(&parent.path().join(name)));
    let losses = |metrics: &str| -> Vec<f32> {
        metrics.lines().skip(1).map(|line| line.split(',').nth(1).unwrap().parse().unwrap()).collect()
    };
    let [of_averaged, of_last] = [&averaged, &last].map(|(_, metrics)| losses(metrics));
    let near = of_averaged.iter().zip(&of_last).all(|(averaged, last)| (averaged - last).abs() < 1e-4);
    assert!(near, "the average takes part in training: {of_averaged:?} {of_last:?}");
    assert_ne!(averaged.0, last.0);
}

#[test]
fn a_run_that_simulates_integers_repeats_bit_for_bit_and_an_interruption_changes_nothing() {
    let parent = tempfile::tempdir().unwrap();
    let config = TrainingConfig {
        quantize_aware: Some(Bits::Four),
        float_epochs: Some(1),
        bidirectional: true,
        weight_average: 0.3,
        ..small_config(parent.path())
    };
    // In the last epoch without, and in both with rounding.
    assert_repeats(&config, parent.path(), &[20, 30, 60]);
    let path = parent.path().join("whole");
    let run = Run::<Cpu>::load(&path, &Default::default()).unwrap();
    let weights = NetworkWeights::from_network(&run.network, run.config.cell);
    assert_eq!(run.rounding.as_ref().map(|rounding| rounding.bits), Some(IntegerBits::all(Bits::Four)));
    let rounded = weights.layers.iter().flat_map(|layer| [Some(&layer.forward), layer.reverse.as_ref()]).flatten();
    for direction in rounded {
        for row in direction.weight_hh.rows() {
            let mut magnitudes: Vec<f32> = row.iter().map(|weight| weight.abs()).collect();
            magnitudes.sort_by(f32::total_cmp);
            magnitudes.dedup_by(|a, b| (*a - *b).abs() < 1e-6);
            assert!(magnitudes.len() <= 8, "0 to 7 units: {magnitudes:?}");
        }
    }
    let tuned = TrainingConfig { fine_tune: Some(path.clone()), float_epochs: None, epochs: 1, ..config };
    let folder = RunFolder::create(&parent.path().join("tuned")).unwrap();
    train(&tuned, &folder, false, &|| false).unwrap();
    let first = |folder: &Path| {
        let metrics = std::fs::read_to_string(RunFolder::open(folder).unwrap().metrics()).unwrap();
        metrics.lines().nth(1).unwrap().split(',').nth(1).unwrap().parse::<f64>().unwrap()
    };
    assert!(first(folder.path()) < first(&path), "it begins with what the run has learned");
    let other = TrainingConfig { hidden_size: 9, ..tuned };
    let refused = RunFolder::create(&parent.path().join("other")).unwrap();
    let error = train(&other, &refused, false, &|| false).unwrap_err().to_string();
    assert!(error.contains("another network"), "{error}");
}

#[test]
fn the_last_epoch_is_kept_whatever_validation_rows_say_and_else_the_best() {
    let parent = tempfile::tempdir().unwrap();
    let config = small_config(parent.path());
    let rows = std::fs::read_to_string(parent.path().join("rows.csv")).unwrap();
    let labels: Vec<&str> = rows.lines().filter_map(|row| row.split_once(',')).map(|(label, _)| label).collect();
    // Rows with the label of another row: the more is learned, the more of them are wrong.
    let wrong: String = (rows.lines().zip(labels.iter().cycle().skip(7)))
        .filter_map(|(row, label)| Some((row.split_once(',')?, label)))
        .filter(|((own, _), label)| own != *label)
        .map(|((_, text), label)| format!("{label},{text}\n"))
        .collect();
    std::fs::write(parent.path().join("wrong.csv"), wrong).unwrap();
    let run = |name: &str, validation: &str, keep_epoch| {
        let validation = Some(parent.path().join(validation));
        let config = TrainingConfig { validation, keep_epoch, ..config.clone() };
        let folder = RunFolder::create(&parent.path().join(name)).unwrap();
        let result = train(&config, &folder, false, &|| false).unwrap().unwrap();
        (result.kept.epoch, outcome(folder.path()).0)
    };
    let learned = run("learned", "rows.csv", KeptEpoch::Best);
    let unlearned = run("unlearned", "wrong.csv", KeptEpoch::Best);
    let last = run("last", "wrong.csv", KeptEpoch::Last);
    assert_eq!((learned.0, last.0), (3, 3));
    assert!(unlearned.0 < 3 && unlearned.1 != last.1);
    assert_eq!(learned.1, last.1);
}

/// Two teachers of all words, and the settings of a network of fewer words that learns from them.
fn taught_config(folder: &Path, epochs: usize) -> TrainingConfig {
    let config = TrainingConfig { epochs, learning_rate: 1e-2, num_layers: 1, ..small_config(folder) };
    let teachers = [1, 2].map(|seed| {
        let path = folder.join(format!("teacher {seed}"));
        let teacher = TrainingConfig { seed, cell: network::Cell::Gru, hidden_size: 12, ..config.clone() };
        train(&teacher, &RunFolder::create(&path).unwrap(), false, &|| false).unwrap();
        path
    });
    TrainingConfig { teachers: teachers.to_vec(), splicing: 0.4, vocabulary_size: 60, ..config }
}

#[test]
fn a_run_with_teachers_repeats_bit_for_bit_and_an_interruption_changes_nothing() {
    let parent = tempfile::tempdir().unwrap();
    assert_repeats(&taught_config(parent.path(), 2), parent.path(), &[30]);
}

#[test]
fn what_is_learned_from_teachers_alone_is_what_they_know() {
    let parent = tempfile::tempdir().unwrap();
    let config = TrainingConfig { teacher_share: 1.0, dropout: 0.0, ..taught_config(parent.path(), 14) };
    // Of their words, since nothing is spliced: fewer sequences are learned from.
    let whole = TrainingConfig {
        teachers_read: TeachersRead::WholeRows,
        splicing: 0.0,
        vocabulary_size: TrainingConfig::default().vocabulary_size,
        ..config.clone()
    };
    let accuracy = |path: &Path| Run::<Cpu>::load(path, &Default::default()).unwrap().result.kept.validation_accuracy;
    let teacher = accuracy(&config.teachers[0]);
    for (name, config) in [("changed rows", config), ("whole rows", whole)] {
        let folder = RunFolder::create(&parent.path().join(name)).unwrap();
        train(&config, &folder, false, &|| false).unwrap();
        // No label takes part in this loss: by chance it would be a tenth.
        let learned = accuracy(folder.path());
        assert!(teacher > 0.25 && learned > 0.8 * teacher, "{name}: {learned} {teacher}");
    }
}

#[test]
fn teachers_of_whole_rows_teach_a_network_of_another_input() {
    let parent = tempfile::tempdir().unwrap();
    let config = TrainingConfig {
        teachers_read: TeachersRead::WholeRows,
        splicing: 0.0,
        input: Input::Characters,
        ..taught_config(parent.path(), 2)
    };
    assert_repeats(&config, parent.path(), &[30]);
}

#[test]
fn a_share_of_the_rows_is_trained_on_with_the_vocabulary_of_all() {
    let parent = tempfile::tempdir().unwrap();
    let config = TrainingConfig { epochs: 1, ..small_config(parent.path()) };
    let run = |training_share: f64| {
        let folder = RunFolder::create(&parent.path().join(training_share.to_string())).unwrap();
        let result = train(&TrainingConfig { training_share, ..config.clone() }, &folder, false, &|| false).unwrap();
        (result.unwrap(), Run::<Cpu>::load(folder.path(), &Default::default()).unwrap().encoder)
    };
    let ((all, of_all), (part, of_part)) = (run(1.0), run(0.25));
    assert_eq!((part.training_rows, part.validation_rows), (all.training_rows.div_ceil(4), all.validation_rows));
    assert_eq!(of_part, of_all);
}

#[test]
fn another_seed_gives_another_network() {
    let parent = tempfile::tempdir().unwrap();
    let config = TrainingConfig { epochs: 1, ..small_config(parent.path()) };
    let weights = |seed: u64| {
        let folder = RunFolder::create(&parent.path().join(format!("seed {seed}"))).unwrap();
        train(&TrainingConfig { seed, ..config.clone() }, &folder, false, &|| false).unwrap();
        outcome(folder.path()).0
    };
    assert_ne!(weights(1), weights(2));
}

const TOKENS: usize = 50;
const CHANNELS: usize = 3;

/// Every input, cell, direction and pooling, in two layers.
fn networks() -> impl Iterator<Item = NetworkConfig> {
    let embedded = InputShape::Tokens { tokens: TOKENS, embedding_size: 7 };
    let one_hot = InputShape::Tokens { tokens: TOKENS, embedding_size: 0 };
    let inputs = [embedded, one_hot, InputShape::Frames { channels: CHANNELS }];
    let cells = [network::Cell::Lstm, network::Cell::Gru, network::Cell::RnnTanh, network::Cell::RnnRelu];
    let poolings = [Pooling::Last, Pooling::Mean, Pooling::Max];
    inputs.into_iter().flat_map(move |input| {
        cells.into_iter().flat_map(move |cell| {
            [false, true].into_iter().flat_map(move |bidirectional| {
                poolings.map(|pooling| NetworkConfig {
                    input,
                    cell,
                    hidden_size: 9,
                    num_layers: 2,
                    bidirectional,
                    pooling,
                    rounding: None,
                })
            })
        })
    })
}

fn untrained(config: &NetworkConfig) -> Classifier<Cpu> {
    Classifier::new(config, 4, &mut ChaCha8Rng::seed_from_u64(11), &Default::default())
}

/// A row of so many steps.
fn row(input: InputShape, steps: usize) -> Example {
    let number = |place: usize| place * 13 + steps;
    let sequence = match input {
        InputShape::Tokens { tokens, .. } => {
            Sequence::Tokens((0..steps).map(|step| (number(step) % tokens) as u32).collect())
        }
        InputShape::Frames { channels } => {
            let value = |place| (number(place) % 29) as f32 / 14.0 - 1.0;
            Sequence::Frames { channels, values: (0..steps * channels).map(value).collect() }
        }
    };
    Example { sequence, class: 0 }
}

/// The logits of rows in one batch, which are near those of each row alone.
fn logits_in_a_batch(config: &NetworkConfig, rows: &[Example]) -> Vec<Vec<f32>> {
    let network = untrained(config);
    let all = |rows: &[Example]| logits(&network, config, &rows.iter().cloned().collect::<Examples>()).unwrap();
    let together = all(rows);
    for (row, expected) in rows.iter().zip(&together) {
        let alone = &all(std::slice::from_ref(row))[0];
        assert_eq!(alone.len(), 4);
        assert!(are_near(alone, expected), "{config:?}, {} steps", row.sequence.steps());
    }
    together
}

fn are_near(found: &[f32], expected: &[f32]) -> bool {
    found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() <= 1e-6)
}

/// Steps of the rows of a batch.
const STEPS: [usize; 10] = [3, 17, 1, 0, 8, 17, 2, 40, 0, 5];

#[test]
fn a_row_in_a_batch_gives_what_it_gives_alone() {
    for config in networks() {
        let together = logits_in_a_batch(&config, &STEPS.map(|steps| row(config.input, steps)));
        assert_eq!(together[3], together[8], "rows without a step");
        assert_ne!(together[1], together[7]);
    }
}

#[test]
fn a_padded_row_in_a_batch_gives_what_it_gives_alone_and_changes_no_longer_row() {
    const PAD_TO: usize = 9;
    for config in networks().filter(|config| matches!(config.input, InputShape::Tokens { .. })) {
        let rows = STEPS.map(|steps| row(config.input, steps));
        let padded =
            rows.clone().map(|Example { sequence, class }| Example { sequence: sequence.padded(PAD_TO), class });
        let as_they_are = logits_in_a_batch(&config, &rows);
        let with_padding = logits_in_a_batch(&config, &padded);
        for (steps, (found, expected)) in STEPS.iter().zip(with_padding.iter().zip(&as_they_are)) {
            let near = are_near(found, expected);
            if *steps >= PAD_TO {
                assert!(near, "{config:?}, {steps} steps");
            } else if *steps > 0 && config.pooling != Pooling::Max {
                assert!(!near, "{config:?}, {steps} steps: the padding takes no part");
            }
        }
    }
}

#[test]
fn a_packed_batch_holds_each_token_once_and_no_padding() {
    let packed = Packed::new(&[vec![1, 2], vec![], vec![3, 4, 5], vec![6]].map(Sequence::Tokens));
    assert_eq!((packed.rows(), packed.steps(), packed.total_steps()), (4, 3, 6));
    let tokens: Vec<i64> = packed.tokens::<Cpu>(&Default::default()).into_data().iter().collect();
    assert_eq!(tokens, [3, 1, 6, 4, 2, 5]);
    assert_eq!(packed.step_rows(), [2, 0, 3, 2, 0, 2]);
}
