//! Whoever answers a command: the workspace here, or a server.

use ktrdr_app::UseCases;
use ktrdr_app::engine::Opening;
use ktrdr_client::Client;

use crate::exit::CliError;
use crate::settings::EngineName;
use crate::workspace::Workspace;

/// Who is asked.
pub(crate) enum Desk {
    /// The workspace, opened in this process.
    Here(Box<Workspace>),
    /// A server, over HTTP.
    There(Client),
}

impl Desk {
    /// What can be asked.
    pub(crate) fn app(&self) -> &dyn UseCases {
        match self {
            Self::Here(workspace) => &workspace.app,
            Self::There(client) => client,
        }
    }

    /// Whether work that is handed over will be taken.
    pub(crate) fn takes_work(&self) -> bool {
        match self {
            Self::Here(workspace) => takes_work(&workspace.opening),
            Self::There(_) => true,
        }
    }

    /// Whether the store is still the one that was opened: what went into a file that was deleted just before is not said to
    /// be submitted. A server looks after its own.
    pub(crate) async fn check(&self) -> Result<(), CliError> {
        match self {
            Self::Here(workspace) => workspace.check().await,
            Self::There(_) => Ok(()),
        }
    }

    /// Until the store is gone, or another one; what became of it. That a server is gone is told by what it is asked.
    pub(crate) async fn lost(&self) -> CliError {
        match self {
            Self::Here(workspace) => workspace.lost().await,
            Self::There(_) => std::future::pending().await,
        }
    }
}

/// Whether work that is handed over here will be taken: a fleet takes it sooner or later, an embedded engine only while it runs.
pub(crate) fn takes_work(opening: &Opening) -> bool {
    opening.engine.name() == EngineName::Fleet || opening.holder().is_some()
}
