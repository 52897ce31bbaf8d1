//! The configuration: built-in values, then `ktrdr.toml` of the workspace, then `KTRDR_…` of the environment
//! (`KTRDR_FLEET__LEASE=45s`, `KTRDR_REDIS_URL=…`). Two steps: record what was said, then check relations.

mod addresses;
mod agent;
mod api;
mod budget;
mod cache;
mod human;
mod reading;
mod retention;
mod secret;
mod traces;
mod variables;

use std::path::{Path, PathBuf};
use std::time::Duration;

use ktrdr_app::Policy;
use ktrdr_app::cycle::TriggerLimits;
pub(crate) use ktrdr_app::engine::EngineName;
use ktrdr_app::engine::{EngineConfig, FleetConfig, Opening, Secret};
use ktrdr_domain::TRIES_MAX;
use ktrdr_domain::gate::GatePolicy;
use ktrdr_domain::name::ProviderName;
use ktrdr_domain::trading::Account;
use ktrdr_domain::window::{LOOKS_MAX, WindowPolicy};
use ktrdr_fabric::process::host_name;
use ktrdr_fleet::artifacts::AwsVariables;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::exit::{CliError, Kind, OrExit};
pub(crate) use agent::{AgentAccess, AgentSettings};
pub(crate) use api::ApiSettings;
use budget::BudgetSettings;
use cache::CacheSettings;
use retention::RetentionSettings;
pub(crate) use secret::token;
use traces::{TracesAccess, TracesSettings};
use variables::Variables;
pub(crate) use variables::text;

/// Everything that can be configured.
#[derive(Debug, Clone, Default, Serialize, JsonSchema, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// Which engine carries jobs and state.
    pub(crate) engine: EngineName,
    /// RabbitMQ: `amqps://user:password@host:5671/vhost`, several nodes separated by commas.
    pub(crate) amqp_url: Option<Secret>,
    /// A file that holds it.
    pub(crate) amqp_url_file: Option<PathBuf>,
    /// The same broker as its administrator, for `ktrdr topology` and `ktrdr doctor`.
    pub(crate) amqp_admin_url: Option<Secret>,
    /// A file that holds it.
    pub(crate) amqp_admin_url_file: Option<PathBuf>,
    /// The broker's management interface: `https://user:password@host:15671`.
    pub(crate) rabbitmq_management_url: Option<Secret>,
    /// A file that holds it.
    pub(crate) rabbitmq_management_url_file: Option<PathBuf>,
    /// Redis: `rediss://user:password@host:6379`.
    pub(crate) redis_url: Option<Secret>,
    /// A file that holds it.
    pub(crate) redis_url_file: Option<PathBuf>,
    /// Where bars, models and reports are: `file:///shared/folder` or `s3://bucket/prefix`; the workspace otherwise.
    pub(crate) artifacts_url: Option<Secret>,
    /// What the fleet's keys in Redis begin with, so that several fleets can share a server.
    pub(crate) prefix: Option<String>,
    /// Certificate of the authority that signed the servers', in PEM; those the system trusts otherwise.
    pub(crate) ca_file: Option<PathBuf>,
    /// Whether passwords and rows may travel readable to other machines.
    pub(crate) allow_plaintext: bool,
    /// How the first bars of an instrument are cut into dev, gate and vault. Windows that are fixed stay where they are.
    pub(crate) windows: WindowPolicy,
    /// Rules of the gates.
    pub(crate) gates: GatePolicy,
    /// Capital, size and costs of backtests.
    pub(crate) account: Account,
    /// Research cycles.
    pub(crate) research: ResearchSettings,
    /// Language models.
    pub(crate) agent: AgentSettings,
    /// Their server and its key, from the environment alone.
    #[serde(skip)]
    pub(crate) agent_access: AgentAccess,
    /// What may be spent.
    pub(crate) budget: BudgetSettings,
    /// Leases, beats and slots.
    pub(crate) fleet: FleetSettings,
    /// How long rows of what has ended are kept.
    pub(crate) retention: RetentionSettings,
    /// Artefacts of a bucket on this machine.
    pub(crate) cache: CacheSettings,
    /// The HTTP API of `up` and `serve`.
    pub(crate) api: ApiSettings,
    /// Who is told what operations went through.
    pub(crate) traces: TracesSettings,
    /// The same as the environment has it.
    #[serde(skip)]
    pub(crate) traces_access: TracesAccess,
}

