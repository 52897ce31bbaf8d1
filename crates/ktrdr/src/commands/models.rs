//! `ktrdr models …`

use std::process::ExitCode;

use ktrdr_app::operations::result_of;
use ktrdr_app::strategies::{self, ListedModel, ModelDetail, ModelImportance};
use ktrdr_app::use_cases::Library;
use ktrdr_domain::number::Figure;
use ktrdr_domain::report::TrainingReport;
use ktrdr_domain::report::sheet::InputImportance;
use ktrdr_domain::{Kind, StrategyName};

use super::Context;
use crate::cli::models::{ModelChoice, ModelsArguments, ModelsVerb};
use crate::exit::CliError;
use crate::reference::Reference;
use crate::screen::{Screen, table};

/// Characters of a hash that are shown: enough to tell models apart.
const HASH_CHARACTERS: usize = 12;

pub(crate) fn run(context: &Context<'_>, arguments: &ModelsArguments) -> Result<ExitCode, CliError> {
    context.block_on(async {
        match &arguments.verb {
            ModelsVerb::List => list(context).await,
            ModelsVerb::Show { strategy, model_version } => show(context, strategy, *model_version).await,
            ModelsVerb::Importance { strategy, model_version } => {
                importance(context, strategy, *model_version).await
            }
        }
    })
}

async fn list(context: &Context<'_>) -> Result<ExitCode, CliError> {
    let listed = match &context.server {
        Some(server) => server.models().await?,
        None => strategies::models(&*context.artifacts_there()?).await?,
    };
    context.screen.list("models", &listed, |screen| {
        if listed.is_empty() {
            return screen.line("no models yet: `ktrdr training run --strategy NAME` makes one");
        }
        let row = |m: &ListedModel| {
            vec![m.strategy.to_string(), format!("v{}", m.version), m.timeframe.to_string()]
        };
        screen.line(table(&["STRATEGY", "VERSION", "BARS"], &listed.iter().map(row).collect::<Vec<_>>()));
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn show(
    context: &Context<'_>,
    strategy: &StrategyName,
    version: Option<u32>,
) -> Result<ExitCode, CliError> {
    let detail = match &context.server {
        Some(server) => server.model(strategy, version).await?,
        None => strategies::model(&*context.artifacts_there()?, strategy, version).await?,
    };
    context.screen.answer(&detail, |screen| print(screen, &detail))?;
    Ok(ExitCode::SUCCESS)
}

fn print(screen: &Screen, detail: &ModelDetail) {
    let (model, of) = (&detail.model, &detail.metadata);
    let line = |name: &str, value: String| screen.line(format!("  {name:<14} {value}"));
    screen.line(format!("{} {} v{}", model.strategy, model.timeframe, model.version));
    line("folder", model.folder());
    line("hash", model.sha256.to_string().chars().take(HASH_CHARACTERS).collect());
    let learned = of.learned.iter().map(ToString::to_string).collect::<Vec<_>>();
    line("learned from", if learned.is_empty() { of.report.window.to_string() } else { learned.join(", ") });
    line("features", of.features.len().to_string());
    training(&of.report).into_iter().for_each(|(name, value)| line(name, value));
    line("seed", of.seed.to_string());
    line("program", of.code.clone());
    if let Some(author) = &of.author {
        line("written by", author.model.clone());
    }
    of.report.warnings.iter().for_each(|warning| screen.line(format!("warning: {warning}")));
}

fn training(report: &TrainingReport) -> Vec<(&'static str, String)> {
    let [train, validation, test] = report.rows;
    vec![
        ("rows", format!("{train} to train, {validation} to validate, {test} to test")),
        ("parameters", report.parameter_count.to_string()),
        ("epochs", format!("{}, the best was {}", report.epochs_trained, report.best_epoch)),
        ("took", format!("{:.1} s on {}", report.training_seconds, report.trained_on)),
    ]
}

async fn importance(
    context: &Context<'_>,
    wanted: &ModelChoice,
    version: Option<u32>,
) -> Result<ExitCode, CliError> {
    let desk = context.desk().await?;
    let app = desk.app();
    let (strategy, version) = match wanted {
        ModelChoice::Of(strategy) => (strategy.clone(), version),
        ModelChoice::Last => {
            let id = Reference::Last.resolve(app, Some(Kind::Training)).await?;
            let trained: TrainingReport = result_of(&app.row(&id).await?)?;
            (trained.model.strategy, version.or(Some(trained.model.version)))
        }
    };
    let found = app.importance(&strategy, version).await?;
    context.screen.answer(&found, |screen| print_importance(screen, &found))?;
    Ok(ExitCode::SUCCESS)
}

fn print_importance(screen: &Screen, found: &ModelImportance) {
    let of = &found.importance;
    let loss = |x: f64| format!("{:+.4}", Figure(x));
    let percent = |x: f64| format!("{:+.2} %", Figure(x * 100.0));
    let row = |input: &InputImportance| {
        vec![
            input.name.clone(),
            loss(input.permuted_loss),
            format!("{:.4}", Figure(input.permuted_spread)),
            format!("{:.4}", Figure(input.noise)),
            percent(input.permuted_accuracy),
            loss(input.held_loss),
            percent(input.held_accuracy),
            if input.is_told_from_noise() { "more than luck" } else { "no more than luck" }.to_owned(),
        ]
    };
    let head = ["INPUT", "LOSS", "SPREAD", "LUCK", "ACCURACY", "HELD: LOSS", "ACCURACY", "GIVES UP"];
    screen.line(table(&head, &of.inputs.iter().map(row).collect::<Vec<_>>()));
    screen.line(format!(
        "models/{} on {} test rows of dev: loss {:.4}, {:.2} % right. What it gives up where an input comes from another time, {} times, \
         in {} blocks; and where it stands at its mean",
        found.model,
        of.rows,
        Figure(of.loss),
        Figure(of.accuracy * 100.0),
        of.permutations,
        of.blocks
    ));
    if let Some(why) = &found.fault {
        screen.note(format!(
            "this is what its training found; the model itself can not be used any more: {why}"
        ));
    }
}
