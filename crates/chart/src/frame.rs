//! From numbers to places on a plot: shares of it for marks and words, whole steps on a grid for paths, which are stretched.

use std::fmt::Write;

use crate::Point;
use crate::decimate::decimate;
use crate::scale::{Scale, is_drawable};

/// Columns of pixels that a plot may have: no screen shows more of a line.
pub(crate) const COLUMNS: usize = 720;

/// The grid that lines are drawn on.
pub(crate) const GRID: (f64, f64) = (2_000.0, 1_000.0);

/// Both axes of a plot.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) x: Scale,
    pub(crate) y: Scale,
}

impl Frame {
    pub(crate) fn percent_x(&self, x: f64) -> String {
        percent(self.x.share(x))
    }

    pub(crate) fn percent_y(&self, y: f64) -> String {
        percent(1.0 - self.y.share(y))
    }

    /// On the grid, in whole steps.
    fn at(&self, (x, y): Point) -> (i64, i64) {
        ((self.x.share(x) * GRID.0).round() as i64, ((1.0 - self.y.share(y)) * GRID.1).round() as i64)
    }
}

/// A share of the plot.
fn percent(share: f64) -> String {
    let text = format!("{:.1}", share * 100.0);
    format!("{}%", text.strip_suffix(".0").unwrap_or(&text))
}

/// A line through points.
pub(crate) fn traced(frame: Frame, points: &[Point]) -> String {
    let mut path = String::new();
    let mut before: Option<(i64, i64)> = None;
    for point in points {
        let (x, y) = frame.at(*point);
        // Writing to text never fails.
        let _ = match before {
            None => write!(path, "M{x} {y}"),
            Some(there) if there == (x, y) => Ok(()),
            Some((px, py)) => write!(path, "l{} {}", x - px, y - py),
        };
        before = Some((x, y));
    }
    path
}

/// What lies between a line and a level.
pub(crate) fn filled(frame: Frame, points: &[Point], level: f64) -> String {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return String::new() };
    let around: Vec<Point> = [&[(first.0, level)][..], points, &[(last.0, level)][..]].concat();
    format!("{}Z", traced(frame, &around))
}

/// What lies between two lines: x, low, high.
pub(crate) fn between(frame: Frame, points: &[(f64, f64, f64)]) -> String {
    let side = |of: fn(&(f64, f64, f64)) -> f64| -> Vec<Point> {
        decimate(&points.iter().map(|point| (point.0, of(point))).collect::<Vec<_>>(), COLUMNS)
    };
    let (low, mut high) = (side(|point| point.1), side(|point| point.2));
    high.reverse();
    let around = [low, high].concat();
    if around.is_empty() { String::new() } else { format!("{}Z", traced(frame, &around)) }
}

/// Columns that stand on zero: from x, to x, height.
pub(crate) fn standing(frame: Frame, bins: &[(f64, f64, f64)]) -> String {
    let mut path = String::new();
    let drawn = bins.iter().filter(|(from, to, height)| [from, to, height].iter().all(|x| is_drawable(**x)));
    for (from, to, height) in drawn.filter(|bin| bin.2 != 0.0) {
        let ((left, foot), (right, top)) = (frame.at((*from, 0.0)), frame.at((*to, *height)));
        let gap = if right - left > 8 { 2 } else { 0 };
        let _ = write!(path, "M{} {foot}V{top}H{}V{foot}Z", left + gap, right - gap);
    }
    path
}
