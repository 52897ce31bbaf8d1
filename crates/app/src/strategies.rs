//! Strategies and their models. Checking and upgrading a text needs no workspace; what only reads needs artefacts alone, and
//! is said by functions beside the methods.

pub use ktrdr_catalog::models::ListedModel;
use ktrdr_catalog::models::{self, Metadata};
use ktrdr_catalog::{CatalogError, strategies};
use ktrdr_domain::report::ModelRef;
use ktrdr_domain::report::sheet::Importance;
use ktrdr_domain::strategy::Feature;
use ktrdr_domain::{Strategy, StrategyName};
use ktrdr_fabric::artifacts::Artifacts;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{App, AppError, ErrorKind};

/// What is found in the text of a strategy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct CheckedStrategy {
    /// Whether it can be used.
    pub valid: bool,
    /// Every fault, with its place.
    pub errors: Vec<String>,
    /// What deserves a second thought.
    pub warnings: Vec<String>,
    /// The older grammar that it was read as, if it was.
    pub upgraded_from: Option<String>,
}

impl CheckedStrategy {
    /// A strategy whose text can not be had.
    #[must_use]
    pub fn unreadable(why: String) -> Self {
        Self { valid: false, errors: vec![why], warnings: Vec::new(), upgraded_from: None }
    }
}

/// A strategy of the workspace, checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct ListedStrategy {
    /// Its name.
    pub name: StrategyName,
    /// What was found in it.
    #[serde(flatten)]
    pub checked: CheckedStrategy,
}

/// A strategy, with the features that its network sees.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct StrategyDetail {
    /// The strategy.
    pub strategy: Strategy,
    /// The feature vector, in order.
    pub features: Vec<Feature>,
}

/// The file of a strategy, as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct StrategyText {
    /// Where it is in its workspace.
    pub file: String,
    /// What stands there.
    pub text: String,
}

/// A strategy in today's grammar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct UpgradedStrategy {
    /// Its text.
    pub strategy: String,
    /// What deserves a second thought.
    pub warnings: Vec<String>,
}

/// A trained model, and all that stands beside its weights.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct ModelDetail {
    /// Where it is.
    pub model: ModelRef,
    /// How it came about.
    pub metadata: Metadata,
}

/// What a trained model owes to its inputs, on rows of dev that it did not learn from.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct ModelImportance {
    /// The model.
    pub model: ModelRef,
    /// Its inputs, the one that it owes most to first.
    #[serde(flatten)]
    pub importance: Importance,
    /// Why the model itself can not be used any more, where it can not: what its training found stays known.
    #[serde(default)]
    pub fault: Option<String>,
}

/// Checks the text of a strategy.
#[must_use]
pub fn validate(text: &str) -> CheckedStrategy {
    match Strategy::from_yaml(text) {
        Ok(read) => CheckedStrategy {
            valid: true,
            errors: Vec::new(),
            warnings: read.warnings.iter().map(ToString::to_string).collect(),
            upgraded_from: read.upgraded_from.map(|grammar| grammar.to_string()),
        },
        Err(faults) => CheckedStrategy {
            valid: false,
            errors: faults.0.iter().map(ToString::to_string).collect(),
            warnings: Vec::new(),
            upgraded_from: None,
        },
    }
}

/// Writes the text of a strategy in today's grammar; `place` is named where it has faults.
///
/// # Errors
/// When it has faults.
pub fn upgrade(place: &str, text: &str) -> Result<UpgradedStrategy, AppError> {
    let read = Strategy::from_yaml(text).map_err(|faults| {
        AppError::new(ErrorKind::InvalidInput, format!("{place} can not be migrated:\n{faults}"))
    })?;
    let warnings = read.warnings.iter().map(ToString::to_string).collect();
    Ok(UpgradedStrategy { strategy: read.strategy.to_yaml(), warnings })
}

