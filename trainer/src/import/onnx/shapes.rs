//! Nodes that rearrange a value or take a part of it.

use super::value::{Axis, Constant, Content, Part, Place, Tensor, Value};

/// An end of a slice from which on it means "to the end".
const FAR: i64 = i32::MAX as i64 - 1;

/// What the graph knows of its sequences.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sequences<'d> {
    /// Which axis of the input is the steps, once a recurrent layer has told.
    pub(super) steps: Option<Axis>,
    /// The sizes of the input's first two axes where they are fixed.
    pub(super) fixed: [Option<i64>; 2],
    /// Whether each layer so far has two directions.
    pub(super) bidirectional: &'d [bool],
}

/// A slice of one axis.
#[derive(Debug, Clone, Copy)]
pub(super) struct Range {
    pub(super) axis: i64,
    pub(super) start: i64,
    pub(super) end: i64,
}

/// An axis from 0; one that is counted from the end is negative in a file.
pub(super) fn place_of(axis: i64, rank: usize) -> Result<usize, String> {
    let place = if axis < 0 { axis + rank as i64 } else { axis };
    usize::try_from(place).ok().filter(|place| *place < rank).ok_or(format!("axis {axis} of a value of {rank} axes"))
}

pub(super) fn transpose(value: Value, order: Option<Vec<i64>>) -> Result<Value, String> {
    let places = |rank: usize| -> Result<Vec<usize>, String> {
        let order = order.clone().unwrap_or_else(|| (0..rank as i64).rev().collect());
        let places: Vec<usize> = order.iter().map(|axis| place_of(*axis, rank)).collect::<Result<_, _>>()?;
        let is_complete = places.len() == rank && (0..rank).all(|axis| places.contains(&axis));
        if is_complete { Ok(places) } else { Err(format!("perm {order:?} of a value of {rank} axes")) }
    };
    Ok(match value {
        Value::Tensor(tensor) => {
            let places = places(tensor.axes.len())?;
            Tensor::value(places.iter().map(|place| tensor.axes[*place]).collect(), tensor.content)
        }
        Value::Constant(constant) => {
            let places = places(constant.dims.len())?;
            Value::Constant(transposed(&constant, &places))
        }
        Value::Sizes(_) => Value::Sizes(Vec::new()),
        other => other,
    })
}

fn transposed(constant: &Constant, places: &[usize]) -> Constant {
    let strides: Vec<usize> = (0..constant.dims.len()).map(|axis| constant.dims[axis + 1..].iter().product()).collect();
    let dims: Vec<usize> = places.iter().map(|place| constant.dims[*place]).collect();
    let mut sources = vec![0];
    for (place, size) in places.iter().zip(&dims) {
        let stride = strides[*place];
        sources = sources.iter().flat_map(|start| (0..*size).map(move |number| start + number * stride)).collect();
    }
    Constant { dims, values: sources.iter().map(|source| constant.values[*source]).collect() }
}

pub(super) fn squeeze(value: Value, axes: Option<Vec<i64>>) -> Result<Value, String> {
    let removed = |rank: usize, is_single: &dyn Fn(usize) -> bool| -> Result<Vec<usize>, String> {
        match &axes {
            None => Ok((0..rank).filter(|place| is_single(*place)).collect()),
            Some(axes) => axes.iter().map(|axis| place_of(*axis, rank)).collect(),
        }
    };
    match value {
        Value::Tensor(mut tensor) => {
            let removed = removed(tensor.axes.len(), &|place| tensor.axes[place].is_single())?;
            let is_answer = matches!(tensor.content, Content::Logits { .. });
            if let Some(place) = removed.iter().find(|place| !(tensor.axes[**place].is_single() || is_answer)) {
                return Err(format!("takes away axis {place} of {}", tensor.what()));
            }
            let mut place = 0;
            tensor.axes.retain(|_| (!removed.contains(&place), place += 1).0);
            Ok(Value::Tensor(tensor))
        }
        Value::Constant(mut constant) => {
            let removed = removed(constant.dims.len(), &|place| constant.dims[place] == 1)?;
            if removed.iter().any(|place| constant.dims[*place] != 1) {
                return Err(format!("takes away an axis of a constant of shape {:?}", constant.dims));
            }
            let mut place = 0;
            constant.dims.retain(|_| (!removed.contains(&place), place += 1).0);
            Ok(Value::Constant(constant))
        }
        other => Ok(other),
    }
}

