//! The one door through which rows become bars. Every reader goes through it, so every series obeys its rules.

use ktrdr_domain::{Symbol, Timeframe, Timestamp};

use super::fault::{BadBars, Problem};
use crate::Bars;

/// Limits on what a reader takes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadOptions {
    /// Largest file, bytes.
    pub bytes_max: u64,
    /// Most rows.
    pub rows_max: usize,
}

impl Default for ReadOptions {
    /// 2 GiB and 50 million rows: minute bars of a century, within the memory of a laptop.
    fn default() -> Self {
        Self { bytes_max: 2 << 30, rows_max: 50_000_000 }
    }
}

/// One row as numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Row {
    /// When the bar opens, seconds since the epoch.
    pub(super) time: i64,
    /// Open, high, low, close, volume.
    pub(super) values: [f64; 5],
}

pub(super) const COLUMNS: [&str; 5] = ["open", "high", "low", "close", "volume"];

/// Starts a line above the header that says that the bars are generated, not observed.
const SYNTHETIC: &str = "# synthetic";
/// Starts a line above the header that says that prices of zero and below were allowed.
const NEGATIVE_PRICES: &str = "# negative prices";

/// What lines above the header say of the bars.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Marks {
    synthetic: bool,
    negative_prices: bool,
}

impl Marks {
    /// The marks that these bars need.
    pub(super) fn of(bars: &Bars) -> Self {
        Self { synthetic: bars.synthetic, negative_prices: bars.not_above_zero(0..bars.len()).is_some() }
    }

    /// Reads a line, if it is a mark.
    pub(super) fn take(&mut self, line: &[u8]) -> bool {
        let (synthetic, negative) =
            (line.starts_with(SYNTHETIC.as_bytes()), line.starts_with(NEGATIVE_PRICES.as_bytes()));
        self.synthetic |= synthetic;
        self.negative_prices |= negative;
        synthetic || negative
    }

    /// The lines.
    pub(super) fn text(self) -> String {
        let line = |holds: bool, mark: &str, what: &str| {
            if holds { format!("{mark}: {what}\n") } else { String::new() }
        };
        line(self.synthetic, SYNTHETIC, "made by a generator, not observed")
            + &line(self.negative_prices, NEGATIVE_PRICES, "allowed when these bars were imported")
    }
}

/// 1800-01-01 up to, not including, 2200-01-01.
const YEARS: std::ops::Range<i64> = -5_364_662_400..7_258_118_400;
/// Beyond these, sums of squares leave what a double holds with any precision.
const PRICES: std::ops::RangeInclusive<f64> = PRICE_MIN..=1e15;
const PRICE_MIN: f64 = 1e-12;
/// Sessions open on a quarter of an hour in every time zone in use.
const QUARTER_S: i64 = 900;
/// From this many bars on, some two of them must be neighbours.
const NEIGHBOURS_FROM: usize = 10;

/// Collects rows, checks each against its timeframe and the row before, and keeps count of faults.
pub(super) struct Intake {
    bars: Bars,
    faults: BadBars,
    options: ReadOptions,
    negative_prices: bool,
    previous: Option<i64>,
    smallest_step_s: i64,
    usual: UsualStep,
    raster_s: i64,
}

impl Intake {
    /// Refuses oversized input before anything is read.
    pub(super) fn new(
        bytes: &[u8],
        symbol: Symbol,
        timeframe: Timeframe,
        options: ReadOptions,
    ) -> Result<Self, BadBars> {
        let size = bytes.len() as u64;
        if size > options.bytes_max {
            return Err(BadBars::whole(Problem::TooManyBytes { bytes: size, bytes_max: options.bytes_max }));
        }
        if bytes.is_empty() {
            return Err(BadBars::whole(Problem::Empty));
        }
        Ok(Self {
            // A row takes 40 bytes at the least in practice; the vectors grow if it takes fewer.
            bars: Bars::with_capacity(symbol, timeframe, (bytes.len() / 40).min(options.rows_max)),
            faults: BadBars::none(),
            options,
            negative_prices: false,
            previous: None,
            smallest_step_s: i64::MAX,
            usual: UsualStep::default(),
            raster_s: greatest_common_divisor(timeframe.seconds(), QUARTER_S),
        })
    }

    /// Takes a row, or counts its fault. Returns whether more rows are welcome.
    pub(super) fn push(&mut self, line: u64, row: Result<Row, Problem>) -> bool {
        match row.and_then(|row| self.check(row)) {
            Ok(row) => self.accept(row),
            Err(problem) => self.faults.add(Some(line), problem),
        }
        if self.bars.len() > self.options.rows_max {
            self.faults.add(Some(line), Problem::TooManyRows { rows_max: self.options.rows_max });
            return false;
        }
        true
    }

    /// Counts a fault of the file as a whole.
    pub(super) fn fault(&mut self, line: Option<u64>, problem: Problem) {
        self.faults.add(line, problem);
    }

    /// Takes what the file says of its bars.
    pub(super) fn mark(&mut self, marks: Marks) {
        self.bars.synthetic |= marks.synthetic;
        self.negative_prices |= marks.negative_prices;
    }

    /// Takes prices of zero and below from now on.
    pub(super) fn allow_negative_prices(&mut self) {
        self.negative_prices = true;
    }

