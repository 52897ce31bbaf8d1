//! Small things that several tables say alike.

use ktrdr_domain::{OperationId, OperationSummary, Status};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::Ink;
use crate::describe;

/// Steps of a bar.
const BAR: usize = 10;

/// Enough of an id to know it by, and to type it: the random part.
pub(super) fn short(id: &OperationId) -> String {
    let whole = id.as_str();
    let root = whole.split('.').next().unwrap_or(whole);
    root.rsplit('_').next().unwrap_or(root).to_owned()
}

/// The market first: it is short, and tells most.
pub(super) fn about(row: &OperationSummary) -> String {
    let subject = &row.subject;
    let market = [subject.symbol.as_ref().map(ToString::to_string), subject.timeframe.map(|t| t.to_string())];
    let words = market.into_iter().chain([subject.strategy.as_ref().map(ToString::to_string)]).flatten();
    words.collect::<Vec<_>>().join(" ")
}

pub(super) fn status(row: &OperationSummary, ink: Ink) -> Span<'static> {
    let style = match row.status {
        _ if row.is_cancelling() => ink.warning(),
        Status::Pending => Style::new(),
        Status::Running => ink.moving(),
        Status::Completed => ink.good(),
        Status::Failed => ink.bad(),
        Status::Cancelled => ink.faint(),
    };
    Span::styled(describe::status(row), style)
}

/// Of what runs a bar; of a cycle its phase.
pub(super) fn progress(row: &OperationSummary, ink: Ink) -> Line<'static> {
    match (row.status, &row.progress, row.phase) {
        (Status::Running, Some(progress), _) => {
            let percent = progress.percentage.clamp(0.0, 100.0);
            Line::from(vec![Span::styled(bar(percent), ink.moving()), format!(" {percent:.0} %").into()])
        }
        (Status::Running, None, Some(phase)) => phase.to_string().into(),
        _ => Line::default(),
    }
}

/// `██████░░░░`
fn bar(percent: f64) -> String {
    let full = ((percent / 100.0 * BAR as f64).round() as usize).min(BAR);
    "█".repeat(full) + &"░".repeat(BAR - full)
}

/// What it does, waits for, or went wrong with.
pub(super) fn doing(row: &OperationSummary) -> String {
    let said = match &row.error {
        Some(error) => error.clone(),
        None if row.status == Status::Running || row.waits_for.is_some() => describe::doing(row, None),
        None => row.caveat.clone().unwrap_or_default(),
    };
    said.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_full_as_it_says() {
        assert_eq!((bar(61.0), bar(0.0), bar(100.0)), ("██████░░░░".into(), "░".repeat(10), "█".repeat(10)));
    }

    #[test]
    fn a_short_id_is_one_that_can_be_typed() {
        let id = |text: &str| short(&text.parse().unwrap());
        assert_eq!(id("op_training_20261121_025513_99cb0f94"), "99cb0f94");
        assert_eq!(id("op_agent_research_20261121_025513_99cb0f94.agent_design.1"), "99cb0f94");
    }
}
