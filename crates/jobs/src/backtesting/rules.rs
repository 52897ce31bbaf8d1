//! The strategy read back from what its network did: where each input's values lay, which sets were true when a position was
//! wanted, and what is lost where an input says nothing any more.

use std::ops::Range;

use ktrdr_catalog::models::Metadata;
use ktrdr_domain::Strategy;
use ktrdr_domain::report::sheet::{Ablation, Activation, ClassCard, InputCard, RulesCard};
use ktrdr_domain::strategy::label::Class;
use ktrdr_neural::Network;
use ktrdr_neural::importance::held;
use ktrdr_quant::exam::{Exam, Market};
use ktrdr_quant::features::Indicators;
use ktrdr_quant::sheet::{Daily, histogram};
use ktrdr_quant::simulate::{self, Target};
use ktrdr_worker::Job;
use ndarray::{Array2, Axis};

use crate::evaluate::Trader;
use crate::fault::Fault;
use crate::inputs::{self, INPUTS_MAX};

/// Closes at which an indicator is read for its density, about.
const READ: usize = 4_096;

/// Parts of a density.
const DENSITY_PARTS: usize = 48;

/// Sets that are told for each class.
const STRONGEST: usize = 6;

/// What decided, and what it was shown.
pub(super) struct Mind {
    pub(super) metadata: Metadata,
    pub(super) network: Network,
    /// A row for each close from the window's first on.
    pub(super) rows: Array2<f32>,
    /// Its inputs with their densities.
    pub(super) inputs: Vec<InputCard>,
}

/// The inputs of a strategy, and where their values lay in the window.
pub(super) fn inputs(
    strategy: &Strategy,
    indicators: &Indicators<'_>,
    range: &Range<usize>,
) -> Vec<InputCard> {
    let features = strategy.features();
    let closes: Vec<usize> = range.clone().step_by((range.len() / READ).max(1)).collect();
    let card = |(name, sets): (String, Vec<(String, _)>)| {
        let feature = *inputs::columns(&features, &name).first()?;
        let readings = indicators.readings(feature, &closes).ok()?;
        Some(InputCard { name, sets, density: histogram(&readings, DENSITY_PARTS), ablation: None })
    };
    inputs::of(strategy).into_iter().filter_map(card).take(INPUTS_MAX).collect()
}

impl Mind {
    /// The card; ablations only where they are worth their time.
    pub(super) fn card(
        &self,
        job: &Job,
        exam: &Exam<'_>,
        market: &Market,
        is_worth_explaining: bool,
    ) -> Result<RulesCard, Fault> {
        let mut inputs = self.inputs.clone();
        if is_worth_explaining {
            for input in &mut inputs {
                if job.stop.is_stopped() {
                    return Err(Fault::Stopped);
                }
                input.ablation = self.without(&input.name, exam, market);
            }
        }
        let classes = [(Class::Buy, 1), (Class::Hold, 0), (Class::Sell, -1)];
        let classes = classes.map(|(class, wanted)| self.class(class, wanted, exam.targets));
        Ok(RulesCard { inputs, classes: classes.into_iter().filter(|card| card.closes > 0).collect() })
    }

    fn means(&self, rows: impl Fn(usize) -> bool) -> (u64, Vec<f64>) {
        let mut sums = vec![0.0; self.rows.ncols()];
        let mut count = 0;
        for (_, row) in self.rows.axis_iter(Axis(0)).enumerate().filter(|(at, _)| rows(*at)) {
            count += 1;
            sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        (count, sums.into_iter().map(|sum| sum / count.max(1) as f64).collect())
    }

    /// `None` where the network without it can not be traded.
    fn without(&self, input: &str, exam: &Exam<'_>, market: &Market) -> Option<Ablation> {
        let Metadata { strategy, scaling, features, .. } = &self.metadata;
        let rows = held(&self.rows.view(), &inputs::columns(features, input));
        let mut targets = Trader { strategy, scaling, network: &self.network }.targets(&rows).ok()?;
        targets.truncate(exam.targets.len());
        let same = targets.iter().zip(exam.targets).filter(|(a, b)| a == b).count();
        let run = simulate::run(exam.bars, exam.range.clone(), &targets, exam.account).ok()?;
        let daily = Daily::of(&Exam { targets: &targets, ..exam.clone() }, market, &run);
        Some(Ablation {
            same_positions: same as f64 / targets.len().max(1) as f64,
            total_return_pct: run.net_return(exam.account.initial_capital),
            active_sharpe_ratio: daily.active.as_ref().and_then(|active| daily.sharpe(active)),
        })
    }

    fn class(&self, wanted: Class, target: Target, targets: &[Target]) -> ClassCard {
        let (_, overall) = self.means(|_| true);
        let (closes, means) = self.means(|row| targets.get(row) == Some(&target));
        let named = self.metadata.features.iter().zip(means.into_iter().zip(overall));
        let mut strongest: Vec<Activation> = named
            .map(|(feature, (when_wanted, overall))| Activation {
                feature: feature.name.clone(),
                when_wanted,
                overall,
            })
            .collect();
        let far = |a: &Activation| (a.when_wanted - a.overall).abs();
        strongest.sort_by(|a, b| far(b).total_cmp(&far(a)));
        strongest.truncate(STRONGEST);
        ClassCard { wanted, closes, strongest }
    }
}
