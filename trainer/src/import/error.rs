use std::fmt;
use std::path::PathBuf;

use thiserror::Error;

use crate::error::Error;

/// Why a model of another framework cannot be imported: which file, tensor or line, and what to do.
#[derive(Debug, Error)]
pub enum ImportError {
    /// Bytes that are not a safetensors file.
    #[error("{}: not a safetensors file ({problem})", path.display())]
    NotSafetensors {
        /// The file.
        path: PathBuf,
        /// What the safetensors reader said.
        problem: String,
    },
    /// Something that the description says and that cannot be so, or that the weights contradict.
    #[error("{}: {problem}", path.display())]
    Description {
        /// The description, or the file of weights.
        path: PathBuf,
        /// Which key, what is wrong, what is expected.
        problem: String,
    },
    /// An ONNX file that is none, or whose network a device does not compute.
    #[error("{}: {problem}", path.display())]
    Onnx {
        /// The file.
        path: PathBuf,
        /// Which node, which attribute or input of it, what is expected.
        problem: String,
    },
    /// A line of a list of words or labels that cannot be used.
    #[error("{}, line {line}: {problem}", path.display())]
    Line {
        /// The list.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong with it, and what to do.
        problem: String,
    },
    /// A tensor that is not in the file.
    #[error("{}: no tensor `{tensor}`; the file has {}", path.display(), list(present))]
    Missing {
        /// The file of weights.
        path: PathBuf,
        /// The name that was looked for.
        tensor: String,
        /// All names of the file.
        present: Vec<String>,
    },
    /// No module, or more than one, that could be what is looked for.
    #[error("{}: {}; name it in the description's [tensors], {key}", path.display(), ambiguous(what, found))]
    Ambiguous {
        /// The file of weights.
        path: PathBuf,
        /// What is looked for.
        what: &'static str,
        /// What it could be.
        found: Vec<String>,
        /// The key that names it.
        key: &'static str,
    },
    /// Tensors that the described network does not have.
    #[error(
        "{}: the described network does not use {}; correct the description, or list them under [tensors] ignore",
        path.display(),
        list(tensors)
    )]
    Unused {
        /// The file of weights.
        path: PathBuf,
        /// Their names.
        tensors: Vec<String>,
    },
    /// A tensor whose numbers are of a type that is not read.
    #[error("{}: tensor `{tensor}` holds {found}, expected F32, F16 or F64", path.display())]
    DataType {
        /// The file of weights.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// Its type.
        found: String,
    },
    /// A tensor of another shape than the network has.
    #[error("{}: tensor `{tensor}` has shape {found}, expected {expected}", path.display())]
    Shape {
        /// The file of weights.
        path: PathBuf,
        /// The tensor.
        tensor: String,
        /// Its shape.
        found: Shape,
        /// The shape, and why it is expected.
        expected: String,
    },
    /// A tensor with a number that is not finite, as f32.
    #[error("{}: tensor `{tensor}` has a value that is not finite", path.display())]
    NotFinite {
        /// The file of weights.
        path: PathBuf,
        /// The tensor.
        tensor: String,
    },
}

impl From<ImportError> for Error {
    fn from(error: ImportError) -> Self {
        Self::Input(Box::new(error))
    }
}

/// The dimensions of a tensor, written `[rows, columns]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape(pub Vec<usize>);

impl fmt::Display for Shape {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sizes: Vec<String> = self.0.iter().map(usize::to_string).collect();
        write!(formatter, "[{}]", sizes.join(", "))
    }
}

/// Most names that a message lists.
const LISTED_NAMES: usize = 12;

/// Names in quotes, on one line; no more than a reader can use.
fn list(names: &[String]) -> String {
    if names.is_empty() {
        return "none".into();
    }
    let quoted: Vec<String> =
        names.iter().take(LISTED_NAMES).map(|name| format!("`{}`", name.escape_debug())).collect();
    match names.len().checked_sub(LISTED_NAMES) {
        Some(more) if more > 0 => format!("{} and {more} more", quoted.join(", ")),
        _ => quoted.join(", "),
    }
}

fn ambiguous(what: &str, found: &[String]) -> String {
    if found.is_empty() { format!("no {what} found") } else { format!("more than one {what}: {}", list(found)) }
}
