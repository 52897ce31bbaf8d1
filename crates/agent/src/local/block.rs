//! At which hours of the trading day a reading speaks: the block of hours in which it goes best with the bars that follow.
//!
//! What moves prices keeps hours: returns come back at the same hours day after day (Heston, Korajczyk & Sadka 2010), and what
//! the day has done so far tells of its end alone (Gao, Han, Li & Zhou 2018). What speaks in a third of the hours is drowned
//! by the others where all are asked, and whoever trades at all of them pays for turning round in those that say nothing.

use ktrdr_domain::strategy::IndicatorSpec;

/// Parameters of an indicator that is heard in a block of hours alone.
const FROM: &str = "from";
const UNTIL: &str = "until";

/// Hours of a trading day.
const DAY: usize = 24;

/// Bars of each hour that say something of it.
const BARS_MIN: usize = 50;

/// Hours of a bar's close from the one after `from` to `until`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hours {
    pub(crate) from: usize,
    pub(crate) until: usize,
}

impl Hours {
    /// Those in which an indicator is heard; `None` when it is heard all day, or knows no hours.
    pub(crate) fn of(spec: &IndicatorSpec) -> Option<Self> {
        let hours = Self { from: spec.count(FROM), until: spec.count(UNTIL) };
        let part_of_day = hours.from < hours.until && hours != Self { from: 0, until: DAY };
        (Self::apply_to(spec) && part_of_day).then_some(hours)
    }

    /// Whether an indicator can be heard in a block of hours alone.
    pub(crate) fn apply_to(spec: &IndicatorSpec) -> bool {
        [FROM, UNTIL].iter().all(|name| spec.kind.definition().params.iter().any(|p| p.name == *name))
    }

    /// Sets those in which an indicator is heard.
    pub(crate) fn set(self, spec: &mut IndicatorSpec) {
        spec.params.insert(FROM.to_owned(), self.from as f64);
        spec.params.insert(UNTIL.to_owned(), self.until as f64);
    }

    /// Begins or ends an hour or two earlier or later; `None` where nothing would be left.
    pub(crate) fn shifted(self, from: isize, until: isize) -> Option<Self> {
        let from = self.from.checked_add_signed(from)?;
        let until = self.until.checked_add_signed(until)?;
        (from < until && until <= DAY).then_some(Self { from, until })
    }
}

/// The block in which a reading speaks most clearly.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Block {
    pub(crate) hours: Hours,
    /// Bars that follow a bar within it.
    bars: f64,
    /// Correlation of the reading with the next bar's return, there.
    pub(crate) correlation: f64,
    /// How clearly it speaks there, in standard errors, less what the best of as many blocks shows by luck.
    pub(crate) strength: f64,
}

impl Block {
    /// Share of the `horizon` bars after a bar of the block that are in the block too.
    pub(crate) fn covers(&self, horizon: u32) -> f64 {
        let (length, horizon) = (self.bars, f64::from(horizon.max(1)));
        if horizon <= length {
            1.0 - (horizon - 1.0) / (2.0 * length)
        } else {
            (length + 1.0) / 2.0 / horizon
        }
    }

    /// Correlation with the return over a horizon, of what lasts through the block.
    pub(crate) fn correlation_over(&self, horizon: u32) -> f64 {
        self.correlation * self.covers(horizon) * f64::from(horizon.max(1)).sqrt()
    }

    /// What it foretells, on a clear signal, of a position that is held through it, where a bar moves by `deviation`.
    pub(crate) fn foretold(&self, deviation: f64) -> f64 {
        self.correlation.abs() * deviation * self.bars
    }
}

/// Sums over the bars of one hour, or of several.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    bars: usize,
    both: f64,
    both_squared: f64,
    of_reading: f64,
    of_return: f64,
}

impl Sums {
    fn add(&mut self, reading: f64, after: f64) {
        self.merge(&Self {
            bars: 1,
            both: reading * after,
            both_squared: (reading * after).powi(2),
            of_reading: reading * reading,
            of_return: after * after,
        });
    }

    fn merge(&mut self, other: &Self) {
        self.bars += other.bars;
        self.both += other.both;
        self.both_squared += other.both_squared;
        self.of_reading += other.of_reading;
        self.of_return += other.of_return;
    }

    /// In standard errors that hold whatever the volatility of an hour (White 1980).
    fn clarity(&self) -> f64 {
        if self.both_squared > 0.0 { self.both.abs() / self.both_squared.sqrt() } else { 0.0 }
    }

    fn correlation(&self) -> f64 {
        let squares = self.of_reading * self.of_return;
        if squares > 0.0 { self.both / squares.sqrt() } else { 0.0 }
    }
}

