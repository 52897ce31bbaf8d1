//! What decides: a trained model, or target positions from elsewhere.

use std::ops::Range;

use ktrdr_catalog::{models, signals as stored_signals};
use ktrdr_domain::job::{BacktestSpec, BacktestSubject, Origin};
use ktrdr_domain::positions::Positions;
use ktrdr_domain::report::{InSample, ModelRef};
use ktrdr_domain::{Author, Sha256, Span};
use ktrdr_quant::features::{FeatureBars, FeatureMatrix, Indicators, proof};
use ktrdr_quant::simulate::Target;
use ktrdr_quant::{Bars, signals};

use super::rules::{self, Mind};
use crate::Services;
use crate::evaluate::Trader;
use crate::fault::Fault;
use crate::foresight;

/// Cuts at which the leakage proof computes features and decisions again: the future is removed at half of them, scaled at
/// the others.
const PROOF_CUTS: usize = 6;

/// Closes of dev at which a model is asked for the sketch of its positions, about: 16 for each part of the sketch.
const SKETCHED: usize = 4_096;

/// Decisions for every bar of the window.
pub(super) struct Decided {
    pub(super) name: String,
    pub(super) sha256: Sha256,
    /// Hash of the strategy without its name; `None` of signals.
    pub(super) content_sha256: Option<Sha256>,
    pub(super) model: Option<ModelRef>,
    pub(super) targets: Vec<Target>,
    /// `None` when there is nothing to prove anything of.
    pub(super) proof: Option<Proof>,
    /// The language model that wrote it, where one did.
    pub(super) author: Option<Author>,
    /// What it would have held on dev; `None` where that can not be told.
    pub(super) on_dev: Option<Positions>,
    /// Set where the model learned from what it is examined on.
    pub(super) in_sample: Option<InSample>,
    /// What decided, and what it was shown; `None` of signals.
    pub(super) mind: Option<Mind>,
}

/// What became of the leakage proof.
#[derive(Debug, Clone, Copy)]
pub(super) struct Proof {
    pub(super) holds: bool,
    pub(super) cuts: u32,
}

impl Proof {
    /// What it examines.
    pub(super) const EXAMINED: [&str; 2] = ["features", "decisions"];
}

/// The bars of every timeframe, the traded one first, cut at the window's end: nothing later is in reach.
pub(super) fn market(services: &Services, spec: &BacktestSpec) -> Result<Vec<Bars>, Fault> {
    let until_end = |pinned| -> Result<Bars, Fault> {
        let bars = services.bars(pinned)?;
        let end =
            bars.time.partition_point(|t| t.saturating_add(bars.timeframe.seconds()) <= spec.window.end.0);
        Ok(bars.slice(0..end))
    };
    let bars = spec.data.iter().map(until_end).collect::<Result<Vec<_>, _>>()?;
    match bars.first() {
        Some(first) if first.symbol == spec.symbol && first.timeframe == spec.timeframe => Ok(bars),
        _ => Err(Fault::input(format!("the job's first series is not {} {}", spec.symbol, spec.timeframe))),
    }
}

pub(super) fn decide(
    services: &Services,
    spec: &BacktestSpec,
    bars: &[Bars],
    range: &Range<usize>,
) -> Result<Decided, Fault> {
    match &spec.subject {
        BacktestSubject::Model(reference) => by_model(services, spec, reference, bars, range),
        BacktestSubject::Signals { sha256 } => by_signals(services, spec, sha256, bars, range),
    }
}

