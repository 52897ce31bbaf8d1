//! A workspace: the folder a user works in, opened by the engine that is configured.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use ktrdr_app::App;
use ktrdr_app::engine::{Identity, Messages, Opened, Opening, Part};
use ktrdr_fabric::broker::Broker;
use ktrdr_telemetry::Telemetry;
use ktrdr_traces::Links;

use crate::exit::{CliError, Kind};
use crate::providers;
use crate::settings::{EngineName, Settings};

/// What stands in a workspace: one of them at least.
const MARKS: [&str; 6] = ["ktrdr.db", "ktrdr.toml", "data", "strategies", "models", "imports"];

/// Whether a folder is a workspace.
pub(crate) fn is_one(folder: &Path) -> bool {
    MARKS.iter().any(|mark| folder.join(mark).exists())
}

/// Whether there is a workspace: who only looks makes none. On a fleet it is elsewhere.
pub(crate) fn expect(folder: &Path, engine: EngineName) -> Result<(), CliError> {
    if engine == EngineName::Fleet || is_one(folder) {
        return Ok(());
    }
    let message =
        format!("no workspace at {}: `ktrdr init` makes one, --workspace names another", folder.display());
    Err(CliError::new(Kind::NotFound, message))
}

/// An opened workspace.
pub(crate) struct Workspace {
    /// How it was opened.
    pub(crate) opening: Opening,
    /// Its configuration.
    pub(crate) settings: Settings,
    /// What can be asked of it.
    pub(crate) app: App,
    /// What this process does on it, counted; nothing is, unless it plays roles.
    pub(crate) telemetry: Option<Arc<Telemetry>>,
    /// Where operations came from is told here, once this process tells traces.
    pub(crate) links: Arc<OnceLock<Links>>,
    /// Its store as itself.
    pub(crate) identity: Identity,
    messages: Messages,
}

impl Workspace {
    pub(crate) fn new(opening: Opening, settings: Settings, opened: Opened) -> Self {
        let Opened { mut app, identity, messages } = opened;
        app.providers = providers::of(&settings, &opening.folder, &app.artifacts);
        Self { opening, settings, app, telemetry: None, links: Arc::default(), identity, messages }
    }

    /// The same, with everything counted that goes through its seams from now on.
    pub(crate) fn measured(self) -> Self {
        let telemetry = Arc::new(Telemetry::new(env!("CARGO_PKG_VERSION"), self.settings.told()));
        let app = App {
            store: telemetry.store(self.app.store),
            budget: telemetry.budget(self.app.budget),
            schedules: telemetry.schedules(self.app.schedules),
            registry: telemetry.registry(self.app.registry),
            ..self.app
        };
        Self { app, telemetry: Some(telemetry), ..self }
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
        let broker = self.messages.broker(part).await?;
        Ok(match &self.telemetry {
            Some(telemetry) => telemetry.broker(broker),
            None => broker,
        })
    }
}
