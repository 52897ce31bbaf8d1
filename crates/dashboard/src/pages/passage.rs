//! What an operation went through: every change of its row, and its attempts.

use ktrdr_app::operations::Transition;
use ktrdr_chart::Markup;

use crate::markup;
use crate::time::{Instant, lasting};

/// One change.
pub(crate) struct Step {
    pub(crate) what: String,
    /// `end`, `bad` or nothing: how it is drawn.
    pub(crate) weight: &'static str,
    pub(crate) utc: String,
    pub(crate) ago: Markup,
    /// How long after the change before it.
    pub(crate) after: Option<String>,
    pub(crate) fence: u64,
    pub(crate) worker: Option<String>,
    pub(crate) note: Option<String>,
}

/// One attempt.
pub(crate) struct Attempt {
    pub(crate) fence: u64,
    pub(crate) worker: String,
    pub(crate) began: String,
    pub(crate) took: String,
    pub(crate) ended: String,
    pub(crate) note: String,
}

/// Every change, oldest first.
pub(crate) fn passage(history: Vec<Transition>, now_ms: i64) -> Vec<Step> {
    let mut before_ms = None;
    let step = |change: Transition| {
        let after = before_ms.replace(change.at_ms).map(|before: i64| lasting(change.at_ms - before));
        Step {
            what: change.what.as_str().replace('_', " "),
            weight: weight(change.what.as_str()),
            utc: Instant(change.at_ms).utc(),
            ago: markup::time(change.at_ms, now_ms),
            after,
            fence: change.fence,
            worker: change.worker,
            note: change.note,
        }
    };
    history.into_iter().map(step).collect()
}

fn weight(what: &str) -> &'static str {
    match what {
        "completed" => "good",
        "failed" | "lease_lapsed" | "retry_scheduled" | "suspected" => "bad",
        "cancelled" | "cancel_requested" | "dismissed" => "off",
        "claimed" | "taken_over" | "started" | "advanced" => "on",
        _ => "",
    }
}

/// What each worker that took it came to.
pub(crate) fn attempts(history: &[Transition]) -> Vec<Attempt> {
    let claims = history.iter().enumerate().filter(|(_, change)| change.what.is_claim());
    claims.map(|(at, claim)| attempt(claim, &history[at + 1..])).collect()
}

/// A claim, and what came behind it.
fn attempt(claim: &Transition, later: &[Transition]) -> Attempt {
    let goes_on = |what: &str| matches!(what, "suspected" | "cancel_requested" | "published_again");
    let end = later.iter().find(|change| !goes_on(change.what.as_str()));
    Attempt {
        fence: claim.fence,
        worker: claim.worker.clone().unwrap_or_default(),
        began: Instant(claim.at_ms).utc(),
        took: end.map_or_else(|| "goes on".into(), |end| lasting(end.at_ms - claim.at_ms)),
        ended: end.map_or_else(String::new, |end| end.what.as_str().replace('_', " ")),
        note: end.and_then(|end| end.note.clone()).unwrap_or_default(),
    }
}