fn by_model(
    services: &Services,
    spec: &BacktestSpec,
    reference: &ModelRef,
    bars: &[Bars],
    range: &Range<usize>,
) -> Result<Decided, Fault> {
    let stored = services.runtime.block_on(models::load(&*services.artifacts, reference))?;
    let in_sample = stored.metadata.in_sample(super::covered(&bars[0], range));
    if let Some(known) = in_sample.as_ref().filter(|_| spec.origin == Origin::Research) {
        return Err(Fault::Refused(format!(
            "models/{reference} can not be examined here: {known}; train it again within the dev window as it is now"
        )));
    }
    let strategy = &stored.metadata.strategy;
    let trader = Trader { strategy, scaling: &stored.metadata.scaling, network: &stored.network };
    let (base, others) = bars.split_first().ok_or_else(|| Fault::input("the job names no data"))?;
    foresight::refuse_early_stamps(base, others)?;
    let bars = FeatureBars { base, others };
    let indicators = Indicators::compute(strategy, &bars).map_err(Fault::input)?;
    let rows = trader.features(&indicators, range.start)?;
    let mut targets = trader.targets(&rows.values)?;
    let cuts = proof::cuts(range.start, base.len(), PROOF_CUTS, spec.seed);
    let run = proof::Run { rows: &rows, targets: &targets };
    let decide = |rows: &FeatureMatrix| trader.targets(&rows.values);
    let outcome = proof::leakage(strategy, &bars, trader.scaling, run, decide, &cuts)?;
    targets.truncate(range.len());
    let on_dev = on_dev_by(&trader, &indicators, base, spec.windows.dev);
    let inputs = rules::inputs(strategy, &indicators, range);
    Ok(Decided {
        name: strategy.name.to_string(),
        sha256: strategy.sha256(),
        content_sha256: Some(strategy.content_sha256()),
        model: Some(reference.clone()),
        targets,
        proof: Some(Proof { holds: outcome.holds(), cuts: cuts.len() as u32 }),
        author: stored.metadata.author.clone(),
        on_dev,
        in_sample,
        mind: Some(Mind { rows: rows.values, inputs, metadata: stored.metadata, network: stored.network }),
    })
}

/// What a model holds on dev, at every so many closes once its features are warm. Where it can decide nothing there it is a
/// near-copy of nothing.
fn on_dev_by(trader: &Trader<'_>, indicators: &Indicators<'_>, base: &Bars, dev: Span) -> Option<Positions> {
    let dev_bars = base.window(&dev);
    let asked: Vec<usize> = dev_bars.clone().step_by((dev_bars.len() / SKETCHED).max(1)).collect();
    let (asked, rows) = indicators.rows_at(&asked, trader.scaling).ok()?;
    let held = trader.targets(&rows).ok()?;
    Some(Positions::sketch(dev, asked.into_iter().map(|bar| base.time[bar]).zip(held)))
}

fn sketch(bars: &Bars, first: usize, targets: &[Target], dev: Span) -> Positions {
    Positions::sketch(dev, bars.time[first..].iter().copied().zip(targets.iter().copied()))
}

fn by_signals(
    services: &Services,
    spec: &BacktestSpec,
    sha256: &Sha256,
    bars: &[Bars],
    range: &Range<usize>,
) -> Result<Decided, Fault> {
    let bytes = services.runtime.block_on(stored_signals::read(&*services.artifacts, sha256))?;
    let mut rows = signals::read(&bytes).map_err(Fault::input)?;
    // Bars after the stretch are out of reach, and so is what was decided at them.
    rows.truncate(rows.partition_point(|(time, _)| bars[0].time.last().is_some_and(|last| time <= last)));
    let targets = signals::align(&bars[0], range.clone(), &rows).map_err(Fault::input)?;
    let dev = bars[0].window(&spec.windows.dev);
    let held = signals::align(&bars[0], dev.clone(), &rows).map_err(Fault::input)?;
    let on_dev = Some(sketch(&bars[0], dev.start, &held, spec.windows.dev));
    let name = "signals".to_owned();
    Ok(Decided {
        name,
        sha256: *sha256,
        content_sha256: None,
        model: None,
        targets,
        proof: None,
        author: None,
        on_dev,
        in_sample: None,
        mind: None,
    })
}
