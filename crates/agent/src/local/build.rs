//! From a candidate to a strategy: fuzzy sets, label thresholds and confidence are fitted to the training rows.

use indexmap::IndexMap;
use ktrdr_domain::strategy::decision::{CostModel, Decisions};
use ktrdr_domain::strategy::field::{CONFIDENCE, HISTORY_REQUIRED};
use ktrdr_domain::strategy::network::{EarlyStopping, Optimizer, Scheduler};
use ktrdr_domain::strategy::{
    FuzzySet, IndicatorRef, IndicatorSpec, NnInput, Normalization, Optimisation, Risk, Strategy, Training,
    TrainingData,
};
use ktrdr_domain::trading::{Exits, Sizing};
use ktrdr_domain::{Symbol, Timeframe};

use super::candidate::{Candidate, Encoding, Reading, Target};
use super::{partition, target, words};
use crate::figures::{round_significant, round_to};
use crate::market::Market;

/// Why a candidate makes no strategy.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Flaw {
    /// The indicator hardly varies on dev.
    #[error("{0} hardly varies")]
    Flat(String),
    /// The indicator can not be read.
    #[error(transparent)]
    Unreadable(#[from] ktrdr_quant::features::FeatureError),
    /// No label setting gives every class its share.
    #[error("no threshold gives every class a share at {horizon} bars")]
    OneSided {
        /// Bars ahead.
        horizon: u32,
    },
    /// A name that the rules refuse.
    #[error(transparent)]
    Name(#[from] ktrdr_domain::name::BadName),
}

/// The strategy of a candidate, named by its content.
pub(crate) fn build(candidate: &Candidate, market: &Market<'_>, symbol: &Symbol) -> Result<Strategy, Flaw> {
    let mut parts = Parts::default();
    for reading in &candidate.readings {
        parts.add(reading, market)?;
    }
    let fitted = target::fit(candidate, market).ok_or(Flaw::OneSided { horizon: candidate.horizon })?;
    let mut strategy = Strategy {
        name: "auto".parse()?,
        description: Some(words::description(candidate)),
        hypothesis: Some(words::hypothesis(candidate, &fitted.labels)),
        version: "3.0".to_owned(),
        training_data: training_data(candidate, market, symbol),
        indicators: parts.indicators,
        fuzzy_sets: parts.fuzzy_sets,
        nn_inputs: parts.nn_inputs,
        model: candidate.network(),
        training: Training {
            labels: fitted.labels,
            data_split: market.split,
            optimisation: optimisation(candidate, market.train_rows),
        },
        decisions: decisions(candidate, fitted.prior, market.round_trip_cost),
        risk: risk(candidate),
    };
    strategy.name = words::name(candidate, &strategy.content_sha256()).parse()?;
    Ok(strategy)
}

#[derive(Default)]
struct Parts {
    indicators: IndexMap<String, IndicatorSpec>,
    fuzzy_sets: IndexMap<String, FuzzySet>,
    nn_inputs: Vec<NnInput>,
}

impl Parts {
    fn add(&mut self, reading: &Reading, market: &Market<'_>) -> Result<(), Flaw> {
        let flat = || Flaw::Flat(reading.to_string());
        let output = reading.choice.output;
        let column = market.column(reading.choice.words, &reading.spec, output, reading.timeframe)?;
        let train = &column[..market.train_rows];
        let bounds = reading.spec.kind.definition().bounds;
        let partition =
            |members| partition::fit(train, members, reading.choice.neutral, bounds).ok_or_else(flat);
        let reference =
            IndicatorRef { id: self.indicator_id(&reading.spec), output: output.map(str::to_owned) };
        let mut input = NnInput {
            fuzzy_set: None,
            raw_indicator: None,
            timeframes: vec![reading.timeframe],
            normalization: Normalization::None,
            lags: reading.lags,
        };
        match reading.encoding {
            Encoding::Raw => {
                // Also proves that the value varies, so that it can be scaled.
                partition(2)?;
                input.raw_indicator = Some(reference);
                input.normalization = Normalization::Zscore;
            }
            Encoding::Fuzzy(members) => {
                let id = set_id(&reference, reading.timeframe, market.base().timeframe);
                let members = partition(members)?.into_iter().map(|(name, m)| (name.to_owned(), m)).collect();
                self.fuzzy_sets.insert(id.clone(), FuzzySet { indicator: reference, members });
                input.fuzzy_set = Some(id);
            }
        }
        self.nn_inputs.push(input);
        Ok(())
    }

    /// The id of an indicator, such as `rsi_14`; one that is there already is shared.
    fn indicator_id(&mut self, spec: &IndicatorSpec) -> String {
        let id = words::indicator_id(spec);
        self.indicators.entry(id.clone()).or_insert_with(|| spec.clone());
        id
    }
}

/// `rsi_14`, `tradingday_1_hour`, `rsi_14_1d`
fn set_id(read: &IndicatorRef, timeframe: Timeframe, base: Timeframe) -> String {
    let output = read.output.iter().cloned();
    let slower = (timeframe != base).then(|| timeframe.to_string());
    let parts: Vec<String> = std::iter::once(read.id.clone()).chain(output).chain(slower).collect();
    parts.join("_")
}

fn training_data(candidate: &Candidate, market: &Market<'_>, symbol: &Symbol) -> TrainingData {
    let base = market.base().timeframe;
    let mut timeframes: Vec<Timeframe> =
        candidate.readings.iter().map(|r| r.timeframe).chain([base]).collect();
    timeframes.sort();
    timeframes.dedup();
    TrainingData {
        symbols: vec![symbol.clone()],
        timeframes,
        base_timeframe: base,
        history_required: HISTORY_REQUIRED.default_value() as u32,
        start_date: None,
        end_date: None,
    }
}

fn optimisation(candidate: &Candidate, train_rows: usize) -> Optimisation {
    Optimisation {
        epochs: 40,
        batch_size: if train_rows > 10_000 { 256 } else { 64 },
        learning_rate: candidate.learning_rate,
        optimizer: Optimizer::AdamW,
        weight_decay: candidate.weight_decay,
        lr_scheduler: match candidate.target {
            Target::Return => Scheduler::Exponential { gamma: 0.8 },
            Target::Barriers | Target::Direction => Scheduler::Constant,
        },
        early_stopping: Some(EarlyStopping { patience: 6, min_delta: 1e-5 }),
        ..Optimisation::default()
    }
}

fn decisions(candidate: &Candidate, prior: f64, round_trip_cost: f64) -> Decisions {
    let cost_model = CostModel {
        round_trip_cost: round_significant(round_trip_cost, 3).max(1e-6),
        min_edge_multiplier: round_significant(candidate.edge, 2),
    };
    Decisions {
        output_format: candidate.target.output(),
        confidence_threshold: match candidate.target {
            Target::Return => CONFIDENCE.default_value(),
            Target::Barriers | Target::Direction => round_to(prior + candidate.margin, 3).clamp(0.0, 0.95),
        },
        position_awareness: candidate.keeps,
        allow_short: candidate.allow_short,
        min_signal_separation: candidate.separation,
        cost_model: (candidate.target == Target::Return).then_some(cost_model),
    }
}

fn risk(candidate: &Candidate) -> Risk {
    Risk {
        position_sizing: Sizing::default(),
        exits: Exits {
            stop_loss: candidate.stop_loss,
            take_profit: None,
            max_holding_bars: candidate.holding_max,
        },
    }
}
