//! `ktrdr doctor`: is everything sound that the work depends on?

use std::process::ExitCode;

use ktrdr_app::diagnosis::State;
use ktrdr_app::engine::examine::Check;

use super::Context;
use crate::exit::CliError;

pub(crate) fn run(context: &Context<'_>) -> Result<ExitCode, CliError> {
    let checks = context.block_on(async { Ok(context.opening()?.examine().await?) })?;
    let worst = checks.iter().map(|check| check.state).max().unwrap_or(State::Ok);
    context.screen.list("checks", &checks, |screen| {
        checks.iter().for_each(|check| screen.line(line(check)));
        screen.line(match worst {
            State::Ok => "sound",
            State::Warning => "works, with warnings",
            State::Fault => "NOT sound: mend the faults first",
        });
    })?;
    Ok(ExitCode::from(u8::from(worst == State::Fault)))
}

fn line(check: &Check) -> String {
    let word = match check.state {
        State::Ok => "ok",
        State::Warning => "warn",
        State::Fault => "FAULT",
    };
    let found = format!("{word:<6}{:<26}{}", check.what, check.found);
    match &check.action {
        Some(action) => format!("{found}\n{:32}→ {action}", ""),
        None => found,
    }
}
