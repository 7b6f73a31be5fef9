use runtime::format::{
    Direction, File, FloatChannel, Frames, HEADER_LENGTH, Head, Input, IntegerChannel, Layer, Precision, Text,
    Thresholds, Tokens, Vectors,
};
use serde::Serialize;

/// The bytes of a model file by kind; their sum is the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct FlashParts {
    /// Header, part one and extensions.
    pub header: usize,
    /// Names of the classes.
    pub labels: usize,
    /// Known words or characters, and their index.
    pub vocabulary: usize,
    /// Unit, zero and scale of each channel.
    pub normalization: usize,
    /// Vectors of the tokens, or the first layer's weights for each.
    pub embedding: usize,
    /// Recurrent layers.
    pub recurrent: usize,
    /// Linear head.
    pub head: usize,
    /// Bytes between tensors.
    pub alignment: usize,
    /// What desktop programs read, and a signature.
    pub desktop: usize,
}

/// One thing that takes bytes of a model file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FlashPart {
    /// What it is.
    pub name: String,
    /// Its bytes.
    pub bytes: usize,
    /// Bits of a number, of vectors and weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits: Option<usize>,
}

/// What a part is counted as.
type Kind = fn(&mut FlashParts) -> &mut usize;

/// Everything that takes bytes, in the order of a sequence's way, and the same by kind.
#[derive(Default)]
pub(super) struct Flash {
    pub(super) by_kind: FlashParts,
    pub(super) parts: Vec<FlashPart>,
    precision: Option<Precision>,
}

impl Flash {
    /// The parts of a model file of so many tokens.
    pub(super) fn new(file: &File<'_>, tokens: usize) -> Self {
        let mut flash = Self { precision: Some(file.header.precision), ..Self::default() };
        let header = &file.header;
        let parts = HEADER_LENGTH + header.part_one_length as usize + header.extensions_length as usize;
        flash.add(|kinds| &mut kinds.header, "header and part one".into(), parts, None);
        let mut input_size = flash.add_input(&file.part_one.input, tokens);
        let is_one_hot = matches!(file.part_one.input, Input::Text(Text { vectors: Vectors::OneHot, .. }));
        for (number, layer) in file.part_one.layers.iter().enumerate() {
            let one_hot = is_one_hot && number == 0;
            flash.add_layer(number, layer, input_size, one_hot);
            input_size = width(layer);
        }
        for head in &file.part_one.heads {
            flash.add_head(head, input_size);
        }
        let used: usize = flash.parts.iter().map(|part| part.bytes).sum();
        let rest = (header.device_length as usize).saturating_sub(used);
        flash.add(|kinds| &mut kinds.alignment, "alignment".into(), rest, None);
        let desktop = file.part_two.map_or(0, <[u8]>::len) + file.signature.len();
        flash.add(|kinds| &mut kinds.desktop, "part two".into(), desktop, None);
        flash.parts.retain(|part| part.bytes > 0);
        flash
    }

    fn add(&mut self, kind: Kind, name: String, bytes: usize, bits: Option<usize>) {
        *kind(&mut self.by_kind) += bytes;
        self.parts.push(FlashPart { name, bytes, bits });
    }

    /// Rows of numbers that are looked up or multiplied; in 4 bits each starts at a byte.
    fn add_rows(&mut self, kind: Kind, name: String, rows: usize, columns: usize, bits: u8) {
        let bits = usize::from(bits);
        self.add(kind, name, rows * (columns * bits).div_ceil(8), Some(bits));
    }

    /// Adds the tables of an input; the values of a step, or the tokens under one-hot vectors.
    fn add_input(&mut self, input: &Input, tokens: usize) -> usize {
        match input {
            Input::Text(text) => {
                self.add_tokens(&text.tokens);
                match text.vectors {
                    Vectors::Embedding { size, bits } => {
                        self.add_rows(|kinds| &mut kinds.embedding, "embedding".into(), tokens, size.into(), bits);
                        size.into()
                    }
                    Vectors::OneHot => tokens,
                }
            }
            Input::Frames(frames) => {
                self.add(|kinds| &mut kinds.normalization, "normalization".into(), self.normalization(frames), None);
                frames.values_of_a_step()
            }
        }
    }

