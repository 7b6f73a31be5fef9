//! LSTM, GRU and RNN nodes.
//!
//! | ONNX | here |
//! |---|---|
//! | `W` `[directions, gates * hidden_size, input_size]`, `R` `[directions, gates * hidden_size, hidden_size]` | the same, a direction each |
//! | rows of an LSTM: i, o, f, c | rows i, f, g, o |
//! | rows of a GRU (`linear_before_reset=1`): z, r, h | rows r, z, n |
//! | `B` `[directions, 2 * gates * hidden_size]`: of the input, of the hidden state | their sum; of a GRU's n both, side by side |

use super::schema::Node;
use super::value::{Axis, Constant, Value};
use crate::import::torch::joined_biases;
use crate::network::Cell;
use crate::weights::{DirectionWeights, LayerWeights, Matrix};

/// Where a node has its inputs.
pub(super) const SEQUENCE: usize = 0;
const WEIGHT: usize = 1;
const RECURRENT_WEIGHT: usize = 2;
const BIAS: usize = 3;
/// The lengths of the sequences, which padding is told by.
pub(super) const LENGTHS: usize = 4;
const STATES: [usize; 2] = [5, 6];
const PEEPHOLES: usize = 7;

/// A layer of a node whose inputs are these; `input_size` is that of the values below it.
///
/// # Errors
/// The attribute or input that a device does not compute.
pub(super) fn layer(node: &Node, inputs: &[Option<Value>], input_size: usize) -> Result<LayerWeights, String> {
    let is_bidirectional = match node.text("direction").as_deref() {
        None | Some("forward") => false,
        Some("bidirectional") => true,
        Some(other) => return Err(format!("direction is `{other}`, expected `forward` or `bidirectional`")),
    };
    let directions = if is_bidirectional { 2 } else { 1 };
    let cell = cell(node, directions)?;
    check_attributes(node, cell)?;
    for place in STATES.into_iter().chain([PEEPHOLES]) {
        let name = ["initial_h", "initial_c", "the peepholes P"][place - STATES[0]];
        match inputs.get(place).and_then(Option::as_ref) {
            None | Some(Value::Zeros) => {}
            Some(Value::Constant(constant)) if constant.is_zero() => {}
            _ => return Err(format!("{name}: expected zeros or nothing, a device begins with zeros")),
        }
    }
    let constant = |place: usize, name: &str| match inputs.get(place).and_then(Option::as_ref) {
        Some(Value::Constant(constant)) => Ok(constant.clone()),
        _ => Err(format!("{name} is not among the file's weights")),
    };
    let (weight, recurrent) = (constant(WEIGHT, "W")?, constant(RECURRENT_WEIGHT, "R")?);
    let gates = cell.gates();
    let hidden_size = recurrent.dims.get(2).copied().unwrap_or_default();
    let rows = gates * hidden_size;
    let check = |name: &str, found: &Constant, expected: &[usize]| {
        let fits = found.dims == expected && hidden_size > 0;
        if fits { Ok(()) } else { Err(format!("{name} has shape {:?}, expected {expected:?}", found.dims)) }
    };
    check("R", &recurrent, &[directions, rows, hidden_size])?;
    check("W", &weight, &[directions, rows, input_size])?;
    if let Some(size) = node.integer("hidden_size").filter(|size| *size != hidden_size as i64) {
        return Err(format!("hidden_size is {size}, but R has {hidden_size} columns"));
    }
    let bias = match inputs.get(BIAS).and_then(Option::as_ref) {
        None | Some(Value::Zeros) => vec![0.0; directions * 2 * rows],
        Some(Value::Constant(bias)) => {
            check("B", bias, &[directions, 2 * rows])?;
            bias.floats()?
        }
        Some(_) => return Err("B is not among the file's weights".into()),
    };
    let (weight, recurrent) = (weight.floats()?, recurrent.floats()?);
    let direction = |number: usize| {
        let part = |values: &[f32], size: usize| values[number * size..(number + 1) * size].to_vec();
        let (input, hidden) = bias[number * 2 * rows..(number + 1) * 2 * rows].split_at(rows);
        let ordered = |values: Vec<f32>, columns: usize| Matrix { columns, values: ordered(cell, &values) };
        DirectionWeights {
            weight_ih: ordered(part(&weight, rows * input_size), input_size),
            weight_hh: ordered(part(&recurrent, rows * hidden_size), hidden_size),
            bias: joined_biases(cell, &self::ordered(cell, input), &self::ordered(cell, hidden)),
        }
    };
    Ok(LayerWeights { cell, forward: direction(0), reverse: is_bidirectional.then(|| direction(1)) })
}

/// The cell of a node with its activations.
fn cell(node: &Node, directions: usize) -> Result<Cell, String> {
    let given: Option<Vec<String>> =
        node.texts("activations").map(|names| names.iter().map(|name| name.to_lowercase()).collect());
    let (cell, expected): (Cell, &[&str]) = match (node.op_type.as_str(), given.as_deref().and_then(<[_]>::first)) {
        ("LSTM", _) => (Cell::Lstm, &["sigmoid", "tanh", "tanh"]),
        ("GRU", _) => (Cell::Gru, &["sigmoid", "tanh"]),
        (_, Some(name)) if name == "relu" => (Cell::RnnRelu, &["relu"]),
        _ => (Cell::RnnTanh, &["tanh"]),
    };
    match given {
        Some(given) if given != expected.repeat(directions) => {
            Err(format!("activations are {}, expected {}", given.join(", "), expected.repeat(directions).join(", ")))
        }
        _ => Ok(cell),
    }
}

fn check_attributes(node: &Node, cell: Cell) -> Result<(), String> {
    if let Some(clip) = node.float("clip") {
        return Err(format!("clip is {clip}, expected none"));
    }
    for (name, default) in [("input_forget", 0), ("layout", 0)] {
        if let Some(found) = node.integer(name).filter(|found| *found != default) {
            return Err(format!("{name} is {found}, expected {default}"));
        }
    }
    let before = node.integer("linear_before_reset").unwrap_or(0);
    if cell == Cell::Gru && before != 1 {
        return Err(format!(
            "linear_before_reset is {before}, expected 1: a device applies the reset gate after the product with R \
             (Keras: reset_after=True)"
        ));
    }
    Ok(())
}

/// Blocks of rows in the order that the project has.
fn ordered(cell: Cell, values: &[f32]) -> Vec<f32> {
    let order: &[usize] = match cell {
        Cell::Lstm => &[0, 2, 3, 1],
        Cell::Gru => &[1, 0, 2],
        Cell::RnnTanh | Cell::RnnRelu => &[0],
    };
    let block = values.len() / order.len();
    order.iter().flat_map(|place| &values[place * block..(place + 1) * block]).copied().collect()
}

/// The axes of a node's sequence: its steps, and its rows.
pub(super) fn steps_of(axes: &[Axis]) -> Result<Axis, String> {
    match axes {
        [steps @ (Axis::First | Axis::Second), Axis::First | Axis::Second, Axis::Features(_)] => Ok(*steps),
        _ => Err("X: expected steps, rows and values, one axis each".into()),
    }
}
