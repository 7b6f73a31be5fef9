use plotters::coord::Shift;
use plotters::coord::ranged1d::ValueFormatter;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::element::DashedPathElement;
use plotters::prelude::{
    BLACK, Cartesian2d, ChartBuilder, ChartContext, Circle, DashedLineSeries, DrawingArea, DrawingBackend,
    EmptyElement, IntoDynElement, IntoFont, PathElement, Polygon, RGBColor, SeriesLabelPosition, ShapeStyle, Text,
    TriangleMarker, WHITE,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color as _, TextStyle};

use super::file::TITLE;
use super::{Axis, Color, Figure, Panel, Series, Style};

/// The name under which the font is registered; a viewer of SVG takes its own.
pub(super) const FONT: &str = "sans-serif";

type Chart<'a, DB> = ChartContext<'a, DB, Cartesian2d<Axis, Axis>>;
type Drawn<DB> = Result<(), DrawingAreaErrorKind<<DB as DrawingBackend>::ErrorType>>;

/// Draws a figure whose pixels are `pixel` pixels of `area`.
pub(super) fn draw<DB: DrawingBackend>(area: &DrawingArea<DB, Shift>, figure: &Figure, pixel: u32) -> Drawn<DB> {
    area.fill(&WHITE)?;
    let title_height = if figure.title.is_empty() { 0 } else { TITLE * pixel };
    let (title, below) = area.split_vertically(title_height);
    if !figure.title.is_empty() {
        let place = (14 * pixel as i32, 13 * pixel as i32);
        title.draw_text(&figure.title, &text(20, pixel), place)?;
    }
    let panels = below.split_evenly((1, figure.panels.len().max(1)));
    figure.panels.iter().zip(&panels).try_for_each(|(panel, area)| draw_panel(area, panel, pixel))
}

fn text(size: u32, pixel: u32) -> TextStyle<'static> {
    TextStyle::from((FONT, size * pixel).into_font()).color(&RGBColor(30, 30, 30))
}

fn draw_panel<DB: DrawingBackend>(area: &DrawingArea<DB, Shift>, panel: &Panel, pixel: u32) -> Drawn<DB> {
    let Panel { title, x, y, series } = panel;
    let mut builder = ChartBuilder::on(area);
    if !title.is_empty() {
        builder.caption(title, text(17, pixel));
    }
    let mut chart = builder
        .margin(10 * pixel)
        .x_label_area_size(46 * pixel)
        .y_label_area_size(66 * pixel)
        .build_cartesian_2d(x.clone(), y.clone())?;
    let line =
        |gray: u8| ShapeStyle { color: RGBColor(gray, gray, gray).to_rgba(), filled: false, stroke_width: pixel };
    chart
        .configure_mesh()
        .bold_line_style(line(225))
        .max_light_lines(0)
        .axis_style(line(120))
        .label_style(text(14, pixel))
        .axis_desc_style(text(15, pixel))
        .x_desc(&x.name)
        .y_desc(&y.name)
        .x_label_formatter(&|place| x.format_ext(place))
        .y_label_formatter(&|place| y.format_ext(place))
        .set_all_tick_mark_size(4 * pixel)
        .draw()?;
    for series in series {
        draw_series(&mut chart, panel, series, pixel)?;
    }
    if series.iter().any(|series| !series.name.is_empty()) {
        chart
            .configure_series_labels()
            .position(legend_position(panel))
            .margin(12 * pixel)
            .legend_area_size(34 * pixel)
            .background_style(WHITE.mix(0.85))
            .border_style(line(200))
            .label_font(text(14, pixel))
            .draw()?;
    }
    Ok(())
}

