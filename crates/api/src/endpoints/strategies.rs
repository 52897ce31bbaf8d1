//! Strategies, models, and what strategies are made of: indicators and fuzzy sets.

use ktrdr_app::strategies::{
    self, CheckedStrategy, ListedModel, ListedStrategy, ModelDetail, ModelImportance, StrategyText,
    UpgradedStrategy,
};
use ktrdr_domain::Strategy;
use ktrdr_domain::strategy::Feature;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::schema;
use crate::ask::Ask;
use crate::endpoint::{Answered, Endpoint};
use crate::page::{self, Page, told_list};
use crate::reply::Reply;

const VERSION: &[(&str, &str)] = &[("version", "Which; the newest otherwise.")];

pub(super) fn endpoints() -> Vec<Endpoint> {
    let yaml = || schema::object(&[("yaml*", schema::text("The text of a strategy file."))]);
    let example = || json!({ "yaml": "name: rsi_reversal\nversion: \"3.0\"\n" });
    vec![
        Endpoint::get("/strategies", "list_strategies", list)
            .says("Strategies of the workspace, checked.")
            .query(page::QUERY),
        Endpoint::get("/strategies/{name}", "get_strategy", one)
            .says("One strategy, with the features that its network sees."),
        Endpoint::get("/strategies/{name}/text", "get_strategy_text", text)
            .says("Its file, as it was written."),
        Endpoint::get("/strategies/{name}/features", "get_features", features)
            .says("The feature vector, in order."),
        Endpoint::post(
            "/strategies/validate",
            "validate_strategy",
            ktrdr_domain::scope::Scope::Viewer,
            validate,
        )
        .says("Every fault of a strategy's text, and what deserves a second thought. Stores nothing.")
        .json(yaml(), example())
        .harmless(),
        Endpoint::post(
            "/strategies/migrate",
            "migrate_strategy",
            ktrdr_domain::scope::Scope::Viewer,
            migrate,
        )
        .says("A strategy's text in today's grammar. Stores nothing.")
        .json(yaml(), example())
        .harmless(),
        Endpoint::get("/models", "list_models", models)
            .says("Every trained model, by strategy and version.")
            .query(page::QUERY),
        Endpoint::get("/models/{strategy}", "get_model", model)
            .says("A strategy's newest model, or one version: how it came about, without its weights.")
            .query(VERSION),
        Endpoint::get("/models/{strategy}/importance", "get_importance", importance)
            .says("What such a model owes to each of its inputs, on rows of dev that it did not learn from.")
            .query(VERSION),
    ]
}

told_list! {
    /// A part of the list of strategies.
    struct StrategyPart {
        /// Strategies of the workspace, checked.
        strategies: ListedStrategy
    }
}

async fn list(ask: Ask) -> Answered<StrategyPart> {
    let page: Page = ask.query()?;
    Reply::ok(&page.of(ask.app.strategies().await?)?.into())
}

/// One strategy.
#[derive(Serialize, JsonSchema)]
struct OneStrategy {
    /// What it is.
    strategy: Strategy,
    /// The same as a file of today's grammar.
    yaml: String,
    /// The features that its network sees, in order.
    features: Vec<Feature>,
}

async fn one(ask: Ask) -> Answered<OneStrategy> {
    let detail = ask.app.strategy(&ask.path("name")?).await?;
    let yaml = detail.strategy.to_yaml();
    Reply::ok(&OneStrategy { strategy: detail.strategy, yaml, features: detail.features })
}

async fn text(ask: Ask) -> Answered<StrategyText> {
    Reply::ok(&ask.app.strategy_text(&ask.path("name")?).await?)
}

/// The feature vector of a strategy.
#[derive(Serialize, JsonSchema)]
struct Features {
    /// How many there are.
    total: usize,
    /// Each, in order.
    features: Vec<Feature>,
}

async fn features(ask: Ask) -> Answered<Features> {
    let features = ask.app.strategy(&ask.path("name")?).await?.features;
    Reply::ok(&Features { total: features.len(), features })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    yaml: String,
}

async fn validate(ask: Ask) -> Answered<CheckedStrategy> {
    Reply::ok(&strategies::validate(&ask.json::<Text>()?.yaml))
}

async fn migrate(ask: Ask) -> Answered<UpgradedStrategy> {
    Reply::ok(&strategies::upgrade("the text", &ask.json::<Text>()?.yaml)?)
}

told_list! {
    /// A part of the list of models.
    struct ModelPart {
        /// Trained models, by strategy and version.
        models: ListedModel
    }
}

async fn models(ask: Ask) -> Answered<ModelPart> {
    let page: Page = ask.query()?;
    Reply::ok(&page.of(ask.app.models().await?)?.into())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Version {
    version: Option<u32>,
}

async fn model(ask: Ask) -> Answered<ModelDetail> {
    let Version { version } = ask.query()?;
    Reply::ok(&ask.app.model(&ask.path("strategy")?, version).await?)
}

async fn importance(ask: Ask) -> Answered<ModelImportance> {
    let Version { version } = ask.query()?;
    Reply::ok(&ask.app.importance(&ask.path("strategy")?, version).await?)
}
