//! Which series a file holds, by its name: `EURUSD_1h.csv`, `eurusd-h1-2015.csv`, `AAPL.1d.csv`.

use std::path::Path;

use ktrdr_domain::{Symbol, Timeframe};

/// The symbol and the bar length that stand in a file's name, as far as they do.
pub(crate) fn of(file: &Path) -> (Option<Symbol>, Option<Timeframe>) {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let words: Vec<&str> = stem.split(['_', '-', '.']).filter(|word| !word.is_empty()).collect();
    let timeframe = words.iter().skip(1).find_map(|word| timeframe(word));
    // Prices of a currency pair may be called EUR_USD or EUR-USD.
    let symbol = match words.as_slice() {
        [base, quote, ..] if is_currency(base) && is_currency(quote) => Some(format!("{base}{quote}")),
        [first, ..] => Some((*first).to_owned()),
        [] => None,
    };
    (symbol.and_then(|name| name.to_uppercase().parse().ok()), timeframe)
}

fn is_currency(word: &str) -> bool {
    word.len() == 3 && word.bytes().all(|b| b.is_ascii_alphabetic())
}

/// `1h`, `1H`, and `H1` as MetaTrader writes it. `1M` is a minute to some and a month to most, and so no name.
fn timeframe(word: &str) -> Option<Timeframe> {
    word.parse().ok().or_else(|| Timeframe::meant_by(word).filter(|_| !word.ends_with('M')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_files_are_commonly_called_is_read() {
        let read = |name: &str| {
            let (symbol, timeframe) = of(Path::new(name));
            (symbol.map(|s| s.to_string()), timeframe.map(|t| t.to_string()))
        };
        let known = |symbol: &str, timeframe: &str| (Some(symbol.to_owned()), Some(timeframe.to_owned()));
        assert_eq!(read("/data/EURUSD_1h.csv"), known("EURUSD", "1h"));
        assert_eq!(read("eurusd-h1-2015.csv"), known("EURUSD", "1h"));
        assert_eq!(read("EUR_USD_M15.csv"), known("EURUSD", "15m"));
        assert_eq!(read("AAPL.1D.csv"), known("AAPL", "1d"));
        assert_eq!(read("prices.csv"), (Some("PRICES".to_owned()), None));
        assert_eq!(read("….csv"), (None, None));
        assert_eq!(read("A B_1h.csv"), (None, Some("1h".to_owned())));
    }
}
