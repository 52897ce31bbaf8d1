//! Many points in few columns of pixels: what the eye could see of them stays.

use std::collections::HashSet;

use crate::Point;
use crate::scale::{Scale, is_drawable};

/// Of each of `columns` equal parts of the x axis the lowest and the highest point, in their order, and the first and the last
/// of all. `points` ascend in x; those that can not be drawn are left out.
#[must_use]
pub fn decimate(points: &[Point], columns: usize) -> Vec<Point> {
    let drawn: Vec<Point> =
        points.iter().copied().filter(|(x, y)| is_drawable(*x) && is_drawable(*y)).collect();
    if drawn.len() <= 2 * columns + 2 {
        return drawn;
    }
    let (first, last) = (drawn[0], drawn[drawn.len() - 1]);
    let scale = Scale::over([first.0, last.0]);
    let column = |point: &Point| cell(scale, point.0, columns);
    let mut kept = vec![first];
    for part in drawn.chunk_by(|a, b| column(a) == column(b)) {
        let lowest = (0..part.len()).min_by(|a, b| part[*a].1.total_cmp(&part[*b].1)).unwrap_or(0);
        let highest = (0..part.len()).max_by(|a, b| part[*a].1.total_cmp(&part[*b].1)).unwrap_or(0);
        kept.push(part[lowest.min(highest)]);
        kept.push(part[lowest.max(highest)]);
    }
    kept.push(last);
    kept.dedup();
    kept
}

/// One point of each cell of a grid over all of them: a mark that is left out lies beneath one that stays.
#[must_use]
pub fn one_per_cell(points: &[Point], columns: usize, rows: usize) -> Vec<Point> {
    let x = Scale::over(points.iter().map(|point| point.0));
    let y = Scale::over(points.iter().map(|point| point.1));
    let mut taken = HashSet::new();
    let drawn = points.iter().copied().filter(|(x, y)| is_drawable(*x) && is_drawable(*y));
    drawn.filter(|point| taken.insert((cell(x, point.0, columns), cell(y, point.1, rows)))).collect()
}

fn cell(scale: Scale, x: f64, cells: usize) -> usize {
    ((scale.share(x) * cells as f64) as usize).min(cells.saturating_sub(1))
}
