//! What the strategy would have said through dev, at each bar by a network that had seen nothing of that bar's block.
//!
//! The traded symbol's rows from [`KNOWN_FIRST`] on are cut into [`BLOCKS`] blocks in order of time. The last one is the test
//! rows, and the stored network speaks for it; for each other block a network is fitted with the same settings on all
//! rows whose label ends before the block opens, of every symbol, so that what is known grows from block to block. One
//! that can not be fitted (too short a history, no variety) is left out together with those before it.
//!
//! Of a long history the networks before the stored one learn from every second or third row: labels of neighbours overlap,
//! so that the rows between teach little and would cost as much.
//!
//! | rows | 0–40 % | 40–62.5 % | 62.5–85 % | 85–100 % |
//! |---|---|---|---|---|
//! | first network | fits and stops | *speaks* | | |
//! | second | fits and stops | fits and stops | *speaks* | |
//! | stored | fits and stops | fits and stops | fits and stops | *speaks* |

use std::ops::Range;

use ktrdr_domain::strategy::{DataSplit, Strategy};
use ktrdr_neural::Trained;
use ktrdr_quant::split::{self, Split};
use ndarray::{Array2, Axis, concatenate};

use super::fit::{Fitter, Stage};
use super::gather::{self, Gathered, Prepared, Rows};
use crate::fault::Fault;

/// Blocks, the test rows among them.
pub(super) const BLOCKS: usize = 3;

/// Share of the rows that every network has seen. Less teaches the first network too little to stand for the strategy.
const KNOWN_FIRST: f64 = 0.4;

/// Rows that need no thinning.
const ROWS_ENOUGH: usize = 6_000;

/// Of at most so many rows one is learned from.
const THINNING_MAX: usize = 3;

/// The networks' answers on consecutive bars of the traded symbol.
pub(super) struct WalkForward {
    /// The bars.
    pub(super) range: Range<usize>,
    /// Outputs, one row for each bar.
    pub(super) outputs: Array2<f32>,
    /// Blocks that could be walked.
    pub(super) blocks: u32,
    /// Why it is not all of them.
    pub(super) shortened: Option<String>,
}

/// Walks dev with the stored network for the last block; `None` where there are no test rows.
pub(super) fn walk(
    fitter: &Fitter<'_>,
    gathered: &Gathered,
    stored: &Trained,
    percent: &Range<f64>,
) -> Result<Option<WalkForward>, Fault> {
    let Some((last, earlier)) = gathered.symbols.first().and_then(blocks) else { return Ok(None) };
    let Some(said) = answers(stored, &gathered.rows, &last)? else { return Ok(None) };
    let (mut range, mut newest_first, mut shortened) = (last, vec![said], None);
    for (number, block) in earlier.into_iter().enumerate().rev() {
        let stage = stage(number, percent);
        let network = rows_before(&fitter.spec.strategy, gathered, block.start).and_then(|rows| {
            let trained = fitter.fit(&rows, &stage)?;
            answers(&trained, &rows, &block)
        });
        match network {
            Ok(Some(said)) => {
                range.start = block.start;
                newest_first.push(said);
            }
            Ok(None) => break,
            Err(Fault::BadInput(why)) => {
                shortened =
                    Some(format!("the backtest on dev leaves out block {} of {BLOCKS}: {why}", number + 1));
                break;
            }
            Err(fault) => return Err(fault),
        }
    }
    let in_order: Vec<_> = newest_first.iter().rev().map(|outputs| outputs.view()).collect();
    let outputs = concatenate(Axis(0), &in_order).map_err(Fault::input)?;
    Ok(Some(WalkForward { range, outputs, blocks: newest_first.len() as u32, shortened }))
}

/// The test rows and the blocks before them, as bars of the traded symbol.
fn blocks(traded: &Prepared) -> Option<(Range<usize>, Vec<Range<usize>>)> {
    let test = *traded.split.test.first()?..traded.split.test.last()? + 1;
    let from = traded.usable.start + (KNOWN_FIRST * traded.usable.len() as f64).round() as usize;
    let bars = test.start.saturating_sub(from);
    let edge = |block: usize| test.start - bars + bars * block / (BLOCKS - 1);
    let earlier = (0..BLOCKS - 1).map(|block| edge(block)..edge(block + 1));
    Some((test.clone(), earlier.filter(|block| !block.is_empty()).collect()))
}

