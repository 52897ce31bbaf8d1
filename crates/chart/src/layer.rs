//! What is drawn over two axes. Lines are stretched with the plot, marks and text are not.

use crate::Point;
use crate::decimate::{decimate, one_per_cell};
use crate::frame::{COLUMNS, Frame, between, filled, standing, traced};
use crate::markup::{Element, Markup};
use crate::scale::is_drawable;

/// Cells in which one mark of a kind is drawn.
const MARK_CELLS: (usize, usize) = (110, 36);

/// More marks of a kind are drawn smaller.
const MARKS_APART: usize = 60;

/// A colour, with a dash of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hue {
    /// One of a series, by its number from 0; they begin again with other dashes.
    Series(usize),
    /// What was earned.
    Gain,
    /// What was lost.
    Loss,
    /// What others are compared with.
    Muted,
}

impl Hue {
    /// Classes of the style sheet.
    pub(crate) fn class(self) -> String {
        match self {
            Self::Series(n) => format!("s{} d{}", n % 5, n / 5 % 4),
            Self::Gain => "gain".into(),
            Self::Loss => "loss".into(),
            Self::Muted => "muted".into(),
        }
    }
}

/// The shape of a mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A dot.
    Dot,
    /// Bought.
    Up,
    /// Sold short.
    Down,
    /// Closed.
    Cross,
    /// Stopped.
    Square,
    /// At its target.
    Diamond,
}

impl Shape {
    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::Dot => "M-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0",
            Self::Up => "M0-5L4.5 3.5H-4.5Z",
            Self::Down => "M0 5L4.5-3.5H-4.5Z",
            Self::Cross => "M-3-3L3 3M3-3L-3 3",
            Self::Square => "M-3-3H3V3H-3Z",
            Self::Diamond => "M0-4.5L4.5 0L0 4.5L-4.5 0Z",
        }
    }
}

/// One thing to draw.
#[derive(Debug, Clone, PartialEq)]
pub struct Layer {
    /// What the legend calls it; nothing: it is not there. Of a rule the word that stands on it.
    pub name: String,
    /// Its colour and dash.
    pub hue: Hue,
    /// What it is.
    pub form: Form,
    /// A word at the end of a line.
    pub at_end: Option<String>,
}

/// What a layer is. Points of lines ascend in x.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// A line.
    Line(Vec<Point>),
    /// What lies between a line and a level.
    Area(Vec<Point>, f64),
    /// What lies between two lines: x, low, high.
    Band(Vec<(f64, f64, f64)>),
    /// Columns that stand on zero: from x, to x, height.
    Columns(Vec<(f64, f64, f64)>),
    /// Marks of a shape.
    Marks(Shape, Vec<Point>),
    /// An upright rule at an x.
    Upright(f64),
    /// A level rule at a y.
    Level(f64),
}

impl Layer {
    /// One without a word at its end.
    pub fn new(name: impl Into<String>, hue: Hue, form: Form) -> Self {
        Self { name: name.into(), hue, form, at_end: None }
    }

    /// The same with a word at its end.
    #[must_use]
    pub fn ending(self, word: impl Into<String>) -> Self {
        Self { at_end: Some(word.into()), ..self }
    }

    /// What the legend calls it: rules carry their names themselves.
    pub(crate) fn legend(&self) -> Option<&str> {
        let is_rule = matches!(self.form, Form::Upright(_) | Form::Level(_));
        Some(self.name.as_str()).filter(|name| !is_rule && !name.is_empty())
    }

    /// Every x that has to be in sight.
    pub(crate) fn xs(&self) -> Vec<f64> {
        match &self.form {
            Form::Line(points) | Form::Area(points, _) | Form::Marks(_, points) => {
                points.iter().map(|point| point.0).collect()
            }
            Form::Band(points) => points.iter().map(|point| point.0).collect(),
            Form::Columns(bins) => bins.iter().flat_map(|bin| [bin.0, bin.1]).collect(),
            Form::Upright(x) => vec![*x],
            Form::Level(_) => Vec::new(),
        }
    }

    /// Every y that has to be in sight.
    pub(crate) fn ys(&self) -> Vec<f64> {
        match &self.form {
            Form::Line(points) | Form::Marks(_, points) => points.iter().map(|point| point.1).collect(),
            Form::Area(points, level) => points.iter().map(|point| point.1).chain([*level]).collect(),
            Form::Band(points) => points.iter().flat_map(|point| [point.1, point.2]).collect(),
            Form::Columns(bins) => bins.iter().map(|bin| bin.2).chain([0.0]).collect(),
            Form::Level(y) => vec![*y],
            Form::Upright(_) => Vec::new(),
        }
    }

    /// The part that is stretched with the plot: a path on the frame's grid.
    pub(crate) fn path(&self, frame: Frame) -> Option<Markup> {
        let (class, d) = match &self.form {
            Form::Line(points) => ("line", traced(frame, &decimate(points, COLUMNS))),
            Form::Area(points, level) => ("area", filled(frame, &decimate(points, COLUMNS), *level)),
            Form::Band(points) => ("area", between(frame, points)),
            Form::Columns(bins) => ("columns", standing(frame, bins)),
            Form::Upright(x) if is_drawable(*x) => {
                ("rule", traced(frame, &[(*x, frame.y.from), (*x, frame.y.to)]))
            }
            Form::Level(y) if is_drawable(*y) => {
                ("rule", traced(frame, &[(frame.x.from, *y), (frame.x.to, *y)]))
            }
            Form::Marks(..) | Form::Upright(_) | Form::Level(_) => return None,
        };
        Some(Element::class("path", format!("{class} {}", self.hue.class())).with("d", d).into())
    }

    /// The part that keeps its size: marks and words.
    pub(crate) fn unstretched(&self, frame: Frame) -> Option<Markup> {
        let word = || Element::class("text", "word");
        match &self.form {
            Form::Marks(shape, points) => {
                let (columns, rows) = MARK_CELLS;
                let marks = one_per_cell(points, columns, rows);
                let dense = if marks.len() > MARKS_APART { " dense" } else { "" };
                let marks = marks.into_iter().map(|(x, y)| {
                    let place =
                        Element::new("svg").with("x", frame.percent_x(x)).with("y", frame.percent_y(y));
                    place.holding(Element::new("path").with("d", shape.path()))
                });
                let group = Element::class("g", format!("mark {}{dense}", self.hue.class()));
                Some(group.holding(marks.collect::<Markup>()).into())
            }
            Form::Upright(x) if is_drawable(*x) => {
                let near_the_end = frame.x.share(*x) > 0.6;
                let (anchor, dx) = if near_the_end { ("end", "-6") } else { ("start", "6") };
                let word = word().with("x", frame.percent_x(*x)).with("y", "0").with("dx", dx);
                Some(word.with("dy", "1em").with("text-anchor", anchor).text(&self.name).into())
            }
            Form::Level(y) if is_drawable(*y) => {
                let word = word().with("x", "100%").with("y", frame.percent_y(*y)).with("dy", "-4");
                Some(word.with("text-anchor", "end").text(&self.name).into())
            }
            _ => None,
        }
    }
}
