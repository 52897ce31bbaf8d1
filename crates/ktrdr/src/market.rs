//! From what a user typed about data, dates and accounts to what a specification holds.

use std::io::ErrorKind;
use std::path::Path;

use ktrdr_domain::trading::{Account, Sizing};
use ktrdr_domain::{DataRef, Span, Symbol, Timeframe, Timestamp};
use ktrdr_fabric::local::regular;
use ktrdr_jobs::fault::Fault;
use ktrdr_jobs::series;

use crate::cli::AccountArguments;
use crate::exit::{CliError, Kind, OrExit};
use crate::workspace::Workspace;

/// Largest signals file, in bytes.
pub(crate) const SIGNALS_BYTES_MAX: u64 = 512 << 20;

/// Reads and pins every series of these symbols on these timeframes, in that order.
pub(crate) async fn pin(
    workspace: &Workspace,
    symbols: &[Symbol],
    timeframes: &[Timeframe],
) -> Result<Vec<DataRef>, CliError> {
    let mut pinned = Vec::new();
    for symbol in symbols {
        for timeframe in timeframes {
            let (data, _) =
                series::read_now(&*workspace.artifacts, symbol, *timeframe).await.map_err(explain)?;
            pinned.push(data);
        }
    }
    Ok(pinned)
}

/// A job's fault, met while a specification was prepared.
pub(crate) fn explain(fault: Fault) -> CliError {
    match fault {
        Fault::BadInput(what) if what.contains("was not found") => CliError::new(Kind::NotFound, what),
        Fault::BadInput(what) => CliError::new(Kind::InvalidInput, what),
        Fault::Refused(what) => CliError::new(Kind::Refused, what),
        Fault::Outside(what) | Fault::Unhealthy(what) => CliError::new(Kind::Files, what),
        Fault::Stopped => CliError::new(Kind::Interrupted, "stopped"),
    }
}

/// Reads a file a user named, up to a size.
pub(crate) fn read_file(path: &Path, bytes_max: u64) -> Result<Vec<u8>, CliError> {
    regular::read(path, bytes_max).map_err(|e| {
        let kind = match e.kind() {
            ErrorKind::NotFound => Kind::NotFound,
            ErrorKind::InvalidInput | ErrorKind::FileTooLarge => Kind::InvalidInput,
            _ => Kind::Files,
        };
        CliError::new(kind, format!("{}: {e}", path.display()))
    })
}

/// Dates as typed.
pub(crate) struct Stretch<'a> {
    /// First instant.
    pub(crate) start: Option<Timestamp>,
    /// End; a date alone means the end of that day.
    pub(crate) end: Option<&'a str>,
}

impl Stretch<'_> {
    /// The stretch meant: `whole` where nothing was typed, and never outside `everything`.
    pub(crate) fn within(&self, whole: Span, everything: Span) -> Result<Span, CliError> {
        let end = self.end.map(end_of).transpose()?;
        let typed = self.start.is_some() || end.is_some();
        let outer = if typed { everything } else { whole };
        if let (Some(start), Some(end)) = (self.start, end)
            && start >= end
        {
            let message = format!("--start-date {start} is not before --end-date {end}");
            return Err(CliError::new(Kind::Usage, message));
        }
        let wanted = Span { start: self.start.unwrap_or(outer.start), end: end.unwrap_or(outer.end) };
        wanted.intersection(&everything).ok_or_else(|| {
            let message = format!(
                "there are no bars in that stretch: the series covers {everything}; choose dates inside it"
            );
            CliError::new(Kind::InvalidInput, message)
        })
    }
}

fn end_of(text: &str) -> Result<Timestamp, CliError> {
    let t: Timestamp = text.parse().or_exit(Kind::Usage)?;
    let is_date = text.trim().len() == "2020-01-31".len();
    Ok(if is_date { Timestamp(t.0 + 86_400) } else { t })
}

/// The configured account with what was typed on top.
pub(crate) fn account(configured: Account, typed: &AccountArguments) -> Result<Account, CliError> {
    let mut account = configured;
    account.initial_capital = typed.initial_capital.unwrap_or(account.initial_capital);
    account.costs.commission_rate = typed.commission_rate.unwrap_or(account.costs.commission_rate);
    account.costs.spread = typed.spread.unwrap_or(account.costs.spread);
    account.costs.slippage_rate = typed.slippage_rate.unwrap_or(account.costs.slippage_rate);
    account.fractional_units &= !typed.whole_units;
    account.sizing = match (typed.units, typed.fraction) {
        (Some(units), _) => Sizing::FixedUnits(units),
        (None, Some(fraction)) => Sizing::FixedFraction(fraction),
        (None, None) => account.sizing,
    };
    account.validate().or_exit(Kind::Usage)?;
    Ok(account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_date_includes_its_day_and_an_end_time_is_exact() {
        assert_eq!(end_of("2020-01-31").unwrap(), "2020-02-01".parse().unwrap());
        assert_eq!(end_of("2020-01-31T10:00:00Z").unwrap(), "2020-01-31 10:00".parse().unwrap());
    }
}