/// Rows of every symbol that were settled before the traded symbol's bar `from` opened.
fn rows_before(strategy: &Strategy, gathered: &Gathered, from: usize) -> Result<Rows, Fault> {
    let opens = gathered.symbols[0].bars.base.time[from];
    let DataSplit { train, validation, .. } = strategy.training.data_split;
    let sum = train + validation;
    let shares = DataSplit { train: train / sum, validation: validation / sum, test: 0.0 };
    let settled = |symbol: &Prepared| -> Result<Split, Fault> {
        let next = symbol.bars.base.time.partition_point(|time| *time < opens);
        let rows = symbol.usable.start..symbol.usable.end.min(next).max(symbol.usable.start);
        let split =
            split::purged(rows.clone(), symbol.labels.ends(rows), &shares, 0).map_err(Fault::input)?;
        Ok(thinned(split))
    };
    let splits: Vec<Split> = gathered.symbols.iter().map(settled).collect::<Result<_, _>>()?;
    gather::pool(strategy, &gathered.symbols, &splits, Some(&gathered.rows))
}

fn thinned(split: Split) -> Split {
    let every = (split.train.len() / ROWS_ENOUGH).clamp(1, THINNING_MAX);
    let some = |rows: Vec<usize>| rows.into_iter().step_by(every).collect();
    Split { train: some(split.train), validation: some(split.validation), ..split }
}

fn answers(trained: &Trained, rows: &Rows, block: &Range<usize>) -> Result<Option<Array2<f32>>, Fault> {
    let shown = rows.features[0].rows_of_bars(block.clone());
    shown.map(|shown| trained.network.predict(&shown).map_err(Fault::input)).transpose()
}

/// The networks before the stored one share the percentages, the last block first.
fn stage(number: usize, percent: &Range<f64>) -> Stage {
    let each = (percent.end - percent.start) / (BLOCKS - 1) as f64;
    let walked = BLOCKS - 2 - number;
    let start = percent.start + each * walked as f64;
    // The stored network is the first that is fitted.
    let before = 1 + walked as u32;
    Stage { name: format!("block {}/{BLOCKS} of dev: ", number + 1), before, percent: start..start + each }
}

#[cfg(test)]
mod tests {
    use ktrdr_quant::Bars;

    use super::super::gather::SymbolBars;
    use super::*;

    fn strategy() -> Strategy {
        let yaml = include_str!("../../../../strategies/fx_pullback.yaml");
        Strategy::from_yaml(yaml).unwrap().strategy
    }

    /// A walk whose steps after bar `known` are others.
    fn walked(bars: usize, known: usize, strategy: &Strategy, symbol: &str) -> Prepared {
        let base = strategy.training_data.base_timeframe;
        let mut walk = Bars::with_capacity(symbol.parse().unwrap(), base, bars);
        let (mut price, mut state) = (100.0f64, 1u64);
        for bar in 0..bars {
            state =
                state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(if bar < known { 1 } else { 3 });
            let step = 0.01 * ((state >> 33) as f64 / f64::from(1u32 << 31) - 0.5);
            let open = price;
            price *= 1.0 + step;
            walk.time.push(bar as i64 * base.seconds());
            walk.open.push(open);
            walk.high.push(open.max(price) * 1.001);
            walk.low.push(open.min(price) * 0.999);
            walk.close.push(price);
            walk.volume.push(1.0);
        }
        Prepared::new(strategy, SymbolBars { base: walk, others: Vec::new() }).unwrap()
    }

    #[test]
    fn blocks_follow_one_another_and_end_with_the_test_rows() {
        let traded = walked(4_000, 4_000, &strategy(), "A");
        let (last, earlier) = blocks(&traded).unwrap();
        assert_eq!(last, traded.split.test[0]..traded.usable.end);
        assert_eq!((earlier.len(), earlier[0].end, earlier[1].end), (2, earlier[1].start, last.start));
        let known = (earlier[0].start - traded.usable.start) as f64 / traded.usable.len() as f64;
        assert!((known - KNOWN_FIRST).abs() < 0.01, "{known}");
    }

    #[test]
    fn a_network_learns_nothing_of_its_block_nor_of_what_another_symbol_did_then() {
        let strategy = strategy();
        let pair = |known| ["A", "B"].map(|symbol| walked(4_000, known, &strategy, symbol));
        let from = blocks(&pair(4_000)[0]).unwrap().1[1].start;
        let rows = |known| {
            let gathered = gather::together(&strategy, pair(known).into()).unwrap();
            let Rows { train, validation, .. } = rows_before(&strategy, &gathered, from).unwrap();
            (train.x, train.classes, validation.x, validation.classes)
        };
        assert_eq!(rows(4_000), rows(from), "the future changes nothing");
        assert_ne!(rows(4_000), rows(from - 200), "the past does");
    }

    #[test]
    fn a_symbol_that_is_judged_later_forgets_what_was_judged_before() {
        let mut longer = walked(4_000, 4_000, &strategy(), "B");
        let fitted = longer.split.train.len();
        longer.forget_from(longer.bars.base.time[1_000]);
        let last = *longer.split.train.last().unwrap();
        assert!(longer.labels.end[last - longer.labels.start] < 1_000);
        assert!(longer.split.validation.is_empty() && longer.split.train.len() < fitted);
    }
}
