//! Operations in words and figures, for a line on a screen.

use ktrdr_domain::number::Figure;
use ktrdr_domain::{OperationSummary, Phase, Progress, Status};

use crate::screen::harmless;

/// How much of a cycle's bar each phase takes: name, from, to, in percent.
const PHASES: [(Phase, f64, f64); 4] = [
    (Phase::Designing, 0.0, 10.0),
    (Phase::Training, 10.0, 60.0),
    (Phase::Backtesting, 60.0, 95.0),
    (Phase::Assessing, 95.0, 100.0),
];

/// One line about an operation: id, status, phase or progress, error.
pub(crate) fn line(row: &OperationSummary) -> String {
    let indent = if row.root.is_some() { "  " } else { "" };
    let running = (row.status == Status::Running).then(|| doing(row, None)).filter(|text| !text.is_empty());
    let facts = [Some(status(row)), running, row.error.clone()];
    let facts: Vec<String> = facts.into_iter().flatten().collect();
    harmless(&format!("{indent}{} {}", row.id, facts.join(" · ")))
}

/// The status as people see it: a running operation that was asked to stop is `cancelling`.
pub(crate) fn status(row: &OperationSummary) -> String {
    if row.is_cancelling() { "cancelling".into() } else { row.status.to_string() }
}

/// What a running operation is doing now; a cycle does what its child does.
pub(crate) fn doing(row: &OperationSummary, child: Option<&OperationSummary>) -> String {
    if row.is_cancelling() {
        return "stopping …".into();
    }
    let at_work = child.unwrap_or(row);
    let waits = at_work.waits_for.as_ref().map(|what| format!("waits for {what}"));
    let progress = waits.or_else(|| at_work.progress.as_ref().map(figures));
    let words = [row.phase.map(|phase| phase.to_string()), progress]
        .into_iter()
        .flatten()
        .filter(|words| !words.is_empty());
    let words: Vec<String> = words.collect();
    harmless(&words.join(" · "))
}

/// From 0 to 100; a cycle's share of its phases, and within a phase its child's.
pub(crate) fn percentage(row: &OperationSummary, child: Option<&OperationSummary>) -> f64 {
    let of_progress = |o: &OperationSummary| match o.status {
        Status::Completed => 100.0,
        _ => o.progress.as_ref().map_or(0.0, |p| p.percentage.clamp(0.0, 100.0)),
    };
    let phase = PHASES.iter().find(|(name, _, _)| Some(*name) == row.phase);
    match phase {
        Some((_, from, to)) if !row.status.is_terminal() => {
            from + (to - from) * child.map_or(0.0, of_progress) / 100.0
        }
        _ => of_progress(row),
    }
}

/// `epoch 12/30 · loss 1.0412`
fn figures(progress: &Progress) -> String {
    let figures = progress.figures.iter().map(|(name, value)| format!("{name} {}", figure(*value)));
    std::iter::once(progress.step.clone()).chain(figures).collect::<Vec<_>>().join(" · ")
}

/// Short enough for a line: whole, or two decimals where it is large, or four significant digits.
pub(crate) fn figure(value: f64) -> String {
    let size = value.abs();
    let value = Figure(value);
    if size.fract() == 0.0 && size < 1e15 {
        format!("{value:.0}")
    } else if (1000.0..1e15).contains(&size) {
        format!("{value:.2}")
    } else if (0.001..1000.0).contains(&size) {
        format!("{value:.4}")
    } else {
        format!("{:.3e}", value.0)
    }
}

/// So many of something: `1 trial`, `1,234 trials`, `2 hypotheses`, `3 strategies`.
pub(crate) fn counted(n: u64, noun: &str) -> String {
    let many = match noun
        .strip_suffix("is")
        .map(|stem| (stem, "es"))
        .or(noun.strip_suffix('y').map(|stem| (stem, "ies")))
    {
        Some((stem, ending)) if !noun.ends_with("ay") => format!("{stem}{ending}"),
        _ => format!("{noun}s"),
    };
    format!("{} {}", thousands(n), if n == 1 { noun } else { &many })
}

/// An instant to the millisecond, from Unix milliseconds.
pub(crate) fn instant(ms: i64) -> String {
    let instant = chrono::DateTime::from_timestamp_millis(ms);
    instant.map_or_else(|| format!("{ms} ms"), |at| at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string())
}

