//! Training: exact lengths, repeatable runs, interruptions that leave no trace.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::cell::Cell;
use std::path::Path;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tests::{Cpu, train};
use trainer::batches::{Example, Sequence};
use trainer::network::{Classifier, NetworkConfig, Packed, Pooling};
use trainer::run::Run;
use trainer::run_folder::RunFolder;
use trainer::training::{Ending, TrainingConfig, logits};
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

/// The weights and the metrics of a finished run.
fn outcome(path: &Path) -> (NetworkWeights, String) {
    let run = Run::<Cpu>::load(path, &Default::default()).unwrap();
    let metrics = std::fs::read_to_string(RunFolder::open(path).unwrap().metrics()).unwrap();
    (NetworkWeights::from_network(&run.network), metrics)
}

#[test]
fn a_run_repeats_bit_for_bit_and_an_interruption_changes_nothing() {
    let parent = tempfile::tempdir().unwrap();
    let config = small_config(parent.path());
    let run = |name: &str| RunFolder::create(&parent.path().join(name)).unwrap();
    let whole = run("whole");
    assert!(matches!(train(&config, &whole, false, &|| false).unwrap(), Ending::Finished(_)));
    let expected = outcome(whole.path());
    assert_eq!(expected.1.lines().count(), 1 + config.epochs);

    let again = run("again");
    train(&config, &again, false, &|| false).unwrap();
    assert_eq!(outcome(again.path()), expected);

    // 360 training rows are 23 batches: in the first epoch, at its end, and in the second.
    for batches in [3_usize, 23, 30] {
        let interrupted = run(&format!("interrupted {batches}"));
        let left = Cell::new(batches);
        let stop = || {
            let none = left.get() == 0;
            left.set(left.get().saturating_sub(1));
            none
        };
        assert_eq!(train(&config, &interrupted, false, &stop).unwrap(), Ending::Interrupted);
        assert!(Run::<Cpu>::load(interrupted.path(), &Default::default()).is_err(), "not finished yet");
        assert!(matches!(train(&config, &interrupted, true, &|| false).unwrap(), Ending::Finished(_)));
        assert_eq!(outcome(interrupted.path()), expected, "after {batches} batches");
    }
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

#[test]
fn a_row_in_a_batch_gives_what_it_gives_alone() {
    let device = Default::default();
    let config = NetworkConfig { embedding_size: 7, hidden_size: 9, num_layers: 2, pooling: Pooling::Last };
    let network = Classifier::<Cpu>::new(&config, 50, 4, &mut ChaCha8Rng::seed_from_u64(11), &device);
    let row = |length: u32| Example {
        sequence: Sequence::Tokens((0..length).map(|step| (step * 13 + length) % 50).collect()),
        class: 0,
    };
    let rows: Vec<Example> = [3, 17, 1, 0, 8, 17, 2, 40, 0, 5].map(row).to_vec();
    for pooling in [Pooling::Last, Pooling::Mean, Pooling::Max] {
        let together = logits(&network, pooling, &rows);
        for (row, expected) in rows.iter().zip(&together) {
            let alone = &logits(&network, pooling, std::slice::from_ref(row))[0];
            assert_eq!(alone.len(), 4);
            for (found, expected) in alone.iter().zip(expected) {
                assert!((found - expected).abs() <= 1e-6, "{pooling:?}, {} steps", row.sequence.tokens().len());
            }
        }
        assert_eq!(together[3], together[8], "rows without a word");
        assert_ne!(together[1], together[7]);
    }
}

#[test]
fn a_packed_batch_holds_each_token_once_and_no_padding() {
    let packed = Packed::new(&[vec![1, 2], vec![], vec![3, 4, 5], vec![6]]);
    assert_eq!((packed.rows(), packed.steps(), packed.total_steps()), (4, 3, 6));
    let tokens: Vec<i64> = packed.tokens::<Cpu>(&Default::default()).into_data().iter().collect();
    assert_eq!(tokens, [3, 1, 6, 4, 2, 5]);
    let ranges: Vec<_> = packed.step_ranges().collect();
    assert_eq!(ranges, [0..3, 3..5, 5..6]);
}
