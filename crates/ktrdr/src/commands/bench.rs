//! `ktrdr bench …`: figures of this machine. Each figure is the median of its runs, with minimum and maximum.

mod api;
mod fleet;
mod numbers;
mod probes;
mod process;
mod queue;
mod training;

use std::process::ExitCode;
use std::time::Instant;

use schemars::JsonSchema;
use serde::Serialize;

use super::Context;
use crate::cli::bench::{BenchArguments, BenchVerb};
use crate::exit::CliError;

/// One measured figure.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Measured {
    /// What was measured.
    pub(crate) what: String,
    /// Unit of the three numbers.
    pub(crate) unit: &'static str,
    /// Middle run.
    pub(crate) median: f64,
    /// Lowest run.
    pub(crate) min: f64,
    /// Highest run.
    pub(crate) max: f64,
    /// Runs.
    pub(crate) runs: usize,
    /// What it was measured on.
    pub(crate) setting: String,
}

impl Measured {
    pub(crate) fn of(what: &str, unit: &'static str, mut runs: Vec<f64>, setting: String) -> Self {
        runs.sort_by(f64::total_cmp);
        let at = |i: usize| runs.get(i).copied().unwrap_or(f64::NAN);
        Self {
            what: what.to_owned(),
            unit,
            median: at(runs.len() / 2),
            min: at(0),
            max: at(runs.len().saturating_sub(1)),
            runs: runs.len(),
            setting,
        }
    }
}

/// The middle of samples, and what one in a hundred is slower than.
fn percentiles(what: &str, unit: &'static str, mut samples: Vec<f64>, setting: &str) -> [Measured; 2] {
    samples.sort_by(f64::total_cmp);
    let at = |share: f64| Measured {
        what: format!("{what}, {:.0} %", share * 100.0),
        unit,
        median: quantile(&samples, share),
        min: quantile(&samples, 0.0),
        max: quantile(&samples, 1.0),
        runs: samples.len(),
        setting: setting.to_owned(),
    };
    [at(0.5), at(0.99)]
}

/// The sample at which a share of the sorted ones lies at or below.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let index = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(index.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(f64::NAN)
}

pub(crate) fn run(context: &Context<'_>, arguments: &BenchArguments) -> Result<ExitCode, CliError> {
    let runs = arguments.runs as usize;
    let measured = match &arguments.verb {
        BenchVerb::Backtest { bars } => vec![numbers::backtest(*bars as usize, runs)?],
        BenchVerb::Simulate { bars } => vec![numbers::simulate(*bars as usize, runs)?],
        BenchVerb::Train(wanted) => vec![training::measure(wanted, runs)?],
        BenchVerb::Queue { jobs, in_flight } => {
            context.block_on(queue::measure(context, *jobs, *in_flight, runs))?
        }
        BenchVerb::Api(wanted) => context.block_on(api::measure(context, wanted, runs))?,
        BenchVerb::Fleet(wanted) => context.block_on(fleet::measure(context, wanted, runs))?,
    };
    context.screen.list("measured", &measured, |screen| {
        for m in &measured {
            screen.line(format!(
                "{:<34} {} {} (min {}, max {}, {} runs)",
                m.what,
                short(m.median),
                m.unit,
                short(m.min),
                short(m.max),
                m.runs
            ));
            screen.line(format!("  {}", m.setting));
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Digits in groups of three, or three significant ones.
fn short(x: f64) -> String {
    if x < 1000.0 {
        return format!("{x:.1}");
    }
    let digits = format!("{x:.0}");
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap_or_default()).collect();
    groups.join(",")
}

/// Runs `work` once to warm up and then `runs` times; units of work per second of each.
fn per_second(
    units: usize,
    runs: usize,
    mut work: impl FnMut() -> Result<(), CliError>,
) -> Result<Vec<f64>, CliError> {
    work()?;
    let mut rates = Vec::with_capacity(runs);
    for _ in 0..runs {
        let started = Instant::now();
        work()?;
        rates.push(units as f64 / started.elapsed().as_secs_f64());
    }
    Ok(rates)
}
