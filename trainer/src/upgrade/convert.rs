//! From the manifest and tensors of version 2 to part one and the tensors of today.

use runtime::format::{
    self, CharacterRule, FingerprintTableSize, FloatChannel, Frames, IntegerChannel, ONE_TEMPERATURE, Packing, PartOne,
    PartRule, Precision, Task, Text, Thresholds, Tokens, UNICODE_VERSION, Vectors, WordRule, WordSplit, round_up,
};
use runtime::text::FIRST_WORD_TOKEN;

use super::file::OldFile;
use super::manifest::{
    Cell, DataType, Direction, FingerprintTable, FrameInput, Input, Layer, Pooling, Scales, StringTable, Tensor,
    TokenVectors,
};
use crate::error::Error;
use crate::export::{Assembly, Behind, ModelFile, PartTwo, TensorArea};
use crate::hexadecimal;

/// The input's and the hidden state's columns of a row came in multiples of this.
const COLUMN_MULTIPLE: usize = 4;
/// What the longest row followed in a version's build metadata.
const LONGEST_ROW: &str = "longest-row";

/// A converted file, to be put together.
pub(super) struct Converted {
    precision: Precision,
    part_one: PartOne,
    tensors: Vec<u8>,
    part_two: PartTwo,
}

impl Converted {
    /// Converts a file; what is wrong with it.
    pub(super) fn of(old: &OldFile<'_>, lifts_limit: bool) -> Result<Self, String> {
        let manifest = &old.manifest;
        let mut converter = Converter { old, tensors: TensorArea::default() };
        let (input, mut input_size, one_hot_tokens) = converter.input()?;
        let mut layers = Vec::new();
        for (number, layer) in manifest.layers.iter().enumerate() {
            let tokens = one_hot_tokens.filter(|_| number == 0);
            layers.push(converter.layer(layer, input_size, tokens)?);
            input_size = usize::from(layer.hidden_size) * if layer.reverse.is_some() { 2 } else { 1 };
        }
        let head = converter.head(input_size)?;
        let is_bidirectional = manifest.layers.iter().any(|layer| layer.reverse.is_some());
        let is_unlimited = manifest.max_steps == u32::MAX || (lifts_limit && !is_bidirectional);
        let layers_fit = layers.len() <= format::MAX_LAYERS;
        if !layers_fit {
            return Err(format!("{} layers: expected at most {}", layers.len(), format::MAX_LAYERS));
        }
        let pad_to = u16::try_from(manifest.pad_to).map_err(|_| format!("padding to {} steps", manifest.pad_to))?;
        Ok(Self {
            precision: old.precision,
            part_one: PartOne {
                input,
                max_steps: if is_unlimited { 0 } else { manifest.max_steps },
                pad_to,
                layers: layers.into_iter().collect(),
                heads: [head].into_iter().collect(),
            },
            tensors: converter.tensors.bytes,
            part_two: part_two(old),
        })
    }

    /// The file.
    pub(super) fn assemble(&self) -> Result<ModelFile, Error> {
        let Self { precision, part_one, tensors, part_two } = self;
        let (precision, packing) = (*precision, Packing::RowMajor);
        let part_two = part_two.encode()?;
        let behind = Behind::PartTwo(&part_two);
        Assembly { precision, packing, model_version: 0, part_one, tensors, behind }.file()
    }
}

/// Takes tensors out of an old file and adds them to a new one.
struct Converter<'a, 'm> {
    old: &'a OldFile<'m>,
    tensors: TensorArea,
}

impl Converter<'_, '_> {
    fn is_integer(&self) -> bool {
        self.old.precision == Precision::Int8
    }

    /// Converts the input; the values of a step, or none and the number of one-hot tokens.
    fn input(&mut self) -> Result<(format::Input, usize, Option<usize>), String> {
        let old = self.old;
        let split = WordSplit::of(WordRule::LowercaseAlphanumeric);
        let first = FIRST_WORD_TOKEN as usize;
        let (tokens, count, vectors) = match &old.manifest.input {
            Input::Frames(frames) => {
                let frames = self.frames(frames)?;
                return Ok((format::Input::Frames(frames), frames.values_of_a_step(), None));
            }
            Input::Words(_, strings, vectors) => {
                (Tokens::Words { split, vocabulary: self.strings(strings)? }, strings.count as usize + first, vectors)
            }
            Input::HashedWords(_, buckets, vectors) => {
                (Tokens::HashedWords { split, buckets: *buckets }, *buckets as usize + first, vectors)
            }
            Input::Characters(_, strings, vectors) => {
                let (rule, alphabet) = (CharacterRule::Lowercase, self.strings(strings)?);
                let tokens = Tokens::Characters { rule, unicode: UNICODE_VERSION, alphabet };
                (tokens, strings.count as usize + first, vectors)
            }
            Input::Bytes(vectors) => (Tokens::Bytes, 256 + first, vectors),
            Input::FingerprintedWords(words) => {
                let table = self.fingerprints(&words.table)?;
                (Tokens::FingerprintedWords { split, table }, table.count as usize + first, &words.vectors)
            }
            Input::ComposedWords(words, _, buckets) => {
                let (table, buckets) = (self.fingerprints(&words.table)?, *buckets);
                let count = table.count as usize + first + buckets as usize;
                let tokens = Tokens::ComposedWords { split, table, parts: PartRule::PrefixAndWord, buckets };
                (tokens, count, &words.vectors)
            }
        };
        let TokenVectors::Embedding { weights, size } = vectors else {
            let text = Text { tokens, vectors: Vectors::OneHot };
            return Ok((format::Input::Text(text), 0, Some(count)));
        };
        let bits = self.rows(weights, count, usize::from(*size), &[usize::from(*size)])?;
        let text = Text { tokens, vectors: Vectors::Embedding { size: *size, bits } };
        Ok((format::Input::Text(text), usize::from(*size), None))
    }

