use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use half::f16;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use super::error::{ImportError, Shape};
use crate::error::Error;
use crate::weights::Matrix;

/// The tensors of a file by name. A tensor that has been taken is gone, so that what is left is what the network
/// does not use.
#[derive(Debug, Clone)]
pub struct NamedTensors {
    path: PathBuf,
    tensors: BTreeMap<String, NamedTensor>,
    /// All names of the file, for messages.
    names: Vec<String>,
}

/// A tensor of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedTensor {
    /// Its dimensions.
    pub shape: Vec<usize>,
    /// Its values, row-major.
    pub values: TensorValues,
}

/// The values of a tensor, if they are of a type that is read.
#[derive(Debug, Clone, PartialEq)]
pub enum TensorValues {
    /// Floats of 16, 32 or 64 bits, as f32.
    Numbers(Vec<f32>),
    /// Numbers of another type.
    Other(String),
}

impl NamedTensors {
    /// Tensors that lie in memory; `path` is named in errors.
    pub fn new(path: &Path, tensors: impl IntoIterator<Item = (String, NamedTensor)>) -> Self {
        let tensors: BTreeMap<_, _> = tensors.into_iter().collect();
        let names = tensors.keys().cloned().collect();
        Self { path: path.into(), tensors, names }
    }

    /// Reads a safetensors file.
    ///
    /// # Errors
    /// [`Error::Unreadable`]; [`ImportError::NotSafetensors`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|source| Error::Unreadable { path: path.into(), source })?;
        let file = SafeTensors::deserialize(&bytes).map_err(|error| ImportError::NotSafetensors {
            path: path.into(),
            problem: error.to_string().replace('\n', " "),
        })?;
        Ok(Self::new(path, file.tensors().into_iter().map(|(name, view)| (name, NamedTensor::of(&view)))))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of the tensors that have not been taken, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// The shape of a tensor that has not been taken.
    pub fn shape(&self, name: &str) -> Option<&[usize]> {
        self.tensors.get(name).map(|tensor| tensor.shape.as_slice())
    }

    /// Takes `suffix` off the names that end with it, where that leaves every name once.
    pub fn strip_names(&mut self, suffix: &str) {
        let stripped = |name: &str| name.strip_suffix(suffix).unwrap_or(name).to_owned();
        let names: BTreeSet<String> = self.tensors.keys().map(|name| stripped(name)).collect();
        if names.len() == self.tensors.len() {
            self.tensors =
                std::mem::take(&mut self.tensors).into_iter().map(|(name, tensor)| (stripped(&name), tensor)).collect();
        }
    }

    /// Leaves out tensors that are no weights.
    pub fn discard(&mut self, is_discarded: impl Fn(&str) -> bool) {
        self.tensors.retain(|name, _| !is_discarded(name));
    }

    /// Takes a matrix.
    ///
    /// # Errors
    /// [`ImportError::Missing`], [`ImportError::DataType`], [`ImportError::NotFinite`]; [`ImportError::Shape`] for a
    /// tensor of another number of dimensions, or with none in one of them. `expected` says what the shape is in
    /// words.
    pub fn take_matrix(&mut self, name: &str, expected: &str) -> Result<Matrix, ImportError> {
        let (shape, values) = self.take(name)?;
        match shape[..] {
            [rows, columns] if rows > 0 && columns > 0 => Ok(Matrix { columns, values }),
            _ => Err(self.wrong_shape(name, &shape, expected)),
        }
    }

    /// Takes a matrix of a shape that is known.
    ///
    /// # Errors
    /// As [`Self::take_matrix`]; `reason` is added to the expected shape.
    pub fn take_matrix_of(&mut self, name: &str, shape: [usize; 2], reason: &str) -> Result<Matrix, ImportError> {
        let expected = format!("{} {reason}", Shape(shape.to_vec()));
        let matrix = self.take_matrix(name, &expected)?;
        let found = [matrix.rows().len(), matrix.columns];
        if found == shape { Ok(matrix) } else { Err(self.wrong_shape(name, &found, &expected)) }
    }

    /// Takes a vector of a length that is known.
    ///
    /// # Errors
    /// As [`Self::take_matrix_of`].
    pub fn take_vector_of(&mut self, name: &str, length: usize, reason: &str) -> Result<Vec<f32>, ImportError> {
        let (shape, values) = self.take(name)?;
        if shape == [length] {
            Ok(values)
        } else {
            Err(self.wrong_shape(name, &shape, &format!("[{length}] {reason}")))
        }
    }

    /// Checks that every tensor has been taken.
    ///
    /// # Errors
    /// [`ImportError::Unused`].
    pub fn check_all_taken(self) -> Result<(), ImportError> {
        if self.tensors.is_empty() {
            return Ok(());
        }
        Err(ImportError::Unused { path: self.path, tensors: self.tensors.into_keys().collect() })
    }

    /// An [`ImportError::Shape`] of a tensor of this file.
    pub(super) fn wrong_shape(&self, name: &str, found: &[usize], expected: &str) -> ImportError {
        let found = Shape(found.to_vec());
        ImportError::Shape { path: self.path.clone(), tensor: name.into(), found, expected: expected.into() }
    }

