//! Whether all is sound: versions, protections, consumers, clocks, room. What can not be reached is one finding, and the rest
//! is looked at all the same.

mod causes;
mod check;
mod rabbitmq;
pub(super) mod redis;

use std::time::Duration;

use ktrdr_fabric::epochs::Epoch;
use ktrdr_fabric::store::Filter;
use ktrdr_fleet::amqp::QueueFacts;

pub use check::Check;

use self::causes::{artifacts, roles_and_queues};
use super::{EngineConfig, FleetConfig, Identity, Opened, Opening};
use crate::diagnosis::Cause;
use crate::schedules::Trouble;
use crate::{App, AppError, ErrorKind};

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
        let (place, holder) = (self.folder.display(), self.holder());
        let causes = app.diagnosis().await?;
        let runner = match holder {
            Some(holder) => Check::ok("engine", format!("runs on {place}: {holder}")),
            None => Check::warning("engine", format!("nothing runs on {place}"), "start it with `ktrdr up`")
                .because("no_engine"),
        };
        let mut checks = identity.store().protections().await?;
        checks.extend([room(&identity).await?, epoch(&identity).await?, artifacts(&app, &causes).await]);
        checks.extend([runner, work(&app).await?]);
        checks.extend(roles_and_queues(&causes, &[]));
        checks.extend(schedules(&app).await?);
        Ok(checks)
    }

    async fn examine_fleet(&self, fleet: &FleetConfig) -> Vec<Check> {
        let opened = self.beside().await;
        let mut checks = of_store(opened.as_ref()).await;
        let seen = rabbitmq::queues(fleet).await;
        checks.extend(match &seen {
            // Whatever else is asked of it would fail for the same cause.
            Err(why) if why.kind == ErrorKind::Unreachable => {
                vec![Check::unreachable("rabbitmq", why).because("broker_gone")]
            }
            Err(why) => rabbitmq::administered(fleet)
                .await
                .into_iter()
                .chain([Check::unreachable("queues", why)])
                .collect(),
            Ok(_) => rabbitmq::administered(fleet).await,
        });
        let is_gone = checks.iter().any(|check| check.why.as_deref() == Some("broker_gone"));
        let queues = seen.unwrap_or_default();
        let consumers = queues.iter().map(|queue| queue.consumers).sum();
        match opened {
            Ok(Opened { app, .. }) => checks.extend(of_fleet(&app, &queues, consumers, is_gone).await),
            // An empty store, or another one, knows none of them.
            Err(why) if why.kind == ErrorKind::StoreLost => {
                checks.extend(queues.iter().map(|queue| rabbitmq::queue(queue, None)));
                checks.push(processes(0, consumers));
            }
            // What is there of processes and work, nobody knows: that was said above.
            Err(_) => checks.extend(queues.iter().map(|queue| rabbitmq::queue(queue, None))),
        }
        checks
    }
}

/// Who is there, what stands in the way of work, and the work.
async fn of_fleet(app: &App, queues: &[QueueFacts], consumers: u64, is_gone: bool) -> Vec<Check> {
    let unreachable = |what: &'static str| move |why| Check::unreachable(what, why);
    let mut causes = match app.diagnosis().await {
        Ok(causes) => causes,
        Err(why) => return vec![Check::unreachable("processes", why)],
    };
    if is_gone {
        causes.retain(|cause| !matches!(cause, Cause::BrokerGone { .. }));
    }
    let mut checks = roles_and_queues(&causes, queues);
    let known = app.registry.workers().await.map(|workers| workers.len());
    checks.push(
        known.map_or_else(|why| Check::unreachable("processes", why), |known| processes(known, consumers)),
    );
    checks.push(artifacts(app, &causes).await);
    checks.push(work(app).await.unwrap_or_else(unreachable("work")));
    checks.extend(schedules(app).await.unwrap_or_else(|why| vec![Check::unreachable("schedules", why)]));
    checks
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
            let why_word = if why.kind == ErrorKind::StoreLost { "store_lost" } else { "store_gone" };
            return vec![Check::unreachable(what, why).because(why_word)];
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
        (true, _) => {
            Check::fault("room", format!("full: {}", room.figures), room.action).because("store_full")
        }
        (false, true) => Check::warning("room", room.figures, room.action).because("store_nearly_full"),
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

/// What is to be done. Whether it gets out of the outbox is a cause.
async fn work(app: &App) -> Result<Check, AppError> {
    let page = app.store.list(&Filter { active: true, limit: 1, ..Filter::default() }).await?;
    let waiting = app.store.backlog(Duration::ZERO).await?.outbox;
    let found = format!("{} operations pending or running, {waiting} messages in the outbox", page.active);
    Ok(Check::ok("work", found))
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
