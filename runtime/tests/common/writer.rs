//! Writes the model file of a [`Spec`], part by part.

use super::fingerprints::Fingerprints;
use super::parts::{File, Parts, Tensor};
use super::{
    BUCKETS, HEAD_SEED, InputSpec, LayerSpec, SUBWORD_BUCKETS, Spec, UNITS, VectorSpec, WeightSpec, WindowSpec,
    fingerprints, float, float_channel, float_difference, head_bias, integer_channel, integer_difference, multiplier,
    number, small_number, threshold,
};
use runtime::format::{
    Cell, CharacterRule, Direction, FingerprintTableSize, FloatChannel, Frames, HalfWords, Head, Input, IntegerChannel,
    Layer, Packing, PartOne, PartRule, Precision, StringTableSize, Task, Text, Thresholds, Tokens, UNICODE_VERSION,
    Vectors, WordSplit,
};

impl Parts {
    pub(crate) fn of(spec: &Spec) -> Self {
        let Spec { precision, weights, packing, .. } = *spec;
        let mut writer = Writer { precision, weights, packing, tensors: Vec::new() };
        let input = writer.input(spec);
        let mut input_size = spec.input_size();
        let mut layers = Vec::new();
        for (number, layer) in spec.layers.iter().enumerate() {
            let one_hot =
                (number == 0 && spec.vectors == VectorSpec::OneHot && spec.token_count() > 0).then_some(input_size);
            let bits = writer.layer_bits();
            let mut direction =
                |name: &str, seed| writer.direction(&format!("{number}.{name}"), layer, seed, input_size, one_hot);
            layers.push(Layer {
                cell: layer.cell,
                hidden_size: layer.hidden_size as u16,
                bits,
                forward: direction("forward", layer.seed),
                reverse: layer.reverse_seed.map(|seed| direction("reverse", seed)),
            });
            input_size = layer.width();
        }
        let head = writer.head(spec, input_size);
        let part_one = PartOne {
            input,
            max_steps: spec.max_steps,
            pad_to: spec.pad_to,
            layers: layers.into_iter().collect(),
            heads: [head].into_iter().collect(),
        };
        Self {
            precision,
            packing,
            alignment: spec.alignment,
            needs: None,
            capacity: None,
            model_version: 7,
            part_one,
            extensions: Vec::new(),
            tensors: writer.tensors,
            part_two: b"part two".to_vec(),
            signature: Vec::new(),
        }
    }
}

/// The model file of a specification.
pub(crate) fn file(spec: &Spec) -> File {
    Parts::of(spec).assemble()
}

struct Writer {
    precision: Precision,
    weights: WeightSpec,
    packing: Packing,
    tensors: Vec<Tensor>,
}

impl Writer {
    fn add<T: bytemuck::NoUninit>(&mut self, name: &str, values: &[T]) {
        let bytes = bytemuck::cast_slice(values).to_vec();
        self.tensors.push(Tensor { name: name.into(), size: size_of::<T>(), bytes });
    }

    /// Bits of a weight of a layer, and of a number of an embedding that is not [`VectorSpec::Nibbles`].
    fn bits(&self) -> u8 {
        match self.precision {
            Precision::F32 => 32,
            Precision::F16 => 16,
            Precision::Int8 => 8,
        }
    }

    fn layer_bits(&self) -> u8 {
        if self.weights == WeightSpec::Nibbles { 4 } else { self.bits() }
    }

    fn weights(&mut self, name: &str, weights: &[i8]) {
        match self.precision {
            Precision::Int8 => self.add(name, weights),
            Precision::F32 => self.add(name, &weights.iter().map(|weight| float(*weight)).collect::<Vec<_>>()),
            Precision::F16 => {
                self.add(name, &weights.iter().map(|weight| half_bits(*weight)).collect::<Vec<_>>());
            }
        }
    }

    /// Rows in 4 bits, each from a byte on.
    fn nibbles(&mut self, name: &str, rows: impl Iterator<Item = Vec<i8>>) {
        let bytes: Vec<u8> = rows
            .flat_map(|row| {
                let byte = |pair: &[i8]| pair[0] as u8 & 15 | (pair.get(1).copied().unwrap_or(0) as u8) << 4;
                row.chunks(2).map(byte).collect::<Vec<_>>()
            })
            .collect();
        self.add(name, &bytes);
    }

    /// The weights of a layer, `[rows, columns]`.
    fn matrix(&mut self, name: &str, rows: usize, columns: usize, weight: impl Fn(usize, usize) -> i8) {
        let row = |row: usize| (0..columns).map(|column| weight(row, column)).collect::<Vec<_>>();
        let small = |number: usize| row(number).into_iter().map(|weight| weight / 17).collect::<Vec<_>>();
        match self.weights {
            WeightSpec::Bytes => self.weights(name, &(0..rows).flat_map(row).collect::<Vec<_>>()),
            WeightSpec::Nibbles => self.nibbles(name, (0..rows).map(small)),
            WeightSpec::NibblesAsBytes => self.add(name, &(0..rows).flat_map(small).collect::<Vec<_>>()),
        }
    }

