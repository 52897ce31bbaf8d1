//! What the network owes to its inputs, with what luck would show beside it.

use ktrdr_chart::{Cell, Table};
use ktrdr_domain::report::TrainingSheet;
use ktrdr_domain::report::sheet::Importance;

use crate::document::{Block, Section};
use crate::figures::{count, counted, decimals, percent};

pub(super) fn section(sheet: Option<&TrainingSheet>) -> Section {
    let Some(importance) = sheet.and_then(|sheet| sheet.importance.as_ref()) else {
        return Section::default();
    };
    let words = format!(
        "On {} test rows of dev, which it did not learn from: what the network gives up where the values of an input come from another \
         time ({}, in {} blocks of neighbours), and where they stand at their mean. What does not give up more than luck is not told \
         from an input that says nothing; of two that say the same, neither may seem to matter.",
        count(importance.rows),
        counted(importance.permutations, "permutation"),
        importance.blocks
    );
    Section::new("What it owes to its inputs", vec![Block::Words(words), Block::Table(table(importance))])
}

fn table(importance: &Importance) -> Table {
    let caption = format!(
        "Given up of a mean loss of {} and {} right answers, the most first",
        decimals(Some(importance.loss), 4),
        percent(Some(importance.accuracy))
    );
    let head =
        ["input", "loss", "luck", "spread", "right answers", "held: loss", "right answers", "more than luck"];
    let mut table = Table::new(caption, head);
    let most = importance.inputs.iter().map(|input| input.permuted_loss.abs()).fold(0.0, f64::max);
    let loss = |x: f64| decimals(Some(x), 4);
    for input in &importance.inputs {
        let bar = if most > 0.0 { input.permuted_loss / most } else { 0.0 };
        table.rows.push(vec![
            Cell::words(input.name.clone()),
            Cell::words(loss(input.permuted_loss)).barred(bar),
            Cell::number(loss(input.noise)),
            Cell::number(loss(input.permuted_spread)),
            Cell::number(percent(Some(input.permuted_accuracy))),
            Cell::number(loss(input.held_loss)),
            Cell::number(percent(Some(input.held_accuracy))),
            Cell::words(if input.is_told_from_noise() { "yes" } else { "no" }),
        ]);
    }
    table
}
