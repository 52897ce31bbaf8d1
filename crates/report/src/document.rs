//! What a page consists of, whatever form it takes.

use ktrdr_chart::{Plane, Table};

/// A page.
#[derive(Debug, Clone, Default)]
pub struct Document {
    /// Its title.
    pub title: String,
    /// What it is about, in a line.
    pub lead: String,
    /// What must be known before anything else, the gravest first.
    pub notices: Vec<Notice>,
    /// The rest, in the order of questions.
    pub sections: Vec<Section>,
    /// What it was made from.
    pub colophon: String,
}

/// Something that must be known first.
#[derive(Debug, Clone)]
pub struct Notice {
    /// How grave it is.
    pub weight: Weight,
    /// A word or two.
    pub title: String,
    /// A sentence or two.
    pub text: String,
}

/// How grave a notice is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// What follows is no result.
    Grave,
    /// It failed.
    Bad,
    /// It passed.
    Good,
    /// Worth knowing.
    Plain,
}

/// A part of a page.
#[derive(Debug, Clone, Default)]
pub struct Section {
    /// Its heading.
    pub heading: String,
    /// What stands in it.
    pub blocks: Vec<Block>,
}

/// One thing in a section.
#[derive(Debug, Clone)]
pub enum Block {
    /// A paragraph.
    Words(String),
    /// Names with figures.
    Facts(Vec<Fact>),
    /// Sentences, each on its own.
    List(Vec<String>),
    /// Figures in rows.
    Table(Table),
    /// A chart.
    Chart(Plane),
    /// Small charts side by side.
    Charts(Vec<Plane>),
    /// What only few ask for: folded away on a screen, there in print.
    Folded(String, Vec<Block>),
}

/// A figure with its name, and what it means or why it is undefined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// Its name.
    pub name: String,
    /// The figure with its unit.
    pub value: String,
    /// Beneath it; may be empty.
    pub note: String,
}

impl Fact {
    /// One with a note.
    pub fn new(name: impl Into<String>, value: impl Into<String>, note: impl Into<String>) -> Self {
        Self { name: name.into(), value: value.into(), note: note.into() }
    }
}

impl Section {
    /// A part with these blocks.
    pub fn new(heading: impl Into<String>, blocks: Vec<Block>) -> Self {
        Self { heading: heading.into(), blocks }
    }
}

impl Document {
    /// With a section, unless it is empty.
    pub(crate) fn add(&mut self, section: Section) {
        if !section.blocks.is_empty() {
            self.sections.push(section);
        }
    }

    /// With a notice.
    pub(crate) fn notice(&mut self, weight: Weight, title: impl Into<String>, text: impl Into<String>) {
        self.notices.push(Notice { weight, title: title.into(), text: text.into() });
    }

    /// The same with the last rows of long tables.
    pub(crate) fn cut(mut self, rows_max: usize) -> Self {
        for block in self.sections.iter_mut().flat_map(|section| &mut section.blocks) {
            if let Block::Table(table) = block
                && table.rows.len() > rows_max
            {
                let all = table.rows.len();
                table.rows.drain(..all - rows_max);
                table.caption =
                    format!("{}: the last {rows_max} of {all}; the report has all", table.caption);
            }
        }
        self
    }
}
