//! Metrics of an operation, by what it is.
//!
//! | type | while it runs, or where it did not complete | completed |
//! |---|---|---|
//! | `training` | `epochs`: at most 32, of all networks of the job | `epochs`: every one of the stored network |
//! | `backtesting` | `bars`: at most 32, those of the draws of chance counted too | `bars`: every 50th, of a long run every so many times 50th, and the last |
//! | `data_load` | none | `segments`: stretches without a hole that nothing explains |
//! | anything else | `history`: every change of its row | the same |

use std::collections::BTreeMap;

use ktrdr_catalog::imports::DataLoaded;
use ktrdr_catalog::reports;
use ktrdr_domain::report::{EpochRecord, EquityPoint, Trade, TrainingReport};
use ktrdr_domain::{Kind, Mark, Measured, Operation, OperationId, Status, Timestamp};
use ktrdr_fabric::history::Transition;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::operations::result_of;
use crate::{App, AppError};

/// Bars from one reading of a backtest to the next, or a multiple of it.
const BARS_BETWEEN: usize = 50;

/// Most readings of a completed backtest.
const READINGS_MAX: usize = 1000;

/// What is measured of an operation.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct OperationMetrics {
    /// The operation.
    pub operation: OperationId,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Where it stands.
    pub status: Status,
    /// By its type.
    pub metrics: Metrics,
}

/// A list with the name of what it is of.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "MetricsOfType")]
pub enum Metrics {
    /// Of a training.
    Epochs(Vec<Reading>),
    /// Of a backtest.
    Bars(Vec<Reading>),
    /// Of a data load.
    Segments(Vec<Segment>),
    /// Of anything else.
    History(Vec<Transition>),
}

/// Figures after one item of work.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct Reading {
    /// The epoch or the bar, from 1.
    pub item: u64,
    /// The bar's open, where it is one of a report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
    /// By name, as the progress names them.
    pub figures: BTreeMap<String, f64>,
}

/// Bars without a hole between them that nothing explains; weekends and holidays are explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Segment {
    /// The first bar's open.
    pub start: Timestamp,
    /// The last bar's close.
    pub end: Timestamp,
}

impl App {
    /// What is measured of an operation, by its type.
    ///
    /// # Errors
    /// When there is none of that id; when what it stored can not be read.
    pub async fn metrics(&self, id: &OperationId) -> Result<OperationMetrics, AppError> {
        let row = self.row(id).await?;
        let is_complete = row.status == Status::Completed;
        let metrics = match row.kind.facts().measured {
            Measured::Epochs if is_complete => Metrics::Epochs(epochs(&result_of(&row)?)),
            Measured::Epochs => Metrics::Epochs(so_far(&row)),
            Measured::Bars if is_complete => {
                let report = reports::read(&*self.artifacts, id, row.fence).await?;
                Metrics::Bars(readings(&report.equity, &report.trades))
            }
            Measured::Bars => Metrics::Bars(so_far(&row)),
            Measured::Segments if is_complete => Metrics::Segments(segments(&result_of(&row)?)),
            Measured::Segments => Metrics::Segments(Vec::new()),
            Measured::History => Metrics::History(self.store.history(id).await?),
        };
        let (kind, status) = (row.kind, row.status);
        Ok(OperationMetrics { operation: row.summary.id, kind, status, metrics })
    }
}

/// The trail of its progress.
fn so_far(row: &Operation) -> Vec<Reading> {
    let trail = row.progress.iter().flat_map(|progress| &progress.trail);
    let reading = |Mark { item, figures }: &Mark| Reading {
        item: *item,
        time: None,
        figures: figures.iter().cloned().collect(),
    };
    trail.map(reading).collect()
}

/// Figures of every epoch of a training.
#[must_use]
pub fn epochs(report: &TrainingReport) -> Vec<Reading> {
    let reading = |epoch: &EpochRecord| {
        let mut figures = BTreeMap::from([("loss".to_owned(), epoch.train_loss)]);
        figures.extend(epoch.validation_loss.map(|loss| ("val loss".to_owned(), loss)));
        figures.extend(epoch.validation_accuracy.map(|share| ("val accuracy".to_owned(), share)));
        Reading { item: epoch.epoch.into(), time: None, figures }
    };
    report.history.iter().map(reading).collect()
}

/// What stood at every so many bars, and at the last one.
fn readings(equity: &[EquityPoint], trades: &[Trade]) -> Vec<Reading> {
    let every = BARS_BETWEEN * equity.len().div_ceil(BARS_BETWEEN * READINGS_MAX).max(1);
    let (mut closed, mut won, mut pnl) = (0, 0, 0.0);
    let mut readings = Vec::new();
    for (index, point) in equity.iter().enumerate() {
        // Trades are in the order of their exits.
        while let Some(trade) = trades.get(closed).filter(|trade| trade.exit_time <= point.time) {
            pnl += trade.net_pnl;
            won += usize::from(trade.net_pnl > 0.0);
            closed += 1;
        }
        if (index + 1) % every != 0 && index + 1 != equity.len() {
            continue;
        }
        let told = [("equity", point.equity), ("pnl", pnl), ("trades", closed as f64)];
        let win_rate = (closed > 0).then(|| ("win rate", won as f64 / closed as f64));
        let figures = told.into_iter().chain(win_rate).map(|(name, figure)| (name.to_owned(), figure));
        readings.push(Reading { item: index as u64 + 1, time: Some(point.time), figures: figures.collect() });
    }
    readings
}

/// As far as the health report lists holes: the longest of them.
fn segments(loaded: &DataLoaded) -> Vec<Segment> {
    let Some(span) = loaded.health.span else { return Vec::new() };
    let mut holes = loaded.health.gaps.longest.clone();
    holes.sort_by_key(|hole| hole.from);
    let starts = std::iter::once(span.start).chain(holes.iter().map(|hole| hole.to));
    let ends = holes.iter().map(|hole| hole.from).chain([span.end]);
    starts.zip(ends).map(|(start, end)| Segment { start, end }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(bars: i64) -> Vec<EquityPoint> {
        (0..bars).map(|bar| EquityPoint { time: Timestamp(bar * 3_600), equity: 100.0 }).collect()
    }

    #[test]
    fn every_fiftieth_bar_is_read_and_the_last_and_of_a_long_run_no_more_than_a_thousand() {
        let items = |bars| readings(&flat(bars), &[]).iter().map(|reading| reading.item).collect::<Vec<_>>();
        assert_eq!(items(120), [50, 100, 120]);
        assert_eq!(items(0), [] as [u64; 0]);
        let long = items(120_000);
        assert_eq!((long[0], long[1], long.len()), (150, 300, 800));
        assert!(
            !readings(&flat(50), &[])[0].figures.contains_key("win rate"),
            "there is none before the first trade"
        );
    }
}
