//! How a backtest goes, for people who wait: every 50 bars of the run, and then draw by draw.
//!
//! Its work is bars that are simulated: those of the run itself, and as many again for each draw of chance. Deciding comes before
//! and storing after, at a twentieth of the whole each.

use std::ops::Range;

use ktrdr_domain::{Progress, Timestamp};
use ktrdr_quant::Bars;
use ktrdr_quant::simulate::Simulation;
use ktrdr_worker::Job;

/// Where the simulated bars begin and end, in percent.
const SIMULATED: Range<f64> = 5.0..95.0;

/// Tells a job's progress.
pub(super) struct Telling<'a> {
    job: &'a Job,
    bars: &'a Bars,
    range: Range<usize>,
    /// Of which the run itself is one.
    runs: u64,
    runs_done: u64,
    closed: Closed,
}

/// The trades closed so far, added up once each.
#[derive(Default)]
struct Closed {
    trades: usize,
    won: usize,
    pnl: f64,
}

impl<'a> Telling<'a> {
    /// Of a run over `range`, and at most so many draws after it.
    pub(super) fn new(job: &'a Job, bars: &'a Bars, range: Range<usize>, draws: usize) -> Self {
        Self { job, bars, range, runs: 1 + draws as u64, runs_done: 0, closed: Closed::default() }
    }

    /// Says how far the run is; `None` where it should stop.
    pub(super) fn traded(&mut self, simulation: &Simulation<'_>) -> Option<()> {
        self.closed.add(simulation);
        let (done, total) = (simulation.bars_done(), simulation.bars_total());
        let last = self.range.start + done.saturating_sub(1).min(self.range.len() - 1);
        let day = Timestamp(self.bars.time[last]).to_string();
        self.say(done as u64, format!("bar {done}/{total} · {}", &day[..day.len().min(10)]))?;
        self.runs_done = u64::from(simulation.is_done());
        Some(())
    }

    /// Says that one more draw was simulated; `None` where it should stop.
    pub(super) fn drawn(&mut self) -> Option<()> {
        self.runs_done = (self.runs_done + 1).min(self.runs);
        self.say(0, format!("testing significance: draw {} of {}", self.runs_done - 1, self.runs - 1))
    }

    fn say(&self, bars_done: u64, step: String) -> Option<()> {
        let each = self.range.len() as u64;
        let (items_done, items_total) = (self.runs_done * each + bars_done, self.runs * each);
        let share = items_done as f64 / items_total.max(1) as f64;
        self.job.progress.set(Progress {
            percentage: SIMULATED.start + (SIMULATED.end - SIMULATED.start) * share,
            step,
            items_done,
            items_total: Some(items_total),
            figures: self.closed.figures(),
            ..Progress::default()
        });
        (!self.job.stop.is_stopped()).then_some(())
    }
}

impl Closed {
    fn add(&mut self, simulation: &Simulation<'_>) {
        for trade in &simulation.trades()[self.trades..] {
            self.pnl += trade.net_pnl;
            self.won += usize::from(trade.net_pnl > 0.0);
        }
        self.trades = simulation.trades().len();
    }

    /// A win rate is none before the first trade is closed.
    fn figures(&self) -> Vec<(String, f64)> {
        let mut figures = vec![("pnl".to_owned(), self.pnl), ("trades".to_owned(), self.trades as f64)];
        if self.trades > 0 {
            figures.push(("win rate".to_owned(), self.won as f64 / self.trades as f64));
        }
        figures
    }
}
