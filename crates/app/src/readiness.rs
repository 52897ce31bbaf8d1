//! Whether a workspace can be used: the store answers, who has to be there is, and nothing stands in the way of work.

use std::borrow::Cow;

use ktrdr_fabric::retention::PrunedSoFar;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnosis::{About, Cause, Reason, Seen, State, diagnose};
use crate::{App, AppError, ErrorKind};

/// Whether requests are answered, and work goes on.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct Readiness {
    /// Whether requests are answered.
    pub ready: bool,
    /// Whether everything is as it should be.
    pub sound: bool,
    /// What was looked at.
    pub checks: Vec<Look>,
    /// What was pruned so far; none where the store does not answer.
    pub pruned: Option<PrunedSoFar>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
#[schemars(rename = "HealthCheck")]
pub struct Look {
    /// What.
    pub name: Cow<'static, str>,
    /// Whether it is as it should be.
    pub ok: bool,
    /// What was found, and what to do about it.
    pub found: String,
    /// The same for programs; none where it is as it should be.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<Reason>,
}

impl Look {
    fn ok(name: &'static str, found: impl Into<String>) -> Self {
        Self { name: name.into(), ok: true, found: found.into(), reasons: Vec::new() }
    }

    /// What of the causes a look is about; `sound` where there are none.
    fn at(name: &'static str, causes: &[Cause], sound: String) -> Self {
        let about = causes.iter().filter(|cause| name_of(cause) == name && cause.state() > State::Ok);
        let reasons: Vec<Reason> = about.map(Reason::from).collect();
        let told: Vec<String> =
            reasons.iter().map(|reason| format!("{}; `{}`", reason.message, reason.run)).collect();
        match told.is_empty() {
            true => Self::ok(name, sound),
            false => Self { name: name.into(), ok: false, found: told.join(" · "), reasons },
        }
    }
}

/// Under which name a cause is told.
fn name_of(cause: &Cause) -> &'static str {
    match cause.about() {
        About::Store => "store",
        About::Disk => "disk",
        About::Engine | About::Coordinator => "coordinator",
        About::Orchestrator => "orchestrator",
        About::Broker | About::Outbox => "broker",
        About::Queue(..) => "queues",
        About::Process(_) => "worker",
    }
}

impl App {
    /// Whether requests are answered: what balancers ask often, and so the one look that it takes.
    pub async fn is_ready(&self) -> bool {
        self.registry.workers().await.is_ok()
    }

    /// Looks whether the workspace can be used. A store that does not answer is told, and is no error.
    pub async fn readiness(&self) -> Readiness {
        let seen = match self.see().await {
            Ok(seen) => seen,
            Err(why) => {
                return Readiness { ready: false, sound: false, checks: vec![no_store(&why)], pruned: None };
            }
        };
        let causes = diagnose(&seen);
        let sound = |name| sound(name, &seen);
        let names = ["store", "disk", "broker", "coordinator", "orchestrator", "worker", "queues"];
        let mut checks: Vec<Look> =
            names.into_iter().map(|name| Look::at(name, &causes, sound(name))).collect();
        checks.push(self.look_at_schedules().await);
        let pruned = self.pruned().await.ok();
        Readiness { ready: true, sound: checks.iter().all(|look| look.ok), checks, pruned }
    }

    /// A night that failed, did not finish or could not begin is an event that somebody looks at.
    async fn look_at_schedules(&self) -> Look {
        let name = "schedules";
        let (found, reasons) = match self.schedule_troubles().await {
            Ok((count, troubles)) if troubles.is_empty() => {
                return Look::ok(name, format!("{count} as they should be"));
            }
            Ok((_, troubles)) => {
                let told = troubles.iter().map(|trouble| format!("{}; {}", trouble.found, trouble.action));
                let reasons = troubles.iter().map(|t| Reason::new("schedule", &*t.found, &*t.action));
                (told.collect::<Vec<_>>().join(" · "), reasons.collect())
            }
            Err(why) => (why.message, Vec::new()),
        };
        Look { name: name.into(), ok: false, found, reasons }
    }
}

fn no_store(why: &AppError) -> Look {
    let (code, found) = match why.kind {
        ErrorKind::StoreLost => {
            ("store_lost", format!("{why}; restore the backup before anything is started"))
        }
        _ => {
            ("store_gone", format!("does not answer: {why}; start it, and every process connects by itself"))
        }
    };
    let reason = Reason::new(code, &*found, "ktrdr doctor");
    Look { name: "store".into(), ok: false, found, reasons: vec![reason] }
}

/// What is said of what is as it should be.
fn sound(name: &str, seen: &Seen) -> String {
    match name {
        "store" => seen.room.as_ref().map_or("answers".into(), |room| format!("answers; {}", room.figures)),
        "disk" => match &seen.disk {
            Some((place, disk)) => {
                let [free, bytes] = [disk.free, disk.bytes].map(|bytes| bytes as f64 / 1e6);
                format!("{free:.0} MB free of {bytes:.0} MB at {place}")
            }
            None => "the artefacts lie where no disk can be seen".into(),
        },
        "broker" if seen.has_many_roles => "no process says otherwise than that it answers".into(),
        "broker" => "in the engine's process".into(),
        "queues" => "none is paused, and what waits is taken".into(),
        role => format!("{} heard of lately", seen.players(role)),
    }
}
