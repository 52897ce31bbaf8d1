//! What the network looked at: the strategy's rules, read back from what it did.

use ktrdr_chart::{Axis, Cell, Form, Height, Hue, Layer, Plane, Table, Unit};
use ktrdr_domain::report::sheet::{ClassCard, InputCard, RulesCard};
use ktrdr_domain::report::{BacktestSheet, BacktestSummary};
use ktrdr_domain::strategy::label::Class;

use super::luck::bins;
use crate::document::{Block, Section};
use crate::figures::{UNDEFINED, cell, counted, number, percent};

/// Points of a membership function.
const DRAWN: usize = 120;

pub(super) fn section(summary: &BacktestSummary, sheet: &BacktestSheet) -> Section {
    let Some(card) = &sheet.rules else { return Section::default() };
    let mut blocks = Vec::new();
    if !card.classes.is_empty() {
        let words = "A set is told here when its mean membership at the closes where a position was wanted differs from its mean \
                     over the whole window. It says what went along with a decision, not what caused it.";
        blocks.push(Block::Words(words.into()));
        blocks.extend(card.classes.iter().map(|class| Block::Table(activations(class))));
    }
    blocks.extend(ablations(summary, card).map(Block::Table));
    let plots: Vec<Plane> = card.inputs.iter().map(memberships).collect();
    if !plots.is_empty() {
        blocks.push(Block::Charts(plots));
    }
    Section::new("What the network looked at", blocks)
}

fn activations(class: &ClassCard) -> Table {
    let wanted = match class.wanted {
        Class::Buy => "long was wanted",
        Class::Hold => "nothing was wanted",
        Class::Sell => "short was wanted",
    };
    let caption = format!("Where {wanted}: {}", counted(class.closes, "close"));
    let mut table = Table::new(caption, ["input", "difference", "where wanted", "over all"]);
    let far = class.strongest.iter().map(|a| (a.when_wanted - a.overall).abs()).fold(0.0, f64::max);
    for activation in &class.strongest {
        let by = activation.when_wanted - activation.overall;
        let bar = if far > 0.0 { by / far } else { 0.0 };
        table.rows.push(vec![
            Cell::words(activation.feature.clone()),
            Cell::words(number(Some(by))).barred(bar),
            Cell::number(number(Some(activation.when_wanted))),
            Cell::number(number(Some(activation.overall))),
        ]);
    }
    table
}

fn ablations(summary: &BacktestSummary, card: &RulesCard) -> Option<Table> {
    let mut asked: Vec<_> = card.inputs.iter().filter_map(|input| Some((input, input.ablation?))).collect();
    asked.sort_by(|a, b| a.1.same_positions.total_cmp(&b.1.same_positions));
    let whole = summary.metrics.total_return_pct;
    let caption = format!(
        "Without each input (its columns stand at their means): how many decisions change, and what is left of {} net",
        percent(whole)
    );
    let head = ["without", "decisions that change", "net return", "beyond market"];
    let mut table = Table::new(caption, head);
    for (input, ablation) in asked {
        let changed = 1.0 - ablation.same_positions;
        table.rows.push(vec![
            Cell::words(input.name.clone()),
            Cell::words(percent(Some(changed))).barred(changed),
            cell(Some(ablation.total_return_pct), percent),
            cell(ablation.active_sharpe_ratio, number),
        ]);
    }
    (!table.rows.is_empty()).then_some(table)
}

/// Fuzzy sets over the density of the values that came.
fn memberships(input: &InputCard) -> Plane {
    let density = &input.density;
    let most = density.counts.iter().max().copied().unwrap_or(0).max(1);
    let bars = bins(density, 1.0).into_iter().map(|(from, to, count)| (from, to, count / f64::from(most)));
    let bars: Vec<(f64, f64, f64)> = bars.collect();
    let (from, to) = bars.first().zip(bars.last()).map_or((0.0, 1.0), |(first, last)| (first.0, last.1));
    let mut layers = vec![Layer::new("how often a value came", Hue::Muted, Form::Columns(bars))];
    for (n, (name, set)) in input.sets.iter().enumerate() {
        let x = |step: usize| from + (to - from) * step as f64 / DRAWN as f64;
        let line = (0..=DRAWN).map(|step| (x(step), set.degree(x(step)))).collect();
        layers.push(Layer::new(name.clone(), Hue::Series(n), Form::Line(line)));
    }
    let what = if input.sets.is_empty() {
        "a raw value, scaled before the network sees it"
    } else {
        "its fuzzy sets"
    };
    let span = match density.counts.is_empty() {
        true => UNDEFINED.to_owned(),
        false => format!("{} to {}", told(density.from), told(density.to)),
    };
    Plane {
        title: input.name.clone(),
        about: format!("Values from {span} in this window, and {what}."),
        x: Axis::of("value of the indicator", Unit::Number),
        y: Axis::of("membership", Unit::Number).showing(0.0).showing(1.0),
        layers,
        height: Height::Low,
    }
}

/// With about three digits that tell something.
fn told(value: f64) -> String {
    let decimals = (2.0 - value.abs().max(1e-6).log10().floor()).clamp(0.0, 6.0) as usize;
    ktrdr_chart::label::grouped(value, decimals)
}
