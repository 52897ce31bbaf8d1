//! What stands below the tables, and what is laid over them: a question, the keys.

use ratatui::Frame;
use ratatui::layout::{Constraint, Flex, Layout, Rect};
use ratatui::text::{Line, Span, Text};
use ratatui::widgets::{Block, Clear, Paragraph, Wrap};

use super::Ink;
use super::words::doing;
use super::wrapping::{cut, lines_of};
use crate::top::deed::Deed;
use crate::top::model::Model;

/// Keys and what they do, in the order of the page that explains them.
const KEYS: [(&str, &str); 12] = [
    ("Tab, 1–5", "another table"),
    ("↑ ↓, j k", "up and down; PgUp, PgDn, g and G go further"),
    ("Enter", "one operation; those of a queue, a worker, a campaign"),
    ("/", "filter, as `operations list --filter`; Esc takes it away"),
    ("c", "cancel the operation"),
    ("r", "retry the operation: what was cut short goes on"),
    ("p", "pause a queue, or resume it"),
    ("d", "drain a worker"),
    ("Esc", "back"),
    ("Ctrl-L", "look again at once"),
    ("?", "these keys"),
    ("q", "quit"),
];

/// An example of what a filter may be.
const EXAMPLE: &str = "status=failed,running&type!=probe&error~timeout";

/// Most lines of an answer, or of why a filter is none.
const LINES_MAX: u16 = 6;

/// How many lines what stands below takes: an answer as many as it needs, anything else one.
pub(super) fn below_lines(model: &Model, width: u16) -> u16 {
    let said = model.said.as_ref().filter(|_| model.typed.is_none());
    said.map_or(1, |said| lines_of(&said.words, width).min(LINES_MAX))
}

/// The chosen row in more words, the answer to what was done, or the filter that is typed.
pub(super) fn below(frame: &mut Frame<'_>, area: Rect, model: &Model, ink: Ink) {
    let text = if let Some(typed) = &model.typed {
        let column = u16::try_from(typed.text.chars().count() + 1).unwrap_or(u16::MAX);
        frame.set_cursor_position((area.x + column.min(area.width.saturating_sub(1)), area.y));
        Text::from(format!("/{}", typed.text))
    } else if let Some(said) = &model.said {
        Text::styled(said.words.clone(), if said.is_trouble { ink.bad() } else { ink.strong() })
    } else {
        let row = model.operation().filter(|_| model.page.is_none());
        let words = row.map(|row| [row.id.to_string(), doing(row)].join(" "));
        cut(Line::styled(words.unwrap_or_default(), ink.faint()), area.width).into()
    };
    frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }), area);
}

/// How many lines the keys take: why a filter is none may need more.
pub(super) fn keys_lines(model: &Model, width: u16) -> u16 {
    trouble_of_filter(model).map_or(1, |trouble| lines_of(trouble, width).min(LINES_MAX))
}

fn trouble_of_filter(model: &Model) -> Option<&String> {
    model.typed.as_ref()?.trouble.as_ref()
}

/// The keys that matter here.
pub(super) fn keys(frame: &mut Frame<'_>, area: Rect, model: &Model, ink: Ink) {
    if let Some(trouble) = trouble_of_filter(model) {
        let words = Paragraph::new(Text::styled(trouble.clone(), ink.bad())).wrap(Wrap { trim: true });
        return frame.render_widget(words, area);
    }
    let words = match (&model.typed, &model.page) {
        (Some(_), _) => format!("Enter filters · Esc leaves · such as {EXAMPLE}"),
        (None, Some(_)) => "Esc back · ↑↓ scroll · c cancel · r retry · p pause · d drain · ? keys".into(),
        (None, None) if !model.filter.is_empty() => {
            format!("filter {} · Esc takes it away · ? keys · q quit", model.filter)
        }
        (None, None) => "Tab table · ↑↓ move · Enter open · / filter · c r p d act · ? keys · q quit".into(),
    };
    frame.render_widget(cut(Line::styled(words, ink.faint()), area.width), area);
}

/// A question, or the page of keys.
pub(super) fn over(frame: &mut Frame<'_>, area: Rect, model: &Model, ink: Ink) {
    if let Some(deed) = &model.asked {
        question(frame, area, deed, ink);
    } else if model.has_help {
        help(frame, area, ink);
    }
}

fn question(frame: &mut Frame<'_>, area: Rect, deed: &Deed, ink: Ink) {
    let lines = vec![
        deed.question().into(),
        Line::default(),
        Line::styled(deed.command(), ink.strong()),
        Line::default(),
        Line::from(vec![
            Span::styled("y", ink.strong()),
            " yes    ".into(),
            Span::styled("any other key", ink.strong()),
            " no".into(),
        ]),
    ];
    let area = middle(frame, area, 76, 9);
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: true }).block(Block::bordered()), area);
}

fn help(frame: &mut Frame<'_>, area: Rect, ink: Ink) {
    let line = |(key, does): &(&'static str, &'static str)| {
        Line::from(vec![Span::styled(format!("{key:<10} "), ink.strong()), (*does).into()])
    };
    let more = [Line::default(), "Every question shows the command that it stands for.".into()];
    let lines: Vec<Line<'_>> = KEYS.iter().map(line).chain(more).collect();
    let area = middle(frame, area, 72, lines.len() as u16 + 2);
    frame.render_widget(Clear, area);
    frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" keys ")), area);
}

/// A box in the middle of an area.
fn middle(frame: &Frame<'_>, area: Rect, width: u16, height: u16) -> Rect {
    let area = if area.height < height { frame.area() } else { area };
    let [row] = Layout::vertical([Constraint::Max(height)]).flex(Flex::Center).areas(area);
    let [middle] = Layout::horizontal([Constraint::Max(width)]).flex(Flex::Center).areas(row);
    middle
}
