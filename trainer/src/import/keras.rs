//! Keras's names and layouts.
//!
//! | Keras | here |
//! |---|---|
//! | `kernel` `[input_size, gates * hidden_size]`, `recurrent_kernel` `[hidden_size, gates * hidden_size]` | transposed |
//! | columns of an LSTM: i, f, c, o | rows i, f, g, o, the same order |
//! | columns of a GRU: z, r, h | rows r, z, n |
//! | `bias` `[gates * hidden_size]`; of a GRU (`reset_after=True`) `[2, 3 * hidden_size]`: input, hidden | the sum; of a GRU's n both, side by side |
//! | `forward_..`, `backward_..` of a `Bidirectional` (`merge_mode="concat"`) | the layer's two directions |
//! | `Normalization` `mean`, `variance` `[channels]`, `count` | mean and `1 / sqrt(variance)` of the frames |
//! | names that end with `:0`, as `v.name` has them up to Keras 2 | without it |
//! | `Dense` `kernel` `[pooled size, classes]`, `bias` | transposed, the same |

use super::description::Description;
use super::error::ImportError;
use super::tensors::NamedTensors;
use super::torch::joined_biases;
use crate::encoding::ChannelNormalization;
use crate::network::Cell;
use crate::weights::{DirectionWeights, LayerWeights, Matrix, NetworkWeights};

/// What Keras divides by at least, `keras.config.epsilon()`.
const SMALLEST_DEVIATION: f32 = 1e-7;
/// What TensorFlow's names of variables end with, up to Keras 2.
const OUTPUT_NUMBER: &str = ":0";
/// What the name of a variable ends with that is no weight.
const BOOKKEEPING: &str = "seed_generator_state";

/// Takes the described network out of the tensors of a model's variables. The embedding's rows stay in the model's
/// order.
///
/// # Errors
/// [`ImportError`] with the tensor that is missing, has another shape than the others imply, or is not finite, or
/// with the layers that could be what the description does not name.
pub fn network(description: &Description, tensors: &mut NamedTensors) -> Result<NetworkWeights, ImportError> {
    tensors.strip_names(OUTPUT_NUMBER);
    tensors.discard(|name| name.ends_with(BOOKKEEPING));
    let names = &description.tensors;
    let layers_found = recurrent_layers(description, tensors)?;
    let is_embedding = |path: &VariablePath<'_>| {
        path.ends_with("embeddings") && names.embedding.as_ref().is_none_or(|layer| path.has(layer))
    };
    let embedding = match description.reads_frames() {
        true => None,
        false => Some(the_only(tensors, "embedding layer", "embedding", is_embedding)?),
    };
    if embedding.is_none()
        && let Some(name) = tensors.names().find(|name| is_embedding(&VariablePath { name }))
    {
        return Err(tensors.no_vocabulary(name));
    }
    let head = the_only(tensors, "dense layer", "head", |path| {
        path.ends_with("kernel")
            && !layers_found.iter().any(|layer| layer.has_tensor(path.name))
            && names.head.as_ref().is_none_or(|layer| path.has(layer))
    })?;
    let embedding = embedding.map(|name| tensors.take_matrix(&name, "[tokens, embedding_size]")).transpose()?;
    let kernel = layers_found.first().map(|layer| format!("{}kernel", layer.forward));
    let channels = kernel.and_then(|name| tensors.shape(&name)?.first().copied());
    let mut input_size = embedding.as_ref().map_or(channels.unwrap_or_default(), |embedding| embedding.columns);
    let mut layers = Vec::new();
    for layer in layers_found {
        let forward = take_direction(description, tensors, input_size, &layer.forward)?;
        let reverse = match &layer.reverse {
            Some(cell) => Some(take_direction(description, tensors, input_size, cell)?),
            None => None,
        };
        input_size = forward.weight_hh.columns * if reverse.is_some() { 2 } else { 1 };
        layers.push(LayerWeights { cell: description.cell, forward, reverse });
    }
    let (head_weight, head_bias) = take_head(description, tensors, input_size, &head)?;
    Ok(NetworkWeights { embedding, layers, head_weight, head_bias })
}

/// Takes what a `Normalization` layer has learned, if there is one: `(value - mean) / sqrt(variance)`.
///
/// # Errors
/// [`ImportError`] for more than one such layer, and for shapes that do not fit.
pub fn normalization(tensors: &mut NamedTensors) -> Result<Option<ChannelNormalization>, ImportError> {
    tensors.strip_names(OUTPUT_NUMBER);
    let of_layer = |name: &str| {
        Some(name.strip_suffix("variance")?.to_owned()).filter(|layer| layer.is_empty() || layer.ends_with('/'))
    };
    let found: Vec<String> = tensors.names().filter_map(of_layer).collect();
    let layer = match found.as_slice() {
        [] => return Ok(None),
        [layer] => layer,
        _ => {
            let problem = format!("{} normalization layers; expected one, before the recurrent layers", found.len());
            return Err(ImportError::Description { path: tensors.path().into(), problem });
        }
    };
    tensors.discard(|name| name == format!("{layer}count"));
    let name = format!("{layer}variance");
    let channels = tensors.shape(&name).and_then(<[usize]>::last).copied().unwrap_or_default();
    let variance = tensors.take_vector_of(&name, channels, "of a normalization of the channels (axis=-1)")?;
    let mean = tensors.take_vector_of(&format!("{layer}mean"), channels, "of the layer's variance")?;
    let scale = variance.iter().map(|variance| variance.sqrt().max(SMALLEST_DEVIATION).recip()).collect();
    Ok(Some(ChannelNormalization { mean, scale }))
}

