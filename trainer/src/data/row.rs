/// A labelled sequence.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The name of its class.
    pub label: String,
    /// What is classified.
    pub content: Content,
}

/// What is classified, as a file has it.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// A text.
    Text(String),
    /// Frames of numbers.
    Frames(Frames),
}

/// Frames of numbers, one after another, as a sensor gives them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Frames {
    /// Values of a frame.
    pub channels: usize,
    /// `[steps, channels]`, row-major, in the units of the file; each is finite.
    pub values: Vec<f32>,
}

impl Row {
    /// A labelled text.
    pub fn of_text(label: impl Into<String>, text: impl Into<String>) -> Self {
        Self { label: label.into(), content: Content::Text(text.into()) }
    }
}

impl Content {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Frames(_) => None,
        }
    }

    /// The frames, if they are.
    pub fn frames(&self) -> Option<&Frames> {
        match self {
            Self::Text(_) => None,
            Self::Frames(frames) => Some(frames),
        }
    }
}

impl Frames {
    /// The frames one after another, each of `channels` values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        self.values.chunks_exact(self.channels.max(1))
    }
}
