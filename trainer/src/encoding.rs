//! Placeholder until the branch of inputs is merged.
/// Normalization.
#[derive(Debug, Clone, PartialEq)]
pub struct FrameNormalization {
    /// Unit.
    pub unit: f32,
    /// Means.
    pub mean: Vec<f32>,
    /// Scales.
    pub scale: Vec<f32>,
}
