//! What the [diagnosis](crate::diagnosis) says, as findings: each queue with what stands before it, then every other cause.

use ktrdr_fleet::amqp::QueueFacts;

use super::super::own_store::megabytes;
use super::{Check, rabbitmq};
use crate::App;
use crate::diagnosis::{About, Cause, State};

/// Each queue of the broker with what stands before it, then every other cause.
pub(super) fn roles_and_queues(causes: &[Cause], queues: &[QueueFacts]) -> Vec<Check> {
    let before = |facts: &QueueFacts| {
        let about = rabbitmq::about(&facts.name)?;
        causes.iter().find(|cause| cause.state() > State::Ok && is_about(cause, &about))
    };
    let mut checks: Vec<Check> = queues.iter().map(|facts| rabbitmq::queue(facts, before(facts))).collect();
    for cause in causes {
        let what = match cause.about() {
            // Each has a line of its own.
            About::Store | About::Disk | About::Engine => continue,
            About::Queue(..) if cause.state() == State::Ok || !queues.is_empty() => continue,
            About::Queue(kind, device) => {
                format!("queue {kind}{}", device.map(|class| format!(".{class}")).unwrap_or_default())
            }
            About::Broker => "broker".into(),
            About::Coordinator => "coordinator".into(),
            About::Orchestrator => "orchestrator".into(),
            About::Outbox => "outbox".into(),
            About::Process(_) => "process".into(),
        };
        checks.push(Check::of(&what, cause, None));
    }
    checks
}

/// A pause is of every queue of its kind.
fn is_about(cause: &Cause, about: &About) -> bool {
    match (cause, about) {
        (Cause::Paused { kind, .. }, About::Queue(of, _)) => kind == of,
        _ => cause.about() == *about,
    }
}

/// Where the artefacts are, and the room on their disk.
pub(super) async fn artifacts(app: &App, causes: &[Cause]) -> Check {
    let place = app.artifacts.place();
    if let Some(cause) = causes.iter().find(|cause| cause.about() == About::Disk) {
        return Check::of("artifacts", cause, None);
    }
    match app.artifacts.disk().await {
        Some(disk) => {
            let [free, bytes] = [disk.free, disk.bytes].map(megabytes);
            Check::ok("artifacts", format!("{place}: {free} MB free of {bytes} MB on its disk"))
        }
        None => Check::ok("artifacts", place),
    }
}
