//! Arithmetic on the input: what becomes of tokens before the embedding, and the normalization of frames.

use super::value::{Affine, Axis, Constant, Content, Tensor, Value};

/// The result for the operands of a node of two inputs.
pub(super) fn binary(operation: &str, first: Value, second: Value, tokens: usize) -> Result<Value, String> {
    match (&first, &second) {
        (Value::Tensor(tensor), _) | (_, Value::Tensor(tensor)) if matches!(tensor.content, Content::Tokens(_)) => {
            let axes = tensor.axes.clone();
            let (first, second) = (table(&first, tokens)?, table(&second, tokens)?);
            let values = first.iter().zip(&second).map(|(a, b)| of_numbers(operation, *a, *b));
            Ok(Tensor::value(axes, Content::Tokens(Some(values.collect::<Option<_>>().ok_or("not for tokens")?))))
        }
        (Value::Tensor(Tensor { axes, content: Content::Frames(affine) }), Value::Constant(constant)) => {
            normalized(operation, axes, affine, constant)
        }
        (Value::Constant(constant), Value::Tensor(Tensor { axes, content: Content::Frames(affine) }))
            if ["Add", "Mul"].contains(&operation) =>
        {
            normalized(operation, axes, affine, constant)
        }
        (Value::Constant(first), Value::Constant(second))
            if first.values.len() == second.values.len() || second.values.len() == 1 =>
        {
            let last = second.values.len().saturating_sub(1);
            let pairs = first.values.iter().enumerate().map(|(place, value)| (*value, second.values[place.min(last)]));
            match pairs.map(|(a, b)| of_numbers(operation, a, b)).collect() {
                Some(values) => Ok(Value::Constant(Constant { dims: first.dims.clone(), values })),
                None => Ok(Value::Sizes(Vec::new())),
            }
        }
        (Value::Sizes(sizes), Value::Constant(constant)) if constant.values.len() == 1 => {
            let size = |size: &Option<f64>| size.and_then(|size| of_numbers(operation, size, constant.values[0]));
            Ok(Value::Sizes(sizes.iter().map(|found| size(found).map(f64::floor)).collect()))
        }
        (Value::Tensor(tensor), _) | (_, Value::Tensor(tensor)) => Err(format!("of {}", tensor.what())),
        _ => Ok(Value::Sizes(Vec::new())),
    }
}

/// `condition ? first : second`, of tokens.
pub(super) fn choose(condition: &Value, first: &Value, second: &Value, tokens: usize) -> Result<Value, String> {
    let Value::Tensor(Tensor { axes, content: Content::Tokens(_) }) = condition else {
        return Err("of what are no tokens".into());
    };
    let (condition, first, second) = (table(condition, tokens)?, table(first, tokens)?, table(second, tokens)?);
    let values = (0..tokens).map(|token| if condition[token] != 0.0 { first[token] } else { second[token] });
    Ok(Tensor::value(axes.clone(), Content::Tokens(Some(values.collect()))))
}

/// What is not true of tokens.
pub(super) fn negate(value: Value, tokens: usize) -> Result<Value, String> {
    match &value {
        Value::Tensor(Tensor { axes, content: Content::Tokens(_) }) => {
            let values = table(&value, tokens)?.iter().map(|value| f64::from(u8::from(*value == 0.0))).collect();
            Ok(Tensor::value(axes.clone(), Content::Tokens(Some(values))))
        }
        Value::Tensor(tensor) => Err(format!("of {}", tensor.what())),
        _ => Ok(Value::Sizes(Vec::new())),
    }
}

/// What a value is for each token.
fn table(value: &Value, tokens: usize) -> Result<Vec<f64>, String> {
    match value {
        Value::Tensor(Tensor { content: Content::Tokens(None), .. }) => {
            Ok((0..tokens).map(|token| token as f64).collect())
        }
        Value::Tensor(Tensor { content: Content::Tokens(Some(values)), .. }) => Ok(values.clone()),
        Value::Constant(Constant { values, .. }) if values.len() == 1 => Ok(vec![values[0]; tokens]),
        Value::Zeros => Ok(vec![0.0; tokens]),
        _ => Err("of tokens and what is neither a token nor a number".into()),
    }
}

fn of_numbers(operation: &str, first: f64, second: f64) -> Option<f64> {
    let truth = |holds: bool| Some(f64::from(u8::from(holds)));
    match operation {
        "Add" => Some(first + second),
        "Sub" => Some(first - second),
        "Mul" => Some(first * second),
        "Div" => Some(first / second),
        "Less" => truth(first < second),
        "LessOrEqual" => truth(first <= second),
        "Greater" => truth(first > second),
        "GreaterOrEqual" => truth(first >= second),
        "Equal" => truth(first == second),
        _ => None,
    }
}

/// Frames with a number for each channel, or one for all, added, subtracted, multiplied or divided.
fn normalized(operation: &str, axes: &[Axis], affine: &[Affine], constant: &Constant) -> Result<Value, String> {
    let channels = match axes.last() {
        Some(Axis::Features(channels)) => *channels,
        _ => return Err("of frames whose channels are not the last axis".into()),
    };
    let count = constant.values.len();
    if count != 1 && (count != channels || constant.dims.last() != Some(&channels)) {
        return Err(format!("of frames of {channels} channels and a constant of shape {:?}", constant.dims));
    }
    let mut found = affine.to_vec();
    found.resize(channels, Affine { mean: 0.0, scale: 1.0 });
    for (channel, Affine { mean, scale }) in found.iter_mut().enumerate() {
        let value = constant.values[channel.min(count - 1)];
        match operation {
            "Add" => *mean -= value / *scale,
            "Sub" => *mean += value / *scale,
            "Mul" => *scale *= value,
            "Div" => *scale /= value,
            _ => return Err("of frames".into()),
        }
    }
    if found.iter().all(|Affine { mean, scale }| mean.is_finite() && scale.is_finite() && *scale != 0.0) {
        Ok(Tensor::value(axes.to_vec(), Content::Frames(found)))
    } else {
        Err("makes a normalization that is not finite, or 0".into())
    }
}
