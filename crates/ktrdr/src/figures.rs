//! Figures for Prometheus: what this process counted, and, told by coordinators, how the fleet stands.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ktrdr_api::{Answered, Exposition, Watch};
use ktrdr_app::budget::BudgetRequest;
use ktrdr_app::diagnosis::{About, Cause, OBSTACLES, Reason, State};
use ktrdr_app::queues::QueueStatus;
use ktrdr_app::{App, AppError};
use ktrdr_domain::Money;
use ktrdr_fabric::artifacts::Disk;
use ktrdr_fabric::store::Filter;
use ktrdr_telemetry::standing::{Obstacle, QueueStanding, Role};
use ktrdr_telemetry::{Gpu, MEDIA_TYPE, Request, Standing, Telemetry};
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::exit::{CliError, Kind, OrExit};
use crate::roles::Roles;
use crate::workspace::Workspace;

/// A scrape is answered this soon with what was seen last, whatever the store does: who scrapes waits for no more than some
/// seconds, and would take the process for dead. What is seen later is told the next time.
const LOOKED_WITHIN: Duration = Duration::from_millis(800);

/// What is exposed of a process.
struct Figures {
    telemetry: Arc<Telemetry>,
    /// Told of by those who relay and keep schedules: one look serves the whole fleet.
    fleet: Option<Fleet>,
    /// One look at a time.
    looking: AsyncMutex<()>,
}

/// How the fleet stands, looked at when somebody scrapes.
struct Fleet {
    app: App,
    folder: PathBuf,
    oldest: Mutex<Option<(u64, Instant)>>,
}

/// The figures of a process that plays these roles; none where nothing is counted.
pub(crate) fn exposition(workspace: &Workspace, roles: &Roles) -> Option<Exposition> {
    let fleet = roles.coordinator.then(|| Fleet {
        app: workspace.app.clone(),
        folder: workspace.opening.folder.clone(),
        oldest: Mutex::default(),
    });
    let telemetry = workspace.telemetry.clone()?;
    if let Some(number) = roles.computing.gpu {
        let visible = std::env::var("CUDA_VISIBLE_DEVICES").ok();
        Gpu::find(number, visible.as_deref()).into_iter().for_each(|gpu| telemetry.watch(gpu));
    }
    let figures = Arc::new(Figures { telemetry, fleet, looking: AsyncMutex::default() });
    let text = move || {
        let figures = Arc::clone(&figures);
        Box::pin(async move { figures.text().await }) as _
    };
    Some(Exposition { media_type: MEDIA_TYPE, text: Arc::new(text) })
}

/// Counts what the API answers, where anything is counted.
pub(crate) fn watch(workspace: &Workspace) -> Option<Watch> {
    let telemetry = workspace.telemetry.clone()?;
    Some(Arc::new(move |answered: &Answered| {
        let Answered { route, method, status, took } = *answered;
        telemetry.answered(&Request { route, method, status, took });
    }))
}

/// Listens for scrapers at an address, if one is given. Where.
pub(crate) async fn listen(
    workspace: &Workspace,
    roles: &Roles,
    address: Option<SocketAddr>,
    stop: &CancellationToken,
) -> Result<Option<SocketAddr>, CliError> {
    match (address, exposition(workspace, roles)) {
        (Some(address), Some(figures)) => {
            figures.listen(address, stop.clone()).await.map(Some).or_exit(Kind::Refused)
        }
        _ => Ok(None),
    }
}

impl Figures {
    async fn text(self: Arc<Self>) -> String {
        let looking = tokio::spawn(Arc::clone(&self).look());
        let _ = timeout(LOOKED_WITHIN, looking).await;
        self.telemetry.expose()
    }

    /// Sees how the fleet stands, unless somebody is at it.
    async fn look(self: Arc<Self>) {
        let (Some(fleet), Ok(_alone)) = (&self.fleet, self.looking.try_lock()) else { return };
        match fleet.standing().await {
            Ok(standing) => self.telemetry.stand(&standing),
            // What was seen last stays; `ktrdr_store_errors` says why.
            Err(why) => tracing::debug!(%why, "how the fleet stands can not be seen"),
        }
    }
}

impl Fleet {
    async fn standing(&self) -> Result<Standing, AppError> {
        let app = &self.app;
        let workers = app.registry.workers().await?;
        let dead = Filter { dead: true, limit: 1, ..Filter::default() };
        let plays =
            |role: Role| workers.iter().filter(|seen| seen.worker.role == role.as_str()).count() as u64;
        let budget = app.budget(&BudgetRequest { days: 1, campaigns: 0, campaign: None }).await?;
        let today = budget.days.first();
        let (_, troubles) = app.schedule_troubles().await?;
        Ok(Standing {
            queues: app.queues().await?.iter().map(queue).collect(),
            processes: Role::ALL.into_iter().map(|role| (role, plays(role))).collect(),
            dead_letters: app.store.list(&dead).await?.total,
            outbox: app.store.backlog(Duration::ZERO).await?.outbox,
            outbox_lag_s: self.outbox_lag().await?.as_secs_f64(),
            spent_today: today.map_or(0.0, |day| day.spent.money.plus(day.reserved.money).in_dollars()),
            left_today: today.and_then(|day| day.left.money).map(Money::in_dollars),
            schedule_troubles: troubles.len() as u64,
            free_bytes: Disk::of(&self.folder).ok().map(|disk| disk.free),
            obstacles: obstacles(&app.diagnosis().await?),
        })
    }

    /// For how long the oldest entry of the outbox has been seen there: entries hold no time.
    async fn outbox_lag(&self) -> Result<Duration, AppError> {
        let oldest = self.app.store.outbox(None, 1).await?.first().map(|entry| entry.sequence);
        let mut seen = self.oldest.lock().unwrap_or_else(PoisonError::into_inner);
        *seen = oldest.map(|sequence| match *seen {
            Some((before, since)) if before == sequence => (sequence, since),
            _ => (sequence, Instant::now()),
        });
        Ok(seen.map_or(Duration::ZERO, |(_, since)| since.elapsed()))
    }
}

fn queue(status: &QueueStatus) -> QueueStanding {
    let oldest_ms = u64::try_from(status.oldest_pending_ms.unwrap_or(0)).unwrap_or(0);
    QueueStanding {
        kind: status.kind,
        ready: status.pending,
        delayed: status.delayed,
        running: status.running,
        oldest_age_s: Duration::from_millis(oldest_ms).as_secs_f64(),
        workers: status.workers as u64,
        slots: u64::from(status.slots),
        paused: status.paused,
    }
}

/// What may stand in the way, each word whether it does or not, and what does with the kind of job that it is about.
fn obstacles(causes: &[Cause]) -> Vec<Obstacle> {
    let there = causes.iter().filter(|cause| cause.state() > State::Ok).filter_map(|cause| {
        let reason = Reason::from(cause);
        let why = OBSTACLES.into_iter().find(|word| *word == reason.why)?;
        let kind = match cause.about() {
            About::Queue(kind, _) => Some(kind),
            _ => None,
        };
        Some(Obstacle { why, kind, is_there: true })
    });
    let there: Vec<Obstacle> = there.collect();
    let absent = |why: &&str| there.iter().all(|obstacle| obstacle.why != *why);
    let absent =
        OBSTACLES.into_iter().filter(absent).map(|why| Obstacle { why, kind: None, is_there: false });
    absent.chain(there.iter().copied()).collect()
}
