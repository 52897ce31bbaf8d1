//! Markup that no text can break out of: whatever comes from outside passes [`Markup::text`] or [`Element::with`], which escape.
//!
//! ```
//! use ktrdr_chart::markup::{Element, Markup};
//!
//! let said = Markup::from(Element::new("p").with("title", "\"><script>").text("<b> & so on"));
//! assert_eq!(said.as_str(), "<p title=\"&quot;&gt;&lt;script&gt;\">&lt;b&gt; &amp; so on</p>");
//! ```

use std::fmt::{Display, Write};

/// Markup that is sound.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Markup(String);

impl Markup {
    /// A text, in which nothing is markup.
    pub fn text(text: impl Display) -> Self {
        Self(escaped(&text.to_string()))
    }

    /// Markup that was written here and not made from anything.
    #[must_use]
    pub fn written(markup: &'static str) -> Self {
        Self(markup.to_owned())
    }

    /// Appends more.
    pub fn push(&mut self, more: impl Into<Self>) {
        self.0.push_str(&more.into().0);
    }

    /// As it is put into a page.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The page itself.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<M: Into<Markup>> FromIterator<M> for Markup {
    fn from_iter<I: IntoIterator<Item = M>>(parts: I) -> Self {
        let mut whole = Self::default();
        parts.into_iter().for_each(|part| whole.push(part));
        whole
    }
}

/// One element, under construction.
#[derive(Debug, Clone)]
pub struct Element {
    name: &'static str,
    attributes: String,
    content: Markup,
}

/// Elements of HTML that have no end.
const WITHOUT_END: [&str; 2] = ["meta", "input"];

impl Element {
    /// One without attributes or content.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self { name, attributes: String::new(), content: Markup::default() }
    }

    /// The same of a class.
    #[must_use]
    pub fn class(name: &'static str, class: impl Display) -> Self {
        Self::new(name).with("class", class)
    }

    /// With an attribute.
    #[must_use]
    pub fn with(mut self, attribute: &'static str, value: impl Display) -> Self {
        // Writing to text never fails.
        let _ = write!(self.attributes, " {attribute}=\"{}\"", escaped(&value.to_string()));
        self
    }

    /// With a text behind what it holds.
    #[must_use]
    pub fn text(self, text: impl Display) -> Self {
        self.holding(Markup::text(text))
    }

    /// With more markup behind what it holds.
    #[must_use]
    pub fn holding(mut self, more: impl Into<Markup>) -> Self {
        self.content.push(more);
        self
    }
}

impl From<Element> for Markup {
    fn from(element: Element) -> Self {
        let Element { name, attributes, content } = element;
        match WITHOUT_END.contains(&name) {
            true => Self(format!("<{name}{attributes}>")),
            false => Self(format!("<{name}{attributes}>{}</{name}>", content.0)),
        }
    }
}

/// The text with everything replaced that means something in markup; what controls a terminal or turns the direction of
/// writing is shown as a box.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            '\n' | '\t' => safe.push(c),
            _ if acts(c) => safe.push('\u{fffd}'),
            _ => safe.push(c),
        }
    }
    safe
}

/// Whether a character acts instead of being shown.
#[must_use]
pub fn acts(c: char) -> bool {
    let turns =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns
}
