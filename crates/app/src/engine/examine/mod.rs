//! Whether all is sound: versions, protections, consumers, clocks, room. What can not be reached is one finding, and the rest
//! is looked at all the same.

mod rabbitmq;
pub(super) mod redis;

use std::fmt;

use ktrdr_fabric::epochs::Epoch;
use ktrdr_fabric::store::Filter;
use serde::{Deserialize, Serialize};

use super::{EngineConfig, FleetConfig, Identity, Opened, Opening};
use crate::schedules::Trouble;
use crate::{App, AppError, ErrorKind};

/// Outbox entries from which on it is said that nobody publishes them.
const OUTBOX_MANY: u32 = 1000;

/// How it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Ok,
    /// Works, and could be better.
    Warning,
    /// Must be mended.
    Fault,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// How it stands.
    pub state: State,
    /// What was looked at.
    pub what: String,
    /// What was found.
    pub found: String,
    /// What to do about it.
    pub action: Option<String>,
}

impl Check {
    pub(super) fn ok(what: &str, found: impl fmt::Display) -> Self {
        Self { state: State::Ok, what: what.into(), found: found.to_string(), action: None }
    }

    pub(super) fn warning(what: &str, found: impl fmt::Display, action: &str) -> Self {
        Self { state: State::Warning, action: Some(action.into()), ..Self::ok(what, found) }
    }

    pub(super) fn fault(what: &str, found: impl fmt::Display, action: &str) -> Self {
        Self { state: State::Fault, ..Self::warning(what, found, action) }
    }

    /// Something did not answer; its words say what to do.
    pub(super) fn unreachable(what: &str, why: impl fmt::Display) -> Self {
        Self { state: State::Fault, ..Self::ok(what, why) }
    }
}

impl Opening {
    /// Looks at everything that the work of this workspace depends on.
    ///
    /// # Errors
    /// When the workspace of an embedded engine can not be opened: there is nothing else to look at then.
    pub async fn examine(&self) -> Result<Vec<Check>, AppError> {
        match &self.engine {
            EngineConfig::Embedded => self.examine_embedded().await,
            EngineConfig::Fleet(fleet) => Ok(self.examine_fleet(fleet).await),
        }
    }

    async fn examine_embedded(&self) -> Result<Vec<Check>, AppError> {
        let Opened { app, identity, .. } = self.beside().await?;
        let place = self.folder.display();
        let runner = match self.holder() {
            Some(holder) => Check::ok("engine", format!("runs on {place}: {holder}")),
            None => Check::warning("engine", format!("nothing runs on {place}"), "start it with `ktrdr up`"),
        };
        let mut checks = identity.store().protections().await?;
        checks.extend([room(&identity).await?, epoch(&identity).await?, runner, work(&app).await?]);
        checks.extend(schedules(&app).await?);
        Ok(checks)
    }

    async fn examine_fleet(&self, fleet: &FleetConfig) -> Vec<Check> {
        let opened = self.beside().await;
        let mut checks = of_store(opened.as_ref()).await;
        checks.extend(rabbitmq::administered(fleet).await);
        let queues = rabbitmq::queues(fleet).await.unwrap_or_else(|unseen| {
            checks.push(unseen);
            Vec::new()
        });
        checks.extend(queues.iter().map(rabbitmq::queue));
        let consumers = queues.iter().map(|queue| queue.consumers).sum();
        match opened {
            Ok(Opened { app, .. }) => {
                let known = app.registry.workers().await.map(|workers| workers.len());
                let processes = known.map(|known| processes(known, consumers));
                checks.push(processes.unwrap_or_else(|why| Check::unreachable("processes", why)));
                checks.push(Check::ok("artifacts", app.artifacts.place()));
                checks.push(work(&app).await.unwrap_or_else(|why| Check::unreachable("work", why)));
                checks.extend(
                    schedules(&app).await.unwrap_or_else(|why| vec![Check::unreachable("schedules", why)]),
                );
            }
            // An empty store, or another one, knows none of them.
            Err(why) if why.kind == ErrorKind::StoreLost => checks.push(processes(0, consumers)),
            Err(_said_above) => {}
        }
        checks
    }
}

