//! Products of weights and vectors. [`portable`] is their definition.

/// Calls a routine with the address of a value in r0; what it leaves in r0 to r3. The routine restores the other registers of a
/// procedure call, and may change the flags.
#[cfg(cortex_m_dsp)]
macro_rules! call_routine {
    ($routine:path, $value:expr) => {{
        let (first, second, third, fourth): (i32, i32, i32, i32);
        core::arch::asm!(
            "bl {routine}",
            routine = sym $routine,
            inout("r0") core::ptr::from_mut($value) => first,
            out("r1") second,
            out("r2") third,
            out("r3") fourth,
            out("r12") _,
            out("lr") _,
        );
        [first, second, third, fourth]
    }};
}

#[cfg(cortex_m_dsp)]
#[path = "cortex_m_dsp/activation.rs"]
mod activation;
mod half_words;
mod portable;
#[cfg(any(cortex_m0, helium))]
mod results;
mod units;
mod weights;

#[cfg(not(cortex_m_dsp))]
pub(crate) use crate::numeric::{sigmoid, tanh};
#[cfg(cortex_m_dsp)]
pub(crate) use activation::{sigmoid, tanh};
pub(crate) use half_words::WideVectors;
pub(crate) use portable::dot_i16;
#[cfg(feature = "float")]
pub(crate) use portable::{FloatWeight, dot_3_float, dot_4_float, dot_float};
#[cfg(not(helium))]
pub(crate) use portable::{quantize_hidden, quantize_rectified};
#[cfg(helium)]
pub(crate) use results::{quantize_hidden, quantize_rectified};
pub(crate) use units::{Activation, StepVectors};
pub(crate) use weights::{IntegerWeights, Layout, Rows};
#[cfg(feature = "float")]
pub(crate) use weights::{Weights, add_bias, add_one_hot};
