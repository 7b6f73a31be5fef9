//! The trainer's layers, values and gradients through Burn's autodiff.

use burn::backend::Autodiff;
use burn::module::Param;
use burn::tensor::{Tensor, TensorData};
use burn_ndarray::NdArray;
use trainer::network::{Lstm, Packed};
use trainer::weights::Matrix;

use crate::case::{Case, assert_near, flat};

type B = Autodiff<NdArray<f32>>;

const VALUE_TOLERANCE: f32 = 1e-5;
const GRADIENT_TOLERANCE: f32 = 1e-4;

#[test]
fn one_layer_is_pytorchs() {
    check("torch_lstm_l1.json");
}

#[test]
fn two_layers_are_pytorchs() {
    check("torch_lstm_l2.json");
}

fn check(name: &str) {
    let case = Case::read(name);
    let device = Default::default();
    let layers: Vec<Lstm<B>> = (0..case.num_layers).map(|layer| layer_of(&case, layer)).collect();
    // The rows' vectors by token: token `row * steps + step` has `x[row][step]`.
    let steps = case.x[0].len();
    let rows: Vec<Vec<u32>> = case
        .lengths
        .iter()
        .enumerate()
        .map(|(row, length)| (0..*length).map(|step| (row * steps + step) as u32).collect())
        .collect();
    let packed = Packed::new(&rows);
    let x = tensor(flat(&case.x), [rows.len() * steps, case.input_size]).require_grad();
    let mut outputs = x.clone().select(0, packed.tokens(&device));
    let mut loss = Tensor::<B, 1>::zeros([1], &device);
    for (number, layer) in layers.iter().enumerate() {
        let output = layer.forward(outputs, &packed);
        outputs = output.outputs;
        for (what, found, expected, cotangent) in [
            ("h_n", output.hidden, &case.h_n[number], &case.r_h[number]),
            ("c_n", output.cell, &case.c_n[number], &case.r_c[number]),
        ] {
            assert_near(what, &values(found.clone()), &expected.concat(), VALUE_TOLERANCE);
            loss = loss + (found * tensor(cotangent.concat(), [rows.len(), case.hidden_size])).sum();
        }
    }
    let unpacked = packed.unpack(outputs, 0.0);
    assert_near("output", &values(unpacked.clone()), &flat(&case.output), VALUE_TOLERANCE);
    loss = loss + (unpacked * tensor(flat(&case.r_output), [rows.len(), steps, case.hidden_size])).sum();
    assert_near("loss", &values(loss.clone()), &[case.loss], 1e-4);

    let gradients = loss.backward();
    assert_near("grad_x", &values(x.grad(&gradients).unwrap()), &flat(&case.grad_x), GRADIENT_TOLERANCE);
    for (number, layer) in layers.iter().enumerate() {
        let expected = case.gradients(number);
        let near = |what, found: Vec<f32>, expected: &[f32]| assert_near(what, &found, expected, GRADIENT_TOLERANCE);
        near("grad weight_ih", values(layer.weight_ih.val().grad(&gradients).unwrap()), &expected.weight_ih.values);
        near("grad weight_hh", values(layer.weight_hh.val().grad(&gradients).unwrap()), &expected.weight_hh.values);
        let bias = values(layer.bias.val().grad(&gradients).unwrap());
        near("grad bias_ih", bias.clone(), &expected.bias_ih);
        near("grad bias_hh", bias, &expected.bias_hh);
    }
}

fn layer_of(case: &Case, layer: usize) -> Lstm<B> {
    let weights = case.weights(layer).joined();
    let matrix = |matrix: Matrix| {
        let rows = matrix.values.len() / matrix.columns;
        Param::from_tensor(tensor(matrix.values, [rows, matrix.columns]))
    };
    let gates = weights.bias.len();
    Lstm {
        bias: Param::from_tensor(tensor(weights.bias, [gates])),
        weight_ih: matrix(weights.weight_ih),
        weight_hh: matrix(weights.weight_hh),
    }
}

fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> Tensor<B, D> {
    Tensor::from_data(TensorData::new(values, shape), &Default::default())
}

fn values<Backend: burn::tensor::backend::Backend, const D: usize>(tensor: Tensor<Backend, D>) -> Vec<f32> {
    tensor.into_data().to_vec().unwrap()
}
