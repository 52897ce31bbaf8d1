//! The network on dev's test rows: as a forecaster, and as a trader on the first symbol, costs included.

use ktrdr_domain::job::TrainingSpec;
use ktrdr_domain::report::{TestMetrics, TradingOnTest};
use ktrdr_domain::trading::Account;
use ktrdr_neural::{Trained, score};
use ktrdr_quant::{decide, simulate};

use super::gather::Gathered;
use crate::evaluate::figures;
use crate::fault::Fault;

/// What the test rows say.
pub(crate) struct TestResults {
    pub(crate) test: TestMetrics,
    pub(crate) trading: Option<TradingOnTest>,
}

pub(crate) fn evaluate(
    spec: &TrainingSpec,
    gathered: &Gathered,
    trained: &Trained,
) -> Result<TestResults, Fault> {
    let samples = gathered.test.samples();
    let train = gathered.train.samples();
    let test = score::test_metrics(
        &trained.network,
        &samples,
        &train.targets,
        spec.strategy.training.optimisation.loss,
    )
    .map_err(Fault::input)?;
    Ok(TestResults { test, trading: trade(spec, gathered, trained)? })
}

/// Trades the stretch of the first symbol's test rows with the strategy's own size and exits, and the job's capital and
/// costs.
fn trade(
    spec: &TrainingSpec,
    gathered: &Gathered,
    trained: &Trained,
) -> Result<Option<TradingOnTest>, Fault> {
    let (bars, matrix, test_bars) = &gathered.first;
    let (Some(&from), Some(&to)) = (test_bars.first(), test_bars.last()) else { return Ok(None) };
    let range = from..to + 1;
    let Some(rows) = matrix.rows_of_bars(range.clone()) else { return Ok(None) };
    let outputs = trained.network.predict(&rows).map_err(Fault::input)?;
    let targets = decide::targets(&outputs, &spec.strategy.decisions).map_err(Fault::input)?;
    let risk = spec.strategy.risk;
    let account = Account { sizing: risk.position_sizing, exits: risk.exits, ..spec.account };
    let run = simulate::run(&bars.base, range.clone(), &targets, &account).map_err(Fault::input)?;
    let figures = figures(&run, &bars.base, range, &account).metrics;
    Ok(Some(TradingOnTest {
        total_return_pct: figures.total_return_pct,
        sharpe_ratio: figures.sharpe_ratio,
        total_trades: figures.total_trades,
    }))
}
