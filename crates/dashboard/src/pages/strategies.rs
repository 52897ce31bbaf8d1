//! Strategies and their models.

use std::collections::BTreeMap;

use askama::Template;
use ktrdr_app::AppError;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::answer::Answer;
use crate::ask::{Ask, Words};
use crate::shell::{Section, Shell};

/// Strategies of a page: a fleet writes thousands.
const ROWS: usize = 100;

struct Listed {
    name: String,
    is_valid: bool,
    said: String,
    models: String,
}

#[derive(Template)]
#[template(path = "strategies.html")]
struct StrategiesPage {
    shell: Shell,
    strategies: Vec<Listed>,
    total: usize,
    name: String,
    next: Option<usize>,
}

impl StrategiesPage {
    /// As it stands in an address.
    fn encoded(&self) -> String {
        utf8_percent_encode(&self.name, NON_ALPHANUMERIC).to_string()
    }
}

pub(crate) async fn page(ask: &Ask) -> Result<Answer, AppError> {
    let words = Words::read(&ask.query);
    let (name, from) = (words.text("name"), words.read_as::<usize>("from")?.unwrap_or_default());
    let mut models: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for model in ask.app.models().await? {
        let version = format!("{} v{}", model.timeframe, model.version);
        models.entry(model.strategy.to_string()).or_default().push(version);
    }
    let all = ask.app.strategies().await?;
    let meant: Vec<_> = all.into_iter().filter(|one| one.name.as_str().contains(name.as_str())).collect();
    let (total, end) = (meant.len(), from.saturating_add(ROWS));
    let strategies = meant.into_iter().skip(from).take(ROWS).map(|one| Listed {
        models: models.remove(one.name.as_str()).unwrap_or_default().join(", "),
        is_valid: one.checked.valid,
        said: one.checked.errors.into_iter().chain(one.checked.warnings).next().unwrap_or_default(),
        name: one.name.to_string(),
    });
    Answer::page(&StrategiesPage {
        shell: Shell::new(ask, Section::Strategies, "Strategies"),
        strategies: strategies.collect(),
        next: (end < total).then_some(end),
        total,
        name,
    })
}