/// A duration for people, to about two digits: `188 ms`, `5.7 s`, `3 min`, `2.5 h`, `4.0 d`.
pub(crate) fn duration(ms: i64) -> String {
    let s = ms.max(0) as f64 / 1000.0;
    match s {
        _ if ms % 1000 == 0 && s < 60.0 => format!("{s:.0} s"),
        _ if s < 1.0 => format!("{ms} ms"),
        _ if s < 60.0 => format!("{s:.1} s"),
        _ if s < 3600.0 => format!("{:.0} min", s / 60.0),
        _ if s < 86_400.0 => format!("{:.1} h", s / 3600.0),
        _ => format!("{:.1} d", s / 86_400.0),
    }
}

/// No attempt and no cycle takes longer: a difference of wall times beyond it tells of a clock that was set.
const WALL_MS_MAX: i64 = 30 * 86_400_000;

/// How long an ended operation took, in milliseconds; `None` where nobody knows. Rows without a steady time tell their wall
/// times, which are believed while they make sense.
pub(crate) fn took_ms(row: &OperationSummary) -> Option<i64> {
    let by_the_wall =
        || Some(row.finished_at_ms? - row.started_at_ms?).filter(|ms| (0..=WALL_MS_MAX).contains(ms));
    match row.took_ms {
        Some(ms) => i64::try_from(ms).ok(),
        None => by_the_wall(),
    }
}

/// How long ago something was, in whole seconds, by the clock that told both; unknown when that is in the future.
pub(crate) fn age(now_ms: i64, at_ms: i64) -> String {
    match now_ms.saturating_sub(at_ms) {
        ms @ 0.. => duration(ms / 1000 * 1000),
        _ => "–".into(),
    }
}

/// A count with a comma between thousands.
pub(crate) fn thousands(count: u64) -> String {
    let digits = count.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|g| std::str::from_utf8(g).ok()).collect();
    groups.join(",")
}

/// The first line of a text, cut to so many characters with `…`.
pub(crate) fn brief(text: &str, characters: usize) -> String {
    let first = text.lines().next().unwrap_or_default();
    let rest_is_lost = first.chars().count() > characters || text.lines().nth(1).is_some();
    let kept: String = first.chars().take(characters).collect();
    if rest_is_lost { format!("{} …", kept.trim_end()) } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short_at_every_size() {
        let shown = [12.0, 1234.567, 1.23456, 0.0000123, -0.0, -0.0000123].map(figure);
        assert_eq!(shown, ["12", "1234.57", "1.2346", "1.230e-5", "0", "-1.230e-5"]);
    }

    #[test]
    fn durations_are_short_at_every_size() {
        let shown = [0, 188, 5_721, 200_000, 9_000_000, 345_600_000].map(duration);
        assert_eq!(shown, ["0 s", "188 ms", "5.7 s", "3 min", "2.5 h", "4.0 d"]);
    }

    fn ended(started_at_ms: i64, finished_at_ms: i64, took_ms: Option<u64>) -> OperationSummary {
        serde_json::from_value(serde_json::json!({
            "id": "op_a", "kind": "probe", "status": "completed", "fence": 1, "tries": 1, "tries_max": 3, "rescues": 0,
            "created_at_ms": 0, "started_at_ms": started_at_ms, "finished_at_ms": finished_at_ms,
            "took_ms": took_ms,
        }))
        .unwrap()
    }

    #[test]
    fn what_a_clock_that_was_set_would_say_is_not_repeated() {
        let jump = 400 * 86_400_000;
        assert_eq!(took_ms(&ended(5, jump, Some(7))), Some(7));
        assert_eq!(took_ms(&ended(5, jump, None)), None);
        assert_eq!(took_ms(&ended(jump, 5, None)), None);
        assert_eq!(took_ms(&ended(5, 65, None)), Some(60));
        assert_eq!([age(7_500, 5_000), age(5_000, 7_500)], ["2 s", "–"]);
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!([0, 1, 2000].map(|n| counted(n, "trial")), ["0 trials", "1 trial", "2,000 trials"]);
        let irregular = ["hypothesis", "strategy", "day"].map(|noun| counted(2, noun));
        assert_eq!(irregular, ["2 hypotheses", "2 strategies", "2 days"]);
        assert_eq!(counted(1, "hypothesis"), "1 hypothesis");
    }

    #[test]
    fn thousands_are_told_apart() {
        assert_eq!([0, 999, 1_000, 10_000_000].map(thousands), ["0", "999", "1,000", "10,000,000"]);
    }

    #[test]
    fn a_brief_text_is_one_line_and_says_that_more_follows() {
        assert_eq!(brief("one", 10), "one");
        assert_eq!(brief("one\ntwo", 10), "one …");
        assert_eq!(brief("one two three", 7), "one two …");
    }
}