pub(super) fn unsqueeze(value: Value, axes: &[i64]) -> Result<Value, String> {
    let places = |rank: usize| -> Result<Vec<usize>, String> {
        let mut places: Vec<usize> =
            axes.iter().map(|axis| place_of(*axis, rank + axes.len())).collect::<Result<_, _>>()?;
        places.sort_unstable();
        Ok(places)
    };
    match value {
        Value::Tensor(mut tensor) => {
            for place in places(tensor.axes.len())? {
                tensor.axes.insert(place.min(tensor.axes.len()), Axis::One);
            }
            Ok(Value::Tensor(tensor))
        }
        Value::Constant(mut constant) => {
            for place in places(constant.dims.len())? {
                constant.dims.insert(place.min(constant.dims.len()), 1);
            }
            Ok(Value::Constant(constant))
        }
        other => Ok(other),
    }
}

/// A value with other axes: those of size 1 go, and directions beside values are joined with them.
pub(super) fn reshape(value: Value, target: Option<&[i64]>) -> Result<Value, String> {
    match value {
        Value::Tensor(tensor) => {
            let what = tensor.what();
            let mut axes: Vec<Axis> = Vec::new();
            for axis in tensor.axes.into_iter().filter(|axis| !axis.is_single()) {
                match (axes.last(), axis) {
                    (Some(Axis::Stack(count)), Axis::Features(size)) => {
                        let joined = Axis::Features(count * size);
                        axes.pop();
                        axes.push(joined);
                    }
                    _ => axes.push(axis),
                }
            }
            let last = axes.last().and_then(|axis| axis.size());
            let fits = target.is_none_or(|target| {
                let size = target.last().and_then(|size| usize::try_from(*size).ok());
                target.len() == axes.len() && (size.is_none() || size == Some(0) || size == last)
            });
            if axes.iter().any(|axis| matches!(axis, Axis::Stack(_))) || !fits {
                let target = target.map_or("an unknown shape".into(), |target| format!("{target:?}"));
                return Err(format!("makes {target} of {what}"));
            }
            Ok(Tensor::value(axes, tensor.content))
        }
        Value::Constant(constant) => {
            let Some(target) = target else { return Ok(Value::Sizes(Vec::new())) };
            reshaped(constant, target).map(Value::Constant)
        }
        Value::Sizes(_) => Ok(Value::Sizes(Vec::new())),
        other => Ok(other),
    }
}

fn reshaped(constant: Constant, target: &[i64]) -> Result<Constant, String> {
    let mut dims = Vec::new();
    for (place, size) in target.iter().enumerate() {
        dims.push(match size {
            0 => constant.dims.get(place).copied().unwrap_or(0),
            size => usize::try_from(*size).unwrap_or(1),
        });
    }
    if let Some(place) = target.iter().position(|size| *size < 0) {
        let others: usize = dims.iter().product();
        dims[place] = constant.values.len() / others.max(1);
    }
    if dims.iter().try_fold(1_usize, |all, size| all.checked_mul(*size)) == Some(constant.values.len()) {
        Ok(Constant { dims, values: constant.values })
    } else {
        Err(format!("makes {target:?} of a constant of shape {:?}", constant.dims))
    }
}

/// The content at one end of a sequence.
fn step_of(tensor: &Tensor, is_last: bool, sequences: &Sequences<'_>) -> Result<Content, String> {
    let Content::Outputs { layer, part } = tensor.content else {
        return Err(format!("takes one step of {}", tensor.what()));
    };
    let is_bidirectional = sequences.bidirectional.get(layer) == Some(&true);
    match (part, is_last) {
        (Part::All, _) if is_bidirectional => Ok(Content::Step { layer, is_last }),
        (Part::All | Part::Forward, true) => Ok(Content::States(vec![Place { layer, is_reverse: false }])),
        (Part::Reverse, false) => Ok(Content::States(vec![Place { layer, is_reverse: true }])),
        (Part::All | Part::Forward, false) => Err("takes the first step of a forward direction, not its last".into()),
        (Part::Reverse, true) => Err("takes the last step of a reverse direction, which is its first output".into()),
    }
}

/// Which end of a sequence a step is.
fn is_last_step(step: i64, axis: Axis, sequences: &Sequences<'_>) -> Result<bool, String> {
    let fixed = sequences.fixed[usize::from(axis == Axis::Second)];
    match step {
        -1 => Ok(true),
        0 if fixed != Some(1) => Ok(false),
        step if fixed == Some(step + 1) => Ok(true),
        step => Err(format!("takes step {step}, expected the first or the last one")),
    }
}

