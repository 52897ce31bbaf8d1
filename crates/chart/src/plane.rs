//! A chart over two axes: a figure with its caption, its legend and the drawing.

use crate::frame::{Frame, GRID};
use crate::label::{self, Unit};
use crate::layer::{Form, Layer};
use crate::markup::{Element, Markup};
use crate::scale::Scale;
use crate::time;

/// Ticks of an upright axis, about.
const TICKS_Y: usize = 4;

/// Ticks of a level axis, about.
const TICKS_X: usize = 7;

/// Words at the ends of lines stand at least so far apart, as a share of the plot's height.
const WORDS_APART: f64 = 0.055;

/// What an axis shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Axis {
    /// Its name with the unit; may be empty where the ticks say it all.
    pub name: String,
    /// What it counts.
    pub unit: Unit,
    /// Values that are in sight whatever is drawn, such as zero.
    pub shows: Vec<f64>,
}

impl Axis {
    /// One of some unit.
    pub fn of(name: impl Into<String>, unit: Unit) -> Self {
        Self { name: name.into(), unit, shows: Vec::new() }
    }

    /// Time.
    #[must_use]
    pub fn time() -> Self {
        Self::of("", Unit::Time)
    }

    /// With this value in sight.
    #[must_use]
    pub fn showing(mut self, value: f64) -> Self {
        self.shows.push(value);
        self
    }
}

/// How much room a chart takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Height {
    /// Beneath another chart.
    Low,
    /// One of several.
    #[default]
    Middle,
    /// The first of a page.
    High,
}

/// A chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Plane {
    /// What it shows, in a few words.
    pub title: String,
    /// What there is to see, in a sentence: for who does not see it, and beneath the title for all.
    pub about: String,
    /// From left to right.
    pub x: Axis,
    /// From bottom to top.
    pub y: Axis,
    /// What is drawn, the first at the bottom.
    pub layers: Vec<Layer>,
    /// Its room.
    pub height: Height,
}

impl Plane {
    /// The figure.
    #[must_use]
    pub fn figure(&self) -> Markup {
        let caption = Element::new("figcaption")
            .holding(Element::new("b").text(&self.title))
            .holding(Element::new("span").text(&self.about))
            .holding(self.legend());
        Element::class("figure", "chart").holding(caption).holding(self.drawing()).into()
    }

    /// The drawing alone.
    #[must_use]
    pub fn drawing(&self) -> Markup {
        let height = match self.height {
            Height::Low => "low",
            Height::Middle => "middle",
            Height::High => "high",
        };
        let frame = self.frame();
        let plot = Element::class("svg", "plot")
            .with("viewBox", format!("0 0 {} {}", GRID.0, GRID.1))
            .with("preserveAspectRatio", "none")
            .holding(self.layers.iter().filter_map(|layer| layer.path(frame)).collect::<Markup>());
        let svg = Element::class("svg", format!("plane {height}")).with("role", "img");
        svg.holding(Element::new("title").text(&self.title))
            .holding(Element::new("desc").text(&self.about))
            .holding(self.axes(frame))
            .holding(plot)
            .holding(self.layers.iter().filter_map(|layer| layer.unstretched(frame)).collect::<Markup>())
            .holding(self.words_at_ends(frame))
            .into()
    }

    fn frame(&self) -> Frame {
        let over = |values: fn(&Layer) -> Vec<f64>, axis: &Axis| {
            Scale::over(self.layers.iter().flat_map(values).chain(axis.shows.iter().copied()))
        };
        Frame { x: over(Layer::xs, &self.x), y: over(Layer::ys, &self.y).rounded(TICKS_Y) }
    }