    fn bias(&mut self, name: &str, bias: &[i32], unit: f32) {
        match self.precision {
            Precision::Int8 => self.add(name, bias),
            _ => self.add(name, &bias.iter().map(|bias| *bias as f32 * unit).collect::<Vec<_>>()),
        }
    }

    fn strings<S: AsRef<str>>(&mut self, name: &str, strings: &[S]) -> StringTableSize {
        let (mut bytes, mut index) = (Vec::new(), Vec::new());
        for (number, string) in strings.iter().map(AsRef::as_ref).enumerate() {
            if number > 0 && number.is_multiple_of(16) {
                index.push(bytes.len() as u32);
            }
            bytes.push(string.len() as u8);
            bytes.extend_from_slice(string.as_bytes());
        }
        self.add(&format!("{name}.index"), &index);
        self.add(&format!("{name}.bytes"), &bytes);
        StringTableSize { count: strings.len() as u32, bytes: bytes.len() as u32 }
    }

    fn fingerprints(&mut self, spec: &Spec) -> FingerprintTableSize {
        let Fingerprints { seed, remainder_bits, sorted, buckets, index, remainders } =
            fingerprints(spec.fingerprinted);
        self.add("buckets", &buckets);
        self.add("index", &index);
        self.add("remainders", &remainders);
        FingerprintTableSize { count: sorted.len() as u32, seed, remainder_bits }
    }

    fn vectors(&mut self, spec: &Spec) -> Vectors {
        let (tokens, size) = (spec.token_count(), spec.input_size());
        let one = if self.precision == Precision::Int8 { 127 } else { 0 };
        let mut bits = self.bits();
        match spec.vectors {
            VectorSpec::OneHot => return Vectors::OneHot,
            VectorSpec::Nibbles => {
                bits = 4;
                let vectors = |token| (0..size).map(move |column| small_number(7, token, column)).collect();
                self.nibbles("vectors", (0..tokens).map(vectors));
            }
            VectorSpec::Identity if self.precision == Precision::F32 => {
                let identity = (0..tokens * size).map(|index| f32::from(u8::from(index / size == index % size)));
                self.add("vectors", &identity.collect::<Vec<_>>());
            }
            kind => {
                let value = |row: usize, column: usize| match kind {
                    VectorSpec::NibblesAsBytes => 16 * small_number(7, row, column),
                    VectorSpec::Identity => i8::from(row == column) * one,
                    _ => number(7, row, column),
                };
                let values: Vec<i8> = (0..tokens * size).map(|index| value(index / size, index % size)).collect();
                self.weights("vectors", &values);
            }
        }
        Vectors::Embedding { size: size as u16, bits }
    }

    fn frames(&mut self, spec: &Spec) -> Frames {
        let WindowSpec { frames_per_step, frame_stride, has_differences, has_one_unit } = spec.window;
        let channels = spec.channels();
        let identity = spec.input != InputSpec::Frames;
        let unit = |channel: usize| if identity { 1.0 } else { UNITS[channel] };
        self.add("units", &(0..if has_one_unit { 1 } else { channels }).map(unit).collect::<Vec<_>>());
        self.channels("channels", channels, identity, integer_channel, float_channel);
        self.channels(
            "differences",
            if has_differences { channels } else { 0 },
            identity,
            integer_difference,
            float_difference,
        );
        Frames { channels: channels as u16, has_one_unit, frames_per_step, frame_stride, has_differences }
    }

    fn channels(
        &mut self,
        name: &str,
        count: usize,
        identity: bool,
        integer: fn(usize) -> IntegerChannel,
        float: fn(usize) -> FloatChannel,
    ) {
        if self.precision == Precision::Int8 {
            let same = IntegerChannel { zero: 0, scale: 1, pre_shift: 0, shift: 0 };
            let channel = |channel| if identity { same } else { integer(channel) };
            self.add(name, &(0..count).map(channel).collect::<Vec<_>>());
        } else {
            let same = FloatChannel { zero: 0.0, scale: 1.0 };
            let channel = |channel| if identity { same } else { float(channel) };
            self.add(name, &(0..count).map(channel).collect::<Vec<_>>());
        }
    }

    fn input(&mut self, spec: &Spec) -> Input {
        let split = WordSplit::of(spec.rule);
        let tokens = match spec.input {
            InputSpec::Frames | InputSpec::Identity { .. } => return Input::Frames(self.frames(spec)),
            InputSpec::Words => Tokens::Words { split, vocabulary: self.strings("words", &spec.words) },
            InputSpec::HashedWords => Tokens::HashedWords { split, buckets: BUCKETS },
            InputSpec::FingerprintedWords => Tokens::FingerprintedWords { split, table: self.fingerprints(spec) },
            InputSpec::ComposedWords => Tokens::ComposedWords {
                split,
                table: self.fingerprints(spec),
                parts: PartRule::PrefixAndWord,
                buckets: SUBWORD_BUCKETS,
            },
            InputSpec::Characters => Tokens::Characters {
                rule: CharacterRule::Lowercase,
                unicode: UNICODE_VERSION,
                alphabet: self.strings("alphabet", &spec.alphabet),
            },
            InputSpec::Bytes => Tokens::Bytes,
        };
        Input::Text(Text { tokens, vectors: self.vectors(spec) })
    }

