//! PyTorch's names and layouts.
//!
//! | PyTorch | here |
//! |---|---|
//! | `weight_ih_l{k}`, `weight_hh_l{k}` `[gates * hidden_size, ..]`, gates i, f, g, o or r, z, n | the same |
//! | `bias_ih_l{k}`, `bias_hh_l{k}` `[gates * hidden_size]` | their sum; of a GRU's n both, side by side |
//! | `.._reverse` | the layer's reverse direction |
//! | `Linear.weight` `[classes, pooled size]`, `Linear.bias` | the same |

use super::description::Description;
use super::error::{ImportError, Shape};
use super::tensors::NamedTensors;
use crate::network::Cell;
use crate::weights::{DirectionWeights, LayerWeights, NetworkWeights};

const DEFAULT_EMBEDDING: &str = "embedding";
const DEFAULT_HEAD: &str = "fc";
/// How the name of the first tensor of a recurrent module ends.
const FIRST_TENSOR: &str = "weight_ih_l0";
/// How the name of a reverse direction's first tensor ends.
const REVERSE_TENSOR: &str = "weight_ih_l0_reverse";
/// How the name of the first layer's projection ends, in an LSTM with `proj_size`.
const PROJECTION: &str = "weight_hr_l0";

/// Takes the described network out of the tensors of a `state_dict`. The embedding's rows stay in the model's order.
///
/// # Errors
/// [`ImportError`] with the tensor that is missing, has another shape than the others imply, or is not finite.
pub fn network(description: &Description, tensors: &mut NamedTensors) -> Result<NetworkWeights, ImportError> {
    let names = &description.tensors;
    check_projection(tensors)?;
    let modules = modules(description, tensors)?;
    check_directions(description, tensors)?;
    let name = member(names.embedding.as_deref().unwrap_or(DEFAULT_EMBEDDING), "weight");
    let embedding = match description.reads_frames() {
        true => None,
        false => Some(tensors.take_matrix(&name, "[tokens, embedding_size]")?),
    };
    if embedding.is_none() && tensors.shape(&name).is_some() {
        return Err(tensors.no_vocabulary(&name));
    }
    let channels =
        modules.first().and_then(|(module, _)| tensors.shape(&member(module, FIRST_TENSOR))?.last().copied());
    let mut input_size = embedding.as_ref().map_or(channels.unwrap_or_default(), |embedding| embedding.columns);
    let mut layers = Vec::new();
    for (module, number) in modules {
        let mut direction = |suffix: &str| {
            let place = |tensor: &str| member(&module, &format!("{tensor}_l{number}{suffix}"));
            take_direction(description, tensors, input_size, place)
        };
        let forward = direction("")?;
        let reverse = if description.bidirectional { Some(direction("_reverse")?) } else { None };
        input_size = forward.weight_hh.columns * if description.bidirectional { 2 } else { 1 };
        layers.push(LayerWeights { cell: description.cell, forward, reverse });
    }
    let head = names.head.as_deref().unwrap_or(DEFAULT_HEAD);
    let expected = format!("[classes, {input_size}] of the outputs below it");
    let head_weight = tensors.take_matrix(&member(head, "weight"), &expected)?;
    if head_weight.columns != input_size {
        let found = [head_weight.rows().len(), head_weight.columns];
        return Err(tensors.wrong_shape(&member(head, "weight"), &found, &expected));
    }
    let classes = head_weight.rows().len();
    let head_bias = match description.head_bias {
        true => tensors.take_vector_of(&member(head, "bias"), classes, "of the weight's rows")?,
        false => vec![0.0; classes],
    };
    Ok(NetworkWeights { embedding, layers, head_weight, head_bias })
}