/// A part of one axis of a tensor.
pub(super) fn slice(value: Value, range: Range, sequences: &Sequences<'_>) -> Result<Value, String> {
    let mut tensor = match value {
        Value::Tensor(tensor) => tensor,
        Value::Constant(constant) => return sliced(&constant, range).map(Value::Constant),
        Value::Sizes(sizes) if sizes.is_empty() => return Ok(Value::Sizes(sizes)),
        Value::Sizes(sizes) => {
            let (start, end) = bounds(range, sizes.len());
            return Ok(Value::Sizes(sizes[start..end].to_vec()));
        }
        other => return Ok(other),
    };
    let place = place_of(range.axis, tensor.axes.len())?;
    let axis = tensor.axes[place];
    if range.start == 0 && range.end > FAR {
        return Ok(Value::Tensor(tensor));
    }
    let refusal = || format!("takes {} to {} of axis {place} of {}", range.start, range.end, tensor.what());
    if Some(axis) == sequences.steps && matches!(tensor.content, Content::Outputs { .. }) {
        let is_one = if range.start < 0 { range.start == -1 && range.end > FAR } else { range.end == range.start + 1 };
        if !is_one {
            return Err(refusal());
        }
        let content = step_of(&tensor, is_last_step(range.start, axis, sequences)?, sequences)?;
        tensor.axes[place] = Axis::One;
        return Ok(Tensor::value(tensor.axes, content));
    }
    let size = axis.size().ok_or_else(refusal)?;
    let (start, end) = bounds(range, size);
    let (content, axis) = match (&tensor.content, axis) {
        (content, _) if (start, end) == (0, size) => (content.clone(), axis),
        (Content::States(places), Axis::Stack(_)) if start < end && end <= places.len() => {
            (Content::States(places[start..end].to_vec()), Axis::Stack(end - start))
        }
        (Content::Outputs { layer, part: Part::All }, Axis::Stack(2)) if end == start + 1 => {
            (Content::Outputs { layer: *layer, part: half(start == 0) }, Axis::Stack(1))
        }
        (Content::Outputs { layer, part: Part::All }, Axis::Features(_))
            if is_half(start, end, size) && sequences.bidirectional.get(*layer) == Some(&true) =>
        {
            (Content::Outputs { layer: *layer, part: half(start == 0) }, Axis::Features(end - start))
        }
        (Content::Step { layer, is_last }, Axis::Features(_))
            if is_half(start, end, size) && *is_last == (start == 0) =>
        {
            let place = Place { layer: *layer, is_reverse: start > 0 };
            (Content::States(vec![place]), Axis::Features(end - start))
        }
        _ => return Err(refusal()),
    };
    tensor.axes[place] = axis;
    Ok(Tensor::value(tensor.axes, content))
}

fn half(is_first: bool) -> Part {
    if is_first { Part::Forward } else { Part::Reverse }
}

fn is_half(start: usize, end: usize, size: usize) -> bool {
    2 * (end.saturating_sub(start)) == size && (start == 0 || end == size)
}

/// A range of an axis of a size, from 0.
fn bounds(range: Range, size: usize) -> (usize, usize) {
    let limit = size as i64;
    let place = |place: i64| if place < 0 { place.saturating_add(limit) } else { place }.clamp(0, limit) as usize;
    let start = place(range.start);
    (start, place(range.end).max(start))
}

fn sliced(constant: &Constant, range: Range) -> Result<Constant, String> {
    let place = place_of(range.axis, constant.dims.len())?;
    let size = constant.dims[place];
    let (start, end) = bounds(range, size);
    let inner: usize = constant.dims[place + 1..].iter().product();
    let blocks = constant.values.chunks((size * inner).max(1));
    let values = blocks.flat_map(|block| block.get(start * inner..end * inner).unwrap_or_default()).copied().collect();
    let mut dims = constant.dims.clone();
    dims[place] = end - start;
    Ok(Constant { dims, values })
}