/// A recurrent layer as a file has it: where the tensors of its directions are.
#[derive(Debug, Clone, PartialEq, Eq)]
struct FoundLayer {
    /// The layer's name; of a bidirectional layer the wrapper's.
    name: String,
    /// The path above `kernel`, with its last `/`.
    forward: String,
    reverse: Option<String>,
}

impl FoundLayer {
    fn has_tensor(&self, name: &str) -> bool {
        std::iter::once(&self.forward).chain(&self.reverse).any(|cell| name.starts_with(cell.as_str()))
    }

    /// The layer's name without the number that Keras gave it, and that number: `gru_2` is (`gru`, 2).
    fn stem_and_number(&self) -> (&str, usize) {
        let numbered = self.name.rsplit_once('_').and_then(|(stem, number)| Some((stem, number.parse().ok()?)));
        numbered.unwrap_or((&self.name, 0))
    }
}

/// The components of a variable's path.
struct VariablePath<'n> {
    name: &'n str,
}

impl<'n> VariablePath<'n> {
    fn components(&self) -> impl DoubleEndedIterator<Item = &'n str> {
        self.name.split('/')
    }

    fn has(&self, component: &str) -> bool {
        self.components().any(|own| own == component)
    }

    fn ends_with(&self, component: &str) -> bool {
        self.components().next_back() == Some(component)
    }
}

/// The described recurrent layers, the one nearest to the input first.
fn recurrent_layers(description: &Description, tensors: &NamedTensors) -> Result<Vec<FoundLayer>, ImportError> {
    let mut found = Vec::<FoundLayer>::new();
    let mut reverses = Vec::new();
    for name in tensors.names() {
        let Some(cell) = name.strip_suffix("recurrent_kernel") else { continue };
        let components: Vec<&str> = cell.trim_end_matches('/').split('/').collect();
        let wrapped = |start| components.iter().position(|component| component.starts_with(start));
        let above = |place: usize| components[..place].last().copied().unwrap_or_default().to_owned();
        match (wrapped("forward_"), wrapped("backward_")) {
            (None, Some(place)) => reverses.push((above(place), cell.to_owned())),
            (Some(place), _) => found.push(FoundLayer { name: above(place), forward: cell.into(), reverse: None }),
            (None, None) => {
                // `layer/layer_cell/`, or the layer alone.
                let layer = above(components.len().saturating_sub(1));
                let name = if layer.is_empty() { components.concat() } else { layer };
                found.push(FoundLayer { name, forward: cell.into(), reverse: None });
            }
        }
    }
    for (name, cell) in reverses {
        if let Some(layer) = found.iter_mut().find(|layer| layer.name == name) {
            layer.reverse = Some(cell);
        }
    }
    let layers = in_order(description, tensors, found)?;
    match layers.iter().find(|layer| layer.reverse.is_some() != description.bidirectional) {
        Some(layer) => {
            let kind = if description.bidirectional { "is not" } else { "is" };
            let problem = format!("layer `{}` {kind} bidirectional, the description says otherwise", layer.name);
            Err(ImportError::Description { path: tensors.path().into(), problem })
        }
        None => Ok(layers),
    }
}

/// The layers that a description names, or all in the order of their numbers.
fn in_order(
    description: &Description,
    tensors: &NamedTensors,
    mut found: Vec<FoundLayer>,
) -> Result<Vec<FoundLayer>, ImportError> {
    let names = &description.tensors.recurrent;
    let all = || found.iter().map(|layer| layer.name.clone()).collect::<Vec<_>>();
    if let Some(missing) = names.iter().find(|name| !found.iter().any(|layer| layer.name == **name)) {
        let problem = format!("no recurrent layer `{missing}`; the file has {}", all().join(", "));
        return Err(ImportError::Description { path: tensors.path().into(), problem });
    }
    if !names.is_empty() {
        let layer = |name: &String| found.iter().find(|layer| layer.name == *name).cloned();
        return Ok(names.iter().filter_map(layer).collect());
    }
    let all = all().join(", ");
    let problem = if found.len() != description.num_layers {
        format!("{} recurrent layers ({all}), num_layers is {}", found.len(), description.num_layers)
    } else if found.iter().any(|layer| layer.stem_and_number().0 != found[0].stem_and_number().0) {
        format!("the recurrent layers {all} have no order of their own; give it in [tensors] recurrent")
    } else {
        String::new()
    };
    if !problem.is_empty() {
        return Err(ImportError::Description { path: tensors.path().into(), problem });
    }
    found.sort_by_key(|layer| layer.stem_and_number().1);
    Ok(found)
}

