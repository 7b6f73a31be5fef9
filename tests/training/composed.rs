//! Tokens that are composed of two rows of the embedding.

use burn::backend::Autodiff;
use burn::module::Param;
use burn::tensor::{Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use runtime::text::composed_token;
use tests::Cpu;
use trainer::config::TrainingConfig;
use trainer::network::{Classifier, InputShape, Packed, Sequence};

#[test]
fn a_packed_batch_holds_the_rows_of_composed_tokens() {
    let composed = composed_token([6, 9]);
    let packed = Packed::new(&[vec![9, composed], vec![composed]].map(Sequence::Tokens));
    assert_eq!(packed.vocabulary(), [6, 9]);
    let tokens: Vec<i64> = packed.tokens::<Cpu>(&Default::default()).into_data().iter().collect();
    assert_eq!(tokens, [9, i64::from(composed), i64::from(composed)]);
}

#[test]
fn a_composed_token_has_the_mean_of_two_vectors_and_gives_each_half_of_its_gradient() {
    type Training = Autodiff<Cpu>;
    let device = Default::default();
    let (tokens, size) = (5, 3);
    let config = TrainingConfig { hidden_size: 4, embedding_size: size, ..TrainingConfig::default() };
    let network = |tokens| config.network(InputShape::Tokens { tokens, embedding_size: size });
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let composing = Classifier::<Training>::new(&network(tokens), 3, &mut rng, &device);
    let table: Vec<f32> = composing.embedding.as_ref().unwrap().val().into_data().iter().collect();
    let mean = |column| (table[2 * size + column] + table[4 * size + column]) / 2.0;
    let values = table.iter().copied().chain((0..size).map(mean)).collect();
    let table = Tensor::from_data(TensorData::new(values, [tokens + 1, size]), &device);
    let spelled = Classifier { embedding: Some(Param::from_tensor(table)), ..composing.clone() };
    let computed = |model: &Classifier<Training>, tokens: usize, token: u32| {
        let packed = Packed::new(&[vec![2, token, 1], vec![token]].map(Sequence::Tokens));
        let logits = model.forward(&network(tokens), &packed, None);
        let weights = Tensor::from_data([[1.0, -2.0, 0.5], [0.3, 0.1, -0.7]], &device);
        let gradients = (logits.clone() * weights).sum().backward();
        let gradient = model.embedding.as_ref().unwrap().val().grad(&gradients).unwrap();
        let row =
            |row: usize| -> Vec<f32> { gradient.clone().slice([row..row + 1, 0..size]).into_data().iter().collect() };
        (logits.into_data().iter::<f32>().collect::<Vec<_>>(), (0..tokens).map(row).collect::<Vec<_>>())
    };
    let (found, rows) = computed(&composing, tokens, composed_token([4, 2]));
    let (expected, of_spelled) = computed(&spelled, tokens + 1, 5);
    let near = |found: f32, expected: f32| (found - expected).abs() <= 1e-6;
    assert!(found.iter().zip(&expected).all(|(found, expected)| near(*found, *expected)), "{found:?} {expected:?}");
    for column in 0..size {
        let half = of_spelled[5][column] / 2.0;
        assert!(half.abs() > 1e-4);
        for row in 0..tokens {
            let expected = of_spelled[row][column] + if row == 2 || row == 4 { half } else { 0.0 };
            assert!(near(rows[row][column], expected), "{row} {column}: {} {expected}", rows[row][column]);
        }
    }
}
