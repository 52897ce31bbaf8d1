//! What a job went through, read from its row and its history: each wait, each attempt with what became of it, whoever made
//! it. A worker that was killed tells nothing; its attempt is told of all the same. All times are the store's, so that
//! machines whose clocks differ make one picture.

use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{FailureReason, Operation, OperationId, Phase, SpanId, Status, StrategyName, Symbol};
use ktrdr_fabric::broker::Queue;
use ktrdr_fabric::history::{Change, Transition};

use crate::names;
use crate::part::{By, Part, SpanKind, nanos, pair};

/// What the end of a lease is told as.
const LOST: &str = "its worker was lost: its lease lapsed";

/// A wait that goes on.
struct Waiting<'a> {
    since_ms: i64,
    /// `queue`, or what became of the attempt before.
    why: &'static str,
    what: Option<&'a str>,
    events: Vec<&'a Transition>,
}

/// An attempt that goes on.
struct Running<'a> {
    claim: &'a Transition,
    events: Vec<&'a Transition>,
}

/// A job's story, as far as it was read.
struct Story<'a> {
    row: &'a Operation,
    waiting: Option<Waiting<'a>>,
    running: Option<Running<'a>>,
    parts: Vec<Part>,
}

/// A job as parts of its trace.
pub(crate) fn told(row: &Operation, history: &[Transition]) -> Vec<Part> {
    let parts = vec![whole(row, history)];
    let mut story = Story { row, waiting: None, running: None, parts };
    history.iter().for_each(|change| story.read(change));
    story.parts
}

/// The phase that a job of a cycle is.
fn phase_of(row: &Operation) -> Option<Phase> {
    Phase::ALL.into_iter().find(|phase| phase.kind() == row.kind)
}

/// The span of a phase of a cycle.
pub(crate) fn phase_span(root: &OperationId, phase: Phase) -> SpanId {
    SpanId::of(root, &format!("phase/{phase}"))
}

/// From its submit to its end.
fn whole(row: &Operation, history: &[Transition]) -> Part {
    let until = row.finished_at_ms.unwrap_or(row.created_at_ms);
    let id = SpanId::whole(&row.id);
    let part = Part::new(&row.id, id, row.kind.to_string(), nanos(row.created_at_ms), nanos(until));
    let part = match (&row.root, phase_of(row)) {
        (Some(root), Some(phase)) => part.within(phase_span(root, phase)),
        (Some(root), None) => part.within(SpanId::whole(root)),
        (None, _) => part,
    };
    let part = describe(part, row).say(names::TRIES, u64::from(row.tries));
    let part = part.say_if(names::RESCUES, Some(u64::from(row.rescues)).filter(|lost| *lost > 0));
    let part = figures(part, row);
    let asked = history.iter().filter(|change| change.what == Change::CancelRequested);
    let part = asked.fold(part, event);
    match row.status {
        Status::Failed => part.failed(row.error.as_deref().unwrap_or_default()),
        _ => part,
    }
}

/// What is said of every operation.
pub(crate) fn describe(part: Part, row: &Operation) -> Part {
    let timeframe = row.subject.timeframe.map(|timeframe| timeframe.to_string());
    part.say(names::OPERATION_ID, row.id.as_str())
        .say(names::OPERATION_TYPE, row.kind.as_str())
        .say(names::OPERATION_STATUS, row.status.as_str())
        .say_if(names::CAMPAIGN, row.campaign.as_ref().map(CampaignName::as_str))
        .say_if(names::STRATEGY, row.subject.strategy.as_ref().map(StrategyName::as_str))
        .say_if(names::SYMBOL, row.subject.symbol.as_ref().map(Symbol::as_str))
        .say_if(names::TIMEFRAME, timeframe.as_deref())
        .say_if(names::ERROR_TYPE, row.reason.as_ref().map(FailureReason::as_str))
}

/// A result comes from a job of any version: what is not there is not told.
pub(crate) fn figures(part: Part, row: &Operation) -> Part {
    let Some(result) = &row.result else { return part };
    names::FIGURES.iter().fold(part, |part, (place, name)| {
        let value = result.pointer(place);
        let whole = value.and_then(serde_json::Value::as_u64);
        match whole {
            Some(whole) => part.say(name, whole),
            None => part.say_if(name, value.and_then(serde_json::Value::as_f64)),
        }
    })
}

fn event(part: Part, change: &Transition) -> Part {
    let said = change.note.iter().map(|note| pair(names::NOTE, note.as_str())).collect();
    part.event(nanos(change.at_ms), change.what.as_str(), said)
}