/// The corner with the fewest points.
fn legend_position(panel: &Panel) -> SeriesLabelPosition {
    let corners = [
        (SeriesLabelPosition::UpperRight, 1.0, 1.0),
        (SeriesLabelPosition::LowerRight, 1.0, 0.0),
        (SeriesLabelPosition::UpperLeft, 0.0, 1.0),
        (SeriesLabelPosition::LowerLeft, 0.0, 0.0),
    ];
    let points_near = |corner_x: f64, corner_y: f64| {
        let points = panel.series.iter().flat_map(|series| &series.points);
        points
            .filter(|(x, y)| (panel.x.share(*x) - corner_x).abs() < 0.5 && (panel.y.share(*y) - corner_y).abs() < 0.35)
            .count()
    };
    let best = corners.into_iter().min_by_key(|(_, x, y)| points_near(*x, *y));
    best.map_or(SeriesLabelPosition::UpperRight, |(position, _, _)| position)
}

fn draw_series<'a, DB: DrawingBackend + 'a>(
    chart: &mut Chart<'a, DB>,
    panel: &Panel,
    series: &Series,
    pixel: u32,
) -> Drawn<DB> {
    let Series { name, color: Color(red, green, blue), style, points, names } = series;
    let color = RGBColor(*red, *green, *blue);
    let places: Vec<(f64, f64)> = points.iter().map(|(x, y)| (panel.x.place(*x), panel.y.place(*y))).collect();
    let line = ShapeStyle { color: color.to_rgba(), filled: false, stroke_width: 2 * pixel };
    let filled = ShapeStyle { filled: true, ..line };
    let size = pixel as i32;
    let annotation = match style {
        Style::Line => chart.draw_series([PathElement::new(places.clone(), line)])?,
        Style::Dashes => chart.draw_series(DashedLineSeries::new(places.clone(), 5 * size, 4 * size, line))?,
        Style::Area => {
            let floor = Axis::range(&panel.y).start;
            let ends = places.first().zip(places.last());
            let corners = ends.map(|(first, last)| [(last.0, floor), (first.0, floor)]).into_iter().flatten();
            let area: Vec<(f64, f64)> = places.iter().copied().chain(corners).collect();
            chart.draw_series([Polygon::new(area, color.mix(0.22).filled())])?;
            chart.draw_series([PathElement::new(places.clone(), line)])?
        }
        Style::LineAndDots => {
            chart.draw_series([PathElement::new(places.clone(), line)])?;
            chart.draw_series(places.iter().map(|place| Circle::new(*place, 4 * size, filled)))?
        }
        Style::Dots => chart.draw_series(places.iter().map(|place| Circle::new(*place, 3 * size, filled)))?,
        Style::Triangles => {
            chart.draw_series(places.iter().map(|place| TriangleMarker::new(*place, 6 * size, filled)))?
        }
    };
    if !name.is_empty() {
        let style = *style;
        annotation.label(name).legend(move |(x, y)| {
            let (start, middle, end) = ((x, y), (x + 13 * size, y), (x + 26 * size, y));
            match style {
                Style::Line | Style::Area | Style::LineAndDots => PathElement::new([start, end], line).into_dyn(),
                Style::Dashes => DashedPathElement::new([start, end], 5 * size, 4 * size, line).into_dyn(),
                Style::Dots => Circle::new(middle, 3 * size, filled).into_dyn(),
                Style::Triangles => TriangleMarker::new(middle, 6 * size, filled).into_dyn(),
            }
        });
    }
    // Names do not reach beyond the right end.
    let range = Axis::range(&panel.x);
    let last_on_the_right = range.start + 0.8 * (range.end - range.start);
    let beside = |(place, name): (&(f64, f64), &String)| {
        let (side, distance) = if place.0 > last_on_the_right { (HPos::Right, -7) } else { (HPos::Left, 7) };
        let style = text(13, pixel).color(&BLACK).pos(Pos::new(side, VPos::Bottom));
        EmptyElement::at(*place) + Text::new(name.clone(), (distance * size, -3 * size), style)
    };
    chart.draw_series(places.iter().zip(names).map(beside))?;
    Ok(())
}
