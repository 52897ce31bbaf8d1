//! Markets with known properties, briefs about them and lessons as a cycle would leave them.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use ktrdr_agent::{AgentError, Design, DesignBrief, EvolvingDesigner, LocalDesigner};
use ktrdr_domain::evolution::Part;
use ktrdr_domain::lesson::{Lesson, Reached};
use ktrdr_domain::report::{DevBacktest, TestMetrics};
use ktrdr_domain::strategy::DataSplit;
use ktrdr_domain::trading::Account;
use ktrdr_domain::{Kind, OperationId, Sha256, Span, Strategy, Symbol, Timestamp, Windows};
use ktrdr_quant::{Bars, SeededRng};

/// Hourly bars of a log price that each hour falls back by `pull` of its distance from its own slow average, and
/// is pushed by noise of 0.1 %. Without pull it is a random walk.
pub(crate) fn bars(count: usize, pull: f64, seed: u64) -> Bars {
    let mut rng = SeededRng::new(seed);
    let mut normal = || (0..12).map(|_| rng.unit()).sum::<f64>() - 6.0;
    let mut bars = Bars::with_capacity("EURUSD".parse().unwrap(), "1h".parse().unwrap(), count);
    let (mut log, mut slow) = (0.0f64, 0.0f64);
    for i in 0..count {
        let open = log;
        let steps: Vec<f64> = (0..4)
            .map(|_| {
                log += -pull / 4.0 * (log - slow) + 0.0005 * normal();
                log
            })
            .collect();
        slow += (log - slow) / 100.0;
        let least = steps.iter().copied().fold(open, f64::min);
        let most = steps.iter().copied().fold(open, f64::max);
        bars.time.push(1_500_000_000 / 3_600 * 3_600 + i as i64 * 3_600);
        bars.open.push(open.exp());
        bars.high.push(most.exp());
        bars.low.push(least.exp());
        bars.close.push(log.exp());
        bars.volume.push(0.0);
    }
    bars.synthetic = true;
    bars
}

/// A random walk that goes the way of the day before, days ending at midnight UTC, in bars that open at these hours: by `push` each.
pub(crate) fn bars_that_keep_hours(count: usize, push: f64, hours: std::ops::Range<i64>, seed: u64) -> Bars {
    let mut bars = bars(count, 0.0, seed);
    let (mut pushed, mut way) = (1.0f64, 0.0);
    let mut ends = [bars.open[0]; 2];
    for i in 0..count {
        let hour = bars.time[i] / 3_600 % 24;
        if hour == 0 && i > 0 {
            ends = [ends[1], bars.close[i - 1]];
            way = if ends[1] > ends[0] { push } else { -push };
        }
        let before = pushed;
        pushed *= if hours.contains(&hour) { 1.0 + way } else { 1.0 };
        bars.open[i] *= before;
        bars.close[i] *= pushed;
        bars.high[i] *= before.max(pushed);
        bars.low[i] *= before.min(pushed);
    }
    bars
}

/// The same bars in stretches of `factor`.
pub(crate) fn longer(bars: &Bars, timeframe: &str, factor: usize) -> Bars {
    let mut long = Bars::with_capacity(bars.symbol.clone(), timeframe.parse().unwrap(), bars.len() / factor);
    for start in (0..bars.len() / factor).map(|i| i * factor) {
        let all = start..start + factor;
        long.time.push(bars.time[start]);
        long.open.push(bars.open[start]);
        long.high.push(bars.high[all.clone()].iter().copied().fold(0.0, f64::max));
        long.low.push(bars.low[all.clone()].iter().copied().fold(f64::MAX, f64::min));
        long.close.push(bars.close[start + factor - 1]);
        long.volume.push(bars.volume[all].iter().sum());
    }
    long
}

/// Windows of which these bars are dev, with a gate of 25 bars for each 60 of them.
pub(crate) fn windows(dev: &[Bars]) -> Windows {
    let bars = dev.first().map_or(1, Bars::len) as i64;
    let at = |bar: i64| Timestamp(1_500_000_000 / 3_600 * 3_600 + bar * 3_600);
    let span = |from, to| Span { start: at(from), end: at(to) };
    let gate_end = bars + bars * 25 / 60;
    Windows { dev: span(0, bars), gate: span(bars, gate_end), vault: span(gate_end, 2 * bars) }
}

/// What a campaign has so far.
pub(crate) struct Campaign {
    pub(crate) dev: Vec<Bars>,
    pub(crate) lessons: Vec<Lesson>,
    pub(crate) generation: u32,
    pub(crate) account: Account,
    pub(crate) seed: u64,
    symbol: Symbol,
}

impl Campaign {
    pub(crate) fn new(dev: Vec<Bars>, seed: u64) -> Self {
        Self {
            dev,
            lessons: Vec::new(),
            generation: 1,
            account: Account::default(),
            seed,
            symbol: "EURUSD".parse().unwrap(),
        }
    }

    pub(crate) fn design(&self, index: u32) -> Result<Design, AgentError> {
        self.design_until(index, &|| false)
    }

    pub(crate) fn design_until(&self, index: u32, stop: &dyn Fn() -> bool) -> Result<Design, AgentError> {
        LocalDesigner.search(&self.brief(index, None, &windows(&self.dev)), stop)
    }

    /// What a campaign that evolves has one of its cycles do.
    pub(crate) fn evolve(&self, index: u32, part: Part) -> Result<Design, AgentError> {
        EvolvingDesigner.breed_or_present(&self.brief(index, Some(part), &windows(&self.dev)), &|| false)
    }

    fn brief<'a>(&'a self, index: u32, part: Option<Part>, windows: &'a Windows) -> DesignBrief<'a> {
        DesignBrief {
            symbol: &self.symbol,
            dev_bars: &self.dev,
            windows,
            split: DataSplit::default(),
            lessons: &self.lessons,
            index,
            part,
            generation: self.generation,
            seed: self.seed,
            hypotheses: &[],
            text: None,
            masked: false,
            account: &self.account,
        }
    }

    /// Remembers a strategy that earned this Sharpe ratio on dev.
    pub(crate) fn learn(&mut self, strategy: Strategy, sharpe: f64) {
        self.lessons.insert(0, lesson(strategy, sharpe));
    }
}

pub(crate) fn lesson(strategy: Strategy, sharpe: f64) -> Lesson {
    let strategy_sha256 = Sha256::of_json(&strategy).unwrap();
    let good = sharpe > 0.0;
    Lesson {
        cycle: OperationId::new(Kind::AgentResearch, Timestamp(0), 1),
        resumes: None,
        campaign: "test".parse().unwrap(),
        index: 0,
        author: None,
        tests: None,
        strategy,
        strategy_sha256,
        reached: if good { Reached::Trained } else { Reached::Designed },
        stopped_by: None,
        test: Some(TestMetrics {
            rows: 3_000,
            accuracy: Some(0.4),
            loss: Some(if good { 1.0 } else { 1.1 }),
            baseline_loss: Some(1.05),
            baseline_accuracy: Some(0.4),
            precision: None,
            recall: None,
            f1: None,
            label_shares: [0.4, 0.2, 0.4],
            answer_shares: [0.4, 0.2, 0.4],
        }),
        dev_backtest: Some(DevBacktest {
            blocks: 3,
            bars: 12_000,
            total_return_pct: Some(0.01 * sharpe),
            sharpe_ratio: Some(sharpe),
            active_sharpe_ratio: Some(sharpe),
            total_trades: 320,
            ..DevBacktest::default()
        }),
        dev_positions: None,
        champion: false,
        known_until: Timestamp(0),
    }
}
