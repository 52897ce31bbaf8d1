//! Whether a workspace can be used: the store answers, and who has to be there is.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{App, Labour};

/// Whether requests are answered, and work goes on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Readiness {
    /// Whether requests are answered.
    pub ready: bool,
    /// Whether everything that has to be there is.
    pub sound: bool,
    /// What was looked at.
    pub checks: Vec<Look>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Look {
    /// What.
    pub name: Cow<'static, str>,
    /// Whether it is as it should be.
    pub ok: bool,
    /// What was found, and what to do about it.
    pub found: String,
}

impl App {
    /// Looks whether the workspace can be used. A store that does not answer is told, and is no error.
    pub async fn readiness(&self) -> Readiness {
        let workers = match self.registry.workers().await {
            Ok(workers) => workers,
            Err(why) => {
                let store =
                    Look { name: "store".into(), ok: false, found: format!("does not answer: {why}") };
                return Readiness { ready: false, sound: false, checks: vec![store] };
            }
        };
        let plays = |role: &str| {
            workers.iter().filter(|seen| seen.worker.role == role || seen.worker.role == "up").count()
        };
        let mut checks = vec![Look { name: "store".into(), ok: true, found: "answers".into() }];
        for (name, start) in [
            ("coordinator", "ktrdr serve"),
            ("orchestrator", "ktrdr orchestrator"),
            ("worker", "ktrdr worker all"),
        ] {
            let found = match (plays(name), self.labour) {
                (0, Labour::Fleet) => format!("none was heard of lately; start one with `{start}`"),
                (0, _) => "none was heard of lately; start one with `ktrdr up`".into(),
                (count, _) => format!("{count} heard of lately"),
            };
            checks.push(Look { name: name.into(), ok: plays(name) > 0, found });
        }
        checks.push(self.look_at_schedules().await);
        Readiness { ready: true, sound: checks.iter().all(|look| look.ok), checks }
    }

    /// A night that failed, did not finish or could not begin is an event that somebody looks at.
    async fn look_at_schedules(&self) -> Look {
        let name = Cow::Borrowed("schedules");
        match self.schedule_troubles().await {
            Ok((count, troubles)) if troubles.is_empty() => {
                Look { name, ok: true, found: format!("{count} as they should be") }
            }
            Ok((_, troubles)) => {
                let told: Vec<String> =
                    troubles.iter().map(|trouble| format!("{}; {}", trouble.found, trouble.action)).collect();
                Look { name, ok: false, found: told.join(" · ") }
            }
            Err(why) => Look { name, ok: false, found: why.message },
        }
    }
}
