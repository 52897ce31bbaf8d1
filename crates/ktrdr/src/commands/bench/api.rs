//! The HTTP API as its callers see it: a server of this build in a process of its own, asked over loopback on one
//! connection that is kept, and followed by many.

mod events;
mod fill;
mod lists;
mod server;
mod submits;

use super::Measured;
use crate::cli::bench::ApiBench;
use crate::commands::Context;
use crate::describe::thousands;
use crate::exit::{CliError, Kind, OrExit};
use crate::settings::EngineName;
use server::Server;

pub(super) async fn measure(
    context: &Context<'_>,
    wanted: &ApiBench,
    runs: usize,
) -> Result<Vec<Measured>, CliError> {
    match context.settings.engine {
        EngineName::Embedded => {
            let folder = tempfile::Builder::new()
                .prefix("ktrdr-bench-")
                .tempdir_in(&context.folder)
                .or_exit(Kind::Files)?;
            let context = context.at(folder.path());
            fill(&context, wanted).await?;
            serve(&context, "up", wanted, runs).await
        }
        EngineName::Fleet => {
            fill(context, wanted).await?;
            serve(context, "serve", wanted, runs).await
        }
    }
}

async fn fill(context: &Context<'_>, wanted: &ApiBench) -> Result<(), CliError> {
    fill::fill(&context.open_beside().await?.app.store, wanted.operations).await
}

async fn serve(
    context: &Context<'_>,
    role: &'static str,
    wanted: &ApiBench,
    runs: usize,
) -> Result<Vec<Measured>, CliError> {
    let mut starts = Vec::new();
    for _ in 0..runs {
        let server = Server::start(context, role).await?;
        starts.push(server.started_in.as_secs_f64() * 1e3);
        server.end().await?;
    }
    let server = Server::start(context, role).await?;
    let setting =
        format!("`ktrdr {role} --listen` over {} operations", thousands(u64::from(wanted.operations)));
    let mut measured = vec![
        Measured::of("start to first answer", "ms", starts, setting.clone()),
        server.idle(&setting).await?,
    ];
    measured.extend(lists::measure(&server, wanted.requests, &setting).await?);
    measured.extend(submits::measure(&server, context, wanted.submits).await?);
    measured.extend(events::measure(&server, wanted).await?);
    server.end().await?;
    Ok(measured)
}
