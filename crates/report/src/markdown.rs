//! A document as Markdown. Charts are told by their descriptions; no text from outside begins anything.

use ktrdr_chart::markup::acts;
use ktrdr_chart::{Cell, Plane, Table};

use crate::document::{Block, Document, Fact, Section};

/// The whole text.
pub(crate) fn text(document: &Document) -> String {
    let notices = document
        .notices
        .iter()
        .map(|notice| format!("> **{}** {}", plain(&notice.title), plain(&notice.text)));
    let head = [format!("# {}", plain(&document.title)), plain(&document.lead)];
    let sections = document.sections.iter().flat_map(section);
    let parts = head.into_iter().chain(notices).chain(sections).chain([plain(&document.colophon)]);
    let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
    format!("{}\n", parts.join("\n\n"))
}

fn section(section: &Section) -> Vec<String> {
    let heading = format!("## {}", plain(&section.heading));
    std::iter::once(heading).chain(section.blocks.iter().flat_map(block)).collect()
}

fn block(block: &Block) -> Vec<String> {
    match block {
        Block::Words(words) => vec![plain(words)],
        Block::Facts(list) => vec![lines(list.iter().map(fact))],
        Block::List(list) => vec![lines(list.iter().map(|line| plain(line)))],
        Block::Table(shown) => vec![table(shown)],
        Block::Chart(plane) => vec![chart(plane)],
        Block::Charts(planes) => planes.iter().map(chart).collect(),
        Block::Folded(summary, blocks) => {
            let summary = format!("### {}", plain(summary));
            std::iter::once(summary).chain(blocks.iter().flat_map(self::block)).collect()
        }
    }
}

fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.map(|line| format!("- {line}")).collect::<Vec<_>>().join("\n")
}

fn fact(fact: &Fact) -> String {
    let note = if fact.note.is_empty() { String::new() } else { format!(" ({})", plain(&fact.note)) };
    format!("{}: **{}**{note}", plain(&fact.name), plain(&fact.value))
}

fn chart(plane: &Plane) -> String {
    format!("*{}*: {}", plain(&plane.title), plain(&plane.about))
}

fn table(table: &Table) -> String {
    let row = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let is_number = |column: usize| table.rows.iter().filter_map(|row| row.get(column)).any(|c| c.is_number);
    let head = row(table.head.iter().map(|name| plain(name)).collect());
    let rule = (0..table.head.len()).map(|column| if is_number(column) { "---:" } else { "---" }.to_owned());
    let rows =
        table.rows.iter().map(|cells| row(cells.iter().map(|cell: &Cell| plain(&cell.text)).collect()));
    let caption = format!("*{}*\n", plain(&table.caption));
    [caption, head, row(rule.collect())].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

/// On one line, and nothing in it marks anything up.
fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' | '\t' => safe.push(' '),
            _ if acts(c) => safe.push('\u{fffd}'),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '!' => safe.extend(['\\', c]),
            _ => safe.push(c),
        }
    }
    safe
}
