//! One strategy: its text, its features, its models.

use askama::Template;
use ktrdr_app::AppError;
use ktrdr_domain::StrategyName;

use crate::answer::Answer;
use crate::ask::Ask;
use crate::shell::{Section, Shell};

struct Model {
    version: u32,
    detail: String,
}

#[derive(Template)]
#[template(path = "strategy.html")]
struct StrategyPage {
    shell: Shell,
    name: String,
    about: Vec<String>,
    faults: Vec<String>,
    features: Vec<String>,
    file: String,
    text: String,
    models: Vec<Model>,
}

pub(crate) async fn page(ask: &Ask) -> Result<Answer, AppError> {
    let name: StrategyName = ask.part(1)?;
    let text = ask.app.strategy_text(&name).await?;
    let checked = ktrdr_app::strategies::validate(&text.text);
    // One with faults is shown with them.
    let (about, features) = match ask.app.strategy(&name).await {
        Ok(detail) => {
            let about = [detail.strategy.description, detail.strategy.hypothesis].into_iter().flatten();
            (about.collect(), detail.features.into_iter().map(|feature| feature.name).collect())
        }
        Err(_) => (Vec::new(), Vec::new()),
    };
    let models = ask.app.models().await?.into_iter().filter(|model| model.strategy == name);
    let models = models.map(|model| Model {
        version: model.version,
        detail: format!("models/{name}/{}_v{}", model.timeframe, model.version),
    });
    Answer::page(&StrategyPage {
        shell: Shell::new(ask, Section::Strategies, format!("Strategy {name}")),
        name: name.to_string(),
        about,
        faults: checked.errors.into_iter().chain(checked.warnings).collect(),
        features,
        file: text.file,
        text: text.text,
        models: models.collect(),
    })
}
