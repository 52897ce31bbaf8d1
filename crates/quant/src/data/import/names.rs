//! What columns are called.

use super::moment::Clock;
use super::zone_name::zone_of;
use crate::data::zone::TimeZone;

/// Columns that hold the whole time, best first.
pub(super) const TIMES: &[&str] = &[
    "timestamp",
    "timestamputc",
    "unix",
    "unixtime",
    "unixtimestamp",
    "epoch",
    "datetime",
    "datetimeutc",
    "gmttime",
    "utctime",
    "timeutc",
    "dateutc",
    "localtime",
    "opentime",
    "windowstart",
    "begin",
    "t",
];
const TIMES_IN_UTC: &[&str] = &["timestamputc", "datetimeutc", "gmttime", "utctime", "timeutc", "dateutc"];
/// A data frame writes its index so: the time where nothing else is, else the number of the row.
pub(super) const INDEXES: &[&str] = &["", "unnamed:0", "index"];
/// Our word for each price and the spellings of it, best first.
pub(super) const PRICES: [(&str, &[&str]); 4] = [
    ("open", &["open", "o"]),
    ("high", &["high", "h"]),
    ("low", &["low", "l"]),
    ("close", &["close", "c", "close/last", "last", "price"]),
];
pub(super) const VOLUMES: &[&str] = &["volume", "vol", "v"];
pub(super) const TICK_VOLUMES: &[&str] = &["tickvolume", "tickvol", "ticks"];
pub(super) const ADJUSTED_CLOSES: &[&str] = &["adjclose", "adjustedclose"];
/// Longer, it names no currency and no coin.
const ASSET_LENGTH_MAX: usize = 10;

/// A column's name, made plain.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name {
    /// `<TICK_VOL>`, `1. Open` and `Time (EET)` as `tickvol`, `open` and `time`.
    pub(super) word: String,
    /// What stands in brackets.
    aside: Option<String>,
}

impl Name {
    pub(super) fn of(cell: &[u8]) -> Self {
        let name = String::from_utf8_lossy(cell);
        let name = name.trim_matches(['<', '>']);
        let (name, aside) = match name.strip_suffix(')').and_then(|n| n.split_once('(')) {
            Some((name, aside)) => (name, Some(aside.trim().to_owned())),
            None => (name, None),
        };
        let numbered = name.split_once(". ").filter(|(number, _)| number.bytes().all(|b| b.is_ascii_digit()));
        let name = numbered.map_or(name, |(_, rest)| rest).to_lowercase();
        Self { word: name.chars().filter(|c| !matches!(c, ' ' | '_' | '-' | '.')).collect(), aside }
    }

    /// The clock that a time column is said to show.
    pub(super) fn clock(&self) -> Clock {
        if TIMES_IN_UTC.contains(&self.word.as_str()) {
            return Clock::Ahead(0);
        }
        let aside = self.aside.as_deref().unwrap_or_default();
        let zone = || aside.parse::<TimeZone>().ok().map(Clock::Zone);
        zone_of(aside.as_bytes()).or_else(zone).unwrap_or(Clock::Unknown)
    }

    /// Of which of the instrument's two assets this is the volume, as `Volume BTC` and `Volume_(USDT)` say.
    pub(super) fn volume_asset(&self) -> Option<String> {
        let asset = match (self.word.strip_prefix("volume")?, &self.aside) {
            ("", aside) => aside.as_deref()?.to_lowercase(),
            (asset, _) => asset.to_owned(),
        };
        let is_asset = asset.len() <= ASSET_LENGTH_MAX && asset.bytes().all(|b| b.is_ascii_alphanumeric());
        (is_asset && !asset.is_empty()).then_some(asset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_plain() {
        for (raw, word) in [
            ("<TICKVOL>", "tickvol"),
            ("1. Open", "open"),
            ("Vol.", "vol"),
            ("Close/Last", "close/last"),
            ("window_start", "windowstart"),
            ("Time (EET)", "time"),
            ("Adj Close", "adjclose"),
        ] {
            assert_eq!(Name::of(raw.as_bytes()).word, word);
        }
    }

    #[test]
    fn a_name_may_say_its_clock() {
        let clock = |raw: &str| Name::of(raw.as_bytes()).clock();
        assert_eq!((clock("Gmt time"), clock("Time (UTC)")), (Clock::Ahead(0), Clock::Ahead(0)));
        assert_eq!(clock("Time (EET)"), Clock::Zone("EET".parse().unwrap()));
        assert_eq!(clock("Date (UTC-05:00)"), Clock::Ahead(-5 * 3_600));
        assert_eq!((clock("Local time"), clock("Time (bar open)")), (Clock::Unknown, Clock::Unknown));
    }

    #[test]
    fn a_volume_may_say_its_asset() {
        let asset = |raw: &str| Name::of(raw.as_bytes()).volume_asset();
        assert_eq!(asset("Volume BTC").as_deref(), Some("btc"));
        assert_eq!(asset("Volume_(USDT)").as_deref(), Some("usdt"));
        assert_eq!(asset("volumefrom").as_deref(), Some("from"));
        for none in ["Volume", "volume weighted average price", "Vol.", "x"] {
            assert_eq!(asset(none), None, "{none}");
        }
    }
}