/// The module of each layer, and the layer's number in it.
fn modules(description: &Description, tensors: &NamedTensors) -> Result<Vec<(String, usize)>, ImportError> {
    let of_one = |module: &str| (0..description.num_layers).map(|number| (module.to_owned(), number)).collect();
    match description.tensors.recurrent.as_slice() {
        [module] => Ok(of_one(module)),
        [] => {
            let found: Vec<&str> = tensors
                .names()
                .filter_map(|name| name.strip_suffix(FIRST_TENSOR))
                .map(|module| module.strip_suffix('.').unwrap_or(module))
                .collect();
            match found.as_slice() {
                [module] => Ok(of_one(module)),
                _ => Err(ImportError::Ambiguous {
                    path: tensors.path().into(),
                    what: "recurrent module (a name that ends with `weight_ih_l0`)",
                    found: found.into_iter().map(str::to_owned).collect(),
                    key: "recurrent",
                }),
            }
        }
        modules => Ok(modules.iter().map(|module| (module.clone(), 0)).collect()),
    }
}

/// Checks that no LSTM projects its hidden state.
fn check_projection(tensors: &NamedTensors) -> Result<(), ImportError> {
    let Some(name) = tensors.names().find(|name| name.ends_with(PROJECTION)) else { return Ok(()) };
    let shape = tensors.shape(name).unwrap_or_default();
    let size = shape.first().copied().unwrap_or_default();
    let problem = format!(
        "tensor `{name}` {} projects the hidden state of an LSTM with proj_size={size}, which a device does not \
         compute; train the LSTM with proj_size=0",
        Shape(shape.to_vec())
    );
    Err(ImportError::Description { path: tensors.path().into(), problem })
}

/// Checks that a network of one direction has no weights of another.
fn check_directions(description: &Description, tensors: &NamedTensors) -> Result<(), ImportError> {
    match tensors.names().find(|name| name.ends_with(REVERSE_TENSOR)) {
        Some(name) if !description.bidirectional => {
            let problem = format!("tensor `{name}` is of a bidirectional network, the description says otherwise");
            Err(ImportError::Description { path: tensors.path().into(), problem })
        }
        _ => Ok(()),
    }
}

/// The weights of a direction; `place` gives a tensor's name in the file.
fn take_direction(
    description: &Description,
    tensors: &mut NamedTensors,
    input_size: usize,
    place: impl Fn(&str) -> String,
) -> Result<DirectionWeights, ImportError> {
    let gates = description.cell.gates();
    let name = place("weight_hh");
    let weight_hh = tensors.take_matrix(&name, &format!("[{gates} * hidden_size, hidden_size]"))?;
    let hidden_size = weight_hh.columns;
    let rows = gates * hidden_size;
    if weight_hh.rows().len() != rows {
        let found = [weight_hh.rows().len(), hidden_size];
        return Err(tensors.wrong_shape(&name, &found, &format!("[{rows}, {hidden_size}] of a cell of {gates} gates")));
    }
    let reason = "of the layer's hidden state and the input below it";
    let weight_ih = tensors.take_matrix_of(&place("weight_ih"), [rows, input_size], reason)?;
    let bias = if description.recurrent_bias {
        let mut take = |name| tensors.take_vector_of(&place(name), rows, "of the layer's hidden state");
        joined_biases(description.cell, &take("bias_ih")?, &take("bias_hh")?)
    } else {
        vec![0.0; description.cell.results() * hidden_size]
    };
    Ok(DirectionWeights { weight_ih, weight_hh, bias })
}

/// One bias for each sum that a cell keeps apart: the two biases added, but those of a GRU's n side by side, n of the
/// input before n of the hidden state.
///
/// # Shapes and units
/// Both `[gates * hidden_size]`; the result is `[results * hidden_size]`.
pub(super) fn joined_biases(cell: Cell, input: &[f32], hidden: &[f32]) -> Vec<f32> {
    let apart = match cell {
        Cell::Gru => input.len() / cell.gates(),
        Cell::Lstm | Cell::RnnTanh | Cell::RnnRelu => 0,
    };
    let (shared, own) = (input.len() - apart, hidden.len() - apart);
    let sums = input[..shared].iter().zip(hidden).map(|(input, hidden)| input + hidden);
    sums.chain(input[shared..].iter().copied()).chain(hidden[own..].iter().copied()).collect()
}

/// The name of a tensor of a module; a module without a name is the model itself.
fn member(module: &str, tensor: &str) -> String {
    if module.is_empty() { tensor.into() } else { format!("{module}.{tensor}") }
}