/// The entries of an axis by their numbers, of which there is one or, along directions, several.
pub(super) fn gather(value: Value, numbers: &Constant, axis: i64, sequences: &Sequences<'_>) -> Result<Value, String> {
    let number = match numbers.values.as_slice() {
        [number] => *number as i64,
        _ => return Err("takes several entries of an axis".into()),
    };
    let keeps_axis = !numbers.dims.is_empty();
    match value {
        Value::Sizes(sizes) => {
            let found = usize::try_from(number).ok().and_then(|place| sizes.get(place).copied());
            Ok(Value::Sizes(found.map_or_else(Vec::new, |size| vec![size])))
        }
        Value::Constant(constant) => {
            let range = Range { axis, start: number, end: if number == -1 { i64::MAX } else { number + 1 } };
            let found = sliced(&constant, range)?;
            if keeps_axis { Ok(Value::Constant(found)) } else { squeeze(Value::Constant(found), Some(vec![axis])) }
        }
        Value::Tensor(tensor) => {
            let place = place_of(axis, tensor.axes.len())?;
            let taken = if Some(tensor.axes[place]) == sequences.steps {
                let content = step_of(&tensor, is_last_step(number, tensor.axes[place], sequences)?, sequences)?;
                let mut axes = tensor.axes;
                axes[place] = Axis::One;
                Tensor::value(axes, content)
            } else {
                let end = if number == -1 { i64::MAX } else { number + 1 };
                slice(Value::Tensor(tensor), Range { axis, start: number, end }, sequences)?
            };
            if keeps_axis { Ok(taken) } else { squeeze(taken, Some(vec![place as i64])) }
        }
        other => Ok(other),
    }
}

/// Values side by side along an axis.
pub(super) fn concatenate(values: Vec<Value>, axis: i64) -> Result<Value, String> {
    if values.iter().all(|value| *value == Value::Zeros) {
        return Ok(Value::Zeros);
    }
    if values.iter().all(|value| matches!(value, Value::Constant(_) | Value::Sizes(_) | Value::Zeros)) {
        return joined_constants(values, axis);
    }
    let tensors: Option<Vec<Tensor>> = values
        .into_iter()
        .map(|value| match value {
            Value::Tensor(tensor) => Some(tensor),
            _ => None,
        })
        .collect();
    let tensors = tensors.ok_or("joins constants with what depends on the input")?;
    let first = tensors.first().ok_or("joins nothing")?;
    let place = place_of(axis, first.axes.len())?;
    let sizes: Option<Vec<usize>> =
        tensors.iter().map(|tensor| tensor.axes.get(place).and_then(|axis| axis.size())).collect();
    let total: usize = sizes.ok_or(format!("joins rows or steps of {}", first.what()))?.iter().sum();
    let mut axes = first.axes.clone();
    axes[place] = if matches!(axes[place], Axis::Features(_)) { Axis::Features(total) } else { Axis::Stack(total) };
    let mut places = Vec::new();
    for tensor in &tensors {
        match &tensor.content {
            Content::States(of_tensor) => places.extend(of_tensor.iter().copied()),
            _ => break,
        }
    }
    let content = match tensors.as_slice() {
        tensors if tensors.iter().all(|tensor| matches!(tensor.content, Content::States(_))) => Content::States(places),
        [
            Tensor { content: Content::Outputs { layer, part: Part::Forward }, .. },
            Tensor { content: Content::Outputs { layer: other, part: Part::Reverse }, .. },
        ] if layer == other => Content::Outputs { layer: *layer, part: Part::All },
        _ => {
            let names: Vec<String> = tensors.iter().map(Tensor::what).collect();
            return Err(format!("joins {}", names.join(" and ")));
        }
    };
    Ok(Tensor::value(axes, content))
}

fn joined_constants(values: Vec<Value>, axis: i64) -> Result<Value, String> {
    let constants: Vec<Constant> = values
        .iter()
        .filter_map(|value| match value {
            Value::Constant(constant) => Some(constant.clone()),
            _ => None,
        })
        .collect();
    if constants.len() < values.len() {
        let known = |value| match value {
            Value::Constant(constant) => constant.values.into_iter().map(Some).collect(),
            Value::Sizes(sizes) => sizes,
            _ => Vec::new(),
        };
        return Ok(Value::Sizes(values.into_iter().flat_map(known).collect()));
    }
    let first = constants.first().ok_or("joins nothing")?;
    let fits = |other: &Constant| other.dims.get(1..) == first.dims.get(1..);
    if place_of(axis, first.dims.len())? != 0 || !constants.iter().all(fits) {
        return Ok(Value::Sizes(Vec::new()));
    }
    let mut dims = first.dims.clone();
    dims[0] = constants.iter().map(|constant| constant.dims[0]).sum();
    Ok(Value::Constant(Constant { dims, values: constants.into_iter().flat_map(|constant| constant.values).collect() }))
}
