//! The walk over the nodes.

use std::collections::HashMap;

use super::begin::{constant_of, filled, input_of, shape_of};
use super::head::{Linear, linear, pooling_of, reduce};
use super::recurrent::{LENGTHS, SEQUENCE, layer, steps_of};
use super::schema::{Graph, Node};
use super::shapes::{Range, Sequences, concatenate, gather, reshape, slice, squeeze, transpose, unsqueeze};
use super::value::{Affine, Axis, Constant, Content, Part, Place, Tensor, Value};
use super::{OnnxNetwork, OnnxNormalization, elementwise};
use crate::network::Pooling;
use crate::weights::{LayerWeights, Matrix, NetworkWeights};

/// Most tokens whose arithmetic is followed.
const MOST_TOKENS: usize = 1 << 20;

/// The network of a graph.
///
/// # Errors
/// The node that the logits depend on and that is not understood.
pub(super) fn network(graph: &Graph) -> Result<OnnxNetwork, String> {
    let mut walk = Walk::new(graph);
    for node in &graph.node {
        walk.visit(node);
    }
    walk.finish(graph)
}

/// What is known after some nodes.
struct Walk {
    values: HashMap<String, Value>,
    /// Tokens that arithmetic is followed for: rows of the largest table of the file.
    tokens: usize,
    steps: Option<Axis>,
    fixed: [Option<i64>; 2],
    embedding: Option<Matrix>,
    normalization: Vec<Affine>,
    layers: Vec<LayerWeights>,
    bidirectional: Vec<bool>,
    pooling: Option<Pooling>,
    head: Option<Linear>,
}

impl Walk {
    fn new(graph: &Graph) -> Self {
        let mut values = HashMap::new();
        let mut tokens = 0;
        for tensor in &graph.initializer {
            let value = Constant::read(tensor).map_or_else(Value::Unknown, Value::Constant);
            if let Value::Constant(Constant { dims, .. }) = &value
                && let [rows, _] = dims[..]
            {
                tokens = tokens.max(rows);
            }
            values.insert(tensor.name.clone(), value);
        }
        let mut fixed = [None, None];
        for input in &graph.input {
            if !values.contains_key(&input.name) {
                let (value, sizes) = input_of(input);
                if matches!(value, Value::Tensor(_)) {
                    fixed = sizes;
                }
                values.insert(input.name.clone(), value);
            }
        }
        Self {
            values,
            tokens: tokens.min(MOST_TOKENS),
            steps: None,
            fixed,
            embedding: None,
            normalization: Vec::new(),
            layers: Vec::new(),
            bidirectional: Vec::new(),
            pooling: None,
            head: None,
        }
    }

    fn visit(&mut self, node: &Node) {
        let found = self.outputs(node);
        let values = found.unwrap_or_else(|problem| vec![Value::Unknown(format!("{}: {problem}", node.title()))]);
        let rest = || Value::Unknown(format!("{}: an output that an import does not know", node.title()));
        let mut values = values.into_iter();
        for name in node.output.iter().filter(|name| !name.is_empty()) {
            let value = match values.len() {
                0 => rest(),
                _ => values.next().unwrap_or_else(rest),
            };
            self.values.insert(name.clone(), value);
        }
    }

    /// The values of a node's outputs.
    fn outputs(&mut self, node: &Node) -> Result<Vec<Value>, String> {
        let mut inputs = Vec::new();
        for (place, name) in node.input.iter().enumerate() {
            let is_length = is_recurrent(node) && place == LENGTHS;
            inputs.push(match self.values.get(name) {
                None if name.is_empty() => None,
                _ if is_length => Some(Value::Sizes(Vec::new())),
                Some(Value::Unknown(problem)) => return Ok(vec![Value::Unknown(problem.clone()); node.output.len()]),
                Some(value) => Some(value.clone()),
                None => return Err(format!("input `{}` is not in the graph", name.escape_debug())),
            });
        }
        if is_recurrent(node) {
            return self.recurrent(node, &inputs);
        }
        self.operation(node, inputs).map(|value| vec![value])
    }

