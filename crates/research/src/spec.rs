//! What the next child is told, from what the children before it returned. Windows belong to the platform: a
//! strategy may narrow dev, and the backtest always runs on the gate window.

use ktrdr_domain::gate::GateVerdict;
use ktrdr_domain::job::{AssessmentSpec, BacktestSpec, BacktestSubject, DesignResult, Origin, TrainingSpec};
use ktrdr_domain::report::{BacktestSummary, EpochRecord, TrainingReport};
use ktrdr_domain::research::ResearchSpec;
use ktrdr_domain::strategy::Strategy;
use ktrdr_domain::trading::Account;
use ktrdr_domain::window::WindowError;
use ktrdr_domain::{DataRef, FailureReason, JobSpec, Phase, Sha256, Span, Symbol, Timeframe};

use crate::cycle::Fault;

/// Epochs that travel with an assessment: enough to see the curve, and the message stays small.
const EPOCHS_TOLD_MAX: usize = 100;

pub(crate) fn training(spec: &ResearchSpec, design: &DesignResult) -> Result<JobSpec, Fault> {
    let strategy = &design.strategy;
    let wanted = &strategy.training_data;
    if wanted.base_timeframe != spec.timeframe {
        let error = format!(
            "{} decides on {} bars, but this cycle trades {} bars",
            strategy.name, wanted.base_timeframe, spec.timeframe
        );
        return Err(Fault::new(FailureReason::WrongTimeframe, error));
    }
    // Asked for now, so that no network is trained that can not be backtested.
    backtest_data(spec, strategy)?;
    let data = wanted
        .symbols
        .iter()
        .flat_map(|symbol| wanted.timeframes.iter().map(move |timeframe| (symbol, *timeframe)))
        .map(|(symbol, timeframe)| data_ref(spec, strategy, symbol, timeframe))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(JobSpec::Training(Box::new(TrainingSpec {
        strategy: strategy.clone(),
        author: design.author.clone(),
        data,
        windows: spec.windows,
        window: training_window(spec, strategy)?,
        open_vault: None,
        account: account(spec, strategy),
        seed: seed(spec.seed, Phase::Training.as_str()),
        device: spec.device,
    })))
}

pub(crate) fn backtest(
    spec: &ResearchSpec,
    design: &DesignResult,
    training: &TrainingReport,
) -> Result<JobSpec, Fault> {
    Ok(JobSpec::Backtest(Box::new(BacktestSpec {
        subject: BacktestSubject::Model(training.model.clone()),
        symbol: spec.symbol.clone(),
        timeframe: spec.timeframe,
        data: backtest_data(spec, &design.strategy)?,
        windows: spec.windows,
        window: spec.windows.gate,
        open_vault: None,
        account: account(spec, &design.strategy),
        campaign: spec.campaign.clone(),
        origin: Origin::Research,
        // Who gives a strategy of their own may have it examined again, and is counted.
        refuse_repetition: spec.given.is_none(),
        seed: seed(spec.seed, Phase::Backtesting.as_str()),
        repeats: None,
    })))
}

/// Called for what passed the gate of the backtest.
pub(crate) fn assessment(
    spec: &ResearchSpec,
    design: &DesignResult,
    training: &TrainingReport,
    backtest: &BacktestSummary,
) -> JobSpec {
    JobSpec::Assessment(Box::new(AssessmentSpec {
        agent: spec.agent.clone(),
        batch: spec.batch,
        masked: spec.masked,
        strategy: design.strategy.clone(),
        training: TrainingReport { history: thinned(&training.history), ..training.clone() },
        backtest: backtest.clone(),
        verdict: GateVerdict::Passed,
    }))
}

/// A seed of its own for each use, from the seed of the whole.
pub(crate) fn seed(of_the_whole: u64, used_for: &str) -> u64 {
    Sha256::of(format!("{of_the_whole}/{used_for}").as_bytes()).seed()
}

/// Capital and costs are the cycle's, size and exits the strategy's.
fn account(spec: &ResearchSpec, strategy: &Strategy) -> Account {
    Account { sizing: strategy.risk.position_sizing, exits: strategy.risk.exits, ..spec.account }
}

/// Dev, narrowed by the strategy's own dates.
fn training_window(spec: &ResearchSpec, strategy: &Strategy) -> Result<Span, Fault> {
    let (dev, wanted) = (spec.windows.dev, &strategy.training_data);
    let dates =
        Span { start: wanted.start_date.unwrap_or(dev.start), end: wanted.end_date.unwrap_or(dev.end) };
    dev.intersection(&dates).ok_or_else(|| {
        let error = WindowError::OutsideDev { wanted: dates, dev };
        Fault::new(FailureReason::OutsideDev, format!("{}: {error}", strategy.name))
    })
}

/// The traded bars first, then every other timeframe that the strategy reads.
fn backtest_data(spec: &ResearchSpec, strategy: &Strategy) -> Result<Vec<DataRef>, Fault> {
    let others = strategy.training_data.timeframes.iter().copied().filter(|t| *t != spec.timeframe);
    std::iter::once(spec.timeframe).chain(others).map(|t| data_ref(spec, strategy, &spec.symbol, t)).collect()
}

fn data_ref(
    spec: &ResearchSpec,
    strategy: &Strategy,
    symbol: &Symbol,
    timeframe: Timeframe,
) -> Result<DataRef, Fault> {
    let found = spec.data.iter().find(|d| d.symbol == *symbol && d.timeframe == timeframe);
    found.cloned().ok_or_else(|| {
        let given: Vec<String> = spec.data.iter().map(|d| format!("{} {}", d.symbol, d.timeframe)).collect();
        let error = format!(
            "{} needs {symbol} {timeframe}, but this cycle was given only {}",
            strategy.name,
            given.join(", ")
        );
        Fault::new(FailureReason::MissingData, error)
    })
}

/// Evenly spread epochs, the last one among them.
fn thinned(history: &[EpochRecord]) -> Vec<EpochRecord> {
    let every = history.len().div_ceil(EPOCHS_TOLD_MAX).max(1);
    let mut told: Vec<EpochRecord> = history.iter().rev().step_by(every).copied().collect();
    told.reverse();
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_history_is_thinned_and_keeps_its_end() {
        let epoch = |epoch| EpochRecord {
            epoch,
            train_loss: 1.0,
            train_accuracy: 0.5,
            validation_loss: None,
            validation_accuracy: None,
            learning_rate: 0.001,
        };
        for length in [0, 1, 99, 100, 101, 1234] {
            let history: Vec<EpochRecord> = (1..=length).map(epoch).collect();
            let told = thinned(&history);
            assert!(told.len() <= EPOCHS_TOLD_MAX, "{length}");
            assert_eq!(told.last(), history.last());
            if length <= 100 {
                assert_eq!(told, history);
            }
        }
    }

    #[test]
    fn seeds_differ_by_use_and_by_whole() {
        assert_eq!(seed(7, "training"), seed(7, "training"));
        assert_ne!(seed(7, "training"), seed(7, "backtesting"));
        assert_ne!(seed(7, "training"), seed(8, "training"));
    }
}
