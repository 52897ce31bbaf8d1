//! From how a job ended to what its row is told: one pure table.

use std::time::Duration;

use ktrdr_domain::{FailureReason, Status};
use ktrdr_fabric::store::Finish;

use crate::handler::Outcome;
use crate::stop::StopReason;

/// What to write; `None` when the row is someone else's.
///
/// No `outcome`: the job ignored its stop token, and counts as stopped. `asked` is why it was asked to stop, if it was;
/// `retry_delay` is for tries that nobody else timed. A completed job is always written: the store decides whether it still
/// counts.
pub(crate) fn settle(
    outcome: Option<Outcome>,
    asked: Option<StopReason>,
    retry_delay: Duration,
) -> Option<Finish> {
    let again = |error: String| Some(Finish::Retry { error, delay: retry_delay });
    match (outcome.unwrap_or(Outcome::Stopped), asked) {
        (Outcome::Completed(result), _) => Some(Finish::Completed(result)),
        (_, Some(StopReason::Fenced)) => None,
        (Outcome::Failed { reason, error }, _) => Some(Finish::Failed { reason, error, result: None }),
        (Outcome::Retry { error, delay }, _) => Some(Finish::Retry { error, delay }),
        (Outcome::Deferred { why, delay }, _) => Some(Finish::Defer { why, delay }),
        (Outcome::Unhealthy { error }, _) => again(error),
        (Outcome::Stopped, Some(StopReason::Cancelled)) => Some(Finish::Cancelled),
        (Outcome::Stopped, Some(StopReason::Draining)) => Some(Finish::Release),
        (Outcome::Stopped, Some(StopReason::TimeLimit)) => Some(time_limit()),
        (Outcome::Stopped, None) => again("the job stopped although nobody had asked it to".into()),
    }
}

/// Not a retry: another attempt would take as long.
fn time_limit() -> Finish {
    Finish::Failed {
        reason: FailureReason::TimeLimit,
        error: "the job ran longer than its kind may; give it less to do, or raise the kind's time limit"
            .into(),
        result: None,
    }
}

/// The outcome of an attempt in a word, and why where there is more to say: for its one line in the log.
pub(crate) fn told(finish: Option<&Finish>) -> (&'static str, Option<String>) {
    match finish {
        None => ("fenced", None),
        Some(Finish::Completed(_)) => ("completed", None),
        Some(Finish::Cancelled) => ("cancelled", None),
        Some(Finish::Release) => ("released", None),
        Some(Finish::Failed { reason, error, .. }) => ("failed", Some(format!("{reason}: {error}"))),
        Some(Finish::Retry { error, .. }) => ("retry", Some(error.clone())),
        Some(Finish::Defer { why, .. }) => ("deferred", Some(why.clone())),
    }
}

/// The status a finish asks for.
pub(crate) fn wanted(finish: &Finish) -> Status {
    match finish {
        Finish::Completed(_) => Status::Completed,
        Finish::Failed { .. } => Status::Failed,
        Finish::Cancelled => Status::Cancelled,
        Finish::Retry { .. } | Finish::Defer { .. } | Finish::Release => Status::Pending,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const DELAY: Duration = Duration::from_secs(1);

    #[test]
    fn a_stopped_or_stuck_job_ends_by_the_reason_it_was_given() {
        for outcome in [Some(Outcome::Stopped), None] {
            let told = |asked| settle(outcome.clone(), asked, DELAY);
            assert_eq!(told(Some(StopReason::Cancelled)), Some(Finish::Cancelled));
            assert_eq!(told(Some(StopReason::Draining)), Some(Finish::Release));
            assert_eq!(told(Some(StopReason::Fenced)), None);
            assert!(
                matches!(told(Some(StopReason::TimeLimit)), Some(Finish::Failed { reason, .. }) if reason == FailureReason::TimeLimit)
            );
            assert!(matches!(told(None), Some(Finish::Retry { delay: DELAY, .. })));
        }
    }

    #[test]
    fn a_completed_job_is_written_whatever_else_was_asked() {
        for asked in [StopReason::Cancelled, StopReason::Draining, StopReason::Fenced, StopReason::TimeLimit]
        {
            let completed = Outcome::Completed(json!(1));
            assert_eq!(settle(Some(completed), Some(asked), DELAY), Some(Finish::Completed(json!(1))));
        }
    }

    #[test]
    fn a_job_that_waits_is_deferred_unless_it_is_someone_elses() {
        let told =
            |asked| settle(Some(Outcome::Deferred { why: "a batch".into(), delay: DELAY }), asked, DELAY);
        let deferred = Some(Finish::Defer { why: "a batch".into(), delay: DELAY });
        assert_eq!((told(None), told(Some(StopReason::Draining))), (deferred.clone(), deferred));
        assert_eq!(told(Some(StopReason::Fenced)), None);
    }

    #[test]
    fn a_job_of_an_unhealthy_process_is_tried_again_unless_it_is_someone_elses() {
        let told = |asked| settle(Some(Outcome::Unhealthy { error: "lost".into() }), asked, DELAY);
        assert_eq!(told(None), Some(Finish::Retry { error: "lost".into(), delay: DELAY }));
        assert_eq!(told(Some(StopReason::Fenced)), None);
    }
}
