//! Who designs and assesses in this process: the local search, and every model that has a price, under its own name; `claude`
//! stands for the configured one. One that lacks a key, or whose recorded replies are all there is, is known by what it lacks.

use std::path::Path;
use std::sync::Arc;

use ktrdr_agent::models::{Model, Models};
use ktrdr_agent::{Provider, Providers};
use ktrdr_claude::provider::SILENCE_MAX;
use ktrdr_claude::{Claude, Client, Endpoint, Keeper, Manner, Patience, Recorded, Recording};
use ktrdr_domain::name::ProviderName;
use ktrdr_fabric::artifacts::Artifacts;
use ktrdr_fabric::local::regular;

use crate::settings::{AgentSettings, Settings};
use crate::workspace::Workspace;

/// The provider of the configured model.
pub(crate) const CLAUDE: &str = "claude";

/// Largest table of models, in bytes.
const MODELS_BYTES_MAX: u64 = 1 << 20;

/// The providers of a workspace.
pub(crate) fn of(settings: &Settings, folder: &Path, artifacts: &Arc<dyn Artifacts>) -> Providers {
    let mut providers = Providers::default();
    let models = models(&settings.agent, folder);
    let client = client(settings);
    let provider = |model: &Model| match &client {
        Err(lack) => Err(lack.clone()),
        Ok(client) => {
            let recorded = Recorded::new(Arc::clone(artifacts), settings.agent.replies);
            Ok(Provider::of(Claude::new(client.clone(), recorded, manner(&settings.agent, model))))
        }
    };
    let add = |providers: Providers, name: ProviderName, provider: Result<Provider, String>| match provider {
        Ok(provider) => providers.with(name, provider),
        Err(lack) => providers.lacking(name, lack),
    };
    if let Ok(models) = &models {
        for model in models.iter() {
            if let Ok(name) = model.id.parse() {
                providers = add(providers, name, provider(model));
            }
        }
    }
    let configured = models.and_then(|models| {
        let model = models.get(&settings.agent.model).map_err(|unknown| unknown.to_string())?;
        provider(model)
    });
    match CLAUDE.parse() {
        Ok(name) => add(providers, name, configured),
        Err(_) => providers,
    }
}

/// Ends the batches that nobody waits for, where this process can ask about them.
pub(crate) fn keeper(workspace: &Workspace) -> Option<Keeper> {
    let Workspace { app, settings, opening, .. } = workspace;
    Some(Keeper {
        client: client(settings).ok()??,
        models: models(&settings.agent, &opening.folder).ok()?,
        artifacts: Arc::clone(&app.artifacts),
        operations: Arc::clone(&app.store) as _,
        budget: Arc::clone(&app.budget),
        every: settings.agent.batch_wait,
    })
}

/// Nobody is asked where recorded replies are all that is taken.
fn client(settings: &Settings) -> Result<Option<Client>, String> {
    if settings.agent.replies == Recording::Replay {
        return Ok(None);
    }
    let endpoint = Endpoint::new(settings.agent_access.0.clone()?).map_err(|e| e.to_string())?;
    Client::new(endpoint, SILENCE_MAX).map(Some).map_err(|e| e.to_string())
}

fn models(agent: &AgentSettings, folder: &Path) -> Result<Models, String> {
    let Some(file) = &agent.models_file else { return Models::built_in().map_err(|e| e.to_string()) };
    let path = folder.join(file);
    let refuse = |why: String| format!("agent.models_file {}: {why}", path.display());
    let bytes = regular::read(&path, MODELS_BYTES_MAX).map_err(|e| refuse(e.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| refuse("is not UTF-8 text".to_owned()))?;
    Models::read(&text).map_err(|e| refuse(e.to_string()))
}

fn manner(agent: &AgentSettings, model: &Model) -> Manner {
    Manner {
        model: model.clone(),
        effort: agent.effort,
        output_tokens_max: agent.output_tokens_max.min(model.output_max),
        repairs_max: agent.repairs_max,
        turns_max: agent.turns_max,
        patience: Patience { batch_wait: agent.batch_wait, ..Patience::default() },
    }
}
