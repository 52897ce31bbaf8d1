//! Starting work: here and now (`--local`), by the engine that runs on this workspace and waited for (`--wait`),
//! or just handed over.

use std::process::ExitCode;
use std::time::Duration;

use ktrdr_domain::{DeviceRequest, JobSpec, Operation, OperationId, Status};
use ktrdr_fabric::store::{NewOperation, NewRoot, Pace, Submitted};
use tokio_util::sync::CancellationToken;

use super::{Context, roles};
use crate::cli::StartArguments;
use crate::device::Computing;
use crate::exit::{CliError, Kind, OrExit};
use crate::fleet::RunningRoles;
use crate::follow::{self, Followed};
use crate::roles::Roles;
use crate::settings::EngineName;
use crate::signals::Signals;
use crate::workspace::{Workspace, fresh_id};

/// Priority of everything a person starts.
const PRIORITY_NORMAL: u8 = 4;

/// How long the second Ctrl-C still waits for jobs to end.
const LAST_WAIT: Duration = Duration::from_millis(500);

/// What is to be started.
pub(crate) enum Work {
    /// One job.
    Job(JobSpec),
    /// The cycles of a campaign, so many at a time.
    Campaign(Vec<NewRoot>, Pace),
}

impl Work {
    /// What it asks to be computed on. The cycles of a campaign all ask for the same.
    fn request(&self) -> DeviceRequest {
        match self {
            Self::Job(JobSpec::Training(spec)) => spec.device,
            Self::Job(_) => DeviceRequest::Any,
            Self::Campaign(roots, _) => {
                roots.first().map_or(DeviceRequest::Any, |root| DeviceRequest::of(&root.spec))
            }
        }
    }
}

/// What became of it.
pub(crate) enum Started {
    /// Handed over.
    Submitted(Vec<OperationId>),
    /// Waited for: the rows as they ended.
    Ended(Vec<Operation>),
    /// The user stopped waiting; the work goes on.
    Detached(Vec<OperationId>),
}

/// Opens the workspace as the arguments ask for, prepares the work there, starts it, and waits if asked to.
pub(crate) async fn start(
    context: &Context<'_>,
    how: StartArguments,
    prepare: impl AsyncFnOnce(&Workspace) -> Result<Work, CliError>,
) -> Result<Started, CliError> {
    if how.local {
        let workspace = context.embedded().open_to_run().await?;
        let work = prepare(&workspace).await?;
        return run_here(context, &workspace, work).await;
    }
    let workspace = context.open_beside().await?;
    let work = prepare(&workspace).await?;
    let ids = submit(&workspace, work).await?;
    // Whoever waits is told in any case.
    if !how.wait && !runs_somewhere(context) {
        context.screen.note("no engine runs on this workspace: start one with `ktrdr up`, or use --local");
    }
    if !how.wait {
        return Ok(Started::Submitted(ids));
    }
    let detach = on_interrupt()?;
    let followed = tokio::select! {
        followed = follow::to_the_end(&workspace, &ids, context.screen, &detach) => followed?,
        lost = workspace.lost() => return Err(lost),
    };
    Ok(match followed {
        Followed::Ended(rows) => Started::Ended(rows),
        Followed::Detached => Started::Detached(ids),
    })
}

/// Starts work that is always waited for: by the engine that runs on this workspace, or here when none does.
pub(crate) async fn here_or_there(
    context: &Context<'_>,
    prepare: impl AsyncFnOnce(&Workspace) -> Result<Work, CliError>,
) -> Result<Vec<Operation>, CliError> {
    let runs_already = runs_somewhere(context);
    let how = StartArguments { local: !runs_already, wait: runs_already };
    match start(context, how, prepare).await? {
        Started::Ended(rows) => Ok(rows),
        Started::Submitted(ids) | Started::Detached(ids) => {
            let ids: Vec<&str> = ids.iter().map(OperationId::as_str).collect();
            Err(CliError::new(Kind::Interrupted, format!("detached; {} goes on", ids.join(", "))))
        }
    }
}

/// Whether work that is handed over will be taken: a fleet takes it sooner or later, an embedded engine only while it
/// runs.
fn runs_somewhere(context: &Context<'_>) -> bool {
    context.settings.engine == EngineName::Fleet || ktrdr_fabric::embedded::holder(&context.folder).is_some()
}

