//! One model: what it learned from, what its network is, how it learned, and what came of that.

use askama::Template;
use ktrdr_app::AppError;
use ktrdr_app::metrics::epochs;
use ktrdr_app::strategies::ModelDetail;
use ktrdr_chart::Markup;
use ktrdr_domain::StrategyName;

use super::curves;
use crate::answer::Answer;
use crate::ask::Ask;
use crate::shell::{Section, Shell};

#[derive(Template)]
#[template(path = "model.html")]
struct ModelPage {
    shell: Shell,
    strategy: String,
    version: u32,
    place: String,
    facts: Vec<(&'static str, String)>,
    warnings: Vec<String>,
    curves: Vec<Markup>,
    learned: Vec<String>,
    features: Vec<String>,
}

pub(crate) async fn page(ask: &Ask) -> Result<Answer, AppError> {
    let (strategy, version): (StrategyName, u32) = (ask.part(1)?, ask.part(3)?);
    let detail = ask.app.model(&strategy, Some(version)).await?;
    let facts = facts(&detail);
    let ModelDetail { model, metadata } = detail;
    Answer::page(&ModelPage {
        shell: Shell::new(ask, Section::Strategies, format!("Model {model}")),
        strategy: strategy.to_string(),
        version,
        place: model.folder(),
        facts,
        curves: curves::of_training(&epochs(&metadata.report)),
        warnings: metadata.report.warnings,
        learned: metadata.learned.iter().map(ToString::to_string).collect(),
        features: metadata.features.into_iter().map(|feature| feature.name).collect(),
    })
}

/// What is known of it, in the order of questions: is it any good, on what, how large, made how. What is not known is left out.
fn facts(ModelDetail { metadata, .. }: &ModelDetail) -> Vec<(&'static str, String)> {
    let report = &metadata.report;
    let (test, dev) = (&report.test, report.dev_backtest.as_ref());
    let share = |of: Option<f64>| of.map(|share| format!("{:.1} %", share * 100.0));
    let count = |n: usize| ktrdr_chart::label::grouped(n as f64, 0);
    let known = [
        ("Right on test rows", share(test.accuracy)),
        ("Who always says the most frequent", share(test.baseline_accuracy)),
        (
            "Sharpe ratio on dev, walking forward",
            dev.and_then(|dev| Some(format!("{:.2}", dev.sharpe_ratio?))),
        ),
        ("Window", Some(report.window.to_string())),
        ("Rows: training, validation, test", Some(report.rows.map(count).join(", "))),
        ("Inputs", Some(count(report.feature_count))),
        ("Hidden layers", Some(layers(&metadata.shape.hidden_layers))),
        ("Parameters", Some(count(report.parameter_count))),
        ("Epochs, and the best", Some(format!("{}, {}", report.epochs_trained, report.best_epoch))),
        ("Seed", Some(metadata.seed.to_string())),
        ("Trained on", Some(report.trained_on.clone())),
        ("Took", Some(format!("{:.1} s", report.training_seconds))),
        ("Version of the program", Some(metadata.code.clone())),
        ("Bars", report.synthetic.then(|| "generated, not observed".to_owned())),
    ];
    known.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

fn layers(units: &[usize]) -> String {
    match units {
        [] => "none: it is linear".into(),
        units => units.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}