    /// The weights of a layer, packed.
    fn half_words(&mut self, name: &str, shape: HalfWords, seed: u32) {
        let scale = if self.weights == WeightSpec::NibblesAsBytes { 17 } else { 1 };
        let mut words = vec![[0; 4]; shape.words()];
        let weight = |seed| move |row, column| number(seed, row, column) / scale;
        shape.pack(weight(seed), weight(seed + 50), &mut words);
        self.add(&format!("{name}.half_words"), &words.concat());
    }

    fn multipliers(&mut self, name: &str, seed: u32, results: usize) {
        if self.precision == Precision::Int8 {
            self.add(name, &(0..results).map(|result| multiplier(seed, result)).collect::<Vec<_>>());
        }
    }

    fn direction(
        &mut self,
        name: &str,
        layer: &LayerSpec,
        seed: u32,
        input_size: usize,
        one_hot: Option<usize>,
    ) -> Direction {
        let rows = layer.cell.gates() * layer.hidden_size;
        let results = layer.cell.results() * layer.hidden_size;
        let has_half_words = self.packing == Packing::HalfWords && self.weights != WeightSpec::Nibbles;
        match one_hot {
            Some(tokens) => {
                let entries: Vec<i8> =
                    (0..tokens * rows).map(|index| number(seed, index % rows, index / rows)).collect();
                self.weights(&format!("{name}.one_hot"), &entries);
            }
            None if !has_half_words => {
                self.matrix(&format!("{name}.input"), rows, input_size, |row, column| number(seed, row, column));
            }
            None => {}
        }
        let recurrent = |row, column| number(seed + 50, row, column);
        if has_half_words {
            let input_size = if one_hot.is_some() { 0 } else { input_size };
            self.half_words(name, HalfWords { cell: layer.cell, input_size, hidden_size: layer.hidden_size }, seed);
        } else {
            self.matrix(&format!("{name}.recurrent"), rows, layer.hidden_size, recurrent);
        }
        // Packed, the results of a unit lie one after another.
        let of_unit = layer.cell.results();
        let placed =
            |place: usize| if has_half_words { place % of_unit * layer.hidden_size + place / of_unit } else { place };
        let bias: Vec<i32> = (0..results).map(|place| i32::from(number(seed + 2, placed(place), 0)) * 60).collect();
        self.bias(&format!("{name}.bias"), &bias, 1.0 / 8192.0);
        if self.precision == Precision::Int8 {
            let multipliers: Vec<i16> = (0..results).map(|place| multiplier(seed, placed(place))).collect();
            self.add(&format!("{name}.multipliers"), &multipliers);
        }
        let state_fraction_bits = match layer.cell {
            Cell::Lstm => 12,
            Cell::RnnRelu => 10,
            Cell::Gru | Cell::RnnTanh => 0,
        };
        match self.precision {
            Precision::Int8 => Direction { accumulator_shift: 2, state_fraction_bits },
            Precision::F32 | Precision::F16 => Direction::default(),
        }
    }

    fn head(&mut self, spec: &Spec, pooled_size: usize) -> Head {
        let labels = self.strings("labels", &spec.labels);
        let classes = spec.labels.len();
        let weights: Vec<i8> = (0..classes * pooled_size)
            .map(|index| number(HEAD_SEED, index / pooled_size, index % pooled_size))
            .collect();
        self.weights("head.weights", &weights);
        let bias: Vec<i32> = (0..classes).map(head_bias).collect();
        self.bias("head.bias", &bias, 1.0 / 1e6);
        self.multipliers("head.multipliers", HEAD_SEED, classes);
        if spec.thresholds == Thresholds::OfClasses {
            self.add("thresholds", &(0..classes).map(threshold).collect::<Vec<_>>());
        }
        Head {
            task: Task::Classification,
            pooling: spec.pooling,
            labels,
            accumulator_shift: 0,
            inverse_temperature: spec.inverse_temperature,
            thresholds: spec.thresholds,
        }
    }
}

/// [`float`] of a weight as an `f16`, which has it exactly.
fn half_bits(weight: i8) -> u16 {
    let bits = float(weight).to_bits();
    // The exponents' biases are 127 and 15.
    let magnitude = (bits & 0x7FFF_FFFF).saturating_sub((127 - 15) << 23) >> 13;
    (bits >> 16 & 0x8000 | magnitude) as u16
}