    fn normalization(&self, frames: &Frames) -> usize {
        let units = if frames.has_one_unit { 1 } else { usize::from(frames.channels) };
        let channel = match self.precision {
            Some(Precision::Int8) => size_of::<IntegerChannel>(),
            _ => size_of::<FloatChannel>(),
        };
        units * size_of::<f32>() + frames.values_of_a_frame() * channel
    }

    fn add_tokens(&mut self, tokens: &Tokens) {
        let mut of_vocabulary = |name: &str, bytes: usize| {
            self.add(|kinds| &mut kinds.vocabulary, format!("vocabulary {name}"), bytes, None);
        };
        match tokens {
            Tokens::Words { vocabulary: strings, .. } | Tokens::Characters { alphabet: strings, .. } => {
                of_vocabulary("strings", strings.bytes as usize);
                of_vocabulary("index", strings.index_entries() * 4);
            }
            Tokens::FingerprintedWords { table, .. } | Tokens::ComposedWords { table, .. } => {
                of_vocabulary("buckets", table.bucket_words() * 4);
                of_vocabulary("index", table.index_entries() * 4);
                of_vocabulary("remainders", table.remainder_bytes());
            }
            Tokens::HashedWords { .. } | Tokens::Bytes => {}
        }
    }

    fn add_layer(&mut self, number: usize, layer: &Layer, input_size: usize, one_hot: bool) {
        let directions = [("", Some(&layer.forward)), (" reverse", layer.reverse.as_ref())];
        for (direction, _) in directions.into_iter().filter_map(|(name, direction)| Some((name, direction?))) {
            let name = |part: &str| format!("layer {}{direction} {part}", number + 1);
            let (rows, bits) = (layer.cell.gates() * usize::from(layer.hidden_size), layer.bits);
            if one_hot {
                let table = name("one-hot weights");
                self.add_rows(|kinds| &mut kinds.embedding, table, input_size, rows, bits.max(8));
            } else {
                self.add_rows(|kinds| &mut kinds.recurrent, name("input weights"), rows, input_size, bits);
            }
            let recurrent = name("recurrent weights");
            self.add_rows(|kinds| &mut kinds.recurrent, recurrent, rows, layer.hidden_size.into(), bits);
            let results = layer.cell.results() * usize::from(layer.hidden_size);
            self.add(|kinds| &mut kinds.recurrent, name("bias"), 4 * results, None);
            self.add(|kinds| &mut kinds.recurrent, name("multipliers"), self.multipliers(results), None);
        }
    }

    fn add_head(&mut self, head: &Head, pooled: usize) {
        let classes = head.labels.count as usize;
        let labels = head.labels.bytes as usize + head.labels.index_entries() * 4;
        self.add(|kinds| &mut kinds.labels, "labels".into(), labels, None);
        let bits = match self.precision {
            Some(Precision::F32) => 32,
            Some(Precision::F16) => 16,
            _ => 8,
        };
        self.add_rows(|kinds| &mut kinds.head, "head weights".into(), classes, pooled, bits);
        self.add(|kinds| &mut kinds.head, "head bias".into(), 4 * classes, None);
        self.add(|kinds| &mut kinds.head, "head multipliers".into(), self.multipliers(classes), None);
        let thresholds = if head.thresholds == Thresholds::OfClasses { 2 * classes } else { 0 };
        self.add(|kinds| &mut kinds.head, "head thresholds".into(), thresholds, None);
    }

    fn multipliers(&self, results: usize) -> usize {
        if self.precision == Some(Precision::Int8) { 2 * results } else { 0 }
    }
}

/// Values of a layer's output.
pub(super) fn width(layer: &Layer) -> usize {
    usize::from(layer.hidden_size) * directions(layer).count()
}

/// The directions of a layer.
pub(super) fn directions(layer: &Layer) -> impl Iterator<Item = &Direction> {
    std::iter::once(&layer.forward).chain(&layer.reverse)
}
