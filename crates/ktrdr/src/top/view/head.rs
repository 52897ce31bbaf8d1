//! Is it working? One sentence with its cause, since when, and what to do; above it how old that is, below it the tables.

use ktrdr_app::diagnosis::Reason;
use ratatui::Frame;
use ratatui::layout::{Alignment, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::Ink;
use super::clock::Clock;
use super::wrapping::lines_of;
use crate::describe::{self, thousands};
use crate::top::model::{Model, Table};
use crate::top::sight::Sight;

/// Most lines of the sentence.
const LINES_MAX: u16 = 8;

/// From this age on what is shown may mislead.
const OLD_MS: i64 = 15_000;

/// What is looked at, and how old it is.
pub(super) fn title(frame: &mut Frame<'_>, area: Rect, model: &Model, ink: Ink) {
    let name =
        Line::from(vec![Span::styled("ktrdr top", ink.strong()), format!(" · {}", model.place).into()]);
    let (words, style) = freshness(model, ink);
    let width = u16::try_from(words.chars().count()).unwrap_or(area.width).min(area.width);
    let left = Rect { width: area.width.saturating_sub(width + 1), ..area };
    frame.render_widget(Paragraph::new(name), left);
    frame.render_widget(Paragraph::new(Line::styled(words, style)).alignment(Alignment::Right), area);
}

/// How old that is, in whole seconds.
fn old(model: &Model) -> String {
    describe::duration(model.age_ms().max(0) / 1000 * 1000)
}

fn freshness(model: &Model, ink: Ink) -> (String, Style) {
    let old = old(model);
    match (&model.seen, &model.trouble) {
        (None, None) => ("looking …".into(), ink.faint()),
        (None, Some(_)) => ("no answer yet; trying again".into(), ink.bad()),
        (Some(_), Some(_)) => (format!("{old} old; trying again"), ink.bad()),
        (Some(_), None) if model.age_ms() >= OLD_MS => (format!("{old} old"), ink.warning()),
        (Some(_), None) => (format!("{old} old"), ink.faint()),
    }
}

/// How many lines the sentence takes.
pub(super) fn sentence_lines(model: &Model, width: u16) -> u16 {
    let sentence = sentence_of(model, Ink::plain());
    let lines = sentence.iter().map(|line| lines_of(&line.to_string(), width)).fold(0, u16::saturating_add);
    lines.clamp(1, LINES_MAX)
}

pub(super) fn sentence(frame: &mut Frame<'_>, area: Rect, model: &Model, ink: Ink) {
    let words = Paragraph::new(sentence_of(model, ink)).wrap(Wrap { trim: true });
    frame.render_widget(words, area);
}

fn sentence_of(model: &Model, ink: Ink) -> Vec<Line<'static>> {
    if let Some(trouble) = &model.trouble {
        return trouble.lines().map(|line| Line::styled(line.to_owned(), ink.bad())).collect();
    }
    let Some(seen) = &model.seen else { return vec!["Looking …".into()] };
    if model.age_ms() >= OLD_MS {
        let words = format!("No answer for {}: what stands below may no longer be so.", old(model));
        return vec![Line::styled(words, ink.warning())];
    }
    let reasons: Vec<&Reason> = seen.readiness.checks.iter().flat_map(|look| &look.reasons).collect();
    let (running, waiting) = open(seen);
    match reasons.as_slice() {
        [] if !seen.readiness.sound => {
            vec![Line::styled("Something is not as it should be: see `ktrdr doctor`.", ink.warning())]
        }
        [] if running + waiting == 0 => {
            vec![Line::styled("Everything is there, and nothing waits.", ink.good())]
        }
        [] => {
            let (running, waiting) = (thousands(running), thousands(waiting));
            vec![Line::styled(format!("It is working: {running} running, {waiting} waiting."), ink.good())]
        }
        [first, more @ ..] => because(first, more.len(), Clock::of(model), ink),
    }
}

/// The cause, since when, and what to do about it.
fn because(first: &Reason, more: usize, clock: Clock, ink: Ink) -> Vec<Line<'static>> {
    let since = first.since_ms.map(|ms| format!(", since {}", clock.ago(ms))).unwrap_or_default();
    let cause = format!("{}{since}.", upper_first(&first.message));
    let mut next = vec![Span::raw("→ "), Span::styled(first.run.clone(), ink.strong())];
    if more > 0 {
        next.push(Span::styled(format!("   and {more} more: see `ktrdr doctor`"), ink.faint()));
    }
    vec![Line::styled(cause, ink.warning()), Line::from(next)]
}

/// As the beginning of a sentence; a stable word stays as it is.
fn upper_first(text: &str) -> String {
    if text.split(' ').next().is_some_and(|word| word.contains('_')) {
        return text.to_owned();
    }
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn open(seen: &Sight) -> (u64, u64) {
    let queues = &seen.queues;
    (queues.iter().map(|queue| queue.running).sum(), queues.iter().map(|queue| queue.pending).sum())
}

/// The tables by their keys, with how much is in each.
pub(super) fn tabs(frame: &mut Frame<'_>, area: Rect, model: &Model, ink: Ink) {
    let mut spans = Vec::new();
    for table in Table::ALL {
        let count = model.seen.as_ref().map(|seen| count(seen, table)).unwrap_or_default();
        let is_chosen = table == model.table && model.page.is_none();
        let style = if is_chosen { ink.chosen() } else { ink.faint() };
        spans.push(Span::styled(format!(" {} {}{count} ", table.index() + 1, table.name()), style));
    }
    frame.render_widget(Paragraph::new(Line::from(spans)), area);
}

fn count(seen: &Sight, table: Table) -> String {
    let count = match table {
        Table::Operations => seen.total,
        Table::Queues => None,
        Table::Workers => Some(seen.workers.len() as u64),
        Table::DeadLetters => Some(seen.dead.total),
        Table::Campaigns => Some(seen.campaigns.total),
    };
    count.map(|count| format!(" {}", thousands(count))).unwrap_or_default()
}
