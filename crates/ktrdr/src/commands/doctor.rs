//! `ktrdr doctor`: is the fleet sound? Asks the servers themselves, and says what to do about each finding.

mod broker;
mod checks;
mod store;

use std::process::ExitCode;

use checks::{Check, State};

use super::Context;
use crate::exit::{CliError, Kind};
use crate::settings::EngineName;
use crate::workspace::Workspace;

pub(crate) fn run(context: &Context<'_>) -> Result<ExitCode, CliError> {
    let checks = context.block_on(async {
        match context.settings.engine {
            EngineName::Embedded => embedded(context).await,
            EngineName::Fleet => Ok(fleet(context).await),
        }
    })?;
    let worst = checks.iter().map(|check| check.state).max().unwrap_or(State::Ok);
    context.screen.list("checks", &checks, |screen| {
        checks.iter().for_each(|check| screen.line(check));
        screen.line(match worst {
            State::Ok => "sound",
            State::Warning => "works, with warnings",
            State::Fault => "NOT sound: mend the faults first",
        });
    })?;
    Ok(ExitCode::from(u8::from(worst == State::Fault)))
}

async fn embedded(context: &Context<'_>) -> Result<Vec<Check>, CliError> {
    let workspace = context.open_beside().await?;
    let place = workspace.folder.display();
    let runner = match ktrdr_embedded::holder(&workspace.folder) {
        Some(holder) => Check::ok("engine", format!("runs on {place}: {holder}")),
        None => Check::warning("engine", format!("nothing runs on {place}"), "start it with `ktrdr up`"),
    };
    let store = Check::ok("store", "SQLite, write-ahead log, synchronous=FULL");
    let (room, epoch) = (store::room(&workspace).await?, store::epoch(&workspace).await?);
    Ok(vec![store, room, epoch, runner, checks::work(&workspace).await?])
}

/// Goes on after what can not be reached: the rest is worth knowing then.
async fn fleet(context: &Context<'_>) -> Vec<Check> {
    let opened = Workspace::open_beside(&context.folder, &context.settings).await;
    let mut checks = store::checks(opened.as_ref()).await;
    checks.extend(broker::administered(&context.settings).await);
    let queues = broker::queues(&context.settings).await.unwrap_or_else(|unseen| {
        checks.push(unseen);
        Vec::new()
    });
    checks.extend(queues.iter().map(broker::queue));
    let consumers = queues.iter().map(|queue| queue.consumers).sum();
    match opened {
        Ok(workspace) => {
            let known = workspace.registry.workers().await.map(|workers| workers.len());
            let processes = known.map(|known| checks::processes(known, consumers));
            checks.push(processes.unwrap_or_else(|why| Check::unreachable("processes", &why.into())));
            checks.push(Check::ok("artifacts", workspace.artifacts.place()));
            checks
                .push(checks::work(&workspace).await.unwrap_or_else(|why| Check::unreachable("work", &why)));
        }
        // An empty store, or another one, knows none of them.
        Err(why) if why.kind == Kind::StoreLost => checks.push(checks::processes(0, consumers)),
        Err(_said_above) => {}
    }
    checks
}
