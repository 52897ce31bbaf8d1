//! `ktrdr`: the only binary. Parse, then one `match` over what was asked for.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod account_card;
mod assessment;
mod cli;
mod closing;
mod commands;
mod complete;
mod confirm;
mod describe;
mod desk;
mod device;
mod examples;
mod exit;
mod figures;
mod files;
mod fleet;
mod follow;
mod funnel;
mod log_lines;
mod logging;
mod part;
mod providers;
mod reasons;
mod reference;
mod report_card;
mod roles;
mod screen;
mod server;
mod serving;
mod settings;
mod signals;
mod spark;
mod stream;
mod times;
mod top;
mod workspace;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use clap::error::{ContextKind, ContextValue};

use crate::cli::{Arguments, Command, OutputForm};
use crate::exit::{CliError, Kind};
use crate::screen::Screen;

fn main() -> ExitCode {
    complete::answer_a_shell();
    match Arguments::try_parse() {
        Ok(arguments) => {
            let screen = Screen::new(arguments.output).showing(arguments.time_format);
            screen.ended(logging::start(&arguments).and_then(|()| run(&arguments, &screen)))
        }
        Err(refusal) => refuse(&cli::with_what_was_meant(refusal)),
    }
}

/// Help and versions are answers; everything else is an error in the form that was asked for.
fn refuse(refusal: &clap::Error) -> ExitCode {
    let screen = Screen::new(OutputForm::among(std::env::args_os()));
    if !refusal.use_stderr() {
        screen.said(print(refusal));
        return screen.ended(Ok(ExitCode::SUCCESS));
    }
    if is_last_refused(refusal) {
        let line: Vec<_> = std::env::args_os().skip(1).collect();
        return screen.ended(Err(CliError::new(Kind::Usage, complete::instead_of_last(&line))));
    }
    // What is repeated of the arguments must not drive a terminal: the same is said of harmless ones.
    let harmless = std::env::args_os().map(|word| screen::harmless_word(&word.to_string_lossy()));
    let same = Arguments::try_parse_from(harmless).err().filter(clap::Error::use_stderr);
    let same = same.map(cli::with_what_was_meant);
    match (screen.form, same) {
        (OutputForm::Text, Some(same)) if !logging::is_json() => {
            // Where nobody can be told, the exit code says it.
            let _ = print(&same);
            ExitCode::from(Kind::Usage as u8)
        }
        (_, same) => {
            let words = same.as_ref().unwrap_or(refusal).to_string();
            let words = words.trim_end().trim_start_matches("error: ");
            screen.ended(Err(CliError::new(Kind::Usage, words)))
        }
    }
}

/// Whether the newest operation was named where a whole id is wanted.
fn is_last_refused(refusal: &clap::Error) -> bool {
    let value = refusal.get(ContextKind::InvalidValue);
    matches!(value, Some(ContextValue::String(value)) if value == reference::LAST)
}

/// The words of the command line's library, which sees to colours on a terminal.
fn print(words: &clap::Error) -> io::Result<()> {
    let plain = words.render().to_string();
    match words.use_stderr() {
        true if io::stderr().is_terminal() => words.print(),
        false if io::stdout().is_terminal() => words.print(),
        true => stream::stderr().write_all(plain.as_bytes()),
        false => stream::stdout().write_all(plain.as_bytes()),
    }
}

fn run(arguments: &Arguments, screen: &Screen) -> Result<ExitCode, CliError> {
    server::refuse_what_acts_here(arguments)?;
    let context = commands::Context::new(arguments, screen)?;
    match &arguments.command {
        Command::Demo(a) => commands::demo::run(&context, a),
        Command::Init(a) => commands::init::run(&context, a),
        Command::Up(a) => commands::up::run(&context, a),
        Command::Serve(a) => commands::roles::serve(&context, a),
        Command::Orchestrator(a) => commands::roles::orchestrator(&context, *a),
        Command::Worker(a) => commands::roles::worker(&context, a),
        Command::Top => top::run(&context, arguments.server.address()),
        Command::Workers(a) => commands::workers::run(&context, a),
        Command::Queues(a) => commands::queues::run(&context, a),
        Command::Topology(a) => commands::topology::run(&context, a),
        Command::Health => commands::health::run(&context),
        Command::Doctor => commands::doctor::run(&context),
        Command::Data(a) => commands::data::run(&context, a),
        Command::Strategies(a) => commands::strategies::run(&context, a),
        Command::Models(a) => commands::models::run(&context, a),
        Command::Training(a) => commands::training::run(&context, a),
        Command::Backtest(a) => commands::backtest::run(&context, a),
        Command::Report(a) => commands::report::run(&context, a),
        Command::Replay(a) => commands::replay::run(&context, a),
        Command::Research(a) => commands::research::run(&context, a),
        Command::Agent(a) => commands::agent::run(&context, a),
        Command::Campaign(a) => commands::campaign::run(&context, a),
        Command::Schedules(a) => commands::schedules::run(&context, a),
        Command::Operations(a) => commands::operations::run(&context, a),
        Command::DeadLetters(a) => commands::dead_letters::run(&context, a),
        Command::Ledger(a) => commands::ledger::run(&context, a),
        Command::Memory(a) => commands::memory::run(&context, a),
        Command::Mcp(a) => commands::mcp::run(&context, *a),
        Command::Token(a) => commands::token::run(&context, a),
        Command::Store(a) => commands::store::run(&context, a),
        Command::Prune(a) => commands::prune::run(&context, a),
        Command::Bench(a) => commands::bench::run(&context, a),
        Command::Explain(a) => commands::explain::run(a, screen),
        Command::Config(a) => commands::config::run(&context, a),
        Command::Completions(a) => commands::completions::run(a, screen),
        Command::Man(a) => commands::man::run(a, screen),
        Command::Schema(a) => commands::schema::run(a, screen),
    }
}
