//! First bars of a session that open late within their bar: the market opens at half past nine, and files of hourly
//! bars go on with ten o'clock.

use ktrdr_domain::Timeframe;

use crate::data::fault::Problem;
use crate::data::intake::Row;

const DAY_S: i64 = 86_400;

/// A row with its instant, and what the clock of the file showed then.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamped {
    pub(super) row: Row,
    pub(super) wall_s: i64,
}

/// A line's number and what is in it.
pub(super) type Numbered<T> = (u64, Result<T, Problem>);

/// Stamps late opens where their bar begins. Holds one row back, because only the next tells.
pub(super) struct LateOpens {
    bar_s: i64,
    held: Option<Numbered<Stamped>>,
    /// When the bar before the one held opens.
    before: Option<i64>,
    /// How many there were.
    pub(super) count: u64,
}

impl LateOpens {
    pub(super) fn new(timeframe: Timeframe) -> Self {
        Self { bar_s: timeframe.seconds(), held: None, before: None, count: 0 }
    }

    /// Takes a row and gives the one before it.
    pub(super) fn pass(&mut self, next: Numbered<Stamped>) -> Option<Numbered<Row>> {
        if let (Some((_, Ok(held))), (_, Ok(next))) = (&mut self.held, &next) {
            let begins = next.row.time - self.bar_s;
            let is_inside = begins < held.row.time && held.row.time < next.row.time;
            let on_the_bar = next.wall_s % self.bar_s == 0 && held.wall_s % self.bar_s != 0;
            let is_intraday = self.bar_s < DAY_S;
            let is_first = self.before.is_none_or(|before| before + self.bar_s < begins);
            if is_intraday && is_inside && on_the_bar && is_first {
                held.row.time = begins;
                self.count += 1;
            }
        }
        let passed = self.held.replace(next)?;
        self.before = passed.1.as_ref().map_or(self.before, |stamped| Some(stamped.row.time));
        Some(row(passed))
    }

    /// The last row.
    pub(super) fn rest(&mut self) -> Option<Numbered<Row>> {
        self.held.take().map(row)
    }
}

fn row((number, stamped): Numbered<Stamped>) -> Numbered<Row> {
    (number, stamped.map(|stamped| stamped.row))
}
