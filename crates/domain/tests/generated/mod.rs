//! Strategies as a designer might make them: any indicator, any membership, any setting in range.

use indexmap::IndexMap;
use ktrdr_domain::Strategy;
use ktrdr_domain::strategy::decision::CostModel;
use ktrdr_domain::strategy::indicators::{INDICATORS, IndicatorSpec, ParamForm, Source};
use ktrdr_domain::strategy::network::{
    Activation, ClassWeights, EarlyStopping, Loss, Optimizer, OutputKind, Scheduler,
};
use ktrdr_domain::strategy::words::Words;
use ktrdr_domain::strategy::{
    Architecture, DataSplit, Decisions, FuzzySet, IndicatorRef, Labels, Membership, NnInput, Normalization,
    Optimisation, Risk, Training, TrainingData,
};
use ktrdr_domain::timeframe::Timeframe;
use ktrdr_domain::trading::{Exits, Sizing};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::strategy::Strategy as Generator;

/// Strategies that pass every check.
pub(crate) fn strategies() -> impl Generator<Value = Strategy> {
    (features(), training_data(), architecture(), learning(), risk(), prose(), prose()).prop_map(
        |(
            (indicators, fuzzy_sets, raw),
            training_data,
            model,
            (training, decisions),
            risk,
            description,
            hypothesis,
        )| {
            let nn_inputs = nn_inputs(&fuzzy_sets, raw, &training_data.timeframes);
            Strategy {
                name: "generated-1".parse().unwrap(),
                description,
                hypothesis,
                version: "3.0".to_owned(),
                training_data,
                indicators,
                fuzzy_sets,
                nn_inputs,
                model,
                training,
                decisions,
                risk,
            }
        },
    )
}

fn word<T: Words + std::fmt::Debug>() -> impl Generator<Value = T> {
    select(T::WORDS).prop_map(|(_, value)| value)
}

fn prose() -> impl Generator<Value = Option<String>> {
    option::of(prop_oneof!["[ -~]{0,40}", "\\PC{0,20}", any::<String>()])
}

type Features =
    (IndexMap<String, IndicatorSpec>, IndexMap<String, FuzzySet>, Vec<(usize, Normalization, u32)>);

/// Indicators, fuzzy sets on them, and which indicators are read as they are.
fn features() -> impl Generator<Value = Features> {
    let sets = prop::collection::vec((any::<prop::sample::Index>(), any::<bool>(), members()), 1..4);
    let raw = prop::collection::vec((word::<Normalization>(), 0u32..3), 0..3);
    (prop::collection::vec(indicator(), 1..5), sets, raw).prop_map(|(specs, sets, raw)| {
        let indicators: IndexMap<_, _> =
            specs.into_iter().enumerate().map(|(i, s)| (format!("ind-{i}"), s)).collect();
        let fuzzy_set = |(i, (index, dotted, members)): (usize, (prop::sample::Index, bool, _))| {
            let (id, spec) = indicators.get_index(index.index(indicators.len())).unwrap();
            let output = dotted.then(|| spec.kind.definition().outputs.last().unwrap().to_string());
            (format!("Set_{i}"), FuzzySet { indicator: IndicatorRef { id: id.clone(), output }, members })
        };
        let fuzzy_sets = sets.into_iter().enumerate().map(fuzzy_set).collect();
        let raw =
            raw.into_iter().take(indicators.len()).enumerate().map(|(i, (n, lags))| (i, n, lags)).collect();
        (indicators, fuzzy_sets, raw)
    })
}

fn indicator() -> impl Generator<Value = IndicatorSpec> {
    (select(INDICATORS), word::<Source>(), prop::collection::vec(0.0..=1.0, 4)).prop_map(
        |(definition, source, at)| {
            let mut spec = IndicatorSpec::new(definition.kind);
            if definition.has_source {
                spec.source = source;
            }
            for (param, share) in definition.params.iter().zip(at) {
                let value = param.min + (param.max - param.min) * share;
                spec = spec
                    .with(param.name, if param.form == ParamForm::Number { value } else { value.round() });
            }
            spec
        },
    )
}

fn members() -> impl Generator<Value = IndexMap<String, Membership>> {
    prop::collection::vec(membership(), 1..5)
        .prop_map(|all| all.into_iter().enumerate().map(|(i, m)| (format!("m{i}"), m)).collect())
}

fn membership() -> impl Generator<Value = Membership> {
    let number = || prop_oneof![-1e3..1e3, -1e-6..1e-6, -1e12..1e12];
    let width = || prop_oneof![1e-6..1e-3, 1e-3..1e3];
    let rising = prop::array::uniform4(number()).prop_map(|mut p| {
        p.sort_by(f64::total_cmp);
        p
    });
    let distinct = rising.prop_filter("a < c", |p| p[0] < p[2]);
    prop_oneof![
        distinct.clone().prop_map(|[a, b, c, _]| Membership::Triangular([a, b, c])),
        distinct.prop_map(Membership::Trapezoidal),
        (number(), width()).prop_map(|(mean, sigma)| Membership::Gaussian([mean, sigma])),
        (number(), width(), any::<bool>()).prop_map(|(centre, slope, down)| Membership::Sigmoid([
            centre,
            if down { -slope } else { slope }
        ])),
    ]
}

fn nn_inputs(
    sets: &IndexMap<String, FuzzySet>,
    raw: Vec<(usize, Normalization, u32)>,
    timeframes: &[Timeframe],
) -> Vec<NnInput> {
    let base = NnInput {
        fuzzy_set: None,
        raw_indicator: None,
        timeframes: timeframes.to_vec(),
        normalization: Normalization::None,
        lags: 0,
    };
    let fuzzy = sets.keys().map(|id| NnInput { fuzzy_set: Some(id.clone()), ..base.clone() });
    let raw = raw.into_iter().map(|(i, normalization, lags)| NnInput {
        raw_indicator: Some(format!("ind-{i}").into()),
        normalization,
        lags,
        ..base.clone()
    });
    fuzzy.chain(raw).collect()
}

