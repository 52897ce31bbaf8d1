//! A workspace: the folder a user works in, opened by the engine that is configured.

use std::sync::Arc;

use ktrdr_app::App;
use ktrdr_app::engine::{Identity, Messages, Opened, Opening, Part};
use ktrdr_fabric::broker::Broker;

use crate::exit::CliError;
use crate::providers;
use crate::settings::Settings;

/// An opened workspace.
pub(crate) struct Workspace {
    /// How it was opened.
    pub(crate) opening: Opening,
    /// Its configuration.
    pub(crate) settings: Settings,
    /// What can be asked of it.
    pub(crate) app: App,
    /// Its store as itself.
    pub(crate) identity: Identity,
    messages: Messages,
}

impl Workspace {
    pub(crate) fn new(opening: Opening, settings: Settings, opened: Opened) -> Self {
        let Opened { mut app, identity, messages } = opened;
        app.providers = providers::of(&settings, &opening.folder, &app.artifacts);
        Self { opening, settings, app, identity, messages }
    }

    /// Whether the store is still the one that was opened.
    pub(crate) async fn check(&self) -> Result<(), CliError> {
        Ok(self.identity.check().await?)
    }

    /// Until the store or the workspace is gone, or another one; what became of it.
    pub(crate) async fn lost(&self) -> CliError {
        self.identity.lost(&self.opening.folder).await.into()
    }

    /// Messages, for one part that this process plays.
    pub(crate) async fn broker(&self, part: Part) -> Result<Arc<dyn Broker>, CliError> {
        Ok(self.messages.broker(part).await?)
    }
}
