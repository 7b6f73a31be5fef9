//! What each framework's names, layouts and faults come to.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use super::{Description, NamedTensor, NamedTensors, TensorValues, weights_of};
use crate::encoding::ChannelNormalization;
use crate::weights::NetworkWeights;

type Named = Vec<(String, NamedTensor)>;

fn description(framework: &str, cell: &str, more: &str) -> Description {
    toml::from_str(&format!(
        "framework = \"{framework}\"\ncell = \"{cell}\"\npooling = \"last\"\nlabels = [\"a\", \"b\"]\n\
         vocabulary = \"words.txt\"\nmax_length = 9\n{more}"
    ))
    .unwrap()
}

/// Tensors whose values count up from the tensor's number in hundreds.
fn counted(shapes: &[(&str, &[usize])]) -> Named {
    let tensor = |number: usize, shape: &[usize]| {
        let values = (0..shape.iter().product()).map(|value| (100 * number + value) as f32).collect();
        NamedTensor::of_numbers(shape, values)
    };
    shapes.iter().enumerate().map(|(number, (name, shape))| ((*name).to_owned(), tensor(number, shape))).collect()
}

fn torch_gru() -> Named {
    counted(&[
        ("embedding.weight", &[3, 1]),
        ("gru.weight_ih_l0", &[6, 1]),
        ("gru.weight_hh_l0", &[6, 2]),
        ("gru.bias_ih_l0", &[6]),
        ("gru.bias_hh_l0", &[6]),
        ("fc.weight", &[2, 2]),
        ("fc.bias", &[2]),
    ])
}

fn keras_gru() -> Named {
    counted(&[
        ("net/embedding/embeddings", &[3, 1]),
        ("net/gru/gru_cell/kernel", &[1, 6]),
        ("net/gru/gru_cell/recurrent_kernel", &[2, 6]),
        ("net/gru/gru_cell/bias", &[2, 6]),
        ("net/dense/kernel", &[2, 2]),
        ("net/dense/bias", &[2]),
    ])
}

fn convert(tensors: Named, description: &Description) -> Result<NetworkWeights, String> {
    let tensors = NamedTensors::new(Path::new("w"), tensors);
    weights_of(description, tensors).map_err(|error| error.to_string())
}

/// The message about `tensors` without, and perhaps with another, tensor.
fn refusal(mut tensors: Named, description: &Description, name: &str, other: Option<(&str, &[usize])>) -> String {
    tensors.retain(|(tensor, _)| tensor != name);
    tensors.extend(counted(other.as_slice()));
    convert(tensors, description).unwrap_err()
}

#[test]
fn a_torch_gru_keeps_its_rows_and_the_biases_of_n_apart() {
    let weights = convert(torch_gru(), &description("torch", "gru", "")).unwrap();
    let layer = &weights.layers[0].forward;
    assert_eq!(layer.weight_ih.values, [100.0, 101.0, 102.0, 103.0, 104.0, 105.0]);
    // r and z: 300 + k + 400 + k; n of the input: 304, 305; n of the hidden state: 404, 405.
    assert_eq!(layer.bias, [700.0, 702.0, 704.0, 706.0, 304.0, 305.0, 404.0, 405.0]);
    assert_eq!((weights.head_weight.values, weights.head_bias), (vec![500.0, 501.0, 502.0, 503.0], vec![600.0, 601.0]));
}

#[test]
fn a_keras_gru_is_transposed_and_its_gates_put_in_order() {
    let weights = convert(keras_gru(), &description("keras", "gru", "")).unwrap();
    let layer = &weights.layers[0].forward;
    // Columns z z r r h h become rows r r z z n n.
    assert_eq!(layer.weight_ih.values, [102.0, 103.0, 100.0, 101.0, 104.0, 105.0]);
    assert_eq!(layer.weight_hh.rows().next().unwrap(), [202.0, 208.0]);
    assert_eq!(layer.bias, [610.0, 612.0, 606.0, 608.0, 304.0, 305.0, 310.0, 311.0]);
    assert_eq!(weights.head_weight.values, [400.0, 402.0, 401.0, 403.0]);
}

