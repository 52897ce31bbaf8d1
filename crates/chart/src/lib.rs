//! Charts and tables of the house: numbers in, SVG and HTML out. No IO, no clock, no script, nothing from elsewhere.
//!
//! | what | file |
//! |---|---|
//! | lines, areas, bands, columns, dots and marks over two axes | [`plane`], its layers in [`layer`], their places in `frame.rs` |
//! | figures in rows, with bars or tones behind them: heat maps, confusions, funnels | [`table`] |
//! | where a value lies on an axis, ticks at round numbers | [`scale`] |
//! | ticks where years, months and days begin | [`time`] |
//! | many points in few columns of pixels | [`decimate`] |
//! | numbers as labels | [`label`] |
//! | markup that no text can break out of | [`markup`] |
//! | the style sheet: grid, type, colours, print, light and dark | [`STYLE`] |
//!
//! # The house style
//!
//! - One idea per chart. A grid of thin horizontal lines, no frame, no decoration; the unit stands on the axis.
//! - Text is text: it is selected, searched, read aloud, and keeps its size on a phone, since positions are shares of the plot
//!   and only lines are stretched.
//! - Colours are those of Okabe and Ito, which people tell apart whatever colours they see; each comes with a dash or a shape
//!   of its own, so that a print without colour says the same. Gains are blue, losses vermilion, never green and red.
//! - Each chart carries a title and a description for those who do not see it.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

pub mod decimate;
mod frame;
pub mod label;
pub mod layer;
pub mod markup;
pub mod plane;
pub mod scale;
pub mod table;
pub mod time;

pub use decimate::decimate;
pub use label::Unit;
pub use layer::{Form, Hue, Layer, Shape};
pub use markup::{Element, Markup};
pub use plane::{Axis, Height, Plane};
pub use table::{Cell, Table};

/// The style sheet that every page with charts includes once.
pub const STYLE: &str = include_str!("style.css");

/// A point: x, y.
pub type Point = (f64, f64);