    /// The bars, if there is not one fault.
    pub(super) fn finish(mut self) -> Result<Bars, BadBars> {
        let timeframe = self.bars.timeframe;
        // Each row would be at fault, and it is one: what they are called.
        if let Some(step_s) = self.usual.of_most().filter(|step_s| *step_s < timeframe.seconds()) {
            return Err(BadBars::whole(Problem::TooFine { step_s, timeframe }));
        }
        if self.bars.len() >= NEIGHBOURS_FROM && self.smallest_step_s >= 2 * timeframe.seconds() {
            self.faults.add(None, Problem::WrongTimeframe { step_s: self.smallest_step_s, timeframe });
        }
        if self.faults.count == 0 && self.bars.is_empty() {
            self.faults.add(None, Problem::NoRows);
        }
        if self.faults.count == 0 { Ok(self.bars) } else { Err(self.faults) }
    }

    fn accept(&mut self, row: Row) {
        let [open, high, low, close, volume] = row.values;
        self.bars.time.push(row.time);
        // −0 is 0: no file and no figure shows a sign that means nothing.
        self.bars.open.push(open + 0.0);
        self.bars.high.push(high + 0.0);
        self.bars.low.push(low + 0.0);
        self.bars.close.push(close + 0.0);
        self.bars.volume.push(volume + 0.0);
    }

    /// The row with `−1` volume (none published) as 0, or what is wrong with it.
    fn check(&mut self, mut row: Row) -> Result<Row, Problem> {
        self.check_time(row.time)?;
        let [open, high, low, close, volume] = row.values;
        let body = |price: f64| low <= price && price <= high;
        let sound = low >= *PRICES.start()
            && high <= *PRICES.end()
            && body(open)
            && body(close)
            && volume >= 0.0
            && volume.is_finite();
        if sound {
            return Ok(row);
        }
        check_prices([open, high, low, close], self.negative_prices)?;
        row.values[4] = checked_volume(volume)?;
        Ok(row)
    }

    fn check_time(&mut self, time: i64) -> Result<(), Problem> {
        if !YEARS.contains(&time) {
            return Err(Problem::Year(Timestamp(time)));
        }
        let step_s = self.previous.map(|previous| time - previous);
        self.previous = Some(time);
        self.usual.saw(step_s);
        if time % self.raster_s != 0 {
            return Err(Problem::Raster { time: Timestamp(time), raster_s: self.raster_s });
        }
        let timeframe = self.bars.timeframe;
        match step_s {
            Some(0) => Err(Problem::Duplicate(Timestamp(time))),
            Some(step) if step < 0 => {
                Err(Problem::Disorder { time: Timestamp(time), previous: Timestamp(time - step) })
            }
            Some(step_s) if step_s < timeframe.seconds() => {
                Err(Problem::Overlap { time: Timestamp(time), step_s, timeframe })
            }
            Some(step) => {
                self.smallest_step_s = self.smallest_step_s.min(step);
                Ok(())
            }
            None => Ok(()),
        }
    }
}

/// The step that most rows take to the next one, if most take the same: by a majority vote, in one pass.
#[derive(Default)]
struct UsualStep {
    candidate_s: i64,
    lead: u64,
    same: u64,
    steps: u64,
}

impl UsualStep {
    fn saw(&mut self, step_s: Option<i64>) {
        let Some(step_s) = step_s.filter(|step_s| *step_s > 0) else { return };
        self.steps += 1;
        if self.candidate_s == step_s {
            (self.lead, self.same) = (self.lead + 1, self.same + 1);
        } else if self.lead == 0 {
            (self.candidate_s, self.lead, self.same) = (step_s, 1, 1);
        } else {
            self.lead -= 1;
        }
    }

    fn of_most(&self) -> Option<i64> {
        let is_most = self.steps >= NEIGHBOURS_FROM as u64 && self.same * 2 > self.steps;
        is_most.then_some(self.candidate_s)
    }
}

/// Open, high, low, close: finite, positive unless negative ones are allowed, and the high and the low what they say.
fn check_prices(prices: [f64; 4], negative_too: bool) -> Result<(), Problem> {
    for (column, value) in COLUMNS.into_iter().zip(prices) {
        if !value.is_finite() {
            return Err(Problem::NotFinite { column, value });
        }
        if value <= 0.0 && !negative_too {
            return Err(Problem::NotPositive { column, value });
        }
        let size = if negative_too { value.abs().max(PRICE_MIN) } else { value };
        if !PRICES.contains(&size) {
            return Err(Problem::NoPrice { column, value });
        }
    }
    let [open, high, low, close] = prices;
    if high < low {
        return Err(Problem::HighBelowLow { high, low });
    }
    for (column, value) in [("open", open), ("close", close)] {
        if high < value {
            return Err(Problem::HighTooLow { high, column, value });
        }
        if low > value {
            return Err(Problem::LowTooHigh { low, column, value });
        }
    }
    Ok(())
}

/// Brokers write −1 for "no volume"; any other negative volume is a fault.
fn checked_volume(volume: f64) -> Result<f64, Problem> {
    if !volume.is_finite() {
        Err(Problem::NotFinite { column: "volume", value: volume })
    } else if volume >= 0.0 {
        Ok(volume)
    } else if volume.total_cmp(&-1.0).is_eq() {
        Ok(0.0)
    } else {
        Err(Problem::NegativeVolume(volume))
    }
}

fn greatest_common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}
