//! The numeric core on one core: backtest, simulation.

use std::hint::black_box;

use ktrdr_domain::strategy::network::OutputKind;
use ktrdr_domain::trading::Account;
use ktrdr_domain::{Strategy, Timestamp};
use ktrdr_jobs::evaluate::{self, Trader};
use ktrdr_jobs::fault::Fault;
use ktrdr_neural::{Network, NetworkShape};
use ktrdr_quant::Bars;
use ktrdr_quant::data::generate::{self, Process, Recipe, Sessions};
use ktrdr_quant::features::{self, FeatureBars, Indicators, Scaling};
use ktrdr_quant::simulate;

use super::{Measured, per_second};
use crate::exit::{CliError, Kind, OrExit};

/// A strategy with twelve inputs and a small network, as people write them.
pub(super) const STRATEGY: &str = include_str!("strategy.yaml");

/// Bars between two changes of position in the simulation.
const BARS_PER_CHANGE: usize = 20;

fn hourly(bars: usize) -> Result<Bars, CliError> {
    let recipe = Recipe {
        process: Process::from_name("random-walk").or_exit(Kind::Usage)?,
        sessions: Sessions::Always,
        symbol: "BENCH".parse().or_exit(Kind::Usage)?,
        timeframe: "1h".parse().or_exit(Kind::Usage)?,
        start: Timestamp(0),
        bars,
        start_price: 1.1,
        seed: 1,
    };
    generate::generate(&recipe).or_exit(Kind::Usage)
}

fn fault(fault: Fault) -> CliError {
    match fault {
        Fault::BadInput(what)
        | Fault::Refused(what)
        | Fault::Budget(what)
        | Fault::Repetition(what)
        | Fault::Outside(what)
        | Fault::Unhealthy(what)
        | Fault::Waiting { why: what, .. } => CliError::new(Kind::InvalidInput, what),
        Fault::Window(what) => CliError::new(Kind::InvalidInput, what),
        Fault::Stopped => CliError::new(Kind::Interrupted, "stopped"),
    }
}

/// Bars in memory → features → network → decisions → fills → figures.
pub(super) fn backtest(bars: usize, runs: usize) -> Result<Measured, CliError> {
    let strategy = Strategy::from_yaml(STRATEGY).or_exit(Kind::InvalidInput)?.strategy;
    let bars = hourly(bars)?;
    let shape = NetworkShape::new(&strategy.model, strategy.features().len(), OutputKind::Classification)
        .or_exit(Kind::Usage)?;
    let network = Network::seeded(&shape, 1).or_exit(Kind::Usage)?;
    let scaling = Scaling::default();
    let trader = Trader { strategy: &strategy, scaling: &scaling, network: &network };
    let market = FeatureBars { base: &bars, others: &[] };
    let first = features::warm_up(&strategy, &market).or_exit(Kind::Usage)?;
    let (range, account) = (first..bars.len(), Account::default());
    let rates = per_second(range.len(), runs, || {
        let indicators = Indicators::compute(&strategy, &market).or_exit(Kind::InvalidInput)?;
        let rows = trader.features(&indicators, range.start).map_err(fault)?;
        let targets = trader.targets(&rows.values).map_err(fault)?;
        let run = evaluate::trade(&bars, &range, &targets, &account, &mut |_| Some(())).map_err(fault)?;
        black_box(evaluate::figures(&run, &bars, range.clone(), &account));
        Ok(())
    })?;
    let setting = format!(
        "{} hourly bars, {} fuzzy inputs, network {:?}, one core; features, network, decisions, fills, all figures",
        bars.len(),
        shape.inputs,
        shape.hidden_layers
    );
    Ok(Measured::of("backtest, bars to report", "bars/s", rates, setting))
}

/// Fills and equity alone.
pub(super) fn simulate(bars: usize, runs: usize) -> Result<Measured, CliError> {
    let bars = hourly(bars)?;
    let wanted = [1, 0, -1];
    let targets: Vec<i8> = (0..bars.len()).map(|i| wanted[i / BARS_PER_CHANGE % wanted.len()]).collect();
    let account = Account::default();
    let rates = per_second(bars.len(), runs, || {
        black_box(simulate::run(&bars, 0..bars.len(), &targets, &account).or_exit(Kind::Usage)?);
        Ok(())
    })?;
    let setting = format!(
        "{} hourly bars, a change of position every {BARS_PER_CHANGE} bars, costs on, one core",
        bars.len()
    );
    Ok(Measured::of("simulation alone", "bars/s", rates, setting))
}
