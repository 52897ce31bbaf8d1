//! `ktrdr serve`, `ktrdr orchestrator`, `ktrdr worker …`: one role in this process, until it is told to stop.
//! `ktrdr up` plays them all the same way.

use std::future::Future;
use std::process::ExitCode;
use std::time::Duration;

use ktrdr_api::Listening;
use ktrdr_domain::{DeviceClass, Kind as OperationKind};
use ktrdr_worker::KindConfig;
use tokio_util::sync::CancellationToken;

use super::Context;
use crate::cli::api::{MetricsArguments, ServeArguments};
use crate::cli::fleet::{Device, WorkerArguments};
use crate::describe::counted;
use crate::device::Computing;
use crate::exit::{CliError, Kind, OrExit};
use crate::figures;
use crate::fleet::RunningRoles;
use crate::roles::{Roles, kind_config};
use crate::serving;
use crate::settings::EngineName;
use crate::signals::Signals;
use crate::workspace::Workspace;

/// How long jobs are waited for when the store is gone.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// What a role shows of itself.
struct Faces {
    api: Option<Listening>,
    metrics: MetricsArguments,
}

impl Faces {
    /// Figures alone, where they are asked for.
    fn telling(metrics: MetricsArguments) -> Self {
        Self { api: None, metrics }
    }
}

pub(crate) fn serve(context: &Context<'_>, arguments: &ServeArguments) -> Result<ExitCode, CliError> {
    let api = arguments.listen.listening(&context.settings.api)?;
    run(context, "serve", &Roles::coordinator(), &Faces { api, metrics: arguments.metrics })
}

pub(crate) fn orchestrator(context: &Context<'_>, arguments: MetricsArguments) -> Result<ExitCode, CliError> {
    run(context, "orchestrator", &Roles::orchestrator(), &Faces::telling(arguments))
}

pub(crate) fn worker(context: &Context<'_>, arguments: &WorkerArguments) -> Result<ExitCode, CliError> {
    let kinds = arguments.kind.kinds();
    let computing = computing(&kinds, arguments.device)?;
    let config = |kind| -> Result<KindConfig, CliError> {
        let config = kind_config(kind, &context.settings.fleet);
        let slots = slots(kind, &computing, arguments.slots)?.unwrap_or(config.slots);
        Ok(KindConfig { slots, ..config })
    };
    let configs = kinds.iter().copied().map(config).collect::<Result<Vec<_>, _>>()?;
    let what = match configs.as_slice() {
        [one] => format!("{} jobs", one.kind),
        all => format!("all {} types of jobs", all.len()),
    };
    let slots: u32 = configs.iter().map(|config| u32::from(config.slots)).sum();
    let name = format!("worker of {what} on {}, {}", computing.name, counted(slots.into(), "slot"));
    run(context, &name, &Roles::worker(configs, computing), &Faces::telling(arguments.metrics))
}

/// Jobs that ask for no device never compute on one.
fn computing(kinds: &[OperationKind], asked: Device) -> Result<Computing, CliError> {
    let has_devices = kinds.iter().any(|kind| kind.has_devices());
    match (has_devices, asked, kinds) {
        (true, _, _) => Computing::on(asked),
        (false, Device::Cuda(_), [kind, ..]) => {
            let message = format!("{kind} jobs compute on the CPU; leave --device out");
            Err(CliError::new(Kind::Usage, message))
        }
        (false, _, _) => Ok(Computing::on_cpu()),
    }
}

/// A GPU trains one network at a time. `None` leaves it to the configuration.
fn slots(kind: OperationKind, computing: &Computing, asked: Option<u16>) -> Result<Option<u16>, CliError> {
    match (kind, computing.class, asked) {
        (OperationKind::Training, DeviceClass::Gpu, Some(2..)) => {
            let message = "a GPU trains one network at a time; use --slots 1, and start more workers on the same GPU \
                           if it has room for them";
            Err(CliError::new(Kind::Usage, message))
        }
        (OperationKind::Training, DeviceClass::Gpu, _) => Ok(Some(1)),
        _ => Ok(asked),
    }
}