    fn strings(&mut self, table: &StringTable) -> Result<format::StringTableSize, String> {
        let bytes = self.old.bytes(&table.bytes, DataType::U8, table.bytes.elements as usize)?;
        let index: Vec<u32> = self.old.values(&table.index, DataType::U32, (table.count as usize).div_ceil(16))?;
        self.tensors.add(index.get(1..).unwrap_or_default());
        self.tensors.add(bytes);
        Ok(format::StringTableSize { count: table.count, bytes: bytes.len() as u32 })
    }

    fn fingerprints(&mut self, table: &FingerprintTable) -> Result<FingerprintTableSize, String> {
        let FingerprintTable { count, seed, remainder_bits, .. } = *table;
        let size = FingerprintTableSize { count, seed, remainder_bits };
        let buckets: Vec<u32> = self.old.values(&table.buckets, DataType::U32, size.bucket_words())?;
        let index: Vec<u32> = self.old.values(&table.index, DataType::U32, size.index_entries())?;
        let remainders = self.old.bytes(&table.remainders, DataType::U8, size.remainder_bytes())?;
        self.tensors.add(&buckets);
        self.tensors.add(&index);
        self.tensors.add(remainders);
        Ok(size)
    }

    fn frames(&mut self, frames: &FrameInput) -> Result<Frames, String> {
        let channels = usize::from(frames.channels);
        self.tensors.add(&[frames.unit]);
        if self.is_integer() {
            let zeros: Vec<i16> = self.old.values(&frames.zero, DataType::I16, channels)?;
            let scales: Vec<i16> = self.old.values(&frames.scale, DataType::I16, channels)?;
            let channel = |(zero, scale): (i16, i16)| IntegerChannel {
                zero: zero.into(),
                scale,
                pre_shift: 0,
                shift: frames.shift,
            };
            self.tensors.add(&zeros.into_iter().zip(scales).map(channel).collect::<Vec<_>>());
        } else {
            let zeros: Vec<f32> = self.old.values(&frames.zero, DataType::F32, channels)?;
            let scales: Vec<f32> = self.old.values(&frames.scale, DataType::F32, channels)?;
            let channel = |(zero, scale)| FloatChannel { zero, scale };
            self.tensors.add(&zeros.into_iter().zip(scales).map(channel).collect::<Vec<_>>());
        }
        Ok(Frames::single(frames.channels, true))
    }

    fn layer(&mut self, layer: &Layer, input_size: usize, tokens: Option<usize>) -> Result<format::Layer, String> {
        let declared = usize::from(layer.input_size);
        if declared != tokens.unwrap_or(input_size) {
            return Err(format!("a layer of {declared} inputs over {input_size}"));
        }
        let cell = match layer.cell {
            Cell::Lstm => format::Cell::Lstm,
            Cell::Gru => format::Cell::Gru,
            Cell::RnnTanh => format::Cell::RnnTanh,
            Cell::RnnRelu => format::Cell::RnnRelu,
        };
        let parts = [input_size, layer.hidden_size.into()];
        let (forward, bits) = self.direction(cell, &layer.forward, parts, tokens)?;
        let reverse = layer.reverse.as_ref().map(|reverse| self.direction(cell, reverse, parts, tokens));
        let reverse = reverse.transpose()?;
        if reverse.is_some_and(|(_, of_reverse)| of_reverse != bits) {
            return Err("the directions of a layer have weights of different bits".into());
        }
        Ok(format::Layer {
            cell,
            hidden_size: layer.hidden_size,
            bits,
            forward,
            reverse: reverse.map(|(direction, _)| direction),
        })
    }

    /// Converts a direction of so many inputs and units; the bits of its weights.
    fn direction(
        &mut self,
        cell: format::Cell,
        direction: &Direction,
        parts: [usize; 2],
        tokens: Option<usize>,
    ) -> Result<(format::Direction, u8), String> {
        let [_, hidden_size] = parts;
        let (rows, results) = (cell.gates() * hidden_size, cell.results() * hidden_size);
        if let Some(tokens) = tokens {
            let table = direction.one_hot.as_ref().ok_or("one-hot weights are missing")?;
            let data_type = self.float_or(DataType::I8);
            let bytes = self.old.bytes(table, data_type, tokens * rows)?;
            self.tensors.add(bytes);
        }
        let columns = parts.map(|size| round_up(size, COLUMN_MULTIPLE)).iter().sum();
        let bits = self.rows(&direction.weights, rows, columns, &parts)?;
        self.bias(&direction.bias, results)?;
        let scales = self.scales(direction.scales.as_ref(), results)?;
        Ok((scales, bits))
    }

