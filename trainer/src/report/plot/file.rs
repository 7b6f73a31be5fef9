use std::io::Write;
use std::path::Path;

use plotters::prelude::{BitMapBackend, FontStyle, IntoDrawingArea, SVGBackend};
use plotters::style::register_font;

use super::Figure;
use super::draw::{FONT, draw};
use crate::error::Error;
use crate::output::Output;

/// Pixels of a panel beside others.
const PANEL: (u32, u32) = (640, 480);
/// Pixels of one that is alone.
const ALONE: (u32, u32) = (960, 560);
/// Pixels of the title above the panels.
pub(super) const TITLE: u32 = 44;
/// Pixels of the drawing for each pixel of a PNG, in both directions, of which the mean is taken.
const OVERSAMPLING: usize = 2;
/// Bytes of a pixel: red, green, blue.
const CHANNELS: usize = 3;

/// What a plot is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Png,
    Svg,
}

impl Format {
    fn of(path: &Path) -> Result<Self, Error> {
        let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
        match extension.as_deref() {
            Some("png") => Ok(Self::Png),
            Some("svg") => Ok(Self::Svg),
            _ => Err(Error::Setting(format!("{}: a plot ends in .png or .svg", path.display()))),
        }
    }
}

impl Figure {
    /// Checks that a plot can have this name.
    ///
    /// # Errors
    /// [`Error::Setting`].
    pub fn check_path(path: &Path) -> Result<(), Error> {
        Format::of(path).map(|_| ())
    }

    /// Writes the figure as PNG or SVG, as the name of the file ends.
    ///
    /// # Errors
    /// [`Error::Setting`] for another ending, [`Error::Unwritable`].
    pub fn write(&self, output: &Output) -> Result<(), Error> {
        let (width, height) = if self.panels.len() > 1 { PANEL } else { ALONE };
        let size = (width * self.panels.len().max(1) as u32, height + TITLE);
        match Format::of(output.path())? {
            Format::Png => {
                let pixels = self.pixels(size)?;
                output.write_with(|file| write_png(file, size, &pixels))
            }
            Format::Svg => {
                let mut text = String::new();
                self.draw_on(SVGBackend::with_string(&mut text, size).into_drawing_area(), 1)?;
                output.write(text.as_bytes())
            }
        }
    }

    /// The figure as SVG of so many pixels, to stand in a page.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub fn to_svg(&self, size: (u32, u32)) -> Result<String, Error> {
        let mut text = String::new();
        self.draw_on(SVGBackend::with_string(&mut text, size).into_drawing_area(), 1)?;
        Ok(text)
    }

    /// Red, green and blue of each pixel.
    fn pixels(&self, (width, height): (u32, u32)) -> Result<Vec<u8>, Error> {
        let factor = OVERSAMPLING as u32;
        let large = (width * factor, height * factor);
        let mut drawn = vec![0; large.0 as usize * large.1 as usize * CHANNELS];
        self.draw_on(BitMapBackend::with_buffer(&mut drawn, large).into_drawing_area(), factor)?;
        Ok(means(&drawn, width as usize))
    }

    fn draw_on<DB: plotters::prelude::DrawingBackend>(
        &self,
        area: plotters::prelude::DrawingArea<DB, plotters::coord::Shift>,
        pixel: u32,
    ) -> Result<(), Error> {
        let failed = |problem: String| Error::Failed(format!("the plot cannot be drawn: {problem}"));
        let font = epaint_default_fonts::UBUNTU_LIGHT;
        register_font(FONT, FontStyle::Normal, font).map_err(|_| failed("its font cannot be read".into()))?;
        draw(&area, self, pixel).and_then(|()| area.present()).map_err(|error| failed(error.to_string()))
    }
}

/// The mean of each square of pixels.
fn means(drawn: &[u8], width: usize) -> Vec<u8> {
    let row_length = width * OVERSAMPLING * CHANNELS;
    let mut means = Vec::with_capacity(drawn.len() / (OVERSAMPLING * OVERSAMPLING));
    for rows in drawn.chunks_exact(row_length * OVERSAMPLING) {
        for column in 0..width {
            for channel in 0..CHANNELS {
                let places = (0..OVERSAMPLING * OVERSAMPLING).map(|number| {
                    let (y, x) = (number / OVERSAMPLING, number % OVERSAMPLING);
                    y * row_length + (column * OVERSAMPLING + x) * CHANNELS + channel
                });
                let sum: usize = places.map(|place| usize::from(rows[place])).sum();
                means.push((sum / (OVERSAMPLING * OVERSAMPLING)) as u8);
            }
        }
    }
    means
}

fn write_png(file: &mut dyn Write, (width, height): (u32, u32), pixels: &[u8]) -> std::io::Result<()> {
    let mut encoder = png::Encoder::new(file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::{Axis, Color, Panel, Scale, Series, Style};
    use super::*;

    fn figure() -> Figure {
        let axis = |name| Axis::between(name, Scale::Linear, 0.0, 1.0);
        let series = Series {
            name: "everything".into(),
            color: Color(255, 0, 0),
            style: Style::Line,
            points: vec![(0.0, 0.0), (1.0, 1.0)],
            names: Vec::new(),
        };
        let panel = Panel { title: "panel".into(), x: axis("steps"), y: axis("error"), series: vec![series] };
        Figure { title: "figure".into(), panels: vec![panel] }
    }

    #[test]
    fn a_png_shows_the_line_in_its_colour() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plot.png");
        figure().write(&Output::replacing(&path).unwrap()).unwrap();
        let file = std::io::BufReader::new(std::fs::File::open(&path).unwrap());
        let mut reader = png::Decoder::new(file).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (960, 560 + TITLE));
        let red = pixels.chunks(3).filter(|pixel| pixel[0] > 200 && pixel[1] < 60 && pixel[2] < 60).count();
        let black = pixels.chunks(3).filter(|pixel| pixel.iter().all(|part| *part < 80)).count();
        assert!(red > 400 && black > 200, "{red} red, {black} black");
    }

    #[test]
    fn an_svg_has_its_texts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plot.svg");
        figure().write(&Output::replacing(&path).unwrap()).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        for part in ["<svg", "figure", "panel", "steps", "error", "everything", "0.2"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn other_endings_are_refused() {
        assert!(Figure::check_path(Path::new("plot.PNG")).is_ok());
        assert!(matches!(figure().write(&Output::replacing(Path::new("plot.pdf")).unwrap()), Err(Error::Setting(_))));
    }
}
