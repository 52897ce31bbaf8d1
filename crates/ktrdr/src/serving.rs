//! The HTTP API beside the roles of a process.

use std::future::Future;
use std::sync::Arc;

use ktrdr_api::{Api, Beside, Listening, McpServices, Origins, Pages};
use ktrdr_app::App;
use ktrdr_dashboard::Dashboard;
use ktrdr_fabric::process::host_name;
use ktrdr_fabric::store::Topic;
use ktrdr_mcp::Access;
use tokio_util::sync::CancellationToken;

use crate::exit::{CliError, Kind, OrExit};
use crate::figures;
use crate::logging;
use crate::roles::Roles;
use crate::workspace::Workspace;

/// What the API hears of the store.
pub(crate) const HEARS: [Topic; 2] = [Topic::Changed, Topic::Control];

/// An API that listens, where one is asked for.
pub(crate) async fn listen(
    workspace: &Workspace,
    roles: &Roles,
    listening: Option<&Listening>,
    stop: &CancellationToken,
) -> Result<Option<Api>, CliError> {
    let Some(listening) = listening else { return Ok(None) };
    let app = workspace.app.clone();
    let writing = |app, scope| ktrdr_api::mount(ktrdr_mcp::http(app, Access { scope, show_exam: false }));
    let reading = ktrdr_api::mount(ktrdr_mcp::http(app.clone(), Access::default()));
    let mcp = Some(McpServices { reading, writing: Box::new(writing) });
    let (figures, watch) = (figures::exposition(workspace, roles), figures::watch(workspace));
    let (pages, origins) = (Some(pages(&app)), Some(origins(workspace)));
    let beside = Beside { logs: logging::lines(), machine: host_name(), mcp, figures, pages, watch, origins };
    Api::listen(app, listening, beside, stop.clone()).await.map(Some).or_exit(Kind::Refused)
}

/// Tells where operations came from, as soon as this process tells traces.
fn origins(workspace: &Workspace) -> Origins {
    let links = Arc::clone(&workspace.links);
    Arc::new(move |caller, operation| links.get().iter().for_each(|links| links.tell(caller, operation)))
}

/// The dashboard, for whoever comes with a browser.
fn pages(app: &App) -> Pages {
    let dashboard = Arc::new(Dashboard::new(app));
    Arc::new(move |app, caller, request| {
        let dashboard = Arc::clone(&dashboard);
        Box::pin(async move { dashboard.answer(app, caller, request).await })
    })
}

/// Answers while `work` goes on, and ends with it.
pub(crate) async fn beside<T>(api: Option<Api>, stop: CancellationToken, work: impl Future<Output = T>) -> T {
    let serving = api.map(|api| tokio::spawn(api.serve()));
    let done = work.await;
    stop.cancel();
    if let Some(serving) = serving
        && let Err(why) = serving.await
    {
        tracing::error!(%why, "the API ended badly");
    }
    done
}
