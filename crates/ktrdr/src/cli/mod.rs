//! What can be typed: one noun per file, each with its verbs.

pub(crate) mod agent;
pub(crate) mod api;
pub(crate) mod backtest;
pub(crate) mod bench;
pub(crate) mod campaign;
pub(crate) mod data;
pub(crate) mod deed;
pub(crate) mod fleet;
pub(crate) mod init;
pub(crate) mod mcp;
mod meant;
pub(crate) mod memory;
pub(crate) mod models;
pub(crate) mod operations;
#[cfg(test)]
mod page;
pub(crate) mod prune;
pub(crate) mod report;
pub(crate) mod research;
pub(crate) mod schedules;
mod series_name;
pub(crate) mod server;
pub(crate) mod store;
pub(crate) mod strategies;
pub(crate) mod training;
mod version;

pub(crate) use meant::with_what_was_meant;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ktrdr_app::IdempotencyKey;
use ktrdr_app::market::AccountChange;
use ktrdr_domain::OperationId;
use ktrdr_domain::name::ProviderName;

use crate::times::TimeFormat;

/// Heading of the options that every command takes.
const EVERYWHERE: &str = "Everywhere";

/// Trading-strategy research that runs by itself, with numbers you can believe.
///
/// Exit codes: 0 done · 1 the operation failed · 2 wrong usage · 3 not found · 4 conflict or too late ·
/// 5 store or broker out of reach, or full · 6 not the store that the workspace remembers · 7 refused ·
/// 8 invalid input · 9 files, or the answer, can not be read or written ·
/// 130 interrupted: a third Ctrl-C or SIGTERM ends the process whatever it does.
#[derive(Debug, Parser)]
#[command(name = "ktrdr", bin_name = "ktrdr", version, long_version = version::long(), propagate_version = true, infer_subcommands = false)]
pub(crate) struct Arguments {
    /// Folder of the workspace.
    #[arg(
        long,
        short = 'w',
        global = true,
        env = "KTRDR_WORKSPACE",
        hide_env_values = true,
        default_value = ".",
        value_name = "DIR",
        help_heading = EVERYWHERE
    )]
    pub(crate) workspace: PathBuf,

    /// Form of the answer: text, json (one document), jsonl (one per line).
    #[arg(
        long,
        short = 'o',
        global = true,
        value_enum,
        default_value_t = OutputForm::Text,
        hide_possible_values = true,
        value_name = "FORM",
        help_heading = EVERYWHERE
    )]
    pub(crate) output: OutputForm,

    /// Times in tables: relative for how long ago, iso for when, in UTC; as suits the table otherwise. JSON stays as it is.
    #[arg(
        long,
        global = true,
        env = "KTRDR_TIME_FORMAT",
        hide_env_values = true,
        value_enum,
        hide_possible_values = true,
        value_name = "FORMAT",
        help_heading = EVERYWHERE
    )]
    pub(crate) time_format: Option<TimeFormat>,

    /// More log lines on stderr; twice for all.
    #[arg(long, short = 'v', global = true, action = clap::ArgAction::Count, help_heading = EVERYWHERE)]
    pub(crate) verbose: u8,

    #[command(flatten)]
    pub(crate) server: server::ServerArguments,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Form of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputForm {
    /// For people.
    Text,
    /// One JSON document and nothing else.
    Json,
    /// One JSON document per line.
    Jsonl,
}

