//! One operation: what it is about, how far it is, why it waits, what it went through.

use ktrdr_app::explain::Explanation;
use ktrdr_app::metrics::Reading;
use ktrdr_domain::{Operation, OperationSummary, Status};
use ktrdr_fabric::history::Transition;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Paragraph, Wrap};

use super::Ink;
use super::clock::Clock;
use super::words::{about, progress, status};
use super::wrapping::lines_of;
use crate::describe;
use crate::spark;
use crate::top::model::{Model, Page};
use crate::top::sight::Detail;

/// Figures of which a line is drawn, the most telling first.
const DRAWN: [&str; 4] = ["val loss", "loss", "equity", "pnl"];

/// The last readings that are shown.
const READINGS: usize = 5;

/// Changes of the row that are shown: the last ones.
const CHANGES: usize = 12;

pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model, page: &Page, ink: Ink) {
    let lines = match &page.detail {
        None => vec![Line::from(page.id.to_string()), Line::styled("looking …", ink.faint())],
        Some(detail) => lines(detail, Clock::of(model), ink),
    };
    let wrapped = lines.iter().map(|line| lines_of(&line.to_string(), area.width));
    let last = wrapped.fold(0, u16::saturating_add).saturating_sub(1);
    let text = Paragraph::new(lines).wrap(Wrap { trim: false }).scroll((page.scrolled.min(last), 0));
    frame.render_widget(text, area);
}

fn lines(detail: &Detail, clock: Clock, ink: Ink) -> Vec<Line<'static>> {
    let Detail { operation, explanation, history, readings } = detail;
    let row = &operation.operation;
    let mut lines = facts(row, clock, ink);
    lines.extend(why(explanation, clock, ink));
    lines.extend(figures(readings, ink));
    if let Some(error) = &row.error {
        lines.push(heading("error", ink));
        lines.extend(error.lines().map(|line| Line::styled(format!("  {line}"), ink.bad())));
    }
    if !operation.children.is_empty() {
        lines.push(heading("its jobs", ink));
        lines.extend(operation.children.iter().rev().map(|child| of_child(child, ink)));
    }
    lines.push(heading("what it went through", ink));
    let skipped = history.events.len().saturating_sub(CHANGES);
    lines.extend(history.events.iter().skip(skipped).map(|event| change(event, clock)));
    lines
}

fn heading(words: &'static str, ink: Ink) -> Line<'static> {
    Line::styled(words, ink.strong())
}

fn fact(name: &str, value: impl Into<Span<'static>>, ink: Ink) -> Line<'static> {
    Line::from(vec![Span::styled(format!("{name:<10}"), ink.faint()), value.into()])
}

fn facts(row: &Operation, clock: Clock, ink: Ink) -> Vec<Line<'static>> {
    let mut lines = vec![
        Line::from(vec![Span::styled(row.id.to_string(), ink.strong()), "  ".into(), status(row, ink)]),
        fact("type", row.kind.to_string(), ink),
    ];
    let told = about(row);
    if !told.is_empty() {
        lines.push(fact("about", told, ink));
    }
    lines.extend(row.campaign.as_ref().map(|name| fact("campaign", name.to_string(), ink)));
    let took = describe::took_ms(row).map(describe::duration);
    let took = took.map(|took| format!(" · took {took}")).unwrap_or_default();
    lines.push(fact("begun", clock.ago(row.created_at_ms) + &took, ink));
    if !row.kind.is_root() {
        let lost =
            if row.rescues > 0 { format!(" · lost its worker {} ×", row.rescues) } else { String::new() };
        lines.push(fact("tries", format!("{} of {}{lost}", row.tries, row.tries_max), ink));
    }
    lines.extend(row.worker.as_ref().map(|worker| fact("worker", worker.clone(), ink)));
    if let Some(cancel) = &row.cancel {
        lines.push(fact("cancel", format!("asked for by {} {}", cancel.by, cancel.reason), ink));
    }
    if row.status == Status::Running {
        let mut line = progress(row, ink);
        line.spans.insert(0, Span::styled(format!("{:<10}", "progress"), ink.faint()));
        line.push_span(format!("  {}", describe::doing(row, None)));
        lines.push(line);
    }
    lines
}

fn why(explanation: &Explanation, clock: Clock, ink: Ink) -> Vec<Line<'static>> {
    if explanation.reasons.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![heading("why it waits", ink)];
    for reason in &explanation.reasons {
        let since = reason.since_ms.map(|ms| format!(", since {}", clock.ago(ms))).unwrap_or_default();
        lines.push(Line::styled(format!("  {}{since}", reason.message), ink.warning()));
        lines.push(format!("  → {}", reason.run).into());
    }
    let turn = explanation.eta_ms.and_then(|ms| i64::try_from(ms).ok());
    lines.extend(turn.map(|ms| format!("  its turn comes in about {}", describe::duration(ms)).into()));
    lines
}

/// A small line of what tells most, and the last readings of all.
fn figures(readings: &[Reading], ink: Ink) -> Vec<Line<'static>> {
    let values =
        |name: &str| readings.iter().filter_map(|r| r.figures.get(name).copied()).collect::<Vec<_>>();
    let drawn = DRAWN.iter().map(|name| (*name, values(name))).find(|(_, values)| values.len() > 1);
    let mut lines = Vec::new();
    if let Some((name, values)) = drawn {
        let [first, last] = [values[0], values[values.len() - 1]].map(describe::figure);
        let line = Span::styled(spark::line(&values), ink.moving());
        lines.push(Line::from(vec![
            Span::styled(format!("{name:<10}"), ink.faint()),
            line,
            format!("  {first} → {last}").into(),
        ]));
    }
    for reading in readings.iter().skip(readings.len().saturating_sub(READINGS)) {
        let told = reading.figures.iter().map(|(name, value)| format!("{name} {}", describe::figure(*value)));
        let told = told.collect::<Vec<_>>().join(" · ");
        lines.push(Line::styled(format!("{:>9} {told}", reading.item), ink.faint()));
    }
    lines
}

fn of_child(child: &OperationSummary, ink: Ink) -> Line<'static> {
    let took = describe::took_ms(child).map(describe::duration).unwrap_or_default();
    let mut line = Line::from(vec![format!("  {:<17}", child.kind.as_str()).into(), status(child, ink)]);
    line.push_span(format!("  {took}  "));
    line.extend(progress(child, ink));
    line
}

fn change(event: &Transition, clock: Clock) -> Line<'static> {
    let note = event.note.as_deref().unwrap_or_default().replace('\n', " ");
    let ago = clock.ago(event.at_ms);
    format!("  {ago:>12}  {:<10} {note}", event.what.to_string()).into()
}
