//! The trainer's layers, values and gradients through Burn's autodiff.

use burn::backend::Autodiff;
use burn::module::Param;
use burn::tensor::{Tensor, TensorData};
use burn_ndarray::NdArray;
use trainer::network::{Cell, Direction, Layer, LayerInput, Packed, Sequence};
use trainer::weights::{DirectionWeights, Matrix};

use crate::case::{Case, TORCH_CASES, assert_near, flat};

type B = Autodiff<NdArray<f32>>;

const VALUE_TOLERANCE: f32 = 1e-5;
const GRADIENT_TOLERANCE: f32 = 1e-4;

#[test]
fn every_case_is_pytorchs() {
    for name in TORCH_CASES {
        println!("{name}");
        check(&Case::read(name));
    }
}

fn check(case: &Case) {
    let device = Default::default();
    let layers: Vec<Layer<B>> = (0..case.num_layers).map(|layer| layer_of(case, layer)).collect();
    // The rows' vectors by token: token `row * steps + step` has `x[row][step]`.
    let steps = case.x[0].len();
    let tokens = |(row, length): (usize, &usize)| {
        Sequence::Tokens((0..*length).map(|step| (row * steps + step) as u32).collect())
    };
    let rows: Vec<Sequence> = case.lengths.iter().enumerate().map(tokens).collect();
    let packed = Packed::new(&rows);
    let x = tensor(flat(&case.x), [rows.len() * steps, case.input_size]).require_grad();
    let mut outputs = x.clone().select(0, packed.tokens(&device));
    let mut loss = Tensor::<B, 1>::zeros([1], &device);
    let mut compared = 0;
    for (number, layer) in layers.iter().enumerate() {
        let states = layer.forward(case.cell(), &LayerInput::Values(outputs), &packed, None);
        outputs = states.outputs(None);
        for (direction, states) in std::iter::once(states.forward).chain(states.reverse).enumerate() {
            let number = number * case.directions() + direction;
            let at_end = |values: Tensor<B, 2>| if direction == 0 { packed.last(values) } else { packed.first(values) };
            let mut add = |what: &str, found: Tensor<B, 2>, expected: &[Vec<f32>], cotangent: &[Vec<f32>]| {
                assert_near(what, &values(found.clone()), &expected.concat(), VALUE_TOLERANCE);
                let cotangent = tensor(cotangent.concat(), [rows.len(), case.hidden_size]);
                loss = loss.clone() + (found * cotangent).sum();
                compared += 1;
            };
            add("h_n", at_end(states.hidden), &case.h_n[number], &case.r_h[number]);
            if let Some(cell) = states.cell {
                add("c_n", at_end(cell), &case.c_n[number], &case.r_c[number]);
            }
        }
    }
    let states = if case.cell() == Cell::Lstm { 2 } else { 1 };
    assert_eq!(compared, states * case.num_layers * case.directions());
    let unpacked = packed.unpack(outputs, 0.0);
    assert_near("output", &values(unpacked.clone()), &flat(&case.output), VALUE_TOLERANCE);
    let cotangent = tensor(flat(&case.r_output), [rows.len(), steps, case.directions() * case.hidden_size]);
    loss = loss + (unpacked * cotangent).sum();
    assert_near("loss", &values(loss.clone()), &[case.loss], 1e-4);

    let gradients = loss.backward();
    assert_near("grad_x", &values(x.grad(&gradients).unwrap()), &flat(&case.grad_x), GRADIENT_TOLERANCE);
    for (number, layer) in layers.iter().enumerate() {
        for (reverse, direction) in std::iter::once(&layer.forward).chain(&layer.reverse).enumerate() {
            let expected = case.gradients(number, reverse == 1);
            let near = |what, found: &[f32], expected: &[f32]| assert_near(what, found, expected, GRADIENT_TOLERANCE);
            let of = |weight: &Param<Tensor<B, 2>>| values(weight.val().grad(&gradients).unwrap());
            near("grad weight_ih", &of(&direction.weight_ih), &expected.weight_ih.values);
            near("grad weight_hh", &of(&direction.weight_hh), &expected.weight_hh.values);
            let bias = values(direction.bias.val().grad(&gradients).unwrap());
            let gates = expected.bias_ih.len();
            near("grad bias_ih", &bias[..gates], &expected.bias_ih);
            match case.cell() {
                Cell::Gru => {
                    near("grad bias_hh", &bias[..gates / 3 * 2], &expected.bias_hh[..gates / 3 * 2]);
                    near("grad bias_hh of n", &bias[gates..], &expected.bias_hh[gates / 3 * 2..]);
                }
                _ => near("grad bias_hh", &bias, &expected.bias_hh),
            }
        }
    }
}

fn layer_of(case: &Case, layer: usize) -> Layer<B> {
    let weights = case.layer(layer);
    let direction = |weights: DirectionWeights| {
        let gates = weights.bias.len();
        Direction {
            bias: Param::from_tensor(tensor(weights.bias, [gates])),
            weight_ih: matrix(weights.weight_ih),
            weight_hh: matrix(weights.weight_hh),
        }
    };
    Layer { forward: direction(weights.forward), reverse: weights.reverse.map(direction) }
}

fn matrix(matrix: Matrix) -> Param<Tensor<B, 2>> {
    let rows = matrix.values.len() / matrix.columns;
    Param::from_tensor(tensor(matrix.values, [rows, matrix.columns]))
}

fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> Tensor<B, D> {
    Tensor::from_data(TensorData::new(values, shape), &Default::default())
}

fn values<Backend: burn::tensor::backend::Backend, const D: usize>(tensor: Tensor<Backend, D>) -> Vec<f32> {
    tensor.into_data().to_vec().unwrap()
}
