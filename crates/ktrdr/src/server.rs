//! A server in place of the workspace: which one, and what can not be asked of it.

use ktrdr_client::{Client, Server};

use crate::cli::api::TokenVerb;
use crate::cli::server::ServerArguments;
use crate::cli::strategies::StrategiesVerb;
use crate::cli::{Arguments, Command};
use crate::exit::{CliError, Kind, OrExit};
use crate::files;
use crate::settings::{Settings, token};

/// Largest file of certificates, in bytes.
const CERTIFICATES_BYTES_MAX: u64 = 1 << 20;

/// A client of the server that was named, if one was. The address, and the token that goes there, are never read from a workspace:
/// its file may come from anybody, and would send the token wherever it says.
pub(crate) fn named(arguments: &ServerArguments, settings: &Settings) -> Result<Option<Client>, CliError> {
    let Some(address) = arguments.address() else { return Ok(None) };
    let mut server = Server::at(address, settings.allow_plaintext)?;
    if let Some(token) = token(arguments.token_file.as_deref()).or_exit(Kind::InvalidInput)? {
        server = server.with_token(token.expose())?;
    }
    if let Some(file) = &arguments.server_ca {
        server = server.trusting(files::read(file, CERTIFICATES_BYTES_MAX)?);
    }
    Ok(Some(Client::new(server)?))
}

/// What is done to this machine is not asked of another.
pub(crate) fn refuse_what_acts_here(arguments: &Arguments) -> Result<(), CliError> {
    match (arguments.server.address(), acts_here(&arguments.command)) {
        (Some(_), Some(command)) => {
            let message = format!(
                "`ktrdr {command}` works on the machine that it runs on: run it there, without --server and KTRDR_SERVER"
            );
            Err(CliError::new(Kind::Usage, message))
        }
        _ => Ok(()),
    }
}

/// The name of a command that works on the machine it runs on: it plays a role there, or reads and writes what only is there.
fn acts_here(command: &Command) -> Option<&'static str> {
    Some(match command {
        Command::Demo(_) => "demo",
        Command::Init(_) => "init",
        Command::Up(_) => "up",
        Command::Serve(_) => "serve",
        Command::Orchestrator(_) => "orchestrator",
        Command::Worker(_) => "worker",
        Command::Topology(_) => "topology",
        Command::Doctor => "doctor",
        Command::Health => "health",
        Command::Mcp(_) => "mcp",
        Command::Report(_) => "report",
        Command::Store(_) => "store",
        Command::Prune(_) => "prune",
        Command::Bench(_) => "bench",
        Command::Explain(_) => "explain",
        Command::Config(_) => "config",
        Command::Completions(_) => "completions",
        Command::Man(_) => "man",
        Command::Schema(_) => "schema",
        Command::Strategies(asked) if matches!(asked.verb, StrategiesVerb::New { .. }) => "strategies new",
        Command::Token(token) if matches!(token.verb, TokenVerb::Create { .. }) => "token create",
        Command::Token(_)
        | Command::Data(_)
        | Command::Models(_)
        | Command::Strategies(_)
        | Command::Training(_)
        | Command::Backtest(_)
        | Command::Replay(_)
        | Command::Research(_)
        | Command::Agent(_)
        | Command::Campaign(_)
        | Command::Schedules(_)
        | Command::Operations(_)
        | Command::DeadLetters(_)
        | Command::Workers(_)
        | Command::Top
        | Command::Queues(_)
        | Command::Ledger(_)
        | Command::Memory(_) => return None,
    })
}
