use sha2::{Digest, Sha256};

use super::{Content, Row};
use crate::hexadecimal;

/// SHA-256 of rows.
#[derive(Default)]
pub(super) struct Hasher(Sha256);

impl Hasher {
    pub(super) fn add(&mut self, Row { label, content }: &Row) {
        self.add_text(label);
        match content {
            Content::Text(text) => self.add_text(text),
            Content::Frames(frames) => {
                self.0.update((frames.channels as u64).to_le_bytes());
                self.0.update((frames.values.len() as u64).to_le_bytes());
                frames.values.iter().for_each(|value| self.0.update(value.to_le_bytes()));
            }
        }
    }

    fn add_text(&mut self, text: &str) {
        self.0.update((text.len() as u64).to_le_bytes());
        self.0.update(text);
    }

    pub(super) fn finish(self) -> String {
        hexadecimal::digits(self.0.finalize())
    }
}
