//! What the network computes that Burn has no operation for: on slices for the CPU, in Burn's tensor operations for
//! other backends, which is also what the slices are tested against.

mod cell;
mod check;
mod host;
pub mod recurrence;
pub mod rows;

use burn::backend::Autodiff;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::tensor::backend::{AutodiffBackend, Backend};
use burn::tensor::ops::FloatTensor;
use burn::tensor::{DType, Int, Tensor, TensorData, TensorPrimitive};

pub use cell::Cell;
pub use check::{Difference, differences};
use recurrence::{Computed, Operands, Recurrence};
use rows::{AdamStep, AdamTable, TableRows};

/// A backend that has the operations: in tensor operations, if it has no better way.
pub trait NetworkBackend: Backend {
    /// Runs a direction over packed rows from states of zero.
    fn recurrence(direction: &Recurrence, operands: Operands<Self>) -> Computed<Self> {
        recurrence::tensors::forward(direction, operands)
    }

    /// From the gradient of the states, `[total_steps, S * H]`, to those of the operands.
    fn recurrence_backward(
        direction: &Recurrence,
        weight_hh: FloatTensor<Self>,
        computed: Computed<Self>,
        gradient: FloatTensor<Self>,
    ) -> Operands<Self> {
        recurrence::tensors::backward(direction, weight_hh, computed, gradient)
    }

    /// The vectors of some rows as they are now: `[rows, size]`.
    fn table_rows(table: &AdamTable<Self>, rows: &TableRows) -> FloatTensor<Self> {
        rows::tensors::table_rows(table, rows)
    }

    /// The table with those rows as they are now, and, with their gradient, after a step of Adam.
    fn change_rows(
        table: AdamTable<Self>,
        rows: &TableRows,
        step: Option<(AdamStep, FloatTensor<Self>)>,
    ) -> AdamTable<Self> {
        rows::tensors::change_rows(table, rows, step)
    }
}

#[cfg(feature = "cuda")]
impl NetworkBackend for burn_cuda::Cuda<f32, i32> {}

#[cfg(feature = "wgpu")]
impl NetworkBackend for burn_wgpu::Wgpu<f32, i32> {}

/// A backend to train on.
pub trait TrainingBackend: AutodiffBackend<InnerBackend: NetworkBackend> + NetworkBackend {}

impl<B: AutodiffBackend<InnerBackend: NetworkBackend> + NetworkBackend> TrainingBackend for B {}

impl<B: NetworkBackend, C: CheckpointStrategy> NetworkBackend for Autodiff<B, C> {
    fn recurrence(direction: &Recurrence, operands: Operands<Self>) -> Computed<Self> {
        recurrence::differentiable(direction, operands)
    }
}

impl NetworkBackend for host::Host {
    fn recurrence(direction: &Recurrence, operands: Operands<Self>) -> Computed<Self> {
        recurrence::host::forward(direction, operands)
    }

    fn recurrence_backward(
        direction: &Recurrence,
        weight_hh: FloatTensor<Self>,
        computed: Computed<Self>,
        gradient: FloatTensor<Self>,
    ) -> Operands<Self> {
        recurrence::host::backward(direction, weight_hh, computed, gradient)
    }

    fn table_rows(table: &AdamTable<Self>, rows: &TableRows) -> FloatTensor<Self> {
        rows::host::table_rows(table, rows)
    }

    fn change_rows(
        table: AdamTable<Self>,
        rows: &TableRows,
        step: Option<(AdamStep, FloatTensor<Self>)>,
    ) -> AdamTable<Self> {
        rows::host::change_rows(table, rows, step)
    }
}

/// A primitive as a tensor.
pub(crate) fn wrap<B: Backend, const D: usize>(primitive: FloatTensor<B>) -> Tensor<B, D> {
    Tensor::from_primitive(TensorPrimitive::Float(primitive))
}

/// A tensor as a primitive.
pub(crate) fn unwrap<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> FloatTensor<B> {
    tensor.into_primitive().tensor()
}

/// What `change` makes of values, with the gradient of the values themselves.
pub(crate) fn straight_through<B: Backend, const D: usize>(
    values: Tensor<B, D>,
    change: impl Fn(Tensor<B, D>) -> Tensor<B, D>,
) -> Tensor<B, D> {
    let now = values.clone().detach();
    change(now.clone()) + (values - now)
}

/// Numbers of rows, to select by.
pub(crate) fn indices<B: Backend>(rows: &[u32], device: &B::Device) -> Tensor<B, 1, Int> {
    let rows: Vec<i64> = rows.iter().map(|row| i64::from(*row)).collect();
    let count = rows.len();
    Tensor::from_data(TensorData::new(rows, [count]), device)
}

/// The values of a tensor, row-major.
pub(crate) fn values<B: Backend, const D: usize>(tensor: Tensor<B, D>) -> Vec<f32> {
    let data = tensor.into_data().convert_dtype(DType::F32);
    data.iter::<f32>().collect()
}