    fn operation(&mut self, node: &Node, inputs: Vec<Option<Value>>) -> Result<Value, String> {
        let operation = node.op_type.as_str();
        if operation == "Constant" {
            return constant_of(node);
        }
        let is_fixed = |value: &Option<Value>| !matches!(value, Some(Value::Tensor(_)));
        let all_fixed = inputs.iter().all(is_fixed);
        let integers = |place: usize| match inputs.get(place).and_then(Option::as_ref) {
            Some(Value::Constant(constant)) => Some(constant.integers()),
            _ => None,
        };
        let axes = || node.integers("axes").or_else(|| integers(1));
        let first = || inputs.first().cloned().flatten().ok_or("its first input is left out".to_owned());
        let second = || inputs.get(1).cloned().flatten().ok_or("its second input is left out".to_owned());
        let axis = |default| node.integer("axis").unwrap_or(default);
        match operation {
            "Identity" | "Dropout" | "Cast" => first(),
            "Shape" => Ok(shape_of(&first()?)),
            "ConstantOfShape" => filled(node),
            "Expand" => Ok(match first()? {
                Value::Zeros => Value::Zeros,
                Value::Constant(constant) if constant.is_zero() => Value::Zeros,
                Value::Tensor(tensor) => return Err(format!("of {}", tensor.what())),
                _ => Value::Sizes(Vec::new()),
            }),
            "Transpose" => transpose(first()?, node.integers("perm")),
            "Squeeze" => squeeze(first()?, axes()),
            "Unsqueeze" => unsqueeze(first()?, &axes().ok_or("axes: expected constants")?),
            "Reshape" => reshape(first()?, integers(1).as_deref()),
            "Flatten" => reshape(first()?, None),
            "Slice" => self.slice(node, first()?, &integers),
            "Gather" => self.gather(first()?, second()?, axis(0)),
            "Concat" => {
                concatenate(inputs.iter().flatten().cloned().collect(), node.integer("axis").ok_or("axis is missing")?)
            }
            "ReduceMean" | "ReduceMax" if !all_fixed => {
                let pooling = if operation == "ReduceMean" { Pooling::Mean } else { Pooling::Max };
                self.reduce(
                    first()?,
                    pooling,
                    &axes().ok_or("axes: expected constants")?,
                    node.integer("keepdims") != Some(0),
                )
            }
            "GlobalAveragePool" => self.reduce(first()?, Pooling::Mean, &[2], true),
            "GlobalMaxPool" => self.reduce(first()?, Pooling::Max, &[2], true),
            "Gemm" | "MatMul" if !all_fixed => self.linear(node, first()?, second()?, inputs.get(2).cloned().flatten()),
            "Add" if self.is_logits(&inputs) => self.bias(first()?, second()?),
            "Softmax" | "LogSoftmax" | "Sigmoid" => self.answer(operation, first()?),
            "Not" => elementwise::negate(first()?, self.tokens),
            "Where" if !all_fixed => {
                let third = inputs.get(2).cloned().flatten().ok_or("its third input is left out")?;
                elementwise::choose(&first()?, &second()?, &third, self.tokens)
            }
            "Add" | "Sub" | "Mul" | "Div" | "Less" | "LessOrEqual" | "Greater" | "GreaterOrEqual" | "Equal" => {
                elementwise::binary(operation, first()?, second()?, self.tokens)
            }
            _ if all_fixed => Ok(Value::Sizes(Vec::new())),
            "Loop" | "Scan" => {
                Err("a recurrence that was exported as a loop; expected an LSTM, GRU or RNN node".into())
            }
            _ => Err("an operation that a device does not compute, or that an import does not know".into()),
        }
    }

