//! A button: what it does in words, what it asks before, and the command line that does the same.

use ktrdr_chart::{Element, Markup};

use crate::time::Instant;

/// Something that can be done from a page. It unfolds before it is done: what it does, and what the same is called on the
/// command line, is read first.
#[derive(Debug, Clone)]
pub(crate) struct Button {
    /// Where it is sent.
    action: String,
    /// What stands on it.
    label: &'static str,
    /// What it does, in a sentence.
    about: String,
    /// The same by the command line.
    cli: String,
    /// Whether it can not be taken back.
    is_grave: bool,
    /// Where one is afterwards.
    back: String,
    /// What is sent with it.
    with: Vec<(&'static str, String)>,
    /// What is asked before.
    fields: Vec<Field>,
}

/// Something that is asked before.
#[derive(Debug, Clone)]
struct Field {
    name: &'static str,
    label: String,
    value: String,
    hint: &'static str,
    is_needed: bool,
}

impl Button {
    pub(crate) fn new(action: impl Into<String>, label: &'static str, cli: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            label,
            about: String::new(),
            cli: cli.into(),
            is_grave: false,
            back: String::new(),
            with: Vec::new(),
            fields: Vec::new(),
        }
    }

    pub(crate) fn about(self, about: impl Into<String>) -> Self {
        Self { about: about.into(), ..self }
    }

    pub(crate) fn grave(self) -> Self {
        Self { is_grave: true, ..self }
    }

    /// With a field for why.
    pub(crate) fn asking_why(self) -> Self {
        let label = "Why (kept on record)".to_owned();
        self.asking(Field { name: "reason", label, value: String::new(), hint: "optional", is_needed: false })
    }

    /// With a field for why that can not be left empty.
    pub(crate) fn needing_why(self) -> Self {
        self.typed("reason", "Why (kept on record)")
    }

    /// With a word that has to be typed before it is done.
    pub(crate) fn typed(self, name: &'static str, label: impl Into<String>) -> Self {
        self.asking(Field { name, label: label.into(), value: String::new(), hint: "", is_needed: true })
    }

    /// With a field that is filled in already.
    pub(crate) fn filled(self, name: &'static str, label: &str, value: impl Into<String>) -> Self {
        self.asking(Field { name, label: label.to_owned(), value: value.into(), hint: "", is_needed: false })
    }

    fn asking(mut self, field: Field) -> Self {
        self.fields.push(field);
        self
    }

    pub(crate) fn back(self, place: impl Into<String>) -> Self {
        Self { back: place.into(), ..self }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.with.push((name, value.into()));
        self
    }

    /// As a page shows it.
    pub(crate) fn html(&self) -> Markup {
        let grave = if self.is_grave { " grave" } else { "" };
        let mut form = Element::new("form").with("method", "post").with("action", &self.action);
        if !self.about.is_empty() {
            form = form.holding(Element::new("p").text(&self.about));
        }
        // The same press is the same request, should it be sent twice.
        form = form.holding(hidden("pressed", &Instant::now().0.to_string()));
        for (name, value) in
            self.with.iter().map(|(n, v)| (*n, v.as_str())).chain([("back", self.back.as_str())])
        {
            form = form.holding(hidden(name, value));
        }
        form = form.holding(self.fields.iter().map(Field::html).collect::<Markup>());
        let press = Element::class("button", format!("press{grave}")).with("type", "submit").text(self.label);
        form =
            form.holding(press).holding(Element::class("code", "cli").with("tabindex", "0").text(&self.cli));
        let summary =
            Element::class("summary", format!("button{grave}")).with("title", &self.cli).text(self.label);
        Element::class("details", "deed").with("name", "deed").holding(summary).holding(form).into()
    }
}

impl Field {
    fn html(&self) -> Markup {
        let input = Element::new("input")
            .with("name", self.name)
            .with("maxlength", "2000")
            .with("autocomplete", "off");
        let mut input = input.with("placeholder", self.hint).with("value", &self.value);
        if self.is_needed {
            input = input.with("required", "");
        }
        Element::new("label").holding(Element::new("span").text(&self.label)).holding(input).into()
    }
}

fn hidden(name: &str, value: &str) -> Element {
    Element::new("input").with("type", "hidden").with("name", name).with("value", value)
}