#[test]
fn a_torch_tensor_that_does_not_fit_is_named() {
    let gru = description("torch", "gru", "");
    let refused = |name: &str, other: Option<(&str, &[usize])>| refusal(torch_gru(), &gru, name, other);
    assert!(refused("fc.bias", None).starts_with("w: no tensor `fc.bias`; the file has `embedding.weight`, "));
    assert!(refused("gru.bias_hh_l0", None).starts_with("w: no tensor `gru.bias_hh_l0`; "));
    assert!(refused("gru.weight_ih_l0", None).starts_with("w: no recurrent module (a name that ends with "));
    let extra: (&str, &[usize]) = ("gru.weight_hh_l1", &[6, 2]);
    assert!(refused("", Some(extra)).starts_with("w: the described network does not use `gru.weight_hh_l1`; "));
    let projection: (&str, &[usize]) = ("gru.weight_hr_l0", &[1, 2]);
    let message = refused("", Some(projection));
    assert!(
        message.starts_with("w: tensor `gru.weight_hr_l0` [1, 2] projects the hidden state of an LSTM with proj"),
        "{message}"
    );
    let cases: [(&str, &[usize], &str); 5] = [
        ("gru.weight_hh_l0", &[8, 2], "[8, 2], expected [6, 2] of a cell of 3 gates"),
        ("gru.weight_ih_l0", &[6, 2], "[6, 2], expected [6, 1] of the layer's hidden state and the input below it"),
        ("gru.bias_ih_l0", &[8], "[8], expected [6] of the layer's hidden state"),
        ("fc.weight", &[2, 4], "[2, 4], expected [classes, 2] of the outputs below it"),
        ("embedding.weight", &[3], "[3], expected [tokens, embedding_size]"),
    ];
    for (name, shape, expected) in cases {
        assert_eq!(refused(name, Some((name, shape))), format!("w: tensor `{name}` has shape {expected}"));
    }
}

#[test]
fn a_keras_tensor_that_does_not_fit_is_named() {
    let gru = description("keras", "gru", "");
    let refused = |name: &str, other: Option<(&str, &[usize])>| refusal(keras_gru(), &gru, name, other);
    assert!(refused("net/gru/gru_cell/bias", None).starts_with("w: no tensor `net/gru/gru_cell/bias`; "));
    assert!(refused("net/embedding/embeddings", None).starts_with("w: no embedding layer found; name it in "));
    let second: (&str, &[usize]) = ("net/dense_1/kernel", &[2, 2]);
    assert!(refused("", Some(second)).starts_with("w: more than one dense layer: `net/dense/kernel`, "));
    let bias = "net/gru/gru_cell/bias";
    let message = refused(bias, Some((bias, &[6])));
    assert!(message.contains("has shape [6], expected [2, 6] of a GRU with reset_after=True"), "{message}");
    let message = convert(keras_gru(), &description("keras", "gru", "bidirectional = true")).unwrap_err();
    assert_eq!(message, "w: layer `gru` is not bidirectional, the description says otherwise");
    let message = convert(keras_gru(), &description("keras", "gru", "num_layers = 2")).unwrap_err();
    assert_eq!(message, "w: 1 recurrent layers (gru), num_layers is 2");
}

#[test]
fn names_and_tensors_to_leave_out_are_the_descriptions() {
    let renamed = |from: &str, to: &str, tensors: Named| -> Named {
        tensors.into_iter().map(|(name, tensor)| (name.replace(from, to), tensor)).collect()
    };
    let names = "[tensors]\nembedding = \"words\"\nhead = \"out.linear\"\nignore = [\"optimizer.\"]";
    let tensors = renamed("embedding.", "words.", renamed("fc.", "out.linear.", renamed("gru.", "a.b.", torch_gru())));
    let extra = counted(&[("optimizer.step", &[1])]);
    let with_names = convert([tensors, extra].concat(), &description("torch", "gru", names)).unwrap();
    assert_eq!(with_names, convert(torch_gru(), &description("torch", "gru", "")).unwrap());

    let names = "[tensors]\nembedding = \"words\"\nrecurrent = [\"reader\"]\nhead = \"out\"";
    let tensors =
        renamed("/embedding/", "/words/", renamed("/gru/", "/reader/", renamed("/dense/", "/out/", keras_gru())));
    let extra = counted(&[("seed_generator/seed_generator_state", &[2])]);
    let with_names = convert([tensors, extra].concat(), &description("keras", "gru", names)).unwrap();
    assert_eq!(with_names, convert(keras_gru(), &description("keras", "gru", "")).unwrap());
}

