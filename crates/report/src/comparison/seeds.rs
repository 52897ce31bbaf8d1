//! Seed bands: one strategy, trained several times on the same bars. What differs is the seed, and nothing that could be known.

use ktrdr_chart::{Axis, Cell, Height, Hue, Plane, Table, Unit};
use ktrdr_domain::number::median;
use ktrdr_domain::report::sheet::Curve;

use crate::bands::{Band, CURVES_MIN};
use crate::document::{Block, Section};
use crate::figures::{count, decimals, number};
use crate::training::TrainingPage;

/// Bands for every strategy that was trained often enough.
pub(super) fn section(all: &[TrainingPage]) -> Section {
    let strategies: Vec<Vec<&TrainingPage>> = of_one_strategy(all);
    if strategies.is_empty() {
        return Section::default();
    }
    let words = "The same strategy on the same bars, trained several times: what differs is the seed of weights, shuffling and dropout. A \
                 difference between strategies that is no wider than these bands may be one of seeds.";
    let mut blocks = vec![Block::Words(words.into()), Block::Table(table(&strategies))];
    blocks.extend(plot(&strategies).map(Block::Chart));
    Section::new("What the seed changes", blocks)
}

/// Trainings of one strategy on one stretch, where there are enough.
fn of_one_strategy(all: &[TrainingPage]) -> Vec<Vec<&TrainingPage>> {
    let what = |page: &TrainingPage| {
        let training = &page.training;
        (training.strategy_sha256, training.symbols.clone(), training.window)
    };
    let mut groups: Vec<Vec<&TrainingPage>> = Vec::new();
    for page in all {
        match groups.iter_mut().find(|group| what(group[0]) == what(page)) {
            Some(group) => group.push(page),
            None => groups.push(vec![page]),
        }
    }
    groups.retain(|group| group.len() >= CURVES_MIN);
    groups
}

fn table(strategies: &[Vec<&TrainingPage>]) -> Table {
    let head = ["strategy", "trainings", "", "least", "middle", "most"];
    let mut table = Table::new("From seed to seed", head);
    for group in strategies {
        let sharpe = |page: &&TrainingPage| page.training.dev_backtest?.active_sharpe_ratio;
        let loss = |page: &&TrainingPage| page.training.test.loss;
        let figures = [
            (
                "Sharpe ratio on dev, beyond the market",
                sorted(group.iter().filter_map(sharpe)),
                number as fn(_) -> _,
            ),
            ("test loss", sorted(group.iter().filter_map(loss)), |x| decimals(x, 4)),
        ];
        for (name, values, shown) in figures {
            table.rows.push(vec![
                Cell::words(group[0].training.model.strategy.to_string()),
                Cell::number(count(group.len() as u64)),
                Cell::words(name),
                Cell::number(shown(values.first().copied())),
                Cell::number(shown(median(&values))),
                Cell::number(shown(values.last().copied())),
            ]);
        }
    }
    table
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.filter(|x| x.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    values
}

fn plot(strategies: &[Vec<&TrainingPage>]) -> Option<Plane> {
    let band = |group: &Vec<&TrainingPage>| {
        let accounts: Vec<&Curve> =
            group.iter().filter_map(|page| Some(&page.dev_account()?.equity)).collect();
        Some((group[0].training.model.strategy.to_string(), Band::of(&accounts)?))
    };
    let bands = strategies.iter().filter_map(band).enumerate();
    let layers: Vec<_> = bands.flat_map(|(n, (name, band))| band.layers(&name, Hue::Series(n))).collect();
    (!layers.is_empty()).then(|| Plane {
        title: "Growth on dev, from seed to seed".into(),
        about: "Walk-forward on dev, net of costs: from the least to the most of all trainings of a strategy, and the middle.".into(),
        x: Axis::time(),
        y: Axis::of("since the start", Unit::Percent).showing(0.0),
        layers,
        height: Height::High,
    })
}
