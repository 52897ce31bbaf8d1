//! What an operation is about, as its specification says: so that lists can tell without reading it.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::name::{StrategyName, Symbol};
use crate::timeframe::Timeframe;

/// Strategy, instrument and bars, where there is one of each.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Subject {
    /// The strategy. A cycle has one once it is designed.
    #[serde(default)]
    pub strategy: Option<StrategyName>,
    /// The instrument; none where there are several.
    #[serde(default)]
    pub symbol: Option<Symbol>,
    /// The bars that decisions are made on.
    #[serde(default)]
    pub timeframe: Option<Timeframe>,
}

impl Subject {
    /// What a specification of any kind is about. It is looked for where the specifications of [`crate::job`] and
    /// [`crate::research`] have it; one that can not be read is about nothing.
    #[must_use]
    pub fn of(spec: &Value) -> Self {
        let at = |pointers: &[&str]| pointers.iter().find_map(|pointer| spec.pointer(pointer)?.as_str());
        let symbol = at(&["/symbol", "/research/symbol", "/backtest/symbol"]).or_else(|| only_symbol(spec));
        Self::from_words(
            at(&[
                "/strategy/name",
                "/subject/model/strategy",
                "/given/strategy/name",
                "/research/given/strategy/name",
            ]),
            symbol,
            at(&["/timeframe", "/research/timeframe", "/backtest/timeframe", "/data/0/timeframe"]),
        )
    }

    /// From what a store kept. Words that are no names say nothing: nobody decides by them.
    #[must_use]
    pub fn from_words(strategy: Option<&str>, symbol: Option<&str>, timeframe: Option<&str>) -> Self {
        fn read<T: FromStr>(word: Option<&str>) -> Option<T> {
            word?.parse().ok()
        }
        Self { strategy: read(strategy), symbol: read(symbol), timeframe: read(timeframe) }
    }
}

/// `fx_pullback EURUSD 1h`
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strategy = self.strategy.as_ref().map(ToString::to_string);
        let market = [self.symbol.as_ref().map(ToString::to_string), self.timeframe.map(|t| t.to_string())];
        let words: Vec<String> = strategy.into_iter().chain(market.into_iter().flatten()).collect();
        f.pad(&words.join(" "))
    }
}

/// The instrument of all its series.
fn only_symbol(spec: &Value) -> Option<&str> {
    let mut symbols = spec.get("data")?.as_array()?.iter().map(|series| series.get("symbol")?.as_str());
    let first = symbols.next()??;
    symbols.all(|symbol| symbol == Some(first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Subject;

    #[test]
    fn a_subject_is_found_in_the_specification_of_every_kind() {
        let all = "trend EURUSD 1h";
        let data = json!([{ "symbol": "EURUSD", "timeframe": "1h" }]);
        for (spec, expected) in [
            (
                json!({ "symbol": "EURUSD", "timeframe": "1h", "given": { "strategy": { "name": "trend" } } }),
                all,
            ),
            (json!({ "research": { "symbol": "EURUSD", "timeframe": "1h" } }), "EURUSD 1h"),
            (json!({ "strategy": { "name": "trend" }, "data": data }), all),
            (
                json!({ "subject": { "model": { "strategy": "trend" } }, "symbol": "EURUSD", "timeframe": "1h" }),
                all,
            ),
            (
                json!({ "strategy": { "name": "trend" }, "backtest": { "symbol": "EURUSD", "timeframe": "1h" } }),
                all,
            ),
            (json!({ "sleep_ms": 5 }), ""),
            (json!("nothing"), ""),
        ] {
            assert_eq!(Subject::of(&spec).to_string(), expected, "{spec}");
        }
    }

    #[test]
    fn of_several_instruments_none_is_named() {
        let data =
            json!([{ "symbol": "EURUSD", "timeframe": "1h" }, { "symbol": "GBPUSD", "timeframe": "1h" }]);
        let about = Subject::of(&json!({ "strategy": { "name": "trend" }, "data": data }));
        assert_eq!(about.to_string(), "trend 1h");
    }
}
