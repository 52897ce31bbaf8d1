//! Small things that several tables say alike.

use ktrdr_domain::{OperationId, OperationSummary, Status};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::Ink;
use crate::describe;

/// Steps of a bar.
const BAR: usize = 10;

/// Heights of a small line of figures.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

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

/// How long ago, by the clock that told both.
pub(super) fn age(now_ms: i64, at_ms: i64) -> String {
    // Between two looks the store's clock is known to a few milliseconds only.
    describe::age(now_ms.max(at_ms), at_ms)
}

/// Figures as a small line, first to last, from the lowest to the highest of them.
pub(super) fn spark(values: &[f64], width: usize) -> String {
    let values: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(low, high), v| (low.min(*v), high.max(*v)));
    let every = values.len().div_ceil(width.max(1)).max(1);
    let height = |value: f64| match high - low {
        range if range > 0.0 => ((value - low) / range * (HEIGHTS.len() - 1) as f64).round() as usize,
        _ => 0,
    };
    let means = values.chunks(every).map(|part| part.iter().sum::<f64>() / part.len() as f64);
    means.map(|mean| HEIGHTS[height(mean).min(HEIGHTS.len() - 1)]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_figures_goes_from_the_lowest_to_the_highest() {
        assert_eq!(spark(&[1.0, 2.0, 3.0, f64::NAN], 10), "▁▅█");
        assert_eq!(spark(&[2.0, 2.0], 10), "▁▁");
        assert_eq!(spark(&(0..100).map(f64::from).collect::<Vec<_>>(), 10).chars().count(), 10);
        assert_eq!(
            (spark(&[], 10), bar(61.0), bar(0.0)),
            (String::new(), "██████░░░░".into(), "░".repeat(10))
        );
    }

    #[test]
    fn a_short_id_is_one_that_can_be_typed() {
        let id = |text: &str| short(&text.parse().unwrap());
        assert_eq!(id("op_training_20261121_025513_99cb0f94"), "99cb0f94");
        assert_eq!(id("op_agent_research_20261121_025513_99cb0f94.agent_design.1"), "99cb0f94");
    }
}
