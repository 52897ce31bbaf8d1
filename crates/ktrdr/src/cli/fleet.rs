//! The roles of a fleet, and what its operator asks: `worker`, `topology`, `workers`, `queues`.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Subcommand, ValueEnum};
use ktrdr_domain::Kind;

#[derive(Debug, Args)]
pub(crate) struct WorkerArguments {
    /// What it takes.
    #[arg(value_enum)]
    pub(crate) kind: WorkerKind,

    /// Jobs at a time, of each kind it takes; configuration by default.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) slots: Option<u16>,

    /// What it computes on: auto, cpu or cuda:N. `auto` takes a GPU where there is one.
    #[arg(long, default_value = "auto", value_name = "DEVICE")]
    pub(crate) device: Device,
}

/// What a worker is told to compute on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Device {
    /// A GPU where this build and this machine have one, the CPU otherwise.
    Auto,
    /// The CPU.
    Cpu,
    /// The GPU of this number.
    Cuda(u8),
}

impl FromStr for Device {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.strip_prefix("cuda:").map(str::parse)) {
            ("auto", _) => Ok(Self::Auto),
            ("cpu", _) => Ok(Self::Cpu),
            (_, Some(Ok(number))) => Ok(Self::Cuda(number)),
            _ => Err("use auto, cpu or cuda:N".into()),
        }
    }
}

/// What a worker takes. One of one kind is called like its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WorkerKind {
    /// Trains networks.
    Training,
    /// Trades models and signals on one window.
    Backtesting,
    /// Designs strategies.
    #[value(name = "agent_design", alias = "design")]
    Design,
    /// Judges cycles.
    #[value(name = "agent_assessment", alias = "assessment")]
    Assessment,
    /// Imports bars.
    #[value(name = "data_load", alias = "data")]
    Data,
    /// Does nothing, or sleeps: measures the fleet itself.
    Probe,
    /// Takes every kind.
    All,
}

impl WorkerKind {
    /// The kinds of jobs that such a worker takes.
    pub(crate) fn kinds(self) -> Vec<Kind> {
        match self {
            Self::Training => vec![Kind::Training],
            Self::Backtesting => vec![Kind::Backtesting],
            Self::Design => vec![Kind::AgentDesign],
            Self::Assessment => vec![Kind::AgentAssessment],
            Self::Data => vec![Kind::DataLoad],
            Self::Probe => vec![Kind::Probe],
            Self::All => Kind::with_jobs().collect(),
        }
    }

    /// The worker that takes this kind and no other.
    pub(crate) fn of(kind: Kind) -> Option<Self> {
        Self::value_variants().iter().copied().find(|worker| worker.kinds() == [kind])
    }

    /// As it is shown.
    pub(crate) fn name(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }
}

/// A kind of job by its name, or by the short word for its worker.
pub(crate) fn kind(word: &str) -> Result<Kind, <Kind as FromStr>::Err> {
    let of_worker = || match WorkerKind::from_str(word, false).ok()?.kinds()[..] {
        [kind] => Some(kind),
        _ => None,
    };
    word.parse().or_else(|unknown| of_worker().ok_or(unknown))
}

#[derive(Debug, Args)]
pub(crate) struct TopologyArguments {
    #[command(subcommand)]
    pub(crate) verb: TopologyVerb,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum TopologyVerb {
    /// Declare exchanges, queues, bindings, policies and users on the broker. Repeating it changes nothing.
    Apply {
        /// JSON file of passwords by user; only users named there are set, and no others may be named.
        #[arg(long, value_name = "FILE")]
        passwords: Option<PathBuf>,

        /// Remove bindings of the fleet's queues and exchanges that are not the fleet's. Nothing else is ever removed.
        #[arg(long)]
        remove_foreign_bindings: bool,
    },
    /// What the broker lacks or has otherwise; exit code 1 when there is something.
    Diff,
    /// The definitions file for the broker's own import, as JSON.
    Show {
        /// Version of the broker; asked of the broker by default.
        #[arg(long, value_name = "VERSION")]
        broker_version: Option<String>,
        /// JSON file of passwords by user: their hashes are part of the definitions.
        #[arg(long, value_name = "FILE")]
        passwords: Option<PathBuf>,
    },
    /// The users of Redis, as lines of its ACL file.
    RedisAcl {
        /// JSON file with the passwords of `ktrdr` and `ktrdr-monitor` (of the prefix's name, when it has another).
        #[arg(long, value_name = "FILE")]
        passwords: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct WorkersArguments {
    #[command(subcommand)]
    pub(crate) verb: WorkersVerb,
}

#[derive(Debug, Clone, Subcommand)]
pub(crate) enum WorkersVerb {
    /// Workers that were heard of lately, and what they run.
    List,
    /// Ask a worker to take nothing new and to end, as SIGTERM does.
    Drain {
        /// Its boot id, from the list.
        boot: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct QueuesArguments {
    #[command(subcommand)]
    pub(crate) verb: QueuesVerb,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum QueuesVerb {
    /// Every queue: what waits, runs and is taken by whom.
    List,
    /// Nobody takes jobs of this kind until it is resumed; running ones go on.
    Pause {
        /// Kind of jobs, such as training.
        #[arg(value_parser = kind)]
        kind: Kind,
    },
    /// Take jobs of this kind again.
    Resume {
        /// Kind of jobs, such as training.
        #[arg(value_parser = kind)]
        kind: Kind,
    },
}