impl<'a> Story<'a> {
    fn read(&mut self, change: &'a Transition) {
        let note = change.note.as_deref();
        match change.what {
            Change::Created => self.wait(change, "queue", None),
            Change::Claimed | Change::TakenOver => {
                self.attempted(change, "lost", Some(LOST));
                self.waited(change);
                self.running = Some(Running { claim: change, events: Vec::new() });
            }
            Change::Released => self.again(change, "released", None),
            Change::RetryScheduled => self.again(change, "retry", note),
            Change::Deferred => {
                self.attempted(change, "deferred", None);
                self.wait(change, "deferred", note);
            }
            Change::LeaseLapsed => self.again(change, "lost", Some(LOST)),
            Change::Completed | Change::Cancelled => self.over(change, None),
            // The row has all of it, the note its beginning.
            Change::Failed => self.over(change, self.row.error.as_deref().or(note).or(Some("failed"))),
            Change::Suspected | Change::Due | Change::PublishedAgain | Change::CancelRequested => {
                let (waiting, running) = (&mut self.waiting, &mut self.running);
                let events = running.as_mut().map(|running| &mut running.events);
                let events = events.or_else(|| waiting.as_mut().map(|waiting| &mut waiting.events));
                events.into_iter().for_each(|events| events.push(change));
            }
            Change::Started | Change::Advanced | Change::Dismissed => {}
        }
    }

    /// The attempt is over, and another one will follow.
    fn again(&mut self, change: &Transition, outcome: &'static str, error: Option<&str>) {
        self.attempted(change, outcome, error);
        self.wait(change, outcome, None);
    }

    fn over(&mut self, change: &Transition, error: Option<&str>) {
        self.attempted(change, change.what.as_str(), error);
        self.waited(change);
    }

    fn wait(&mut self, change: &Transition, why: &'static str, what: Option<&'a str>) {
        self.waiting = Some(Waiting { since_ms: change.at_ms, why, what, events: Vec::new() });
    }

    /// It waited until now.
    fn waited(&mut self, change: &Transition) {
        let Some(Waiting { since_ms, why, what, events }) = self.waiting.take() else { return };
        let row = self.row;
        let id = SpanId::of(&row.id, &format!("wait/{}", change.fence));
        let name = format!("{} {}", names::WAIT, row.kind);
        let part = Part::new(&row.id, id, name, nanos(since_ms), nanos(change.at_ms))
            .within(SpanId::whole(&row.id))
            .say(names::OPERATION_ID, row.id.as_str())
            .say(names::WAITS_FOR, why)
            .say_if(names::WAITS_FOR_WHAT, what);
        self.parts.push(events.into_iter().fold(part, event));
    }

    /// It was run until now, if it was.
    fn attempted(&mut self, change: &Transition, outcome: &str, error: Option<&str>) {
        let Some(Running { claim, events }) = self.running.take() else { return };
        let row = self.row;
        let id = SpanId::attempt(&row.id, claim.fence);
        let name = format!("{} {}", names::PROCESS, row.kind);
        let queue = destination(Queue::of_job(row.kind, &row.spec));
        let part = Part::new(&row.id, id, name, nanos(claim.at_ms), nanos(change.at_ms))
            .by(claim.worker.clone().map_or(By::Teller, By::Worker))
            .kind(SpanKind::Consumer)
            .within(SpanId::whole(&row.id))
            .say(names::OPERATION_ID, row.id.as_str())
            .say(names::OPERATION_TYPE, row.kind.as_str())
            .say(names::ATTEMPT, claim.fence)
            .say(names::OUTCOME, outcome)
            .say(names::MESSAGING_OPERATION, names::PROCESS)
            .say(names::MESSAGING_OPERATION_TYPE, "process")
            .say(names::MESSAGING_DESTINATION, queue.as_str())
            .say(names::MESSAGING_MESSAGE, row.id.as_str())
            .say_if(names::MESSAGING_CLIENT, claim.worker.as_deref())
            .say_if(names::WORKER, claim.worker.as_deref());
        let part = events.into_iter().fold(part, event);
        self.parts.push(match error {
            Some(error) => part.say(names::ERROR_TYPE, self.error_type(outcome)).failed(error),
            None => part,
        });
    }

    /// The row's reason, once it has ended; before, what the attempt came to.
    fn error_type<'b>(&'b self, outcome: &'b str) -> &'b str {
        let reason = self.row.reason.as_ref().filter(|_| outcome == Change::Failed.as_str());
        reason.map_or(outcome, |reason| reason.as_str())
    }
}