/// `[research]`
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct ResearchSettings {
    /// The provider that designs and assesses.
    pub(crate) agent: ProviderName,
    /// Cycles of a campaign at a time.
    pub(crate) in_flight: u32,
    /// Cycles of a campaign that are designed from the same lessons. One learns from every cycle before it; more can run side by
    /// side.
    pub(crate) generation: u32,
    /// The largest yearly Sharpe ratio, net of costs, that anybody should hope for: a campaign that could confirm no smaller one
    /// is not worth its money.
    pub(crate) plausible_sharpe: f64,
    /// Triggered cycles at a time on one instrument.
    pub(crate) triggered_per_instrument: u32,
    /// Triggered cycles at a time in all.
    pub(crate) triggered_max: u32,
    /// Looks at a gate window after which research on it ends, and another gate is due.
    pub(crate) looks_max: u64,
}

impl Default for ResearchSettings {
    fn default() -> Self {
        Self {
            agent: ProviderName::default(),
            in_flight: 2,
            generation: 4,
            triggered_per_instrument: 1,
            triggered_max: 4,
            plausible_sharpe: 3.0,
            looks_max: LOOKS_MAX,
        }
    }
}

/// `[fleet]`
#[derive(Debug, Clone, Copy, Serialize, JsonSchema, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct FleetSettings {
    /// How long a claim holds without a beat.
    #[serde(with = "human")]
    #[schemars(with = "String")]
    pub(crate) lease: Duration,
    /// Time between beats. The same in the whole fleet: one whom the broker lost keeps a job by beating within one and a
    /// half times this long.
    #[serde(with = "human")]
    #[schemars(with = "String")]
    pub(crate) heartbeat: Duration,
    /// Time between sweeps.
    #[serde(with = "human")]
    #[schemars(with = "String")]
    pub(crate) sweep: Duration,
    /// A pending operation whose message may be lost is announced again after this long.
    #[serde(with = "human")]
    #[schemars(with = "String")]
    pub(crate) republish_after: Duration,
    /// How long a draining process waits for its jobs.
    #[serde(with = "human")]
    #[schemars(with = "String")]
    pub(crate) drain: Duration,
    /// Longest training.
    #[serde(with = "human")]
    #[schemars(with = "String")]
    pub(crate) training_time_limit: Duration,
    /// Longest backtest.
    #[serde(with = "human")]
    #[schemars(with = "String")]
    pub(crate) backtest_time_limit: Duration,
    /// Tries of a job, one of a research cycle or not.
    pub(crate) tries_max: u32,
    /// Training jobs at a time in one process.
    pub(crate) training_slots: u16,
    /// Backtests at a time in one process.
    pub(crate) backtest_slots: u16,
    /// Whether probes may crash or block their worker when they are told to: to measure how a fleet recovers, never
    /// where work is done.
    pub(crate) chaos_probes: bool,
}

impl Default for FleetSettings {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get().min(64)) as u16;
        Self {
            lease: Duration::from_secs(30),
            heartbeat: Duration::from_secs(2),
            sweep: Duration::from_secs(5),
            republish_after: Duration::from_secs(60),
            drain: Duration::from_secs(30),
            training_time_limit: Duration::from_secs(6 * 3600),
            backtest_time_limit: Duration::from_secs(3600),
            tries_max: TRIES_MAX,
            training_slots: cores,
            backtest_slots: cores,
            chaos_probes: false,
        }
    }
}

