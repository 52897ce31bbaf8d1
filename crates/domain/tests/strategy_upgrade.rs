//! Older grammars are read, upgraded, and every dropped key is named.
#![allow(missing_docs, clippy::unwrap_used)]

use ktrdr_domain::Strategy;
use ktrdr_domain::strategy::network::{EarlyStopping, Scheduler};
use ktrdr_domain::strategy::{IndicatorKind, Labels, Membership, OldGrammar, Read};

const GRAMMAR_2: &str = r#"name: older_one
version: "2.0"
hypothesis: Kept
scope: universal
training_data:
  symbols: {mode: multi_symbol, symbols: [EURUSD, GBPUSD], selection_criteria: {asset_class: forex}}
  timeframes: {mode: single, timeframe: 1h, list: [1h], base_timeframe: 1h}
  history_required: 300
  date_range: {start: "2018-01-01", end: "2022-12-31"}
deployment: {target_symbols: {mode: universal}, target_timeframes: {mode: single}}
indicators:
  - {name: RSI, feature_id: rsi_fast, period: 9, source: close}
  - {name: WilliamsR, feature_id: wr, source: close, params: {period: 20}}
  - {name: DonchianChannels, feature_id: dc, include_middle: true}
fuzzy_sets:
  rsi_fast:
    low: {type: triangle, parameters: [0, 0, 60]}
    high: {type: trapezoid, parameters: [40, 60, 100, 100]}
  wr: {low: {type: gaussian, parameters: [-50, 60]}}
  ghost: {low: {type: triangular, parameters: [0, 1, 2]}}
model:
  type: mlp
  architecture: {hidden_layers: [32, 16], output_activation: softmax}
  features: {lookback_periods: 3, scale_features: true}
  training:
    epochs: 60
    lr_scheduler: {type: step}
    early_stopping: {enabled: true, monitor: val_loss}
decisions:
  output_format: classification
  confidence_threshold: 0.7
  position_awareness: true
  filters: {min_signal_separation: 6, volume_filter: false}
training:
  method: supervised
  labels: {source: zigzag, zigzag_threshold: 0.02, label_lookahead: 20}
  data_split: {train: 0.6, validation: 0.2, test: 0.2}
  fitness_metrics: {primary: accuracy}
risk_management: {position_sizing: fixed_fraction}
orchestrator: {signal_cooldown: 4}
backtest: {date_range: {start: "2023-01-01", end: "2023-12-31"}}
backtesting: {initial_capital: 100000}
"#;