/// Runs every role in this process until the work has ended. The first Ctrl-C cancels it, the second gives up.
async fn run_here(context: &Context<'_>, workspace: &Workspace, work: Work) -> Result<Started, CliError> {
    let computing = Computing::for_request(work.request())?;
    let fleet = RunningRoles::start(workspace, &Roles::all(&workspace.settings.fleet, computing)).await?;
    let ids = submit(workspace, work).await?;
    let [first, second] = on_two_interrupts()?;
    let cancelling = async {
        first.cancelled().await;
        context.screen.note("stopping … (Ctrl-C again gives up waiting)");
        for id in &ids {
            if let Err(error) = workspace.store.cancel(id, "user", "interrupted").await {
                tracing::error!(%id, %error, "could not ask for a cancel");
            }
        }
        std::future::pending::<()>().await;
    };
    let followed = tokio::select! {
        followed = follow::to_the_end(workspace, &ids, context.screen, &second) => followed?,
        () = cancelling => Followed::Detached,
        lost = workspace.lost() => return Err(roles::give_up(context, workspace, fleet, lost).await),
    };
    match followed {
        Followed::Ended(rows) => {
            fleet.drain().await?;
            Ok(Started::Ended(rows))
        }
        Followed::Detached => {
            // Whoever asks twice does not want to wait. What is cut off here counts as crashed and is recovered.
            let _ = tokio::time::timeout(LAST_WAIT, fleet.drain()).await;
            Err(CliError::new(Kind::Interrupted, "interrupted; `ktrdr up` takes up what was left"))
        }
    }
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

/// Submits; what went into a file that was deleted just before is not said to be submitted.
async fn submit(workspace: &Workspace, work: Work) -> Result<Vec<OperationId>, CliError> {
    let ids = hand_over(workspace, work).await?;
    workspace.check().await?;
    Ok(ids)
}

async fn hand_over(workspace: &Workspace, work: Work) -> Result<Vec<OperationId>, CliError> {
    match work {
        Work::Job(spec) => Ok(vec![submit_job(workspace, &spec).await?]),
        Work::Campaign(roots, pace) => {
            let ids: Vec<OperationId> = roots.iter().map(|r| r.id.clone()).collect();
            match workspace.store.submit_roots(roots, pace).await? {
                Submitted::Created => Ok(ids),
                Submitted::Duplicate(id) => {
                    Err(CliError::new(Kind::Conflict, format!("the campaign was submitted before, as {id}")))
                }
            }
        }
    }
}

/// Submits one job under a fresh id.
pub(crate) async fn submit_job(workspace: &Workspace, spec: &JobSpec) -> Result<OperationId, CliError> {
    let id = fresh_id(spec.kind());
    let value = spec.to_value().or_exit(Kind::InvalidInput)?;
    submit_value(workspace, id, spec.kind(), value).await
}

/// Submits a job whose specification is already a value.
async fn submit_value(
    workspace: &Workspace,
    id: OperationId,
    kind: ktrdr_domain::Kind,
    spec: serde_json::Value,
) -> Result<OperationId, CliError> {
    match workspace.store.submit(leaf(workspace, id.clone(), kind, spec)).await? {
        Submitted::Created => Ok(id),
        Submitted::Duplicate(earlier) => Ok(earlier),
    }
}

/// A job as people start it: with the tries of this workspace's settings.
pub(crate) fn leaf(
    workspace: &Workspace,
    id: OperationId,
    kind: ktrdr_domain::Kind,
    spec: serde_json::Value,
) -> NewOperation {
    let tries_max = workspace.settings.fleet.tries_max;
    NewOperation { id, kind, spec, tries_max, priority: PRIORITY_NORMAL, idempotency_key: None }
}

/// Answers for work that was not waited for, or ended badly; hands a good ending to `show`.
pub(crate) fn answer(
    context: &Context<'_>,
    started: Started,
    show: impl FnOnce(&Context<'_>, &[Operation]) -> Result<(), CliError>,
) -> Result<ExitCode, CliError> {
    match started {
        Started::Submitted(ids) => {
            context.screen.list("submitted", &ids, |screen| ids.iter().for_each(|id| screen.line(id)))?;
            Ok(ExitCode::SUCCESS)
        }
        Started::Detached(ids) => {
            context.screen.note("detached; the work goes on. Follow or stop it with:");
            context.screen.note(match ids.as_slice() {
                [id] => format!("  ktrdr operations watch {id}\n  ktrdr operations cancel {id}"),
                _ => "  ktrdr campaign list\n  ktrdr campaign show NAME\n  ktrdr campaign cancel NAME".into(),
            });
            Ok(ExitCode::from(Kind::Interrupted as u8))
        }
        Started::Ended(rows) => {
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

/// The typed result of one completed operation, or why there is none.
pub(crate) fn result_of<T: serde::de::DeserializeOwned>(row: &Operation) -> Result<T, CliError> {
    match (row.status, &row.result) {
        (Status::Completed, Some(result)) => T::deserialize(result).or_exit(Kind::InvalidInput),
        (status, _) => {
            let asked = row.cancel.as_ref().map(|c| format!("by {} ({})", c.by, c.reason));
            let why = row.error.clone().or(asked).unwrap_or_else(|| "no reason was recorded".into());
            let kind = match row.reason.as_deref() {
                Some("bad_input") => Kind::InvalidInput,
                Some("refused") => Kind::Refused,
                _ if status == Status::Cancelled => Kind::Interrupted,
                _ => Kind::OperationFailed,
            };
            Err(CliError::new(kind, format!("{} {status}: {why}", row.id)))
        }
    }
}