    fn sequences(&self) -> Sequences<'_> {
        Sequences { steps: self.steps, fixed: self.fixed, bidirectional: &self.bidirectional }
    }

    /// A recurrent layer: its outputs, final states, and a cell state that nothing may use.
    fn recurrent(&mut self, node: &Node, inputs: &[Option<Value>]) -> Result<Vec<Value>, String> {
        let Some(Some(Value::Tensor(below))) = inputs.get(SEQUENCE) else {
            return Err("X does not depend on the input".into());
        };
        let steps = steps_of(&below.axes)?;
        if self.steps.is_some_and(|known| known != steps) {
            return Err("X: its first axis is not the steps of the layers below it".into());
        }
        match &below.content {
            Content::Embedded if self.layers.is_empty() => {}
            Content::Frames(normalization) if self.layers.is_empty() => self.normalization.clone_from(normalization),
            Content::Outputs { layer, part: Part::All } if layer + 1 == self.layers.len() => {}
            _ => {
                return Err(format!(
                    "takes {}; expected what the layer below it gives, of all directions",
                    below.what()
                ));
            }
        }
        let found = layer(node, inputs, below.features().unwrap_or_default())?;
        self.steps = Some(steps);
        let number = self.layers.len();
        let directions = found.directions().count();
        let features = Axis::Features(found.forward.weight_hh.columns);
        let (stack, rows) = (Axis::Stack(directions), below.axes[1]);
        let places = (0..directions).map(|direction| Place { layer: number, is_reverse: direction == 1 }).collect();
        self.bidirectional.push(found.reverse.is_some());
        self.layers.push(found);
        Ok(vec![
            Tensor::value(vec![steps, stack, rows, features], Content::Outputs { layer: number, part: Part::All }),
            Tensor::value(vec![stack, rows, features], Content::States(places)),
        ])
    }

    fn gather(&mut self, data: Value, numbers: Value, axis: i64) -> Result<Value, String> {
        match (data, numbers) {
            (Value::Constant(table), Value::Tensor(Tensor { mut axes, content: Content::Tokens(tokens) })) => {
                let [rows, size] = table.dims[..] else {
                    return Err(format!("an embedding of shape {:?}, expected [tokens, values]", table.dims));
                };
                if axis != 0 || size == 0 || self.embedding.is_some() {
                    return Err("expected one embedding, whose rows are the tokens'".into());
                }
                let numbers = tokens.unwrap_or_else(|| (0..rows).map(|row| row as f64).collect());
                let is_row = |number: &f64| *number >= 0.0 && *number < rows as f64 && number.fract() == 0.0;
                let numbers = numbers.iter().take_while(|number| is_row(number)).map(|number| *number as usize);
                let all = table.floats()?;
                let values = numbers.flat_map(|row| all[row * size..(row + 1) * size].iter().copied());
                self.embedding = Some(Matrix { columns: size, values: values.collect() });
                axes.push(Axis::Features(size));
                Ok(Tensor::value(axes, Content::Embedded))
            }
            (data, Value::Constant(numbers)) => gather(data, &numbers, axis, &self.sequences()),
            (Value::Tensor(tensor), _) => {
                Err(format!("takes entries of {} by numbers that depend on the input", tensor.what()))
            }
            _ => Ok(Value::Sizes(Vec::new())),
        }
    }

    fn slice(&self, node: &Node, value: Value, integers: &dyn Fn(usize) -> Option<Vec<i64>>) -> Result<Value, String> {
        let sizes = |place: usize, name: &str| -> Option<Vec<i64>> {
            node.integers(name).or_else(|| integers(place)).or_else(|| match self.values.get(node.input.get(place)?) {
                Some(Value::Sizes(sizes)) if !sizes.is_empty() => {
                    sizes.iter().map(|size| size.map(|size| size as i64)).collect()
                }
                _ => None,
            })
        };
        let (Some(starts), Some(ends)) = (sizes(1, "starts"), sizes(2, "ends")) else {
            return match value {
                Value::Tensor(tensor) => Err(format!("takes a part of {} that depends on the input", tensor.what())),
                _ => Ok(Value::Sizes(Vec::new())),
            };
        };
        let axes = sizes(3, "axes").unwrap_or_else(|| (0..starts.len() as i64).collect());
        if sizes(4, "steps").is_some_and(|steps| steps.iter().any(|step| *step != 1)) {
            return match value {
                Value::Tensor(tensor) => Err(format!("takes {} in steps other than 1", tensor.what())),
                _ => Ok(Value::Sizes(Vec::new())),
            };
        }
        starts.iter().zip(&ends).zip(&axes).try_fold(value, |value, ((start, end), axis)| {
            slice(value, Range { axis: *axis, start: *start, end: *end }, &self.sequences())
        })
    }

    fn reduce(&self, value: Value, pooling: Pooling, axes: &[i64], keeps_axes: bool) -> Result<Value, String> {
        match value {
            Value::Tensor(tensor) => reduce(tensor, pooling, axes, keeps_axes, &self.sequences()),
            _ => Ok(Value::Sizes(Vec::new())),
        }
    }

    fn linear(&mut self, node: &Node, below: Value, weight: Value, bias: Option<Value>) -> Result<Value, String> {
        let (Value::Tensor(mut below), Value::Constant(weight)) = (below, weight) else {
            return Err("expected a vector that depends on the input, and weights of the file".into());
        };
        for name in ["alpha", "beta"] {
            if let Some(found) = node.float(name).filter(|found| *found != 1.0) {
                return Err(format!("{name} is {found}, expected 1"));
            }
        }
        if node.integer("transA").unwrap_or(0) != 0 {
            return Err("transA is 1, expected 0".into());
        }
        let pooling = pooling_of(&below, &self.bidirectional)?;
        let mut head = linear(&below, &weight, node.integer("transB").unwrap_or(0) != 0)?;
        match bias {
            None => {}
            Some(Value::Constant(bias)) => head.add(&bias)?,
            Some(_) => return Err("C is not among the file's weights".into()),
        }
        if let Some(last) = below.axes.last_mut() {
            *last = Axis::Features(head.bias.len());
        }
        if self.head.is_some() {
            return Err("a second linear layer; a device computes one".into());
        }
        (self.pooling, self.head) = (Some(pooling), Some(head));
        Ok(Tensor::value(below.axes, Content::Logits { are_probabilities: false }))
    }

    fn is_logits(&self, inputs: &[Option<Value>]) -> bool {
        inputs
            .iter()
            .flatten()
            .any(|value| matches!(value, Value::Tensor(Tensor { content: Content::Logits { .. }, .. })))
    }

    /// A bias that is added to the product of a linear layer.
    fn bias(&mut self, first: Value, second: Value) -> Result<Value, String> {
        match (first, second, &mut self.head) {
            (Value::Tensor(logits), Value::Constant(bias), Some(head))
            | (Value::Constant(bias), Value::Tensor(logits), Some(head))
                if logits.content == (Content::Logits { are_probabilities: false }) =>
            {
                head.add(&bias)?;
                Ok(Value::Tensor(logits))
            }
            _ => Err("expected a bias of the file on the logits".into()),
        }
    }

    /// Probabilities of logits, which have the same order.
    fn answer(&self, operation: &str, value: Value) -> Result<Value, String> {
        let Value::Tensor(Tensor { axes, content: Content::Logits { are_probabilities: false } }) = value else {
            return Err("of what are no logits".into());
        };
        let classes = self.head.as_ref().map_or(0, |head| head.bias.len());
        if operation == "Sigmoid" && classes != 1 {
            return Err(format!("{classes} outputs with a sigmoid each are labels that exclude nothing; expected one"));
        }
        Ok(Tensor::value(axes, Content::Logits { are_probabilities: true }))
    }

    fn finish(self, graph: &Graph) -> Result<OnnxNetwork, String> {
        let outputs = || graph.output.iter().map(|output| (output, self.values.get(&output.name)));
        let is_answer = |value: Option<&Value>| {
            matches!(value, Some(Value::Tensor(Tensor { content: Content::Logits { .. }, .. })))
        };
        if !outputs().any(|(_, value)| is_answer(value)) {
            return Err(match outputs().next() {
                Some((_, Some(Value::Unknown(problem)))) => problem.clone(),
                Some((output, Some(Value::Tensor(tensor)))) => format!(
                    "output `{}` is {}, expected the logits of a linear layer",
                    output.name.escape_debug(),
                    tensor.what()
                ),
                Some((output, _)) => format!("output `{}` does not depend on the input", output.name.escape_debug()),
                None => "no output".into(),
            });
        }
        let (Some(Linear { weight, bias }), Some(pooling)) = (self.head, self.pooling) else {
            return Err("no linear layer".into());
        };
        let part = |of: fn(&Affine) -> f64| self.normalization.iter().map(|affine| of(affine) as f32).collect();
        let normalization = OnnxNormalization { mean: part(|affine| affine.mean), scale: part(|affine| affine.scale) };
        Ok(OnnxNetwork {
            weights: NetworkWeights {
                embedding: self.embedding,
                layers: self.layers,
                head_weight: weight,
                head_bias: bias,
            },
            pooling,
            normalization: (!self.normalization.is_empty()).then_some(normalization),
        })
    }
}

fn is_recurrent(node: &Node) -> bool {
    ["LSTM", "GRU", "RNN"].contains(&node.op_type.as_str())
}
