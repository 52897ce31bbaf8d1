//! Figures in rows. A cell may have a tone behind it (a heat map, a confusion) or a bar (a funnel, an ablation), and stays
//! text that is read, copied and sorted out by screen readers.

use crate::markup::{Element, Markup};

/// Steps of a tone to either side.
const TONES: f64 = 5.0;

/// One cell.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cell {
    /// What it says.
    pub text: String,
    /// Whether it stands at the right, as numbers do.
    pub is_number: bool,
    /// How strongly it is coloured: −1 the worst loss, 1 the best gain.
    pub tone: Option<f64>,
    /// How long a bar lies behind it: −1 to 1, as a tone.
    pub bar: Option<f64>,
}

impl Cell {
    /// Words.
    pub fn words(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A number that was written out.
    pub fn number(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_number: true, ..Self::default() }
    }

    /// The same with a colour behind it.
    #[must_use]
    pub fn toned(self, tone: f64) -> Self {
        Self { tone: Some(tone), ..self }
    }

    /// The same with a bar behind it.
    #[must_use]
    pub fn barred(self, bar: f64) -> Self {
        Self { bar: Some(bar), ..self }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::words(text)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::words(text)
    }
}

/// A table; the first cell of each row is its name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// What it shows.
    pub caption: String,
    /// Names of the columns.
    pub head: Vec<String>,
    /// The rows.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// One without rows.
    pub fn new<S: Into<String>>(caption: impl Into<String>, head: impl IntoIterator<Item = S>) -> Self {
        Self { caption: caption.into(), head: head.into_iter().map(Into::into).collect(), rows: Vec::new() }
    }

    /// With one more row.
    #[must_use]
    pub fn row(mut self, cells: Vec<Cell>) -> Self {
        self.rows.push(cells);
        self
    }

    /// As a page shows it; it scrolls by itself where it is too wide.
    #[must_use]
    pub fn html(&self) -> Markup {
        let is_number =
            |column: usize| self.rows.iter().filter_map(|row| row.get(column)).any(|c| c.is_number);
        let head = self.head.iter().enumerate().map(|(column, name)| {
            let cell = if is_number(column) { Element::class("th", "number") } else { Element::new("th") };
            cell.with("scope", "col").text(name)
        });
        let rows = self.rows.iter().map(|row| {
            Element::new("tr")
                .holding(row.iter().enumerate().map(|(n, cell)| shown(n == 0, cell)).collect::<Markup>())
        });
        let table = Element::new("table")
            .holding(Element::new("caption").text(&self.caption))
            .holding(Element::new("thead").holding(Element::new("tr").holding(head.collect::<Markup>())))
            .holding(Element::new("tbody").holding(rows.collect::<Markup>()));
        let scrolls = Element::class("div", "scroll").with("tabindex", "0").with("role", "region");
        scrolls.with("aria-label", &self.caption).holding(table).into()
    }
}

fn shown(is_name: bool, cell: &Cell) -> Markup {
    let tone = cell.tone.filter(|tone| tone.is_finite()).map(|tone| (tone.clamp(-1.0, 1.0) * TONES).round());
    let tone = match tone {
        Some(tone) if tone > 0.0 => format!("p{tone}"),
        Some(tone) if tone < 0.0 => format!("n{}", -tone),
        _ => String::new(),
    };
    let classes = [if cell.is_number { "number" } else { "" }, tone.as_str()].join(" ");
    let mut element = if is_name { Element::new("th").with("scope", "row") } else { Element::new("td") };
    if !classes.trim().is_empty() {
        element = element.with("class", classes.trim());
    }
    if let Some(bar) = cell.bar.filter(|bar| bar.is_finite()) {
        let class = if bar < 0.0 { "bar loss" } else { "bar gain" };
        let length = format!("{:.1}%", bar.abs().min(1.0) * 100.0);
        let rect = Element::new("rect").with("width", length).with("height", "100%");
        element = element.holding(Element::class("svg", class).with("aria-hidden", "true").holding(rect));
    }
    element.text(&cell.text).into()
}
