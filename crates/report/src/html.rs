//! A document as one HTML file. Its policy lets a browser load nothing and run nothing: the one style sheet is named by its hash.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ktrdr_chart::{Element, Markup, STYLE};
use sha2::{Digest, Sha256};

use crate::document::{Block, Document, Fact, Notice, Section, Weight};

const PAGE_STYLE: &str = include_str!("page.css");

/// The whole file.
pub(crate) fn page(document: &Document) -> String {
    let style: Markup = [Markup::written(STYLE), Markup::written(PAGE_STYLE)].into_iter().collect();
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        STANDARD.encode(Sha256::digest(style.as_str()))
    );
    let meta = |name, content: &str| Element::new("meta").with("name", name).with("content", content);
    let head = Element::new("head")
        .holding(Element::new("meta").with("charset", "utf-8"))
        .holding(Element::new("meta").with("http-equiv", "Content-Security-Policy").with("content", policy))
        .holding(meta("viewport", "width=device-width, initial-scale=1"))
        .holding(meta("referrer", "no-referrer"))
        .holding(Element::new("title").text(format!("{} · ktrdr", document.title)))
        .holding(Element::new("style").holding(style));
    let body = Element::new("body").holding(Element::new("main").holding(content(document)));
    let html = Element::new("html").with("lang", "en").holding(head).holding(body);
    format!("<!doctype html>\n{}\n", Markup::from(html).into_string())
}

fn content(document: &Document) -> Markup {
    let header = Element::new("header")
        .holding(Element::new("h1").text(&document.title))
        .holding(Element::class("p", "lead").text(&document.lead));
    [Markup::from(header), sections(document)].into_iter().collect()
}

/// Everything beneath the title.
pub(crate) fn sections(document: &Document) -> Markup {
    let mut content = Markup::default();
    document.notices.iter().for_each(|said| content.push(notice(said)));
    document.sections.iter().for_each(|said| content.push(section(said)));
    content.push(Element::new("footer").text(&document.colophon));
    content
}

fn notice(notice: &Notice) -> Element {
    let class = match notice.weight {
        Weight::Grave => "notice grave",
        Weight::Bad => "notice bad",
        Weight::Good => "notice good",
        Weight::Plain => "notice",
    };
    let title = Element::new("b").text(&notice.title);
    Element::class("div", class).holding(title).holding(Element::new("p").text(&notice.text))
}

fn section(section: &Section) -> Element {
    let heading = Element::new("h2").text(&section.heading);
    Element::new("section").holding(heading).holding(section.blocks.iter().map(block).collect::<Markup>())
}

fn block(block: &Block) -> Markup {
    match block {
        Block::Words(words) => Element::new("p").text(words).into(),
        Block::Facts(list) => facts(list),
        Block::List(lines) => {
            let line = |line: &String| Element::new("li").text(line);
            Element::new("ul").holding(lines.iter().map(line).collect::<Markup>()).into()
        }
        Block::Table(table) => table.html(),
        Block::Chart(plane) => plane.figure(),
        Block::Charts(planes) => {
            let charts: Markup = planes.iter().map(ktrdr_chart::Plane::figure).collect();
            Element::class("div", "small").holding(charts).into()
        }
        Block::Folded(summary, blocks) => Element::new("details")
            .holding(Element::new("summary").text(summary))
            .holding(blocks.iter().map(self::block).collect::<Markup>())
            .into(),
    }
}

fn facts(facts: &[Fact]) -> Markup {
    let fact = |fact: &Fact| {
        let named = Element::new("div").holding(Element::new("dt").text(&fact.name));
        let valued = named.holding(Element::new("dd").text(&fact.value));
        match fact.note.is_empty() {
            true => valued,
            false => valued.holding(Element::class("dd", "note").text(&fact.note)),
        }
    };
    Element::class("dl", "facts").holding(facts.iter().map(fact).collect::<Markup>()).into()
}