impl OutputForm {
    /// The form that unparsed arguments ask for: an error about arguments has a form too.
    pub(crate) fn among(arguments: impl Iterator<Item = OsString>) -> Self {
        let arguments: Vec<String> = arguments.filter_map(|a| a.into_string().ok()).collect();
        let values = arguments.iter().zip(arguments.iter().skip(1).map(Some).chain([None]));
        let asked = values.filter_map(|(argument, next)| match argument.as_str() {
            "--output" | "-o" => next.map(String::as_str),
            joined => joined.strip_prefix("--output=").or_else(|| joined.strip_prefix("-o")),
        });
        asked.filter_map(|name| Self::from_str(name, false).ok()).last().unwrap_or(Self::Text)
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// A whole research campaign on generated data, in a folder of its own. Needs nothing.
    Demo(DemoArguments),
    /// Make a workspace: its folders, example strategies, a configuration to edit. What is there stays.
    Init(init::InitArguments),
    /// Run every role in this process until Ctrl-C: the engine of this workspace.
    Up(UpArguments),
    /// Coordinator of a fleet: publishes what was submitted, brings back what was lost.
    Serve(api::ServeArguments),
    /// Moves research cycles of a fleet from step to step.
    Orchestrator(api::MetricsArguments),
    /// Worker of a fleet: takes jobs of one type, or of all. Start as many as you like, anywhere.
    Worker(fleet::WorkerArguments),
    /// Bars and their windows: import, check, resample, generate, list, windows.
    Data(data::DataArguments),
    /// Strategy files: list, new, validate, migrate, schema, features; variants side by side: sweep.
    #[command(alias = "strategy")]
    Strategies(strategies::StrategiesArguments),
    /// Trained models: list, show, importance.
    #[command(alias = "model")]
    Models(models::ModelsArguments),
    /// Train a strategy's network on the dev window.
    #[command(alias = "trainings")]
    Training(training::TrainingArguments),
    /// Backtest a trained strategy, or replay target positions from any tool.
    #[command(alias = "backtests")]
    Backtest(backtest::BacktestArguments),
    /// A page on a backtest, a training or a campaign, or several side by side: HTML, Markdown, JSON.
    #[command(alias = "reports")]
    Report(report::ReportArguments),
    /// Repeat a backtest and compare the trade list's hash.
    Replay(ReplayArguments),
    /// Research cycles: design, train, gate, backtest, gate, assess.
    Research(research::ResearchArguments),
    /// One research cycle at a time: trigger, status, cancel; and the budget.
    Agent(agent::AgentArguments),
    /// Campaigns of research cycles: list, show, plan, cancel.
    #[command(alias = "campaigns")]
    Campaign(campaign::CampaignArguments),
    /// Campaigns that begin by themselves: create, list, show, pause, resume, trigger, next, backfill, delete.
    #[command(alias = "schedule")]
    Schedules(schedules::SchedulesArguments),
    /// Operations: list, status, events, watch, cancel, retry.
    #[command(alias = "operation")]
    Operations(operations::OperationsArguments),
    /// What was given up: operations without tries left, messages nobody can read. List, show, retry, drop.
    #[command(alias = "dead-letter")]
    DeadLetters(operations::DeadLettersArguments),
    /// The fleet live in this terminal: what runs, waits and failed, with keys to cancel, pause, drain and retry.
    Top,
    /// Processes of the fleet: list, drain.
    Workers(fleet::WorkersArguments),
    /// Queues of jobs: list, pause, resume.
    #[command(alias = "queue")]
    Queues(fleet::QueuesArguments),
    /// The broker's exchanges, queues, policies and users: apply, diff, show.
    Topology(fleet::TopologyArguments),
    /// Is the fleet sound? Versions, protections, consumers, clocks.
    Doctor,
    /// Is a role of this machine alive? For supervisors and containers; exit code 5 when none is.
    Health,
    /// Counted looks at data: trials, and what campaigns came to when they closed.
    Ledger(research::LedgerArguments),
    /// Lessons of research: list, show, search, hypotheses, export.
    #[command(alias = "memories")]
    Memory(memory::MemoryArguments),
    /// Serve a language model over stdio, by the Model Context Protocol: what reads, and what starts and stops work if you allow it.
    Mcp(mcp::McpArguments),
    /// The store's epochs: which one the workspace remembers, and how to begin a new one.
    Store(store::StoreArguments),
    /// Remove files of the workspace that nobody needs any more: copies of imported files, models that no backtest trades, what was
    /// never finished. Says what would go and what stays, and why; nothing goes unless --yes is given. What a counted look at
    /// data needs for its replay stays.
    Prune(prune::PruneArguments),
    /// Tokens of callers by HTTP: create, list, revoke.
    #[command(alias = "tokens")]
    Token(api::TokenArguments),
    /// Measure this machine: backtest, simulate, train, queue, fleet.
    Bench(bench::BenchArguments),
    /// What the words mean that gates, failures and checks of data say, and what to do about each.
    Explain(ExplainArguments),
    /// The configuration in force.
    Config(ConfigArguments),
    /// Completions for a shell, on stdout: commands, options, and the ids and names that this workspace has.
    Completions(CompletionsArguments),
    /// The manual, a page for each command, into a folder.
    Man(ManArguments),
    /// What `--output json` prints: the JSON Schema of a command's document, made from the types that it writes out, or the commands that
    /// have one.
    Schema(SchemaArguments),
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// Research cycles on each of the two generated series.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub(crate) cycles: u32,

    /// Seed of the generated data and of the search. The default one was chosen: on the planted edge some designs survive their exam and
    /// some of those still stand at the close. Others find more, less or nothing.
    #[arg(long, default_value_t = 2)]
    pub(crate) seed: u64,

    /// Who designs and assesses: local by default; `fake` shows a language model at work without one, and without a key.
    #[arg(long, value_name = "PROVIDER")]
    pub(crate) agent: Option<ProviderName>,

    /// Keep the demo's workspace in this folder instead of a temporary one: one that is no workspace yet, or an earlier demo's.
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct UpArguments {
    /// Training jobs at a time.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) training_slots: Option<u16>,

    /// Backtests at a time.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) backtest_slots: Option<u16>,

    /// What trainings compute on: auto, cpu or cuda:N. `auto` takes a GPU where there is one; only a CPU repeats its
    /// numbers to the last bit.
    #[arg(long, default_value = "cpu", value_name = "DEVICE")]
    pub(crate) device: fleet::Device,

    /// Stop as soon as nothing is pending or running.
    #[arg(long)]
    pub(crate) until_idle: bool,

    #[command(flatten)]
    pub(crate) listen: api::ListenArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    /// A completed backtest.
    pub(crate) id: OperationId,

    #[command(flatten)]
    pub(crate) key: KeyArguments,

    #[command(flatten)]
    pub(crate) start: StartArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// A word, such as no_skill; all of them otherwise. An operation's standstill is explained by `operations explain`.
    pub(crate) word: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ConfigArguments {
    #[command(subcommand)]
    pub(crate) verb: ConfigVerb,
}

#[derive(Debug, Clone, Copy, Subcommand)]
pub(crate) enum ConfigVerb {
    /// Print the configuration in force and where it comes from.
    Show,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// Which shell.
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// The folder, which is made where it is not: of a manual that `man` searches its man1.
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArguments {
    /// The command, such as `operations list`; the list of all that have a schema otherwise.
    pub(crate) command: Vec<String>,
}

/// How a job is started: here and now, or by the engine that runs on this workspace.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct StartArguments {
    /// Run the embedded engine in this process and wait for the end.
    #[arg(long)]
    pub(crate) local: bool,

    /// Wait for the end and show progress; Ctrl-C detaches.
    #[arg(long, conflicts_with = "local")]
    pub(crate) wait: bool,
}

/// What tells a repeated submission from a new one.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct KeyArguments {
    /// Makes a repeated submission the same one, such as after a lost connection: with the key of an earlier one nothing new
    /// begins, and the answer is its operation.
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<IdempotencyKey>,
}

/// Capital, size and costs.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct AccountArguments {
    /// Money at the start, in the quote currency.
    #[arg(long, allow_negative_numbers = true, value_name = "C")]
    pub(crate) initial_capital: Option<f64>,

    /// Always trade this many units.
    #[arg(long, allow_negative_numbers = true, value_name = "N")]
    pub(crate) units: Option<f64>,

    /// Trade this fraction of equity.
    #[arg(long, allow_negative_numbers = true, value_name = "F", conflicts_with = "units")]
    pub(crate) fraction: Option<f64>,

    /// Commission as a fraction of traded value, per side.
    #[arg(long, allow_negative_numbers = true, value_name = "R")]
    pub(crate) commission_rate: Option<f64>,

    /// Full bid–ask spread in price units; half of it on every fill but those of targets.
    #[arg(long, allow_negative_numbers = true, value_name = "S")]
    pub(crate) spread: Option<f64>,

    /// Slippage as a fraction of price, per side; none on targets, which are limit orders.
    #[arg(long, allow_negative_numbers = true, value_name = "R")]
    pub(crate) slippage_rate: Option<f64>,

    /// Round positions down to whole units.
    #[arg(long)]
    pub(crate) whole_units: bool,
}

impl From<&AccountArguments> for AccountChange {
    fn from(typed: &AccountArguments) -> Self {
        Self {
            initial_capital: typed.initial_capital,
            units: typed.units,
            fraction: typed.fraction,
            commission_rate: typed.commission_rate,
            spread: typed.spread,
            slippage_rate: typed.slippage_rate,
            whole_units: typed.whole_units,
        }
    }
}