/// The clearest block of hours of a reading around its neutral value, by the return of the bar after each of its values and the
/// hour at which that value was known; `None` where the day has fewer than three hours, or no block is clearer than all of them and
/// than luck.
pub(crate) fn clearest(reading: &[f64], neutral: f64, after: &[f64], hour: &[f64]) -> Option<Block> {
    let mut of_hour = [Sums::default(); DAY];
    let deviation = root_mean_square(reading.iter().map(|x| x - neutral));
    let mean = after.iter().sum::<f64>() / after.len().max(1) as f64;
    for ((value, after), hour) in reading.iter().zip(after).zip(hour) {
        if value.is_finite() && deviation > 0.0 {
            let place = (hour.ceil().max(1.0) as usize).min(DAY) - 1;
            // What lies more than a deviation away says no more than that: one wild day is one day.
            of_hour[place].add(((value - neutral) / deviation).clamp(-1.0, 1.0), after - mean);
        }
    }
    let open = of_hour.iter().filter(|sums| sums.bars >= BARS_MIN).count();
    let (mut tried, mut best) = (0_u32, None::<(Sums, Hours)>);
    for from in 0..DAY {
        let mut sums = Sums::default();
        for until in from + 1..=DAY {
            let last = &of_hour[until - 1];
            sums.merge(last);
            // Blocks begin and end with hours that have bars; all hours are no block.
            let is_block = last.bars >= BARS_MIN && of_hour[from].bars >= BARS_MIN;
            let hours = of_hour[from..until].iter().filter(|sums| sums.bars >= BARS_MIN).count();
            if is_block && hours < open {
                tried += 1;
                if best.as_ref().is_none_or(|(least, _)| sums.clarity() > least.clarity()) {
                    best = Some((sums, Hours { from, until }));
                }
            }
        }
    }
    let (sums, hours) = best.filter(|_| open > 2)?;
    let mut all_day = Sums::default();
    of_hour.iter().for_each(|hour| all_day.merge(hour));
    let whole_days = of_hour.iter().map(|sums| sums.bars).max().unwrap_or(1);
    let bars = sums.bars as f64 / whole_days as f64;
    // The largest of so many squares of standard normals is about 2 ln(tried).
    let strength = (sums.clarity().powi(2) - 2.0 * f64::from(tried).ln()).max(0.0).sqrt();
    (strength > all_day.clarity()).then(|| Block { hours, bars, correlation: sums.correlation(), strength })
}

fn root_mean_square(values: impl Iterator<Item = f64>) -> f64 {
    let (count, squares) =
        values.filter(|x| x.is_finite()).fold((0_u32, 0.0), |(n, sum), x| (n + 1, sum + x * x));
    (squares / f64::from(count.max(1))).sqrt()
}

#[cfg(test)]
mod tests {
    use ktrdr_quant::SeededRng;

    use super::*;

    /// A reading that stays for a day, and returns that go its way in hours 10 to 14 by so many deviations.
    fn days(days: usize, push: f64) -> [Vec<f64>; 3] {
        let mut rng = SeededRng::new(5);
        let [mut reading, mut after, mut hour] = [Vec::new(), Vec::new(), Vec::new()];
        for _ in 0..days {
            let today = rng.one_of([-1.0, 1.0]);
            for h in 1..=24 {
                let pushed = if (10..=14).contains(&h) { push * today } else { 0.0 };
                reading.push(today);
                after.push(0.001 * (rng.normal() + pushed));
                hour.push(f64::from(h));
            }
        }
        [reading, after, hour]
    }

    #[test]
    fn the_hours_that_speak_are_found() {
        let [reading, after, hour] = days(1_000, 0.2);
        let block = clearest(&reading, 0.0, &after, &hour).unwrap();
        assert_eq!(block.hours, Hours { from: 9, until: 14 });
        assert!(block.strength > 10.0 && (block.correlation - 0.2).abs() < 0.03, "{block:?}");
        let against: Vec<f64> = after.iter().map(|r| -r).collect();
        assert!(clearest(&reading, 0.0, &against, &hour).unwrap().correlation < 0.0);
    }

    #[test]
    fn where_no_hour_speaks_the_best_of_many_blocks_is_not_clear() {
        let [reading, after, hour] = days(1_000, 0.0);
        assert!(clearest(&reading, 0.0, &after, &hour).is_none_or(|block| block.strength < 2.5));
    }

    #[test]
    fn days_of_one_bar_and_readings_that_do_not_vary_have_no_block() {
        let [reading, after, hour] = days(1_000, 0.2);
        assert_eq!(clearest(&reading, 0.0, &after, &vec![24.0; hour.len()]), None);
        assert_eq!(clearest(&vec![0.0; reading.len()], 0.0, &after, &hour), None);
        assert_eq!(clearest(&vec![f64::NAN; reading.len()], 0.0, &after, &hour), None);
        assert_eq!(clearest(&[], 0.0, &[], &[]), None);
    }

    #[test]
    fn a_horizon_is_covered_by_what_is_left_of_the_block() {
        let hours = Hours { from: 7, until: 11 };
        let block = Block { hours, bars: 4.0, correlation: 0.1, strength: 5.0 };
        assert_eq!([1, 2, 4, 8].map(|h| block.covers(h)), [1.0, 0.875, 0.625, 0.3125]);
        assert!((block.foretold(0.01) - 0.004).abs() < 1e-12);
        assert_eq!(hours.shifted(-1, 2), Some(Hours { from: 6, until: 13 }));
        assert_eq!((hours.shifted(-8, 0), hours.shifted(4, 0), hours.shifted(0, 14)), (None, None, None));
    }
}