fn read(text: &str) -> Read {
    Strategy::from_yaml(text).unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn grammar_2_keeps_its_meaning() {
    let Read { strategy, upgraded_from, .. } = read(GRAMMAR_2);
    assert_eq!((upgraded_from, strategy.version.as_str()), (Some(OldGrammar::V2), "3.0"));
    let data = &strategy.training_data;
    assert_eq!((data.symbols.len(), data.history_required), (2, 300));
    assert_eq!(data.start_date.unwrap().to_string(), "2018-01-01T00:00:00Z");
    assert_eq!(strategy.indicators["rsi_fast"].number("period"), 9.0);
    assert_eq!(
        (strategy.indicators["wr"].kind, strategy.indicators["wr"].count("period")),
        (IndicatorKind::WilliamsR, 20)
    );
    assert_eq!(
        strategy.fuzzy_sets["rsi_fast"].members["high"],
        Membership::Trapezoidal([40.0, 60.0, 100.0, 100.0])
    );
    assert_eq!(strategy.features().len(), 3 * 4, "three members, today and three lags");
    assert_eq!(strategy.training.labels, Labels::Zigzag { threshold: 0.02 });
    assert_eq!(strategy.training.data_split.train, 0.6);
    let fit = &strategy.training.optimisation;
    assert_eq!((fit.epochs, fit.batch_size, fit.learning_rate, fit.weight_decay), (60, 32, 0.001, 0.0001));
    assert_eq!(fit.lr_scheduler, Scheduler::Step { step_size: 30, gamma: 0.1 });
    assert_eq!(fit.early_stopping, Some(EarlyStopping { patience: 10, min_delta: 1e-4 }));
    assert_eq!((fit.gradient_clip, strategy.model.dropout), (None, 0.2));
    let decisions = &strategy.decisions;
    assert_eq!(
        (decisions.allow_short, decisions.min_signal_separation, decisions.confidence_threshold),
        (false, 6, 0.7)
    );
}

#[test]
fn each_dropped_key_is_named_with_its_line() {
    let warnings = read(GRAMMAR_2).warnings;
    let dropped: Vec<&str> =
        warnings.iter().filter(|w| w.message.starts_with("dropped")).map(|w| w.path.as_str()).collect();
    assert_eq!(
        dropped,
        [
            "scope",
            "training_data.symbols.selection_criteria",
            "deployment",
            "indicators.wr.source",
            "indicators.dc.include_middle",
            "fuzzy_sets.ghost",
            "model.architecture.output_activation",
            "model.features.scale_features",
            "training.early_stopping.monitor",
            "decisions.filters.volume_filter",
            "training.method",
            "training.labels.label_lookahead",
            "training.fitness_metrics",
            "risk_management",
            "orchestrator",
            "backtest",
            "backtesting",
        ]
    );
    assert_eq!(warnings.iter().find(|w| w.path == "fuzzy_sets.ghost").unwrap().line, Some(20));
    assert!(warnings.iter().any(|w| w.path == "indicators.dc" && w.message.contains("nothing reads")));
}

#[test]
fn an_upgraded_strategy_is_written_in_the_current_grammar() {
    let first = read(GRAMMAR_2).strategy;
    let second = read(&first.to_yaml());
    assert_eq!((second.strategy, second.upgraded_from), (first, None));
}

#[test]
fn grammar_1_takes_the_defaults_it_always_took() {
    let text = "name: oldest\ndata: {symbols: [AAPL], timeframes: [1h], history_required: 200}\n\
        indicators:\n  - {name: rsi, period: 14}\n\
        fuzzy_sets:\n  rsi: {low: {type: triangular, parameters: [0, 0, 100]}}\n";
    let Read { strategy, upgraded_from, .. } = read(text);
    assert_eq!(upgraded_from, Some(OldGrammar::V1));
    assert_eq!(strategy.model.hidden_layers, [50, 25]);
    assert_eq!(strategy.training.labels, Labels::Zigzag { threshold: 0.03 });
    assert_eq!((strategy.training.optimisation.epochs, strategy.nn_inputs[0].lags), (100, 2));
    assert_eq!((strategy.decisions.confidence_threshold, strategy.decisions.min_signal_separation), (0.6, 4));
}

#[test]
fn faults_in_an_old_file_keep_their_lines() {
    let text = GRAMMAR_2.replace("name: WilliamsR", "name: Wiliams").replace("[0, 0, 60]", "[60, 0, 0]");
    let errors = Strategy::from_yaml(&text).unwrap_err();
    let found: Vec<_> = errors.0.iter().map(|f| (f.path.as_str(), f.line)).collect();
    assert_eq!(found, [("indicators.wr.type", Some(13)), ("fuzzy_sets.rsi_fast.low", Some(17))], "{errors}");
}

#[test]
fn an_old_layout_under_a_new_version_is_told_apart() {
    let list = "name: x\nversion: '3.0'\nnn_inputs: []\nindicators:\n  - {name: rsi, feature_id: rsi}\n";
    let errors = Strategy::from_yaml(list).unwrap_err().to_string();
    assert!(errors.contains("indicators: expected a map, found a list"), "{errors}");
    let map = "name: x\nversion: '2.0'\nindicators: {rsi: {type: rsi}}\n";
    let errors = Strategy::from_yaml(map).unwrap_err().to_string();
    assert!(errors.contains("line 2, version: grammar \"2.0\" does not fit"), "{errors}");
}