    fn axes(&self, frame: Frame) -> Markup {
        let mut axes = Markup::default();
        let step = frame.y.step(TICKS_Y);
        for y in frame.y.ticks(TICKS_Y) {
            let at = frame.percent_y(y);
            let class = if y == 0.0 && frame.y.from < 0.0 { "grid zero" } else { "grid" };
            let line = Element::class("line", class).with("x2", "100%").with("y1", &at).with("y2", &at);
            axes.push(line);
            let tick = Element::class("text", "tick").with("x", "-8").with("y", &at).with("dy", ".32em");
            axes.push(tick.with("text-anchor", "end").text(label::of(y, step, self.y.unit)));
        }
        for (number, (x, name)) in self.ticks_x(frame.x).into_iter().enumerate() {
            let class = if number % 2 == 1 { "tick spare" } else { "tick" };
            let tick = Element::class("text", class).with("x", frame.percent_x(x)).with("y", "100%");
            axes.push(tick.with("dy", "1.5em").with("text-anchor", "middle").text(name));
        }
        let name = |text: &str, x, anchor, y, dy| {
            let word = Element::class("text", "axis").with("x", x).with("y", y).with("dy", dy);
            word.with("text-anchor", anchor).text(text)
        };
        axes.push(name(&self.y.name, "0", "start", "0", "-10"));
        axes.push(name(&self.x.name, "100%", "end", "100%", "2.9em"));
        axes
    }

    fn ticks_x(&self, scale: Scale) -> Vec<(f64, String)> {
        if self.x.unit == Unit::Time {
            return time::ticks(scale, TICKS_X + 2);
        }
        let step = scale.step(TICKS_X);
        scale.ticks(TICKS_X).into_iter().map(|x| (x, label::of(x, step, self.x.unit))).collect()
    }

    /// The words at the ends of lines, moved apart where they would cover each other.
    fn words_at_ends(&self, frame: Frame) -> Markup {
        let mut words: Vec<(f64, &str)> = self
            .layers
            .iter()
            .filter_map(|layer| match &layer.form {
                Form::Line(points) => Some((1.0 - frame.y.share(points.last()?.1), layer.at_end.as_deref()?)),
                _ => None,
            })
            .collect();
        words.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut lowest = f64::NEG_INFINITY;
        for word in &mut words {
            word.0 = word.0.max(lowest + WORDS_APART);
            lowest = word.0;
        }
        let beyond = (lowest - 1.0).max(0.0);
        let element = |(at, word): (f64, &str)| {
            let y = format!("{:.1}%", (at - beyond) * 100.0);
            let text = Element::class("text", "word").with("x", "100%").with("y", y).with("dx", "6");
            text.with("dy", ".32em").text(word)
        };
        words.into_iter().map(element).collect()
    }

    /// What is what, where there is more than one thing.
    fn legend(&self) -> Markup {
        let entries: Vec<(&str, &Layer)> =
            self.layers.iter().filter_map(|layer| Some((layer.legend()?, layer))).collect();
        if entries.len() < 2 {
            return Markup::default();
        }
        let entry = |(name, layer): (&str, &Layer)| Element::new("li").holding(swatch(layer)).text(name);
        Element::class("ul", "legend").holding(entries.into_iter().map(entry).collect::<Markup>()).into()
    }
}

/// A layer in small.
fn swatch(layer: &Layer) -> Markup {
    let hue = layer.hue.class();
    let path = |class: &str, d: &str| Element::class("path", format!("{class} {hue}")).with("d", d);
    let drawn: Markup = match &layer.form {
        Form::Marks(shape, _) => {
            let mark = Element::new("svg").with("x", "12").with("y", "6");
            let mark = mark.holding(Element::new("path").with("d", shape.path()));
            Element::class("g", format!("mark {hue}")).holding(mark).into()
        }
        Form::Area(..) | Form::Band(_) => path("area", "M2 1H22V11H2Z").into(),
        Form::Columns(_) => path("columns", "M4 11V5H9V11ZM11 11V1H16V11ZM18 11V7H23V11Z").into(),
        _ => path("line", "M0 6H24").into(),
    };
    Element::class("svg", "swatch").with("aria-hidden", "true").holding(drawn).into()
}
