//! Completion of what is typed: commands and options by themselves, values by what the workspace, or the server, holds.
//!
//! What can stand in a place follows from its type, so that no command has to say it.

mod asked;
mod source;

use std::ffi::{OsStr, OsString};

use clap::{Arg, Command, CommandFactory};
use clap_complete::env::{EnvCompleter, Shells};
use clap_complete::{ArgValueCompleter, CompleteEnv};

use crate::cli::Arguments;
use crate::reference::LAST;
use crate::screen::harmless_word;
use asked::Asked;
use source::Source;

/// Variable by which a shell asks.
pub(crate) const VARIABLE: &str = "KTRDR_COMPLETE";

/// Answers a shell that asks, and ends the process then.
pub(crate) fn answer_a_shell() {
    CompleteEnv::with_factory(command).var(VARIABLE).complete();
}

/// What a shell reads once, so that it asks from then on.
pub(crate) fn script(shell: clap_complete::Shell) -> Option<String> {
    let shells = Shells::builtins();
    let shell: &dyn EnvCompleter = shells.completer(&shell.to_string())?;
    let mut script = Vec::new();
    shell.write_registration(VARIABLE, "ktrdr", "ktrdr", "ktrdr", &mut script).ok()?;
    Some(String::from_utf8_lossy(&script).into_owned())
}

/// What is said to somebody who names the newest operation where a whole id is wanted: why, and which id that is, if there is one.
pub(crate) fn instead_of_last(line: &[OsString]) -> String {
    let (mut command, mut path) = (Arguments::command(), Vec::new());
    for word in line {
        if let Some(verb) = command.find_subcommand(word) {
            path.push(verb.get_name().to_owned());
            command = verb.clone();
        }
    }
    let wanted = command.get_arguments().filter_map(|argument| Source::of(argument, &path));
    let newest = wanted.filter(|source| matches!(source, Source::Operations { .. })).find_map(|source| {
        let values = Asked::of_line(line)?.answer(&source)?;
        values.into_iter().find(|(id, _)| id != LAST)
    });
    let why = format!("{LAST} is for commands that only read: what changes something wants the whole id");
    let Some((id, about)) = newest else { return format!("{why}; `ktrdr operations list` shows them") };
    let typed = line.iter().map(|word| word.to_string_lossy().replace(LAST, &id));
    let typed = typed.map(|word| harmless_word(&word)).collect::<Vec<_>>().join(" ");
    format!("{why}. The newest that it could be is {id} ({about}): `ktrdr {typed}`")
}

/// Every command, with where its values come from.
fn command() -> Command {
    with_values(Arguments::command(), &[])
}

fn with_values(command: Command, path: &[String]) -> Command {
    let command = command.mut_args(|argument| with_source(argument, path));
    command.mut_subcommands(|verb| {
        let path = [path, &[verb.get_name().to_owned()]].concat();
        with_values(verb, &path)
    })
}

fn with_source(argument: Arg, path: &[String]) -> Arg {
    match Source::of(&argument, path) {
        Some(source) => argument.add(ArgValueCompleter::new(move |typed: &OsStr| source.candidates(typed))),
        None => argument,
    }
}