fn training_data() -> impl Generator<Value = TrainingData> {
    let symbols = subsequence(vec!["EURUSD", "BRK.B", "AAPL", "NO", "0700"], 1..4);
    let timeframes = subsequence(vec!["5m", "1h", "4h", "1d"], 1..4);
    (
        symbols,
        timeframes,
        50u32..100_000,
        option::of(0i64..1_500_000_000),
        option::of(1_500_000_000i64..2_000_000_000),
    )
        .prop_map(|(symbols, timeframes, history_required, start, end)| {
            let timeframes: Vec<Timeframe> = timeframes.iter().map(|t| t.parse().unwrap()).collect();
            TrainingData {
                symbols: symbols.iter().map(|s| s.parse().unwrap()).collect(),
                base_timeframe: timeframes[0],
                timeframes,
                history_required,
                start_date: start.map(ktrdr_domain::Timestamp),
                end_date: end.map(ktrdr_domain::Timestamp),
            }
        })
}

fn architecture() -> impl Generator<Value = Architecture> {
    (prop::collection::vec(1usize..=1024, 1..8), word::<Activation>(), 0f32..0.95)
        .prop_map(|(hidden_layers, activation, dropout)| Architecture { hidden_layers, activation, dropout })
}

/// Labels, loss and decisions that belong together.
fn learning() -> impl Generator<Value = (Training, Decisions)> {
    (
        optimisation(),
        labels(),
        (0.01..1.0, 0f64..=1.0),
        any::<[bool; 3]>(),
        0u32..1000,
        (1e-9..0.5, 1e-3..1e3),
    )
        .prop_map(|(mut optimisation, labels, (share, confidence), flags, separation, cost)| {
            let [regression, position_awareness, allow_short] = flags;
            let (labels, cost_model) = if regression {
                optimisation.class_weights = ClassWeights::None;
                optimisation.loss = flags[1].then_some(Loss::Huber { delta: share });
                let cost_model = CostModel { round_trip_cost: cost.0, min_edge_multiplier: cost.1 };
                (Labels::ForwardReturn { horizon: 24, threshold: 0.0 }, Some(cost_model))
            } else {
                optimisation.loss = flags[1].then_some(Loss::CrossEntropy);
                (labels, None)
            };
            let train = 0.02 + 0.9 * share;
            let rest = (1.0 - train) / 2.0;
            let decisions = Decisions {
                output_format: if regression { OutputKind::Regression } else { OutputKind::Classification },
                confidence_threshold: confidence,
                position_awareness,
                allow_short,
                min_signal_separation: separation,
                cost_model,
            };
            let data_split = DataSplit { train, validation: rest, test: rest };
            (Training { labels, data_split, optimisation }, decisions)
        })
}

fn labels() -> impl Generator<Value = Labels> {
    prop_oneof![
        (0.01..100.0, 1u32..10_000, 2u32..10_000).prop_map(|(barrier, horizon, volatility_span)| {
            Labels::TripleBarrier { barrier, horizon, volatility_span }
        }),
        (1u32..10_000, 0.0..0.5)
            .prop_map(|(horizon, threshold)| Labels::ForwardReturn { horizon, threshold }),
        (0.001..0.2).prop_map(|threshold| Labels::Zigzag { threshold }),
    ]
}

fn optimisation() -> impl Generator<Value = Optimisation> {
    let stopping =
        (1u32..100, 0.0..1.0).prop_map(|(patience, min_delta)| EarlyStopping { patience, min_delta });
    let size = (1u32..=10_000, 1usize..=65_536, 1e-9..1.0, word::<Optimizer>(), 0.0..1.0);
    (size, scheduler(), option::of(1e-6..1e6), option::of(stopping), word::<ClassWeights>()).prop_map(
        |(size, lr_scheduler, gradient_clip, early_stopping, class_weights)| Optimisation {
            epochs: size.0,
            batch_size: size.1,
            learning_rate: size.2,
            optimizer: size.3,
            weight_decay: size.4,
            lr_scheduler,
            gradient_clip,
            early_stopping,
            loss: None,
            class_weights,
        },
    )
}

fn scheduler() -> impl Generator<Value = Scheduler> {
    prop_oneof![
        Just(Scheduler::Constant),
        Just(Scheduler::Cosine),
        (1u32..100, 1e-6..1.0).prop_map(|(step_size, gamma)| Scheduler::Step { step_size, gamma }),
        (1e-6..1.0).prop_map(|gamma| Scheduler::Exponential { gamma }),
        (1e-6..1.0, 1u32..100).prop_map(|(factor, patience)| Scheduler::ReduceOnPlateau { factor, patience }),
    ]
}

fn risk() -> impl Generator<Value = Risk> {
    let sizing = prop_oneof![
        Just(Sizing::AllIn),
        (1e-6..=1.0).prop_map(Sizing::FixedFraction),
        (1e-9..1e12).prop_map(Sizing::FixedUnits),
    ];
    let exits = (option::of(1e-6..0.9), option::of(1e-6..0.9), option::of(1u32..1_000_000)).prop_map(
        |(stop_loss, take_profit, max_holding_bars)| Exits { stop_loss, take_profit, max_holding_bars },
    );
    (sizing, exits).prop_map(|(position_sizing, exits)| Risk { position_sizing, exits })
}
