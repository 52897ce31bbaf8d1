//! From how a job ended to what its row is told: one pure table.

use std::time::Duration;

use ktrdr_domain::{FailureReason, Status};
use ktrdr_fabric::store::Finish;

use crate::handler::Outcome;
use crate::stop::StopReason;

/// How a job's thread ended, or that it did not.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Ended {
    /// The handler returned.
    Returned(Outcome),
    /// It panicked with these words.
    Panicked(String),
    /// It ignored its stop token: the thread can not be got rid of while the process lives.
    Stuck,
}

impl Ended {
    /// Why the process must end, if it must.
    pub(crate) fn unhealthy(&self) -> Option<&str> {
        match self {
            Self::Stuck => Some("a thread ignores its stop token"),
            Self::Returned(Outcome::Unhealthy { error }) => Some(error),
            Self::Returned(_) | Self::Panicked(_) => None,
        }
    }
}

/// What to write; `None` when the row is someone else's.
///
/// `asked` is why the job was asked to stop, if it was; `retry_delay` is for tries that nobody else timed.
/// A completed job is always written: the store decides whether it still counts.
pub(crate) fn settle(ended: Ended, asked: Option<StopReason>, retry_delay: Duration) -> Option<Finish> {
    let again = |error: String| Some(Finish::Retry { error, delay: retry_delay });
    match (ended, asked) {
        (Ended::Returned(Outcome::Completed(result)), _) => Some(Finish::Completed(result)),
        (_, Some(StopReason::Fenced)) => None,
        (Ended::Returned(Outcome::Failed { reason, error }), _) => {
            Some(Finish::Failed { reason, error, result: None })
        }
        (Ended::Returned(Outcome::Retry { error, delay }), _) => Some(Finish::Retry { error, delay }),
        (Ended::Returned(Outcome::Unhealthy { error }), _) => again(error),
        (Ended::Panicked(words), _) => again(format!("the job panicked: {words}")),
        (Ended::Returned(Outcome::Stopped) | Ended::Stuck, Some(StopReason::Cancelled)) => {
            Some(Finish::Cancelled)
        }
        (Ended::Returned(Outcome::Stopped) | Ended::Stuck, Some(StopReason::Draining)) => {
            Some(Finish::Release)
        }
        (Ended::Returned(Outcome::Stopped) | Ended::Stuck, Some(StopReason::TimeLimit)) => Some(time_limit()),
        (Ended::Returned(Outcome::Stopped) | Ended::Stuck, None) => {
            again("the job stopped although nobody had asked it to".into())
        }
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

/// The status a finish asks for.
pub(crate) fn wanted(finish: &Finish) -> Status {
    match finish {
        Finish::Completed(_) => Status::Completed,
        Finish::Failed { .. } => Status::Failed,
        Finish::Cancelled => Status::Cancelled,
        Finish::Retry { .. } | Finish::Release => Status::Pending,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const DELAY: Duration = Duration::from_secs(1);

    #[test]
    fn a_stopped_or_stuck_job_ends_by_the_reason_it_was_given() {
        for ended in [Ended::Returned(Outcome::Stopped), Ended::Stuck] {
            let told = |asked| settle(ended.clone(), asked, DELAY);
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
            let completed = Ended::Returned(Outcome::Completed(json!(1)));
            assert_eq!(settle(completed, Some(asked), DELAY), Some(Finish::Completed(json!(1))));
        }
    }

    #[test]
    fn a_job_of_an_unhealthy_process_is_tried_again_unless_it_is_someone_elses() {
        let unhealthy = Ended::Returned(Outcome::Unhealthy { error: "lost".into() });
        assert_eq!(unhealthy.unhealthy(), Some("lost"));
        let told = |asked| settle(unhealthy.clone(), asked, DELAY);
        assert_eq!(told(None), Some(Finish::Retry { error: "lost".into(), delay: DELAY }));
        assert_eq!(told(Some(StopReason::Fenced)), None);
    }

    #[test]
    fn a_panic_becomes_a_retry_that_says_so() {
        let Some(Finish::Retry { error, delay: DELAY }) = settle(Ended::Panicked("oh".into()), None, DELAY)
        else {
            panic!("not a retry");
        };
        assert_eq!(error, "the job panicked: oh");
    }
}