#[test]
fn keras_names_may_end_with_the_number_of_an_output() {
    let numbered = keras_gru().into_iter().map(|(name, tensor)| (format!("{name}:0"), tensor)).collect();
    let description = description("keras", "gru", "");
    assert_eq!(convert(numbered, &description).unwrap(), convert(keras_gru(), &description).unwrap());
}

#[test]
fn keras_layers_come_in_the_order_of_their_numbers() {
    let cell = |layer: &str, first: usize| -> Named {
        let input = if first == 9 { 1 } else { 2 };
        let names = ["kernel", "recurrent_kernel", "bias"].map(|part| format!("net/{layer}/simple_rnn_cell/{part}"));
        let shapes: [&[usize]; 3] = [&[input, 2], &[2, 2], &[2]];
        counted(&[(&names[0], shapes[0]), (&names[1], shapes[1]), (&names[2], shapes[2])])
    };
    // By name alone `simple_rnn_10` would come before `simple_rnn_9`.
    let layers = [cell("simple_rnn_10", 10), cell("simple_rnn_9", 9)].concat();
    let ends = keras_gru().into_iter().filter(|(name, _)| !name.contains("gru")).collect();
    let stack = [layers, ends].concat();
    let weights = convert(stack.clone(), &description("keras", "rnn-tanh", "num_layers = 2")).unwrap();
    assert_eq!(weights.layers.iter().map(|layer| layer.forward.weight_ih.columns).collect::<Vec<_>>(), [1, 2]);
    let backwards = "num_layers = 2\n[tensors]\nrecurrent = [\"simple_rnn_10\", \"simple_rnn_9\"]";
    let message = convert(stack, &description("keras", "rnn-tanh", backwards)).unwrap_err();
    assert!(
        message.contains("`net/simple_rnn_10/simple_rnn_cell/kernel` has shape [2, 2], expected [1, 2]"),
        "{message}"
    );
}

/// A description of a network of frames.
fn of_frames(framework: &str, more: &str) -> Description {
    toml::from_str(&format!(
        "framework = \"{framework}\"\ncell = \"gru\"\npooling = \"last\"\nlabels = [\"a\", \"b\"]\n{more}"
    ))
    .unwrap()
}

#[test]
fn networks_of_frames_have_no_embedding() {
    let without =
        |tensors: Named| -> Named { tensors.into_iter().filter(|(name, _)| !name.contains("embedding")).collect() };
    for (framework, tensors) in [("torch", torch_gru()), ("keras", keras_gru())] {
        let weights = convert(without(tensors.clone()), &of_frames(framework, "")).unwrap();
        assert_eq!(weights.embedding, None);
        let of_words = convert(tensors.clone(), &description(framework, "gru", "")).unwrap();
        assert_eq!(weights.layers, of_words.layers);
        let message = convert(tensors, &of_frames(framework, "")).unwrap_err();
        assert!(message.contains("is an embedding, and the description has no `vocabulary`"), "{message}");
    }
}

