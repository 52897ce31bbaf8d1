//! Bars in memory, how a path of returns becomes bars, and the file they are imported from.

use std::fmt::Write;

use super::calendar;
use super::dice::Dice;

/// Steps inside a bar, from which come its high and low.
const STEPS_PER_BAR: u32 = 6;
/// A price has six digits behind the point.
const UNITS: f64 = 1e6;

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Series {
    pub(super) time: Vec<i64>,
    pub(super) open: Vec<f64>,
    pub(super) high: Vec<f64>,
    pub(super) low: Vec<f64>,
    pub(super) close: Vec<f64>,
}

impl Series {
    pub(super) fn len(&self) -> usize {
        self.time.len()
    }

    /// Adds a bar; prices are cut to what a file shows.
    pub(super) fn push(&mut self, time: i64, [open, high, low, close]: [f64; 4]) {
        let [open, high, low, close] = [open, high, low, close].map(shown);
        self.time.push(time);
        self.open.push(open);
        self.high.push(high.max(open).max(close));
        self.low.push(low.min(open).min(close));
        self.close.push(close);
    }

    /// Adds a bar that walks from `open` by a log return of `drift` on average and `sigma` of spread, in equal steps.
    pub(super) fn walk(&mut self, time: i64, open: f64, drift: f64, sigma: f64, dice: &mut Dice) {
        let steps = f64::from(STEPS_PER_BAR);
        let (mut price, mut high, mut low) = (open, open, open);
        for _ in 0..STEPS_PER_BAR {
            price *= (drift / steps + sigma / steps.sqrt() * dice.normal()).exp();
            high = high.max(price);
            low = low.min(price);
        }
        self.push(time, [open, high, low, price]);
    }

    /// Log returns from close to close.
    pub(super) fn log_returns(&self) -> Vec<f64> {
        self.close.windows(2).map(|pair| (pair[1] / pair[0]).ln()).collect()
    }

    /// The bars of a stretch of time, its end excluded.
    pub(super) fn range(&self, start: i64, end: i64) -> std::ops::Range<usize> {
        self.time.partition_point(|t| *t < start)..self.time.partition_point(|t| *t < end)
    }

    /// A stretch of time as a series of its own.
    pub(super) fn cut(&self, start: i64, end: i64) -> Self {
        let range = self.range(start, end);
        let of = |prices: &[f64]| prices[range.clone()].to_vec();
        Self {
            time: self.time[range.clone()].to_vec(),
            open: of(&self.open),
            high: of(&self.high),
            low: of(&self.low),
            close: of(&self.close),
        }
    }

    /// In the program's own layout.
    pub(super) fn csv(&self) -> String {
        let mut text = String::from("timestamp,open,high,low,close,volume\n");
        for i in 0..self.len() {
            let (open, high, low, close) = (self.open[i], self.high[i], self.low[i], self.close[i]);
            writeln!(text, "{},{open},{high},{low},{close},0", calendar::stamp(self.time[i])).unwrap();
        }
        text
    }

    /// Reads that layout.
    pub(super) fn read(csv: &str) -> Self {
        let mut series = Self::default();
        for line in csv.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit())) {
            let mut cells = line.split(',');
            let time = cells.next().and_then(calendar::parse).unwrap_or_else(|| panic!("{line}: no time"));
            let prices: Vec<f64> = cells.take(4).map(|cell| cell.parse().unwrap()).collect();
            series.push(time, prices.try_into().unwrap());
        }
        series
    }
}

fn shown(price: f64) -> f64 {
    (price * UNITS).round() / UNITS
}

#[test]
fn what_is_written_is_read_again() {
    let mut series = Series::default();
    let mut dice = Dice::new(3);
    for day in 0..50 {
        let open = series.close.last().copied().unwrap_or(1.2);
        series.walk(day * 86_400, open, 0.0, 0.01, &mut dice);
    }
    assert_eq!(Series::read(&series.csv()), series);
    assert_eq!(series.range(86_400, 3 * 86_400), 1..3);
}
