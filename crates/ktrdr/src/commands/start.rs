//! Starting work: here and now (`--local`), by the engine that runs on this workspace and waited for (`--wait`),
//! or just handed over.

use std::process::ExitCode;
use std::time::Duration;

use ktrdr_app::campaign::{CampaignDetail, StartedCampaign};
use ktrdr_app::cancel::CancelRequest;
use ktrdr_app::cycle::TriggeredCycle;
use ktrdr_app::submit::SubmittedJob;
use ktrdr_app::{AppError, Labour, UseCases};
use ktrdr_domain::name::CampaignName;
use ktrdr_domain::{DeviceRequest, Operation, OperationId, Status};
use tokio_util::sync::CancellationToken;

use super::{Context, roles};
use crate::cli::StartArguments;
use crate::describe::counted;
use crate::device::Computing;
use crate::exit::{CliError, Kind};
use crate::fleet::RunningRoles;
use crate::follow::{self, Followed};
use crate::roles::Roles;
use crate::signals::Signals;
use crate::workspace::Workspace;

/// How long the second Ctrl-C still waits for jobs to end.
const LAST_WAIT: Duration = Duration::from_millis(500);

/// Work that was handed over.
pub(crate) struct HandedOver {
    /// Its operations.
    pub(crate) ids: Vec<OperationId>,
    /// The campaign they belong to, if they are its cycles.
    pub(crate) campaign: Option<CampaignName>,
    /// Whether it was handed over just now, and not by an earlier request with the same key.
    pub(crate) created: bool,
    /// What whoever asked may not have meant.
    pub(crate) notes: Vec<String>,
}

impl HandedOver {
    /// As the audit log has it.
    fn name(&self) -> String {
        let first = || self.ids.first().map_or_else(String::new, ToString::to_string);
        self.campaign.as_ref().map_or_else(first, |campaign| format!("campaign {campaign}"))
    }
}

impl From<SubmittedJob> for HandedOver {
    fn from(job: SubmittedJob) -> Self {
        Self { ids: vec![job.operation], campaign: None, created: job.created, notes: Vec::new() }
    }
}

impl From<Vec<SubmittedJob>> for HandedOver {
    fn from(jobs: Vec<SubmittedJob>) -> Self {
        let created = jobs.iter().any(|job| job.created);
        let ids = jobs.into_iter().map(|job| job.operation).collect();
        Self { ids, campaign: None, created, notes: Vec::new() }
    }
}

impl From<StartedCampaign> for HandedOver {
    fn from(started: StartedCampaign) -> Self {
        let StartedCampaign { campaign, cycles, created, notes } = started;
        Self { ids: cycles, campaign: Some(campaign), created, notes }
    }
}

impl From<TriggeredCycle> for HandedOver {
    fn from(cycle: TriggeredCycle) -> Self {
        let TriggeredCycle { operation, campaign, created, notes } = cycle;
        Self { ids: vec![operation], campaign: Some(campaign), created, notes }
    }
}

/// What became of it.
pub(crate) enum Started {
    /// Handed over.
    Submitted(HandedOver),
    /// Waited for: the rows as they ended.
    Ended(Vec<Operation>),
    /// Waited for: a campaign with these of its cycles, which has closed.
    Closed(Box<CampaignDetail>),
    /// The user stopped waiting; the work goes on.
    Detached(HandedOver),
}

