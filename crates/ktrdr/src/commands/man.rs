//! `ktrdr man`: the help of every command as pages of the manual.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::cli::{Arguments, ManArguments};
use crate::describe::counted;
use crate::exit::{CliError, Kind, OrExit};
use crate::screen::Screen;

pub(crate) fn run(asked: &ManArguments, screen: &Screen) -> Result<ExitCode, CliError> {
    let failed = |error| CliError::new(Kind::Files, format!("{}: {error}", asked.out.display()));
    std::fs::create_dir_all(&asked.out).map_err(failed)?;
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    let mut pages = Vec::new();
    write(&command, asked, &mut pages)?;
    screen.list("pages", &pages, |screen| {
        let out = asked.out.display();
        screen.line(format!(
            "{} written to {out}: `man -l {out}/ktrdr.1`",
            counted(pages.len() as u64, "page")
        ));
    })?;
    Ok(ExitCode::SUCCESS)
}

/// A page for a command, and for each below it.
fn write(command: &Command, asked: &ManArguments, pages: &mut Vec<PathBuf>) -> Result<(), CliError> {
    // The date of a build would make each one's pages different.
    let page = Man::new(command.clone()).date("").manual("ktrdr");
    pages.push(page.generate_to(&asked.out).or_exit(Kind::Files)?);
    let below = command.get_subcommands().filter(|verb| !verb.is_hide_set());
    below.into_iter().try_for_each(|verb| write(verb, asked, pages))
}
