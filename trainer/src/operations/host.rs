//! The CPU backend's tensors as slices.

use std::ops::Deref;

use burn::tensor::ops::FloatTensor;
use burn::tensor::{DType, TensorMetadata};
use burn_ndarray::{NdArray, NdArrayTensor, SharedArray};
use ndarray::{ArrayD, IxDyn};

use super::wrap;

pub(super) type Host = NdArray<f32>;

/// The values of a tensor, row-major.
pub(super) struct Values(SharedArray<f32>);

impl Values {
    pub(super) fn of(tensor: FloatTensor<Host>) -> Self {
        let array = array(tensor);
        Self(if array.is_standard_layout() { array } else { array.as_standard_layout().into_owned().into_shared() })
    }

    /// The values alone; copied if something else has them too.
    pub(super) fn into_vec(self) -> Vec<f32> {
        let count = self.0.len();
        match self.0.try_into_owned_nocopy().map(ArrayD::into_raw_vec_and_offset) {
            Ok((values, None | Some(0))) if values.len() == count => values,
            Ok((values, offset)) => values[offset.unwrap_or(0)..][..count].to_vec(),
            Err(shared) => shared.as_slice().unwrap_or_default().to_vec(),
        }
    }
}

impl Deref for Values {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        self.0.as_slice().unwrap_or_default()
    }
}

fn array(tensor: FloatTensor<Host>) -> SharedArray<f32> {
    match tensor {
        NdArrayTensor::F32(storage) => storage.into_shared(),
        other => {
            let shape = other.shape();
            let values = wrap::<Host, 1>(other).into_data().convert_dtype(DType::F32).into_vec().unwrap_or_default();
            shaped(values, &shape)
        }
    }
}

/// A tensor of these values.
///
/// # Panics
/// If the shape has another number of values.
pub(super) fn tensor(values: Vec<f32>, shape: &[usize]) -> FloatTensor<Host> {
    shaped(values, shape).into()
}

#[allow(clippy::panic)]
fn shaped(values: Vec<f32>, shape: &[usize]) -> SharedArray<f32> {
    match ArrayD::from_shape_vec(IxDyn(shape), values) {
        Ok(array) => array.into_shared(),
        Err(error) => panic!("{shape:?}: {error}"),
    }
}
