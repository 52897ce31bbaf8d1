//! The processes of a fleet, started by and ending with the measurement.

use std::time::Duration;

use ktrdr_app::engine::{Part, broker};
use ktrdr_domain::Kind as OperationKind;
use ktrdr_fabric::broker::Queue;
use ktrdr_fleet::amqp::AmqpBroker;
use ktrdr_fleet::topology::queue_name;
use tokio::process::Child;
use tokio::time::{Instant, sleep};

use crate::cli::bench::FleetBench;
use crate::commands::Context;
use crate::commands::bench::process::{self, TIMEOUT};
use crate::exit::{CliError, Kind, OrExit};

/// Where the workers that are waited for consume.
const PROBES: Queue = Queue::Jobs(OperationKind::Probe);

/// Running processes. Those that are not ended are killed when this is dropped.
pub(super) struct Processes(Vec<Process>);

/// One of them.
pub(super) struct Process {
    /// Its role.
    pub(super) role: String,
    /// Its id.
    pub(super) pid: u32,
    child: Child,
}

impl Processes {
    /// Starts coordinator, orchestrator and workers of every kind that a cycle needs, and waits until the workers of
    /// probes consume.
    pub(super) async fn start(context: &Context<'_>, wanted: &FleetBench) -> Result<Self, CliError> {
        let slots = wanted.slots.to_string();
        let mut roles: Vec<Vec<&str>> = vec![vec!["serve"], vec!["orchestrator"]];
        roles.extend(["design", "training", "backtesting", "assessment"].map(|kind| vec!["worker", kind]));
        roles.extend((0..wanted.workers).map(|_| vec!["worker", "probe", "--slots", &slots]));
        let broker =
            broker(&context.settings.fleet_config()?, Part { needs: vec![PROBES], ..Part::looking("bench") })
                .await?;
        let before = consumers(&broker).await?;
        let started = roles.iter().map(|role| spawn(context, role));
        let processes = Self(started.collect::<Result<_, _>>()?);
        let until = Instant::now() + TIMEOUT;
        while consumers(&broker).await? < before + u64::from(wanted.workers) {
            if Instant::now() > until {
                return Err(CliError::new(
                    Kind::Unreachable,
                    "the workers did not start in time; see their words above",
                ));
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(processes)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Process> {
        self.0.iter()
    }

    /// Asks all to end, and waits for it.
    pub(super) async fn end(self) -> Result<(), CliError> {
        process::end(self.0.into_iter().map(|process| process.child)).await
    }
}

fn spawn(context: &Context<'_>, role: &[&str]) -> Result<Process, CliError> {
    let arguments = [role, &["--output", "json"]].concat();
    let child = process::program(context, &arguments)?.spawn().or_exit(Kind::Files)?;
    let pid = child.id().unwrap_or_default();
    Ok(Process { role: role.iter().take(2).copied().collect::<Vec<_>>().join(" "), pid, child })
}

async fn consumers(broker: &AmqpBroker) -> Result<u64, CliError> {
    let queues = broker.queues().await.or_exit(Kind::Unreachable)?;
    Ok(queues.iter().filter(|q| q.name == queue_name(PROBES)).map(|q| q.consumers).sum())
}