    fn head(&mut self, pooled: usize) -> Result<format::Head, String> {
        let manifest = &self.old.manifest;
        let classes = manifest.labels.count as usize;
        let labels = self.strings(&manifest.labels)?;
        let bytes = self.old.bytes(&manifest.head.weights, self.float_or(DataType::I8), classes * pooled)?;
        self.tensors.add(bytes);
        self.bias(&manifest.head.bias, classes)?;
        let scales = self.scales(manifest.head.scales.as_ref(), classes)?;
        Ok(format::Head {
            task: Task::Classification,
            pooling: match manifest.pooling {
                Pooling::Last => format::Pooling::Last,
                Pooling::Mean => format::Pooling::Mean,
                Pooling::Max => format::Pooling::Max,
            },
            labels,
            accumulator_shift: scales.accumulator_shift,
            inverse_temperature: ONE_TEMPERATURE,
            thresholds: Thresholds::None,
        })
    }

    fn bias(&mut self, tensor: &Tensor, count: usize) -> Result<(), String> {
        let data_type = if self.is_integer() { DataType::I32 } else { DataType::F32 };
        let bias: Vec<u32> = self.old.values(tensor, data_type, count)?;
        self.tensors.add(&bias);
        Ok(())
    }

    fn scales(&mut self, scales: Option<&Scales>, count: usize) -> Result<format::Direction, String> {
        match (scales, self.is_integer()) {
            (Some(Scales { multipliers, accumulator_shift, state_fraction_bits }), true) => {
                let multipliers: Vec<i16> = self.old.values(multipliers, DataType::I16, count)?;
                self.tensors.add(&multipliers);
                let (accumulator_shift, state_fraction_bits) = (*accumulator_shift, *state_fraction_bits);
                Ok(format::Direction { accumulator_shift, state_fraction_bits })
            }
            (None, false) => Ok(format::Direction::default()),
            _ => Err("the scales of a matrix are not those of its precision".into()),
        }
    }

    /// The type of a weight in a float model, else another one.
    fn float_or(&self, integer: DataType) -> DataType {
        match self.old.precision {
            Precision::F32 => DataType::F32,
            Precision::F16 => DataType::F16,
            Precision::Int8 => integer,
        }
    }

    /// Converts rows of `columns` weights into one tensor for each part, of so many columns each; parts began at multiples
    /// of [`COLUMN_MULTIPLE`], if there are several. Returns the bits of a weight.
    fn rows(&mut self, tensor: &Tensor, rows: usize, columns: usize, parts: &[usize]) -> Result<u8, String> {
        let bits = match self.float_or(if tensor.data_type == DataType::I4 { DataType::I4 } else { DataType::I8 }) {
            DataType::F32 => 32,
            DataType::F16 => 16,
            DataType::I4 => 4,
            _ => 8,
        };
        let data_type = self.float_or(if bits == 4 { DataType::I4 } else { DataType::I8 });
        // In 4 bits a row of an embedding filled up its last byte.
        let stored = if bits == 4 { round_up(columns, 2) } else { columns };
        let bytes = self.old.bytes(tensor, data_type, rows * stored)?;
        let of = |numbers: usize| (numbers * usize::from(bits)).div_ceil(8);
        let mut start = 0;
        for part in parts {
            let length = of(*part);
            let taken: Vec<u8> =
                bytes.chunks(of(stored).max(1)).flat_map(|row| cut(&row[start..start + length], *part, bits)).collect();
            self.tensors.add(&taken);
            start += of(round_up(*part, COLUMN_MULTIPLE));
        }
        Ok(bits)
    }
}

/// A row of so many numbers; what fills up its last byte becomes 0.
fn cut(row: &[u8], numbers: usize, bits: u8) -> Vec<u8> {
    let mut row = row.to_vec();
    if bits == 4 && !numbers.is_multiple_of(2) {
        row.last_mut().into_iter().for_each(|byte| *byte &= 0x0F);
    }
    row
}

fn part_two(old: &OldFile<'_>) -> PartTwo {
    let provenance = &old.manifest.provenance;
    let (version, metadata) = provenance.trainer_version.split_once('+').unwrap_or((provenance.trainer_version, ""));
    let mut identifiers = metadata.split('.');
    let longest_row = identifiers.find(|identifier| *identifier == LONGEST_ROW).and_then(|_| identifiers.next());
    PartTwo {
        trainer_version: version.into(),
        data_hash: hexadecimal::hash(provenance.data_hash).unwrap_or_default(),
        training_rows: provenance.training_rows,
        calibration_rows: provenance.calibration_rows,
        validation_accuracy: provenance.validation_accuracy,
        seed: provenance.seed,
        longest_row: longest_row.and_then(|frames| frames.parse().ok()).unwrap_or(0),
        ..PartTwo::default()
    }
}