#[test]
fn a_keras_normalization_layer_is_taken() {
    let layer = |name: &str, values: &[f32]| {
        let tensor = NamedTensor::of_numbers(&[values.len()], values.to_vec());
        (format!("net/normalization/{name}"), tensor)
    };
    let taken = |tensors: Named| {
        let mut tensors = NamedTensors::new(Path::new("w"), tensors);
        let found = super::keras::normalization(&mut tensors).map_err(|error| error.to_string());
        found.map(|found| (found, tensors.names().count()))
    };
    let count = (
        "net/normalization/count".to_owned(),
        NamedTensor { shape: vec![], values: TensorValues::Other("I64".into()) },
    );
    let tensors = vec![layer("mean", &[1.0, 2.0]), layer("variance", &[4.0, 0.0]), count];
    let (found, left) = taken(tensors).unwrap();
    let found = found.unwrap();
    assert_eq!((found.mean, found.scale, left), (vec![1.0, 2.0], vec![0.5, 1e7], 0));
    assert_eq!(taken(keras_gru()).unwrap(), (None, 6));
    let message = taken(vec![layer("mean", &[1.0]), layer("variance", &[4.0, 1.0])]).unwrap_err();
    assert_eq!(message, "w: tensor `net/normalization/mean` has shape [1], expected [2] of the layer's variance");
}

#[test]
fn the_normalization_of_frames_is_described_or_the_models_own() {
    let found = |more: &str, of_model: Option<ChannelNormalization>| {
        super::frames::normalization(&of_frames("torch", more), of_model, 2, Path::new("d"))
            .map_err(|error| error.to_string())
    };
    let values = |mean: [f32; 2], scale: [f32; 2]| ChannelNormalization { mean: mean.to_vec(), scale: scale.to_vec() };
    let described = "[normalization]\nmean = [1.0, 2.0]\ndeviation = [4.0, 0.5]\nunits = [0.25]";
    let described = found(described, None).unwrap();
    assert_eq!((&described.values, described.unit(1)), (&values([1.0, 2.0], [0.25, 2.0]), 0.25));
    let scaled = found("[normalization]\nscale = [4.0, 0.5]", None).unwrap();
    assert_eq!(scaled.values, values([0.0, 0.0], [4.0, 0.5]));
    assert_eq!(found("", None).unwrap().values, values([0.0, 0.0], [1.0, 1.0]));
    let own = values([5.0, 6.0], [1.0, 2.0]);
    assert_eq!(found("[normalization]\nunits = [0.5, 1.0]", Some(own.clone())).unwrap().values, own);
    let message = found("[normalization]\nmean = [1.0, 2.0]", Some(own)).unwrap_err();
    assert!(message.starts_with("d: [normalization] has a mean, deviation or scale, and the model"), "{message}");
    let message = found("[normalization]\nscale = [1.0, 2.0]\ndeviation = [1.0, 2.0]", None).unwrap_err();
    assert_eq!(message, "d: [normalization] has `deviation` and `scale`; expected one of them");
}

#[test]
fn texts_that_lost_their_first_words_are_said() {
    let note = |more: &str| super::truncation_note(&description("keras", "gru", more)).unwrap_or_default();
    assert_eq!(note(""), "");
    let says = "texts of more than 9 words lost their first ones in training: ";
    let one = note("truncation = \"left\"");
    assert_eq!(one, format!("{says}a device of one direction reads all of them"));
    let of_mean =
        Description { pooling: crate::network::Pooling::Mean, ..description("keras", "gru", "truncation = \"left\"") };
    let mean = super::truncation_note(&of_mean).unwrap_or_default();
    assert!(mean.ends_with("keeps the first 9, and answers such texts otherwise"), "{mean}");
    assert!(note("truncation = \"left\"\nbidirectional = true").starts_with(&format!("{says}on the device use")));
}

#[test]
fn layers_without_biases_have_zeros() {
    let without =
        |tensors: Named| -> Named { tensors.into_iter().filter(|(name, _)| !name.contains("bias")).collect() };
    let biases = "recurrent_bias = false\nhead_bias = false";
    for (framework, tensors) in [("torch", torch_gru()), ("keras", keras_gru())] {
        let weights = convert(without(tensors), &description(framework, "gru", biases)).unwrap();
        assert_eq!((weights.layers[0].forward.bias.clone(), weights.head_bias), (vec![0.0; 8], vec![0.0; 2]));
    }
}