/// Submits what is to be computed on such a device where the arguments ask for it: in this process, or to whoever answers; and
/// waits if asked to.
pub(crate) async fn start<T: Into<HandedOver>>(
    context: &Context<'_>,
    how: StartArguments,
    device: DeviceRequest,
    submit: impl AsyncFnOnce(&dyn UseCases) -> Result<T, AppError>,
) -> Result<Started, CliError> {
    if how.local && context.server.is_some() {
        let message = "--local runs it in this process and --server elsewhere: use one of them";
        return Err(CliError::new(Kind::Usage, message));
    }
    if how.local {
        let computing = Computing::for_request(device)?;
        let mut workspace = context.embedded().open_to_run().await?;
        workspace.app.labour = Labour::ThisProcess;
        let handed = hand_over(context, &workspace.app, submit).await?;
        workspace.check().await?;
        return run_here(context, &workspace, computing, &handed).await;
    }
    let desk = context.desk().await?;
    let handed = hand_over(context, desk.app(), submit).await?;
    desk.check().await?;
    // Whoever waits is told in any case.
    if !how.wait && !desk.takes_work() {
        context.screen.note("no engine runs on this workspace: start one with `ktrdr up`, or use --local");
    }
    if !how.wait {
        return Ok(Started::Submitted(handed));
    }
    let detach = on_interrupt()?;
    let followed = tokio::select! {
        followed = follow(context, desk.app(), &handed, &detach) => followed?,
        lost = desk.lost() => return Err(lost),
    };
    match followed {
        Followed::Ended(rows) => finished(desk.app(), &handed, rows).await,
        Followed::Detached => Ok(Started::Detached(handed)),
    }
}

/// Starts work that is always waited for: as the arguments ask for, or by whoever answers, or here where no engine runs.
pub(crate) async fn start_and_wait<T: Into<HandedOver>>(
    context: &Context<'_>,
    how: StartArguments,
    submit: impl AsyncFnOnce(&dyn UseCases) -> Result<T, AppError>,
) -> Result<Started, CliError> {
    let how = match how {
        StartArguments { local: false, wait: false } => {
            let runs_already = context.has_engine()?;
            StartArguments { local: !runs_already, wait: runs_already }
        }
        said => said,
    };
    start(context, how, DeviceRequest::Any, submit).await
}

/// The rows of work that was waited for; of work that goes on how to go on with it.
pub(crate) fn ended(started: Started) -> Result<Vec<Operation>, CliError> {
    match started {
        Started::Ended(rows) => Ok(rows),
        Started::Closed(campaign) => Ok(campaign.cycles),
        Started::Submitted(handed) | Started::Detached(handed) => {
            let message =
                format!("detached; the work goes on. Follow or stop it with:\n{}", ways_on(&handed));
            Err(CliError::new(Kind::Interrupted, message))
        }
    }
}

/// The commands that follow work that goes on, and stop it.
fn ways_on(handed: &HandedOver) -> String {
    match (&handed.campaign, handed.ids.as_slice()) {
        (Some(name), _) => format!("  ktrdr campaign show {name}\n  ktrdr campaign cancel {name}"),
        (None, ids) => {
            let ways = |id| format!("  ktrdr operations watch {id}\n  ktrdr operations cancel {id}");
            ids.iter().map(ways).collect::<Vec<_>>().join("\n")
        }
    }
}

/// Submits.
async fn hand_over<T: Into<HandedOver>>(
    context: &Context<'_>,
    app: &dyn UseCases,
    submit: impl AsyncFnOnce(&dyn UseCases) -> Result<T, AppError>,
) -> Result<HandedOver, CliError> {
    let handed: HandedOver = submit(app).await?.into();
    context.record.came_to(handed.name());
    for note in &handed.notes {
        context.screen.note(format!("note: {note}"));
    }
    if !handed.created {
        context.screen.note("submitted before: nothing new begins");
    }
    Ok(handed)
}

