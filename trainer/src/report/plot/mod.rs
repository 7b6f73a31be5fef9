//! Plots, as PNG or SVG; the font of a PNG is part of the program.

mod axis;
mod draw;
mod file;

pub use axis::{Axis, Scale};

/// Panels beside each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// What is above them.
    pub title: String,
    /// From the left.
    pub panels: Vec<Panel>,
}

/// Series over two axes.
#[derive(Debug, Clone, PartialEq)]
pub struct Panel {
    /// What is above it.
    pub title: String,
    /// From the left to the right.
    pub x: Axis,
    /// From below to above.
    pub y: Axis,
    /// From the back to the front.
    pub series: Vec<Series>,
}

/// Points that belong together.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name in the legend; none has no entry.
    pub name: String,
    /// Red, green, blue.
    pub color: Color,
    /// How the points are shown.
    pub style: Style,
    /// In the units of the axes; points outside of a logarithmic axis are drawn at its start.
    pub points: Vec<(f64, f64)>,
    /// What is written beside each point; none where it is shorter.
    pub names: Vec<String>,
}

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color(pub u8, pub u8, pub u8);

/// How points are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A line.
    Line,
    /// Dashes.
    Dashes,
    /// A line with a dot at each point.
    LineAndDots,
    /// Small dots.
    Dots,
    /// Triangles.
    Triangles,
    /// A line, and the area below it.
    Area,
}

/// Colours that people who see fewer colours tell apart, by Okabe and Ito.
pub const PALETTE: [Color; 6] = [
    Color(0, 114, 178),
    Color(213, 94, 0),
    Color(0, 158, 115),
    Color(204, 121, 167),
    Color(230, 159, 0),
    Color(86, 180, 233),
];
/// What stands behind.
pub const GRAY: Color = Color(140, 140, 140);