/// The only tensor whose path is as asked for.
fn the_only(
    tensors: &NamedTensors,
    what: &'static str,
    key: &'static str,
    is_asked_for: impl Fn(&VariablePath<'_>) -> bool,
) -> Result<String, ImportError> {
    let found: Vec<&str> = tensors.names().filter(|name| is_asked_for(&VariablePath { name })).collect();
    match found.as_slice() {
        [name] => Ok((*name).to_owned()),
        _ => Err(ImportError::Ambiguous {
            path: tensors.path().into(),
            what,
            found: found.into_iter().map(str::to_owned).collect(),
            key,
        }),
    }
}

/// The weights of a direction; `cell` is the path above its `kernel`.
fn take_direction(
    description: &Description,
    tensors: &mut NamedTensors,
    input_size: usize,
    cell: &str,
) -> Result<DirectionWeights, ImportError> {
    let gates = description.cell.gates();
    let name = format!("{cell}recurrent_kernel");
    let kernel = tensors.take_matrix(&name, &format!("[hidden_size, {gates} * hidden_size]"))?;
    let (hidden_size, columns) = (kernel.rows().len(), kernel.columns);
    if columns != gates * hidden_size {
        let expected = format!("[{hidden_size}, {}] of a cell of {gates} gates", gates * hidden_size);
        return Err(tensors.wrong_shape(&name, &[hidden_size, columns], &expected));
    }
    let weight_hh = rows_of_gates(description.cell, &kernel);
    let reason = "of the input below it and the layer's hidden state";
    let kernel = tensors.take_matrix_of(&format!("{cell}kernel"), [input_size, columns], reason)?;
    let weight_ih = rows_of_gates(description.cell, &kernel);
    let bias = take_bias(description, tensors, columns, &format!("{cell}bias"))?;
    Ok(DirectionWeights { weight_ih, weight_hh, bias })
}

/// One bias for each sum that the cell keeps apart.
fn take_bias(
    description: &Description,
    tensors: &mut NamedTensors,
    columns: usize,
    name: &str,
) -> Result<Vec<f32>, ImportError> {
    let cell = description.cell;
    let ordered = |bias: &[f32]| rows_of_gates(cell, &Matrix { columns, values: bias.to_vec() }).values;
    if !description.recurrent_bias {
        return Ok(vec![0.0; cell.results() * columns / cell.gates()]);
    }
    if cell != Cell::Gru {
        let bias = tensors.take_vector_of(name, columns, "of the layer's hidden state")?;
        return Ok(ordered(&bias));
    }
    let reason = "of a GRU with reset_after=True, the only one that a device computes";
    let biases = tensors.take_matrix_of(name, [2, columns], reason)?;
    let (input, hidden) = biases.values.split_at(columns);
    Ok(joined_biases(cell, &ordered(input), &ordered(hidden)))
}

/// Head weight `[classes, pooled size]` and bias `[classes]`.
fn take_head(
    description: &Description,
    tensors: &mut NamedTensors,
    pooled_size: usize,
    name: &str,
) -> Result<(Matrix, Vec<f32>), ImportError> {
    let expected = format!("[{pooled_size}, classes] of the outputs below it");
    let kernel = tensors.take_matrix(name, &expected)?;
    if kernel.rows().len() != pooled_size {
        let found = [kernel.rows().len(), kernel.columns];
        return Err(tensors.wrong_shape(name, &found, &expected));
    }
    let classes = kernel.columns;
    let bias = match (description.head_bias, name.strip_suffix("kernel")) {
        (true, Some(layer)) => tensors.take_vector_of(&format!("{layer}bias"), classes, "of the kernel's columns")?,
        _ => vec![0.0; classes],
    };
    Ok((transposed(&kernel), bias))
}

/// A kernel, transposed, with its gates in the order of PyTorch.
///
/// # Shapes and units
/// From `[size, gates * hidden_size]` to `[gates * hidden_size, size]`.
fn rows_of_gates(cell: Cell, kernel: &Matrix) -> Matrix {
    let order: &[usize] = match cell {
        Cell::Lstm => &[0, 1, 2, 3],
        Cell::Gru => &[1, 0, 2],
        Cell::RnnTanh | Cell::RnnRelu => &[0],
    };
    let transposed = transposed(kernel);
    let gate = transposed.values.len() / order.len();
    let rows = order.iter().flat_map(|place| &transposed.values[place * gate..(place + 1) * gate]);
    Matrix { columns: transposed.columns, values: rows.copied().collect() }
}

fn transposed(matrix: &Matrix) -> Matrix {
    let rows = matrix.rows().len();
    let values = (0..matrix.columns).flat_map(|column| matrix.rows().map(move |row| row[column])).collect();
    Matrix { columns: rows, values }
}