/// Runs every role in this process until the work has ended. The first Ctrl-C cancels it, the second gives up.
async fn run_here(
    context: &Context<'_>,
    workspace: &Workspace,
    computing: Computing,
    handed: &HandedOver,
) -> Result<Started, CliError> {
    let fleet = RunningRoles::start(workspace, &Roles::all(&workspace.settings.fleet, computing)).await?;
    let [first, second] = on_two_interrupts()?;
    let cancelling = async {
        first.cancelled().await;
        context.screen.note("stopping … (Ctrl-C again gives up waiting)");
        for id in &handed.ids {
            let request = CancelRequest { by: "user".into(), ..CancelRequest::of(id.clone(), "interrupted") };
            if let Err(error) = workspace.app.cancel(&request).await {
                tracing::error!(operation = %id, %error, "could not ask for a cancel");
            }
        }
        std::future::pending::<()>().await;
    };
    let followed = tokio::select! {
        followed = follow(context, &workspace.app, handed, &second) => followed?,
        () = cancelling => Followed::Detached,
        lost = workspace.lost() => return Err(roles::give_up(context, workspace, fleet, lost).await),
    };
    match followed {
        Followed::Ended(rows) => {
            fleet.drain().await?;
            finished(&workspace.app, handed, rows).await
        }
        Followed::Detached => {
            // Whoever asks twice does not want to wait. What is cut off here counts as crashed and is recovered.
            let _ = tokio::time::timeout(LAST_WAIT, fleet.drain()).await;
            Err(CliError::new(Kind::Interrupted, "interrupted; `ktrdr up` takes up what was left"))
        }
    }
}

/// Follows what was handed over to its end, a campaign to its close.
async fn follow(
    context: &Context<'_>,
    app: &dyn UseCases,
    handed: &HandedOver,
    detach: &CancellationToken,
) -> Result<Followed, CliError> {
    let followed = follow::to_the_end(app, &handed.ids, context.screen, detach).await?;
    if let (Followed::Ended(_), Some(name)) = (&followed, &handed.campaign) {
        follow::to_the_close(app, name, context.screen, detach).await?;
    }
    Ok(followed)
}

async fn finished(
    app: &dyn UseCases,
    handed: &HandedOver,
    rows: Vec<Operation>,
) -> Result<Started, CliError> {
    Ok(match &handed.campaign {
        Some(name) => Started::Closed(Box::new(app.campaign_with(name, rows).await?)),
        None => Started::Ended(rows),
    })
}

/// Tokens that the first and the second Ctrl-C fire.
fn on_two_interrupts() -> Result<[CancellationToken; 2], CliError> {
    let mut signals = Signals::of_a_user()?;
    let tokens = [CancellationToken::new(), CancellationToken::new()];
    let fired = tokens.clone();
    tokio::spawn(async move {
        for token in fired {
            signals.next().await;
            token.cancel();
        }
    });
    Ok(tokens)
}

/// A token that the first Ctrl-C fires.
pub(crate) fn on_interrupt() -> Result<CancellationToken, CliError> {
    on_two_interrupts().map(|[first, _]| first)
}

/// Answers for work that was not waited for, or ended badly; hands a good ending to `show`.
pub(crate) fn answer(
    context: &Context<'_>,
    started: Started,
    show: impl FnOnce(&Context<'_>, &[Operation]) -> Result<(), CliError>,
) -> Result<ExitCode, CliError> {
    match started {
        Started::Submitted(handed) => {
            context.screen.list("submitted", &handed.ids, |screen| match &handed.campaign {
                Some(name) => {
                    let cycles = counted(handed.ids.len() as u64, "cycle");
                    screen.line(format!("submitted {cycles} of campaign {name}"));
                }
                None => handed.ids.iter().for_each(|id| screen.line(id)),
            })?;
            Ok(ExitCode::SUCCESS)
        }
        Started::Detached(handed) => {
            context.screen.note("detached; the work goes on. Follow or stop it with:");
            context.screen.note(ways_on(&handed));
            Ok(ExitCode::from(Kind::Interrupted as u8))
        }
        started => {
            let rows = ended(started)?;
            show(context, &rows)?;
            Ok(exit_code(&rows))
        }
    }
}

/// 0 when everything completed, 130 when the only trouble was a cancel, 1 otherwise.
pub(crate) fn exit_code(rows: &[Operation]) -> ExitCode {
    let any = |status| rows.iter().any(|r| r.status == status);
    match (any(Status::Failed), any(Status::Cancelled)) {
        (true, _) => ExitCode::from(Kind::OperationFailed as u8),
        (false, true) => ExitCode::from(Kind::Interrupted as u8),
        (false, false) => ExitCode::SUCCESS,
    }
}
