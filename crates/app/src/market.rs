//! What requests say of data, dates and accounts, and what a specification holds of it.

use std::str::FromStr;

use ktrdr_catalog::windows;
use ktrdr_domain::time::BadTime;
use ktrdr_domain::trading::{Account, Sizing};
use ktrdr_domain::window_history::OpenVault;
use ktrdr_domain::{DataRef, Reason, Span, Symbol, Timeframe, Timestamp, Windows};
use serde::{Deserialize, Serialize};

use crate::{App, AppError, ErrorKind, OrKind};

const DAY_S: i64 = 86_400;

/// The end of a stretch, exclusive. A date alone means the end of that day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EndDate(pub(crate) Timestamp);

impl FromStr for EndDate {
    type Err = BadTime;
    fn from_str(text: &str) -> Result<Self, BadTime> {
        let t: Timestamp = text.parse()?;
        let is_date = text.trim().len() == "2020-01-31".len();
        Ok(Self(if is_date { Timestamp(t.0 + DAY_S) } else { t }))
    }
}

impl TryFrom<String> for EndDate {
    type Error = BadTime;
    fn try_from(text: String) -> Result<Self, BadTime> {
        text.parse()
    }
}

impl From<EndDate> for String {
    fn from(end: EndDate) -> Self {
        end.0.to_string()
    }
}

/// A moment in a request, written as people write it: `2020-01-31`, `2020-01-31T10:00:00Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Moment(pub Timestamp);

impl TryFrom<String> for Moment {
    type Error = BadTime;
    fn try_from(text: String) -> Result<Self, BadTime> {
        text.parse().map(Self)
    }
}

impl From<Moment> for String {
    fn from(moment: Moment) -> Self {
        moment.0.to_string()
    }
}

/// A stretch of time, as far as it was given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Stretch {
    /// First instant.
    pub start: Option<Moment>,
    /// End.
    pub end: Option<EndDate>,
}

impl Stretch {
    /// The stretch meant: `unless_given` where nothing was given, and never outside `everything`. One that has only a start ends
    /// with `reach`, unless it starts behind it.
    pub(crate) fn within(self, unless_given: Span, reach: Span, everything: Span) -> Result<Span, AppError> {
        let (start, end) = (self.start.map(|start| start.0), self.end.map(|end| end.0));
        let outer = match (start, end) {
            (None, None) => unless_given,
            (Some(start), None) if start >= reach.end => everything,
            _ => reach,
        };
        if let (Some(start), Some(end)) = (start, end)
            && start >= end
        {
            let message = format!("the start date {start} is not before the end date {end}");
            return Err(AppError::new(ErrorKind::InvalidRequest, message));
        }
        let wanted = Span { start: start.unwrap_or(outer.start), end: end.unwrap_or(outer.end) };
        wanted.intersection(&everything).ok_or_else(|| {
            let message = format!(
                "there are no bars in that stretch: the series covers {everything}; choose dates inside it"
            );
            AppError::new(ErrorKind::InvalidInput, message)
        })
    }
}

/// Capital, size and costs, as far as they differ from those that are configured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AccountChange {
    /// Money at the start, in the quote currency.
    pub initial_capital: Option<f64>,
    /// Always trade this many units; not together with `fraction`.
    pub units: Option<f64>,
    /// Trade this fraction of equity.
    pub fraction: Option<f64>,
    /// Commission as a fraction of traded value, per side.
    pub commission_rate: Option<f64>,
    /// Full bid–ask spread in price units.
    pub spread: Option<f64>,
    /// Slippage as a fraction of price, per side.
    pub slippage_rate: Option<f64>,
    /// Round positions down to whole units.
    pub whole_units: bool,
}

impl AccountChange {
    /// Whether the size of positions was given.
    pub(crate) fn has_size(&self) -> bool {
        self.units.is_some() || self.fraction.is_some()
    }

    /// The configured account with what was given on top.
    pub(crate) fn on(&self, configured: Account) -> Result<Account, AppError> {
        let mut account = configured;
        account.initial_capital = self.initial_capital.unwrap_or(account.initial_capital);
        account.costs.commission_rate = self.commission_rate.unwrap_or(account.costs.commission_rate);
        account.costs.spread = self.spread.unwrap_or(account.costs.spread);
        account.costs.slippage_rate = self.slippage_rate.unwrap_or(account.costs.slippage_rate);
        account.fractional_units &= !self.whole_units;
        account.sizing = match (self.units, self.fraction) {
            (Some(_), Some(_)) => {
                let message = "a size is given in units or as a fraction of equity, not both";
                return Err(AppError::new(ErrorKind::InvalidRequest, message));
            }
            (Some(units), None) => Sizing::FixedUnits(units),
            (None, Some(fraction)) => Sizing::FixedFraction(fraction),
            (None, None) => account.sizing,
        };
        account.validate().or_kind(ErrorKind::InvalidRequest)?;
        Ok(account)
    }
}

impl App {
    /// The windows of this data. They are fixed now where they were not before.
    pub(crate) async fn windows_of(&self, data: &[DataRef]) -> Result<Windows, AppError> {
        Ok(windows::of(&*self.artifacts, &self.policy.windows, data).await?)
    }

    /// What a specification holds of a reason to open the vault, where the run needs one.
    ///
    /// # Errors
    /// When it stays outside the vault: an opening that is none must not be counted.
    pub(crate) fn word_for_vault(
        &self,
        reason: Option<&Reason>,
        windows: &Windows,
        wanted: &Span,
    ) -> Result<Option<OpenVault>, AppError> {
        let Some(reason) = reason else { return Ok(None) };
        if !windows.vault.overlaps(wanted) {
            let message = format!(
                "{wanted} does not reach into the vault window ({}): leave --open-vault out, or choose later dates",
                windows.vault
            );
            return Err(AppError::new(ErrorKind::InvalidRequest, message));
        }
        Ok(Some(OpenVault { reason: reason.clone(), by: self.by.clone() }))
    }

    /// Reads and pins every series of these symbols on these timeframes, in that order.
    pub(crate) async fn pin(
        &self,
        symbols: &[Symbol],
        timeframes: &[Timeframe],
    ) -> Result<Vec<DataRef>, AppError> {
        let mut pinned = Vec::new();
        for symbol in symbols {
            for timeframe in timeframes {
                pinned.push(self.pins.pin(&*self.artifacts, symbol, *timeframe).await?);
            }
        }
        Ok(pinned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_date_includes_its_day_and_an_end_time_is_exact() {
        let end = |text: &str| text.parse::<EndDate>().unwrap().0;
        assert_eq!(end("2020-01-31"), "2020-02-01".parse().unwrap());
        assert_eq!(end("2020-01-31T10:00:00Z"), "2020-01-31 10:00".parse().unwrap());
    }

    #[test]
    fn an_end_that_is_written_down_is_read_as_the_same() {
        let end: EndDate = "2020-01-31".parse().unwrap();
        let written = serde_json::to_string(&end).unwrap();
        assert_eq!(serde_json::from_str::<EndDate>(&written).unwrap(), end);
    }
}