impl Settings {
    /// What requests are filled in with.
    pub(crate) fn policy(&self) -> Policy {
        Policy {
            windows: self.windows,
            looks_max: self.research.looks_max,
            gates: self.gates,
            account: self.account,
            agent: self.research.agent.clone(),
            in_flight: self.research.in_flight,
            generation: self.research.generation,
            retention: self.retention.policy(),
            approval: self.agent.approval(),
            triggers: TriggerLimits {
                per_instrument: self.research.triggered_per_instrument,
                in_all: self.research.triggered_max,
            },
            tries_max: self.fleet.tries_max,
            budget: self.budget.policy(),
            plausible_sharpe: self.research.plausible_sharpe,
        }
    }

    /// The workspace in this folder, ready to be opened.
    pub(crate) fn opening(&self, folder: &Path) -> Result<Opening, CliError> {
        let engine = match self.engine {
            EngineName::Embedded => EngineConfig::Embedded,
            EngineName::Fleet => EngineConfig::Fleet(Box::new(self.fleet_config()?)),
        };
        Ok(Opening { folder: folder.to_owned(), engine, policy: self.policy(), by: user() })
    }

    /// Where the servers of a fleet are, whichever engine is configured.
    pub(crate) fn fleet_config(&self) -> Result<FleetConfig, CliError> {
        Ok(FleetConfig {
            amqp_url: self.amqp_url.clone(),
            amqp_admin_url: self.amqp_admin_url.clone(),
            rabbitmq_management_url: self.rabbitmq_management_url.clone(),
            redis_url: self.redis_url.clone(),
            artifacts_url: self.artifacts_url.clone(),
            prefix: self.prefix.clone(),
            ca_pem: self.ca_pem().or_exit(Kind::Files)?,
            allow_plaintext: self.allow_plaintext,
            cache_folder: self.cache.folder.clone(),
            cache_bytes_max: self.cache.bytes_max,
            aws: AwsVariables::from_env(),
            traced: self.told(),
        })
    }

    /// Reads and checks the configuration of a workspace. Variables that nobody knows are mentioned once: they may belong
    /// to others.
    pub(crate) fn load(workspace: &Path) -> Result<Self, CliError> {
        let variables = Variables::among(std::env::vars_os())?;
        if !variables.foreign.is_empty() {
            let names = variables.foreign.join(", ");
            tracing::warn!("{names}: no settings of ktrdr; what they say has no effect here");
        }
        let settings = Self::from(workspace, &variables)?;
        let traces_access = TracesAccess::from_env(settings.allow_plaintext);
        Ok(Self { agent_access: AgentAccess::from_env(), traces_access, ..settings })
    }

    /// What the environment alone says: for whoever asks a server, and needs no workspace.
    pub(crate) fn of_environment() -> Result<Self, CliError> {
        let variables = Variables::among(std::env::vars_os())?;
        reading::of(&variables)
            .map_err(|fault| CliError::new(Kind::InvalidInput, format!("KTRDR_… variables: {fault}")))
    }

    fn from(workspace: &Path, variables: &Variables) -> Result<Self, CliError> {
        let file = workspace.join("ktrdr.toml");
        let checked = reading::read(&file, variables).and_then(|mut settings: Self| {
            settings.refuse_misplaced_addresses()?;
            settings.read_address_files(workspace)?;
            settings.api.relative_to(workspace);
            settings.check()?;
            Ok(settings)
        });
        checked.map_err(|fault| {
            let message = format!("configuration ({} and KTRDR_… variables): {fault}", file.display());
            CliError::new(Kind::InvalidInput, message)
        })
    }