/// A queue as the broker's own tools call it.
pub(crate) fn destination(queue: Queue) -> String {
    match queue {
        Queue::Jobs(kind) => format!("ktrdr.jobs.{kind}"),
        Queue::Pinned(kind, class) => format!("ktrdr.jobs.{kind}.{class}"),
        Queue::OrchestratorEvents => "ktrdr.events.orchestrator".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::trace::v1::Span;
    use serde_json::json;

    use super::*;

    fn row(status: &str) -> Operation {
        let id = "op_agent_research_20261121_025513_99cb0f94.training.1";
        serde_json::from_value(json!({
            "id": id, "kind": "training", "status": status, "root": id.split('.').next().unwrap(),
            "reason": (status == "failed").then_some("bad_input"), "error": (status == "failed").then_some("no bars"),
            "fence": 3, "tries": 2, "tries_max": 4, "rescues": 1, "created_at_ms": 0, "started_at_ms": 50,
            "finished_at_ms": 90, "spec": {}, "result": { "epochs_trained": 7, "training_seconds": 1.5 },
        }))
        .unwrap()
    }

    fn change(at_ms: i64, what: Change, fence: u64, worker: &str, note: &str) -> Transition {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Transition { at_ms, what, fence, worker: some(worker), note: some(note) }
    }

    /// Name, what it is within, outcome or reason of the wait, times in milliseconds, error.
    fn shown(part: &Part) -> (String, i64, i64, String, String) {
        let Span { name, start_time_unix_nano: from, end_time_unix_nano: until, status, .. } = &part.span;
        let word = |key: &str| {
            let said = part.span.attributes.iter().find(|said| said.key == key)?;
            Some(format!("{:?}", said.value.as_ref()?.value.as_ref()?))
        };
        let outcome = word(names::OUTCOME).or_else(|| word(names::WAITS_FOR)).unwrap_or_default();
        let outcome = outcome.trim_start_matches("StringValue(\"").trim_end_matches("\")").to_owned();
        let error = status.as_ref().map(|status| status.message.clone()).unwrap_or_default();
        (name.clone(), (*from / 1_000_000) as i64, (*until / 1_000_000) as i64, outcome, error)
    }

    #[test]
    fn every_wait_and_every_attempt_is_told_also_of_a_worker_that_was_lost() {
        let history = [
            change(0, Change::Created, 0, "", ""),
            change(10, Change::Claimed, 1, "box-1", ""),
            change(15, Change::Suspected, 1, "box-1", "box-2"),
            change(20, Change::LeaseLapsed, 1, "box-1", ""),
            change(30, Change::Claimed, 2, "box-2", ""),
            change(40, Change::RetryScheduled, 2, "box-2", "disk full"),
            change(45, Change::Due, 2, "", ""),
            change(50, Change::TakenOver, 3, "box-3", ""),
            change(90, Change::Completed, 3, "box-3", ""),
        ];
        let parts = told(&row("completed"), &history);
        let shown: Vec<_> = parts.iter().map(shown).collect();
        let expected = [
            ("training", 0, 90, "", ""),
            ("wait training", 0, 10, "queue", ""),
            ("process training", 10, 20, "lost", LOST),
            ("wait training", 20, 30, "lost", ""),
            ("process training", 30, 40, "retry", "disk full"),
            ("wait training", 40, 50, "retry", ""),
            ("process training", 50, 90, "completed", ""),
        ];
        let expected = expected.map(|(n, f, u, o, e)| (n.to_owned(), f, u, o.to_owned(), e.to_owned()));
        assert_eq!(shown, expected);
        assert_eq!(parts[2].by, By::Worker("box-1".into()));
        assert_eq!(parts[2].span.events[0].name, "suspected");
        assert!(parts[1..].iter().all(|part| part.span.parent_span_id == parts[0].span.span_id));
        let ids: std::collections::BTreeSet<_> = parts.iter().map(|part| &part.span.span_id).collect();
        assert_eq!(ids.len(), parts.len());
    }

    #[test]
    fn what_was_taken_over_or_never_begun_is_told_as_that() {
        let history = [
            change(0, Change::Created, 0, "", ""),
            change(10, Change::Claimed, 1, "box-1", ""),
            change(20, Change::TakenOver, 2, "box-2", "box-1"),
            change(90, Change::Failed, 2, "box-2", "bad_input: no"),
        ];
        let parts = told(&row("failed"), &history);
        let outcomes: Vec<_> = parts.iter().map(|part| (shown(part).3, shown(part).4)).collect();
        let pair = |outcome: &str, error: &str| (outcome.to_owned(), error.to_owned());
        assert_eq!(
            outcomes,
            [pair("", "no bars"), pair("queue", ""), pair("lost", LOST), pair("failed", "no bars")]
        );
        let never = [change(0, Change::Created, 0, "", ""), change(90, Change::Cancelled, 0, "", "")];
        let parts = told(&row("cancelled"), &never);
        assert_eq!(parts.iter().map(|part| shown(part).0).collect::<Vec<_>>(), ["training", "wait training"]);
    }
}
