//! How the frames of an imported model are normalized.

use std::path::Path;

use super::description::{DescribedNormalization, Description};
use super::error::ImportError;
use crate::encoding::{ChannelNormalization, FrameNormalization};

/// The normalization of `channels` channels: of the model itself, or of its description; `path` is the description's.
///
/// # Errors
/// [`ImportError::Description`] for one in both, for numbers of another count than the channels, and for numbers that
/// no normalization has.
pub(super) fn normalization(
    description: &Description,
    of_model: Option<ChannelNormalization>,
    channels: usize,
    path: &Path,
) -> Result<FrameNormalization, ImportError> {
    let wrong = |problem: String| ImportError::Description { path: path.into(), problem };
    let described = description.normalization.clone();
    let units = described.as_ref().and_then(|described| described.units.clone());
    let of_description =
        described.map(|described| channel_normalization(described, channels)).transpose().map_err(wrong)?;
    let values = match (of_model, of_description.flatten()) {
        (Some(_), Some(_)) => {
            let problem = "[normalization] has a mean, deviation or scale, and the model normalizes its frames itself; leave them out";
            return Err(wrong(problem.into()));
        }
        (Some(values), None) | (None, Some(values)) => values,
        (None, None) => ChannelNormalization { mean: vec![0.0; channels], scale: vec![1.0; channels] },
    };
    if values.mean.len() != channels {
        return Err(wrong(format!("a normalization of {} channels for a network of {channels}", values.mean.len())));
    }
    FrameNormalization::of_channels(values, units).map_err(|problem| wrong(format!("[normalization] {problem}")))
}

/// Mean and scale that a description gives; none if it gives neither.
fn channel_normalization(
    described: DescribedNormalization,
    channels: usize,
) -> Result<Option<ChannelNormalization>, String> {
    let DescribedNormalization { mean, deviation, scale, units: _ } = described;
    let scale = match (deviation, scale) {
        (Some(_), Some(_)) => return Err("[normalization] has `deviation` and `scale`; expected one of them".into()),
        (Some(deviation), None) => Some(deviation.into_iter().map(f32::recip).collect()),
        (None, scale) => scale,
    };
    if mean.is_none() && scale.is_none() {
        return Ok(None);
    }
    let mean = mean.unwrap_or_else(|| vec![0.0; channels]);
    let scale: Vec<f32> = scale.unwrap_or_else(|| vec![1.0; channels]);
    match [("mean", &mean), ("deviation or scale", &scale)].iter().find(|(_, values)| values.len() != channels) {
        Some((name, values)) => Err(format!(
            "[normalization] {name}: {} numbers, but the network takes in {channels} channels",
            values.len()
        )),
        None => Ok(Some(ChannelNormalization { mean, scale })),
    }
}
