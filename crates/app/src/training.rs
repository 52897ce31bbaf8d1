//! Training a strategy's network.

use ktrdr_catalog::strategies;
use ktrdr_domain::job::TrainingSpec;
use ktrdr_domain::{DeviceRequest, JobSpec, Reason, Span, Strategy, StrategyName, Symbol};
use serde::{Deserialize, Serialize};

use crate::market::{EndDate, Moment};
use crate::submit::SubmittedJob;
use crate::{App, AppError, IdempotencyKey};

/// Seed of weights, shuffling, dropout and search where none is given: any number would do.
pub const SEED: u64 = 7;

pub(crate) fn seed() -> u64 {
    SEED
}

/// Train a strategy's network on the dev window, or a part of it. Of several instruments dev ends at the earliest gate.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingRequest {
    /// What to train.
    pub strategy: StrategyChoice,
    /// Whether the strategy is written into the workspace, under its name, before it is trained.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub keep: bool,
    /// Train on these instead of the strategy's own symbols.
    #[serde(default)]
    pub symbols: Vec<Symbol>,
    /// Start of the stretch, inside dev.
    #[serde(default)]
    pub start: Option<Moment>,
    /// End of the stretch, inside dev; a date without a time includes that day.
    #[serde(default)]
    pub end: Option<EndDate>,
    /// Why it may reach into the vault, and through the gate before it. Every report of its instruments counts it from then on.
    #[serde(default)]
    pub open_vault: Option<Reason>,
    /// Of weights, shuffling and dropout.
    #[serde(default = "seed")]
    pub seed: u64,
    /// What to train on.
    #[serde(default)]
    pub device: DeviceRequest,
    /// Makes a repeated request the same one.
    #[serde(default)]
    pub idempotency_key: Option<IdempotencyKey>,
}

/// Which strategy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrategyChoice {
    /// One of the workspace.
    Name(StrategyName),
    /// The text of a strategy file.
    Yaml(String),
}

impl App {
    /// Submits a training. Data is pinned as it is now; what reaches into an exam is refused.
    ///
    /// # Errors
    /// When the strategy or its data is missing or invalid, or the stretch is not inside dev; when it is to be kept, and there is
    /// another one of its name.
    pub async fn submit_training(&self, request: &TrainingRequest) -> Result<SubmittedJob, AppError> {
        self.admit(request.device).await?;
        let mut strategy = self.chosen(&request.strategy).await?;
        if !request.symbols.is_empty() {
            strategy.training_data.symbols.clone_from(&request.symbols);
        }
        let wanted = &strategy.training_data;
        let data = self.pin(&wanted.symbols, &wanted.timeframes).await?;
        let windows = self.windows_of(&data).await?;
        let reason = request.open_vault.as_ref();
        let until = if reason.is_some() { windows.vault.end } else { windows.dev.end };
        let window = Span {
            start: request.start.map(|m| m.0).or(wanted.start_date).unwrap_or(windows.dev.start),
            end: request.end.map(|end| end.0).or(wanted.end_date).unwrap_or(until),
        };
        windows.allow_training(&window, reason.is_some())?;
        let open_vault = self.word_for_vault(reason, &windows, &window)?;
        let (account, seed, device) = (self.policy.account, request.seed, request.device);
        let author = strategies::author(&*self.artifacts, &strategy).await?;
        if request.keep {
            strategies::keep(&*self.artifacts, &strategy).await?;
        }
        let spec =
            TrainingSpec { strategy, author, data, windows, window, open_vault, account, seed, device };
        self.submit_job(&JobSpec::Training(Box::new(spec)), request.idempotency_key.as_ref(), request).await
    }

    pub(crate) async fn chosen(&self, choice: &StrategyChoice) -> Result<Strategy, AppError> {
        Ok(match choice {
            StrategyChoice::Name(name) => strategies::load(&*self.artifacts, name).await?,
            StrategyChoice::Yaml(text) => strategies::parse("the text", text)?,
        })
    }
}