/// One role of a fleet. The embedded engine has no single roles: one process holds its file.
fn run(context: &Context<'_>, name: &str, roles: &Roles, faces: &Faces) -> Result<ExitCode, CliError> {
    if context.settings.engine == EngineName::Embedded {
        let message = "single roles need the fleet: set KTRDR_ENGINE=fleet and its addresses (`scripts/services start` \
                       prints them), or run every role in one process with `ktrdr up`";
        return Err(CliError::new(Kind::Usage, message));
    }
    context.block_on(async {
        let of_api = serving::HEARS.into_iter().filter(|_| faces.api.is_some());
        let hears: Vec<_> = roles.hear().into_iter().chain(of_api).collect();
        let workspace = context.open_to_hear(&hears).await?.measured();
        let stop = CancellationToken::new();
        let api = serving::listen(&workspace, roles, faces.api.as_ref(), &stop).await?;
        figures::listen(&workspace, roles, faces.metrics.metrics, &stop).await?;
        let where_it_answers = api
            .as_ref()
            .map(|api| format!("\nthe dashboard is at {0}/, the API answers at {0}/api/v1/docs/", api.url()));
        let banner = format!(
            "ktrdr {name} · SIGTERM or Ctrl-C drains it, nothing is lost{}",
            where_it_answers.unwrap_or_default()
        );
        let playing = until_stopped(context, &workspace, roles, &banner, std::future::pending());
        serving::beside(api, stop, playing).await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Whether whoever takes designs can have them made. Better told now than by each design: all of them would be refused.
fn expect_designer(workspace: &Workspace, roles: &Roles) -> Result<(), CliError> {
    if roles.slots(OperationKind::AgentDesign) > 0 {
        workspace.app.providers.get(&workspace.settings.research.agent).or_exit(Kind::InvalidInput)?;
    }
    Ok(())
}

/// Plays roles until `ended` is over or a signal comes; then drains. After a second signal nobody waits for jobs to end:
/// they go back undone. A third one ends the process. What was the end.
pub(crate) async fn until_stopped(
    context: &Context<'_>,
    workspace: &Workspace,
    roles: &Roles,
    banner: &str,
    ended: impl Future<Output = Result<(), CliError>>,
) -> Result<&'static str, CliError> {
    expect_designer(workspace, roles)?;
    let mut signals = Signals::of_a_supervisor()?;
    let mut running = RunningRoles::start(workspace, roles).await?;
    context.screen.note(banner);
    let why = tokio::select! {
        name = signals.next() => name,
        over = ended => over.map(|()| "idle")?,
        () = running.ended() => "ended",
        lost = workspace.lost() => return Err(give_up(context, workspace, running, lost).await),
    };
    if why != "idle" {
        context.screen.note("stopping: running jobs end or go back undone (again: at once)");
    }
    let force_drain = running.force_drain();
    let impatient = async {
        signals.next().await;
        force_drain.cancel();
        std::future::pending::<()>().await;
    };
    tokio::select! {
        drained = running.drain() => drained?,
        () = impatient => {}
    }
    Ok(why)
}

/// Ends on a store that is gone: nothing that is done from now on would be kept. Jobs go back as far as that is still
/// possible, and what this process alone holds is saved.
pub(super) async fn give_up(
    context: &Context<'_>,
    workspace: &Workspace,
    running: RunningRoles,
    lost: CliError,
) -> CliError {
    context.screen.note(format!("{lost}; ending"));
    running.force_drain().cancel();
    if !matches!(tokio::time::timeout(LAST_WAIT, running.drain()).await, Ok(Ok(()))) {
        tracing::warn!("jobs were left to their leases");
    }
    match workspace.identity.rescue().await {
        Some(saved) => CliError::new(lost.kind, format!("{lost}; {saved}")),
        None => lost,
    }
}