/// What survives, whether there is room, which epoch it is. Why a workspace could not be opened is said here.
async fn of_store(opened: Result<&Opened, &AppError>) -> Vec<Check> {
    let identity = match opened {
        Ok(opened) => &opened.identity,
        Err(why) => {
            let what = match why.kind {
                ErrorKind::StoreLost => "epoch",
                ErrorKind::Files => "artifacts",
                _ => "redis",
            };
            return vec![Check::unreachable(what, why)];
        }
    };
    let mut checks = match identity.store().protections().await {
        Ok(checks) => checks,
        Err(why) => return vec![Check::unreachable("redis", why)],
    };
    checks.push(room(identity).await.unwrap_or_else(|why| Check::unreachable("room", why)));
    checks.push(epoch(identity).await.unwrap_or_else(|why| Check::unreachable("epoch", why)));
    checks
}

/// Whether the store takes new work.
async fn room(identity: &Identity) -> Result<Check, AppError> {
    let room = identity.room().await?;
    Ok(match (room.refuses, room.is_scarce) {
        (true, _) => Check::fault("room", format!("full: {}", room.figures), room.action),
        (false, true) => Check::warning("room", room.figures, room.action),
        (false, false) => Check::ok("room", room.figures),
    })
}

/// Which epoch it is, and how many there were before.
async fn epoch(identity: &Identity) -> Result<Check, AppError> {
    let all = identity.epochs().all().await?;
    let Some(Epoch { epoch, since, by, reason, .. }) = all.last() else {
        let found = format!("{}, which {} does not remember", identity.epoch(), identity.epochs().place());
        return Ok(Check::warning("epoch", found, "see that the folder may be written, then start any role"));
    };
    let begun = match reason {
        Some(reason) => format!("; number {}, begun by {by} because: {reason}", all.len()),
        None => String::new(),
    };
    Ok(Check::ok("epoch", format!("{epoch} since {since}{begun}")))
}

/// Who is there. Consumers at the broker whom the store has not heard of use another store, or another life of this one.
fn processes(known: usize, consumers: u64) -> Check {
    match (known, consumers) {
        (0, 0) => Check::warning(
            "processes",
            "none",
            "start `ktrdr serve`, `ktrdr orchestrator` and workers; until then work waits",
        ),
        (0, 1..) => Check::fault(
            "processes",
            format!("none known to the store, but {consumers} consumers at the broker"),
            "were Redis' data lost, or do they use another server or KTRDR_PREFIX? Restore it, or give them the same \
             settings",
        ),
        (1.., _) => Check::ok("processes", format!("{known} heard of within their lease")),
    }
}

/// What is to be done, and whether it gets out of the outbox.
async fn work(app: &App) -> Result<Check, AppError> {
    let page = app.store.list(&Filter { active: true, limit: 1, ..Filter::default() }).await?;
    let waiting = app.store.outbox(None, OUTBOX_MANY).await?.len();
    let found = format!("{} operations pending or running, {waiting} messages in the outbox", page.active);
    Ok(if waiting < OUTBOX_MANY as usize {
        Check::ok("work", found)
    } else {
        Check::warning("work", found, "the outbox grows: is a coordinator running (`ktrdr serve`)?")
    })
}

/// Whether every night was as it should be; one finding for each schedule that somebody should look at.
async fn schedules(app: &App) -> Result<Vec<Check>, AppError> {
    let (count, troubles) = app.schedule_troubles().await?;
    if troubles.is_empty() {
        return Ok(vec![Check::ok("schedules", format!("{count} as they should be"))]);
    }
    let warning = |Trouble { found, action }: Trouble| Check::warning("schedules", found, &action);
    Ok(troubles.into_iter().map(warning).collect())
}
