//! Small parts of pages that stand in many of them, made in one place; and how every text of a template is escaped.

use std::fmt;

use askama::filters::Escaper;
use ktrdr_chart::{Element, Markup};
use ktrdr_domain::{OperationId, OperationSummary, Status};

use crate::time::Instant;

/// How texts of templates are escaped: as those of charts and reports. What controls a terminal or turns the direction of
/// writing is shown as a box.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Text;

impl Escaper for Text {
    fn write_escaped_str<W: fmt::Write>(&self, mut to: W, text: &str) -> fmt::Result {
        to.write_str(Markup::text(text).as_str())
    }
}

/// A time as people say it, with the exact one beside it.
pub(crate) fn time(at_ms: i64, now_ms: i64) -> Markup {
    let at = Instant(at_ms);
    let shown = Element::new("time").with("datetime", at.iso()).with("title", at.utc());
    shown.with("data-ago", at_ms).text(at.seen_from(now_ms)).into()
}

/// The same of a time that may be missing.
pub(crate) fn time_if(at_ms: Option<i64>, now_ms: i64) -> Markup {
    at_ms.map_or_else(|| Markup::text("–"), |at_ms| time(at_ms, now_ms))
}

/// A status: a shape and a word, so that it needs no colour.
pub(crate) fn status(row: &OperationSummary) -> Markup {
    match (row.is_cancelling(), row.waits_for.is_some()) {
        (true, _) => pill(row.status, "stopping"),
        (_, true) => pill(row.status, "waits outside"),
        _ => pill(row.status, row.status.as_str()),
    }
}

/// The same in other words.
pub(crate) fn pill(status: Status, word: &str) -> Markup {
    let path = match status {
        Status::Pending => "M6 1.6a4.4 4.4 0 1 0 0 8.8a4.4 4.4 0 1 0 0-8.8",
        Status::Running => "M6 1.6a4.4 4.4 0 1 0 0 8.8a4.4 4.4 0 1 0 0-8.8M6 3.6a2.4 2.4 0 1 1 0 4.8Z",
        Status::Completed => "M2 6.4L4.8 9.2L10 3.2",
        Status::Failed => "M2.6 2.6L9.4 9.4M9.4 2.6L2.6 9.4",
        Status::Cancelled => "M6 1.6a4.4 4.4 0 1 0 0 8.8a4.4 4.4 0 1 0 0-8.8M3 9L9 3",
    };
    let icon = Element::new("svg").with("viewBox", "0 0 12 12").with("aria-hidden", "true");
    let icon = icon.holding(Element::new("path").with("d", path));
    Element::class("span", format!("status {status}")).holding(icon).text(word).into()
}

/// How far something is: a bar with its figure beside it.
pub(crate) fn progress(percentage: f64, about: &str) -> Markup {
    let shown = format!("{:.0} %", percentage.clamp(0.0, 100.0));
    let bar = Element::new("progress").with("max", "100").with("value", format!("{percentage:.1}"));
    let bar = bar.with("aria-label", format!("progress of {about}"));
    Element::class("span", "done").holding(bar).holding(Element::new("span").text(shown)).into()
}

/// A link to an operation, by the end of its id that tells it from others.
pub(crate) fn operation(id: &OperationId) -> Markup {
    Element::new("a")
        .with("href", format!("/operations/{id}"))
        .with("title", id)
        .with("class", "id")
        .text(short(id))
        .into()
}

/// `99cb0f94`: what tells it from others; its jobs are told apart by their types.
pub(crate) fn short(id: &OperationId) -> &str {
    let root = id.as_str().split_once('.').map_or(id.as_str(), |(root, _)| root);
    root.rsplit('_').next().unwrap_or(root)
}

/// What a clock shows, as people write it: `2026-11-30 01:30 +01:00`.
pub(crate) fn on_the_clock(shown: &str) -> String {
    match (shown.get(..10), shown.get(11..16), shown.get(19..)) {
        (Some(date), Some(time), Some(offset)) => format!("{date} {time} {}", offset.replace('Z', "UTC")),
        _ => shown.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_no_markup_and_acts_on_nothing() {
        let mut shown = String::new();
        Text.write_escaped_str(&mut shown, "<b onclick='x'>\u{202e}\u{1b}[2J").unwrap();
        assert_eq!(shown, "&lt;b onclick=&#39;x&#39;&gt;\u{fffd}\u{fffd}[2J");
    }

    #[test]
    fn an_id_is_told_by_its_end() {
        let id: OperationId = "op_agent_research_20261121_025513_99cb0f94.training.1".parse().unwrap();
        assert_eq!(short(&id), "99cb0f94");
        assert_eq!(on_the_clock("2026-11-30T01:30:00+01:00"), "2026-11-30 01:30 +01:00");
    }
}
