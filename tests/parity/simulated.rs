use tests::trained_run;
use trainer::config::TrainingConfig;
use trainer::export::ExportPrecision;
use trainer::inference::row_answers;
use trainer::network::Cell;
use trainer::quantize::{Bits, IntegerBits};
use trainer::training::{encode_rows, logits};

/// Trains with simulated integers and compares the network with the runtime on the file of the same bits: the largest
/// and the mean difference of a logit, and the same of a network that was trained without.
fn errors(config: &TrainingConfig, bits: IntegerBits) -> [f64; 2] {
    let folder = tempfile::tempdir().unwrap();
    let run = trained_run(config, folder.path()).unwrap();
    let rows: Vec<_> = config.data.test_rows(&Default::default()).unwrap().map(Result::unwrap).collect();
    let examples = encode_rows(&rows, "test rows", &run.labels, &run.encoder, &run.config).unwrap();
    let expected = logits(&run.network, &run.network_config(), &examples).unwrap();
    let file = run.export(ExportPrecision::Integer(bits)).unwrap();
    let answers = row_answers(&file.parse("model".as_ref()).unwrap(), &rows).unwrap();
    let differences = answers.iter().zip(&expected).flat_map(|(answer, expected)| {
        answer.logits.iter().zip(expected).map(|(found, expected)| f64::from((found - expected).abs()))
    });
    let differences: Vec<f64> = differences.collect();
    assert!(differences.len() >= 1_000);
    let mean = differences.iter().sum::<f64>() / differences.len() as f64;
    let largest = differences.into_iter().fold(0.0, f64::max);
    println!("{bits:?}: largest difference of a logit {largest:.4}, mean {mean:.5}");
    [largest, mean]
}

fn assert_simulated(config: &TrainingConfig, embedding: Bits) {
    let bits = IntegerBits { weights: config.quantize_aware.unwrap(), embedding };
    let [largest, mean] = errors(&TrainingConfig { embedding_bits: Some(embedding), ..config.clone() }, bits);
    let [_, without] = errors(&TrainingConfig { quantize_aware: None, embedding_bits: None, ..config.clone() }, bits);
    assert!(largest <= 0.25 && mean <= 0.02, "{largest} {mean}");
    // What is left is the table of the activations and, now and then, a state on the other side of a half.
    assert!(mean < 0.5 * without, "{mean} instead of {without} without simulation");
}

#[test]
fn a_network_trained_with_integers_is_the_one_that_the_runtime_computes() {
    let config = TrainingConfig { hidden_size: 24, embedding_size: 16, epochs: 3, ..TrainingConfig::default() };
    let config = TrainingConfig { quantize_aware: Some(Bits::Eight), ..config };
    for (cell, bidirectional, embedding) in
        [(Cell::Lstm, false, Bits::Eight), (Cell::Lstm, true, Bits::Four), (Cell::Gru, false, Bits::Four)]
    {
        assert_simulated(&TrainingConfig { cell, bidirectional, ..config.clone() }, embedding);
    }
}

#[test]
fn a_network_trained_with_weights_in_4_bits_is_the_one_that_the_runtime_computes() {
    let config = TrainingConfig { hidden_size: 24, epochs: 3, ..TrainingConfig::default() };
    let config = TrainingConfig { quantize_aware: Some(Bits::Four), ..config };
    for (cell, embedding_size) in [(Cell::Lstm, 16), (Cell::Gru, 15), (Cell::Lstm, 0)] {
        assert_simulated(&TrainingConfig { cell, embedding_size, ..config.clone() }, Bits::Four);
    }
}