    /// An error about an embedding that nothing gives words to.
    pub(super) fn no_vocabulary(&self, name: &str) -> ImportError {
        let problem = format!(
            "`{name}` is an embedding, and the description has no `vocabulary`: without it frames are expected"
        );
        ImportError::Description { path: self.path.clone(), problem }
    }

    /// Takes a tensor: its shape and its values.
    fn take(&mut self, name: &str) -> Result<(Vec<usize>, Vec<f32>), ImportError> {
        let path = || self.path.clone();
        let Some(NamedTensor { shape, values }) = self.tensors.remove(name) else {
            return Err(ImportError::Missing { path: path(), tensor: name.into(), present: self.names.clone() });
        };
        match values {
            TensorValues::Other(found) => Err(ImportError::DataType { path: path(), tensor: name.into(), found }),
            TensorValues::Numbers(values) if !values.iter().all(|value| value.is_finite()) => {
                Err(ImportError::NotFinite { path: path(), tensor: name.into() })
            }
            TensorValues::Numbers(values) => Ok((shape, values)),
        }
    }
}

impl NamedTensor {
    /// A tensor of f32.
    pub fn of_numbers(shape: &[usize], values: Vec<f32>) -> Self {
        Self { shape: shape.to_vec(), values: TensorValues::Numbers(values) }
    }

    fn of(view: &TensorView<'_>) -> Self {
        let bytes = view.data();
        let values = match view.dtype() {
            Dtype::F16 => numbers(bytes, |bytes| f16::from_le_bytes(bytes).to_f32()),
            Dtype::F32 => numbers(bytes, f32::from_le_bytes),
            Dtype::F64 => numbers(bytes, |bytes| f64::from_le_bytes(bytes) as f32),
            other => TensorValues::Other(other.to_string()),
        };
        Self { shape: view.shape().to_vec(), values }
    }
}

fn numbers<const SIZE: usize>(bytes: &[u8], number: impl Fn([u8; SIZE]) -> f32) -> TensorValues {
    let (chunks, _) = bytes.as_chunks::<SIZE>();
    TensorValues::Numbers(chunks.iter().map(|chunk| number(*chunk)).collect())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn file() -> NamedTensors {
        let matrix = NamedTensor::of_numbers(&[2, 3], (0..6).map(|value| value as f32).collect());
        let integers = NamedTensor { shape: vec![1], values: TensorValues::Other("I64".into()) };
        let infinite = NamedTensor::of_numbers(&[1], vec![f32::INFINITY]);
        let tensors = [("matrix", matrix), ("integers", integers), ("infinite", infinite)];
        NamedTensors::new(Path::new("a.safetensors"), tensors.map(|(name, tensor)| (name.to_owned(), tensor)))
    }

    #[test]
    fn a_tensor_is_taken_once_and_what_is_left_is_named() {
        let mut tensors = file();
        assert_eq!(tensors.take_matrix_of("matrix", [2, 3], "").unwrap().columns, 3);
        let error = tensors.take_matrix("matrix", "").unwrap_err().to_string();
        assert_eq!(error, "a.safetensors: no tensor `matrix`; the file has `infinite`, `integers`, `matrix`");
        tensors.discard(|name| name == "infinite");
        let error = tensors.check_all_taken().unwrap_err().to_string();
        assert!(error.starts_with("a.safetensors: the described network does not use `integers`; "), "{error}");
    }

    #[test]
    fn each_fault_names_the_tensor() {
        let error = |name, shape| file().take_matrix_of(name, shape, "(why)").unwrap_err().to_string();
        assert_eq!(error("matrix", [3, 2]), "a.safetensors: tensor `matrix` has shape [2, 3], expected [3, 2] (why)");
        assert_eq!(error("integers", [1, 1]), "a.safetensors: tensor `integers` holds I64, expected F32, F16 or F64");
        assert_eq!(error("infinite", [1, 1]), "a.safetensors: tensor `infinite` has a value that is not finite");
        let error = file().take_vector_of("matrix", 6, "(why)").unwrap_err().to_string();
        assert_eq!(error, "a.safetensors: tensor `matrix` has shape [2, 3], expected [6] (why)");
    }

    #[test]
    fn floats_of_16_and_64_bits_become_f32() {
        let halves: Vec<u8> =
            [1.5, -65_504.0].into_iter().flat_map(|value| f16::from_f32(value).to_le_bytes()).collect();
        let doubles: Vec<u8> = [0.1_f64, 1e300].into_iter().flat_map(f64::to_le_bytes).collect();
        let values = |dtype, bytes: &[u8]| NamedTensor::of(&TensorView::new(dtype, vec![2], bytes).unwrap()).values;
        assert_eq!(values(Dtype::F16, &halves), TensorValues::Numbers(vec![1.5, -65_504.0]));
        assert_eq!(values(Dtype::F64, &doubles), TensorValues::Numbers(vec![0.1, f32::INFINITY]));
        assert_eq!(values(Dtype::BF16, &halves), TensorValues::Other("BF16".into()));
    }
}