    /// Relations between numbers that are each fine alone.
    fn check(&self) -> Result<(), String> {
        let refuse = |what: &str| Err(what.to_owned());
        let fleet = &self.fleet;
        if fleet.heartbeat < Duration::from_millis(500) {
            return refuse(
                "fleet.heartbeat must be at least 500ms: workers look at a running job four times a second",
            );
        }
        if fleet.heartbeat * 3 >= fleet.lease {
            return refuse(
                "fleet.heartbeat × 3 must be shorter than fleet.lease, so that one lost beat loses no job",
            );
        }
        if fleet.lease < Duration::from_secs(6) {
            return refuse(
                "fleet.lease must be at least 6s: a worker stops itself when a sixth of it is left, and that must be a second",
            );
        }
        if fleet.republish_after < fleet.sweep {
            return refuse("fleet.republish_after must not be shorter than fleet.sweep");
        }
        if fleet.tries_max == 0 || fleet.tries_max > 19 {
            return refuse("fleet.tries_max must be from 1 to 19, under the broker's delivery limit of 20");
        }
        if fleet.training_slots == 0 || fleet.backtest_slots == 0 {
            return refuse("fleet.training_slots and fleet.backtest_slots must be at least 1");
        }
        if self.research.in_flight == 0 || self.research.generation == 0 || self.research.looks_max == 0 {
            return refuse(
                "research.in_flight, research.generation and research.looks_max must be at least 1",
            );
        }
        self.agent.check()?;
        self.api.check()?;
        self.traces.check(self.allow_plaintext)?;
        if !(self.research.plausible_sharpe.is_finite() && self.research.plausible_sharpe > 0.0) {
            let found = self.research.plausible_sharpe;
            return Err(format!("research.plausible_sharpe is {found:?}: it must be a number over 0"));
        }
        if self.research.triggered_per_instrument == 0 || self.research.triggered_max == 0 {
            return refuse("research.triggered_per_instrument and research.triggered_max must be at least 1");
        }
        if let WindowPolicy::Shares { dev, gate } = self.windows
            && !(dev > 0.0 && gate > 0.0 && dev + gate < 1.0)
        {
            return refuse("windows.shares: dev and gate must be over 0 and leave a share for the vault");
        }
        self.gates.check().map_err(|e| format!("gates.{e}"))?;
        self.account.validate().map_err(|e| format!("account: {e}"))
    }
}

/// Who runs this process: `user@host`.
fn user() -> String {
    let person = ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    format!("{}@{}", person.unwrap_or_else(|| "unknown".into()), host_name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_values_are_consistent() {
        assert!(Settings::default().check().is_ok());
    }

    #[test]
    fn a_heartbeat_too_slow_for_the_lease_is_refused() {
        let mut settings = Settings::default();
        settings.fleet.heartbeat = Duration::from_secs(10);
        assert!(settings.check().unwrap_err().contains("heartbeat"));
    }

    #[test]
    fn an_address_may_come_from_a_file_and_is_never_shown_whole() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("redis_url"), "redis://u:canary@127.0.0.1:1/0\n").unwrap();
        std::fs::write(folder.path().join("ktrdr.toml"), "redis_url_file = \"redis_url\"\n").unwrap();
        let settings = Settings::from(folder.path(), &Variables::default()).unwrap();
        assert_eq!(settings.redis_url.as_ref().unwrap().expose(), "redis://u:canary@127.0.0.1:1/0");
        assert!(!format!("{settings:?}").contains("canary"));
        assert!(!toml::to_string(&settings).unwrap().contains("canary"));
    }

    #[test]
    fn a_file_sets_values_and_a_typo_is_named() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(
            folder.path().join("ktrdr.toml"),
            "[fleet]\nlease = \"45s\"\n[windows.shares]\ndev = 0.5\ngate = 0.3\n",
        )
        .unwrap();
        let settings = Settings::from(folder.path(), &Variables::default()).unwrap();
        assert_eq!(settings.fleet.lease, Duration::from_secs(45));
        assert_eq!(settings.windows, WindowPolicy::Shares { dev: 0.5, gate: 0.3 });
        std::fs::write(folder.path().join("ktrdr.toml"), "[fleet]\nleese = \"45s\"\n").unwrap();
        assert!(Settings::from(folder.path(), &Variables::default()).unwrap_err().message.contains("leese"));
    }
}
