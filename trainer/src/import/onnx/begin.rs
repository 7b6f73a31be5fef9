//! Values that begin a graph: its inputs, constants, and sizes.

use super::schema::{FLOAT, FLOAT16, INT32, INT64, Node, ValueInfo};
use super::value::{Axis, Constant, Content, Tensor, Value};

/// An input of the graph, and the sizes of its first two axes where they are fixed.
pub(super) fn input_of(input: &ValueInfo) -> (Value, [Option<i64>; 2]) {
    let tensor = input.r#type.as_ref().and_then(|kind| kind.tensor_type.as_ref());
    let sizes: Vec<i64> = tensor
        .and_then(|tensor| tensor.shape.as_ref())
        .map(|shape| shape.dim.iter().map(|dimension| dimension.dim_value).collect())
        .unwrap_or_default();
    let size = |place: usize| sizes.get(place).copied().filter(|size| *size > 0);
    let both = vec![Axis::First, Axis::Second];
    let kind = tensor.map_or(0, |tensor| tensor.elem_type);
    let value = match (kind, sizes.len()) {
        (INT32 | INT64 | FLOAT, 2) => Tensor::value(both, Content::Tokens(None)),
        (FLOAT | FLOAT16, 3) => match size(2).and_then(|channels| usize::try_from(channels).ok()) {
            Some(channels) => {
                Tensor::value([both, vec![Axis::Features(channels)]].concat(), Content::Frames(Vec::new()))
            }
            None => Value::Unknown(format!(
                "input `{}`: the number of its channels is not fixed",
                input.name.escape_debug()
            )),
        },
        (INT32 | INT64, 1) => Value::Sizes(Vec::new()),
        (kind, axes) => Value::Unknown(format!(
            "input `{}` has {axes} axes and data type {kind}, expected tokens [rows, steps] or frames [rows, steps, channels]",
            input.name.escape_debug()
        )),
    };
    (value, [size(0), size(1)])
}

/// The numbers of a `Constant` node.
pub(super) fn constant_of(node: &Node) -> Result<Value, String> {
    let constant = if let Some(tensor) = node.tensor("value") {
        Constant::read(tensor)?
    } else if let Some(value) = node.integer("value_int") {
        Constant::scalar(value as f64)
    } else if let Some(value) = node.float("value_float") {
        Constant::scalar(value.into())
    } else if let Some(values) = node.integers("value_ints") {
        Constant::list(values.into_iter().map(|value| value as f64).collect())
    } else if let Some(values) = node.floats("value_floats") {
        Constant::list(values.iter().map(|value| f64::from(*value)).collect())
    } else {
        return Ok(Value::Sizes(Vec::new()));
    };
    Ok(Value::Constant(constant))
}

/// A constant of a size that may depend on the input.
pub(super) fn filled(node: &Node) -> Result<Value, String> {
    let value = node.tensor("value").map(Constant::read).transpose()?;
    Ok(if value.is_none_or(|value| value.is_zero()) { Value::Zeros } else { Value::Sizes(Vec::new()) })
}

/// The sizes of a value, as far as they are known.
pub(super) fn shape_of(value: &Value) -> Value {
    match value {
        Value::Tensor(tensor) => {
            Value::Sizes(tensor.axes.iter().map(|axis| axis.size().map(|size| size as f64)).collect())
        }
        Value::Constant(constant) => {
            Value::Constant(Constant::list(constant.dims.iter().map(|size| *size as f64).collect()))
        }
        _ => Value::Sizes(Vec::new()),
    }
}