/// Every strategy of a workspace, checked; those that can not be read among them.
///
/// # Errors
/// When the folder can not be listed.
pub async fn list(artifacts: &dyn Artifacts) -> Result<Vec<ListedStrategy>, AppError> {
    let mut listed = Vec::new();
    for name in strategies::names(artifacts).await? {
        let text = strategies::read(artifacts, &name).await;
        let checked = text.map_or_else(|e| CheckedStrategy::unreadable(e.to_string()), |t| validate(&t));
        listed.push(ListedStrategy { name, checked });
    }
    Ok(listed)
}

/// The file of a strategy of a workspace.
///
/// # Errors
/// When it is not there, too large, or not UTF-8.
pub async fn text(artifacts: &dyn Artifacts, name: &StrategyName) -> Result<StrategyText, AppError> {
    let file = strategies::key(name)?.to_string();
    Ok(StrategyText { file, text: strategies::read(artifacts, name).await? })
}

/// Every trained model of a workspace, by strategy and version.
///
/// # Errors
/// When the folder can not be listed.
pub async fn models(artifacts: &dyn Artifacts) -> Result<Vec<ListedModel>, AppError> {
    Ok(models::all(artifacts).await?)
}

/// The newest model of a strategy, or one version of it.
///
/// # Errors
/// When there is none, or it is not whole.
pub async fn model(
    artifacts: &dyn Artifacts,
    strategy: &StrategyName,
    version: Option<u32>,
) -> Result<ModelDetail, AppError> {
    let model = models::find(artifacts, strategy, version).await?;
    let stored = models::load(artifacts, &model).await?;
    Ok(ModelDetail { model, metadata: stored.metadata })
}

impl App {
    /// See [`list`].
    ///
    /// # Errors
    /// As there.
    pub async fn strategies(&self) -> Result<Vec<ListedStrategy>, AppError> {
        list(&*self.artifacts).await
    }

    /// One strategy of the workspace.
    ///
    /// # Errors
    /// When there is none of that name, or it has faults.
    pub async fn strategy(&self, name: &StrategyName) -> Result<StrategyDetail, AppError> {
        let strategy = strategies::load(&*self.artifacts, name).await?;
        Ok(StrategyDetail { features: strategy.features(), strategy })
    }

    /// See [`text`].
    ///
    /// # Errors
    /// As there.
    pub async fn strategy_text(&self, name: &StrategyName) -> Result<StrategyText, AppError> {
        text(&*self.artifacts, name).await
    }

    /// What the newest model of a strategy, or one version of it, owes to each of its inputs, as its training found.
    ///
    /// # Errors
    /// When there is no such model, or its training did not ask.
    pub async fn importance(
        &self,
        strategy: &StrategyName,
        version: Option<u32>,
    ) -> Result<ModelImportance, AppError> {
        let model = models::find(&*self.artifacts, strategy, version).await?;
        let sheet = models::read_sheet(&*self.artifacts, &model).await?;
        let Some(importance) = sheet.and_then(|sheet| sheet.importance) else {
            let message = format!(
                "the training of models/{model} did not ask what its inputs are worth: it was before this was asked, had too few \
                 test rows, or reached into the vault; train {strategy} again, on dev"
            );
            return Err(AppError::new(ErrorKind::NotFound, message).coded("no_importance"));
        };
        let fault = match models::load(&*self.artifacts, &model).await {
            Ok(_) => None,
            Err(CatalogError::NotFound(why) | CatalogError::Invalid(why)) => Some(why),
            Err(other) => return Err(other.into()),
        };
        Ok(ModelImportance { model, importance, fault })
    }

    /// See [`models()`].
    ///
    /// # Errors
    /// As there.
    pub async fn models(&self) -> Result<Vec<ListedModel>, AppError> {
        models(&*self.artifacts).await
    }

    /// See [`model`].
    ///
    /// # Errors
    /// As there.
    pub async fn model(
        &self,
        strategy: &StrategyName,
        version: Option<u32>,
    ) -> Result<ModelDetail, AppError> {
        model(&*self.artifacts, strategy, version).await
    }
}
