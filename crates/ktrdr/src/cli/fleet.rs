//! The roles of a fleet, and what its operator asks: `worker`, `topology`, `workers`, `queues`.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::LazyLock;

use clap::builder::PossibleValue;
use clap::{Args, Subcommand, ValueEnum};
use ktrdr_domain::Kind;

use super::api::MetricsArguments;

#[derive(Debug, Args)]
pub(crate) struct WorkerArguments {
    /// The type of jobs that it takes.
    #[arg(value_enum, value_name = "TYPE")]
    pub(crate) kind: WorkerKind,

    /// Jobs at a time, of each type it takes; configuration by default.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) slots: Option<u16>,

    /// What it computes on: auto, cpu or cuda:N. `auto` takes a GPU where there is one.
    #[arg(long, default_value = "auto", value_name = "DEVICE")]
    pub(crate) device: Device,

    #[command(flatten)]
    pub(crate) metrics: MetricsArguments,
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

/// What a worker takes: jobs of one kind, and is called like it, or of every kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WorkerKind(Option<Kind>);

impl ValueEnum for WorkerKind {
    fn value_variants<'a>() -> &'a [Self] {
        static EVERY: LazyLock<Vec<WorkerKind>> =
            LazyLock::new(|| Kind::with_jobs().map(Some).chain([None]).map(WorkerKind).collect());
        &EVERY
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let Some(kind) = self.0 else {
            return Some(PossibleValue::new("all").help("Takes jobs of every type"));
        };
        let facts = kind.facts();
        Some(PossibleValue::new(kind.as_str()).aliases(facts.short_name).help(facts.does))
    }
}

impl WorkerKind {
    /// The kinds of jobs that such a worker takes.
    pub(crate) fn kinds(self) -> Vec<Kind> {
        self.0.map_or_else(|| Kind::with_jobs().collect(), |kind| vec![kind])
    }
}

/// A type of jobs by its name, or by the short word for it.
pub(crate) fn kind(word: &str) -> Result<Kind, <Kind as FromStr>::Err> {
    Kind::meant_by(word)
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
    /// Nobody takes jobs of this type until it is resumed; running ones go on.
    Pause {
        /// Type of jobs, such as training.
        #[arg(value_parser = kind, value_name = "TYPE")]
        kind: Kind,
    },
    /// Take jobs of this type again.
    Resume {
        /// Type of jobs, such as training.
        #[arg(value_parser = kind, value_name = "TYPE")]
        kind: Kind,
    },
}
