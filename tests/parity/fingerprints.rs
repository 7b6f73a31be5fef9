//! A vocabulary of fingerprints: the device reads every text as it was read in training.

use runtime::format::Precision;
use runtime::text::composed_rows;
use runtime::{Classifier, Model};
use tests::trained_run;
use trainer::config::TrainingConfig;
use trainer::data::Content;
use trainer::encoding::Input;
use trainer::network::{Packed, Sequence};

/// Words of state of the classifiers here.
const CAPACITY: usize = 1024;

/// One pass of a small network.
fn small_config() -> TrainingConfig {
    TrainingConfig {
        input: Input::FingerprintedWords,
        epochs: 1,
        hidden_size: 8,
        embedding_size: 6,
        ..TrainingConfig::default()
    }
}

#[test]
fn texts_are_the_same_tokens_on_the_device_as_in_training() {
    let folder = tempfile::tempdir().unwrap();
    let config = TrainingConfig { vocabulary_size: 1_000, ..small_config() };
    let run = trained_run(&config, folder.path()).unwrap();
    let file = run.export(runtime::format::Precision::Int8).unwrap();
    let model = Model::parse(file.bytes()).unwrap();
    assert_eq!(model.token_count(), 1_002);
    let rows = config.data.test_rows(&Default::default()).unwrap().map(|row| row.unwrap().content);
    // Words that no row has, some of which are taken for known ones.
    let unheard = (0..400).map(|number| Content::Text(format!("the unheard{number} lamp other{number}")));
    let (mut unknown, mut taken) = (0, 0);
    for content in rows.chain(unheard) {
        let Sequence::Tokens(tokens) = run.encoder.encode(&content, config.max_length).unwrap() else { panic!() };
        let (mut of_text, mut of_tokens) = (classifier(&model), classifier(&model));
        of_text.push_text(content.text().unwrap());
        for token in &tokens {
            of_tokens.push_token(*token);
        }
        assert_eq!(of_text.predict(), of_tokens.predict());
        assert_eq!(of_text.logits(), of_tokens.logits(), "{content:?}");
        if content.text().unwrap().contains("unheard") {
            unknown += tokens.iter().filter(|token| **token == 1).count();
            taken += [1, 3].iter().filter(|place| tokens[**place] != 1).count();
        }
    }
    // 800 words, 1 of 64 taken for one of the vocabulary: within five standard deviations.
    assert!((1..=30).contains(&taken) && unknown >= 770, "{taken} of 800 taken, {unknown} unknown");
}

fn classifier<'c, 'm>(model: &'c Model<'m>) -> Classifier<'c, 'm, [u32; CAPACITY]> {
    Classifier::new(model, [0; CAPACITY]).unwrap()
}

#[test]
fn words_that_are_composed_are_the_same_on_the_device_as_in_training() {
    let folder = tempfile::tempdir().unwrap();
    let config = TrainingConfig {
        vocabulary_size: 100,
        subword_buckets: 50,
        bidirectional: true,
        max_length: 40,
        ..small_config()
    };
    let run = trained_run(&config, folder.path()).unwrap();
    let files = [Precision::F32, Precision::F16, Precision::Int8].map(|precision| run.export(precision).unwrap());
    let models = files.each_ref().map(|file| Model::parse(file.bytes()).unwrap());
    let network = run.network_config();
    let mut composed = 0;
    for row in config.data.test_rows(&Default::default()).unwrap().take(60) {
        let content = row.unwrap().content;
        let sequence = run.encoder.encode(&content, config.max_length).unwrap();
        composed += sequence.tokens().iter().filter(|token| composed_rows(**token).is_some()).count();
        let packed = Packed::new(std::slice::from_ref(&sequence));
        let expected: Vec<f32> = run.network.forward(&network, &packed, None).into_data().iter().collect();
        for (model, bound) in models.iter().zip([1e-5, 0.02, 0.2]) {
            assert_eq!(model.token_count(), 152);
            let (mut of_text, mut of_tokens) = (classifier(model), classifier(model));
            of_text.push_text(content.text().unwrap());
            for token in sequence.tokens() {
                of_tokens.push_token(*token);
            }
            let found = of_text.predict();
            assert_eq!(found, of_tokens.predict());
            for (class, expected) in expected.iter().enumerate() {
                let found = of_text.logits().get(class).unwrap();
                assert!((found - expected).abs() <= bound, "{}: {found} for {expected}", model.precision());
            }
        }
    }
    assert!(composed > 100, "{composed}");
}
