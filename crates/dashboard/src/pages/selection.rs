//! A frozen selection: how many, which, until when; and the word that has to be typed.

use askama::Template;
use ktrdr_app::AppError;
use ktrdr_chart::Markup;

use super::rows::Row;
use crate::answer::Answer;
use crate::ask::Ask;
use crate::markup;
use crate::selections::{self, CHOSEN_MAX, Deed};
use crate::shell::{Section, Shell};
use crate::time::Instant;

#[derive(Template)]
#[template(path = "selection.html")]
struct SelectionPage {
    shell: Shell,
    id: String,
    verb: &'static str,
    is_grave: bool,
    count: usize,
    most: Option<usize>,
    filter: String,
    until: Markup,
    sample: Vec<Row>,
}

pub(crate) async fn page(ask: &Ask) -> Result<Answer, AppError> {
    let chosen = selections::find(&ask.app, &ask.path[1]).await?;
    let now_ms = Instant::now().0;
    Answer::page(&SelectionPage {
        shell: Shell::new(ask, Section::Operations, "A selection"),
        id: ask.path[1].clone(),
        verb: chosen.deed.word(),
        is_grave: chosen.deed == Deed::Cancel,
        count: chosen.ids.len(),
        most: chosen.is_cut.then_some(CHOSEN_MAX),
        filter: chosen.filter,
        until: markup::time(chosen.until_ms, now_ms),
        sample: Row::all(chosen.sample, now_ms),
    })
}
