//! What stands in paths, queries and bodies looks like, as JSON schemas: a name means the same wherever it stands. The types
//! behind them check every value; these tell callers beforehand.

use ktrdr_domain::{Kind, OperationId};
use serde_json::{Value, json};

/// Lower-case words: names of campaigns, strategies, providers.
pub(crate) const SLUG: &str = "^[a-z0-9][a-z0-9_-]{0,63}$";

/// From a minute to four weeks.
pub(crate) const TIMEFRAME: &str =
    "^([1-9][0-9]{0,3}m|([1-9][0-9]?|[1-5][0-9]{2}|6[0-6][0-9]|67[0-2])h|([1-9]|1[0-9]|2[0-8])d|[1-4]w)$";

/// A symbol never leads out of a folder.
pub(crate) const SYMBOL: &str = r"^[A-Za-z0-9](\.?[A-Za-z0-9_-]){0,19}\.?$";

/// Longest symbol, in characters.
pub(crate) const SYMBOL_MAX: usize = 20;

/// A cursor: told apart from any number that people might count with.
pub(crate) const CURSOR: &str = "^c[0-9a-f]{1,16}$";

/// An idempotency key.
pub(crate) const KEY: &str = "^[!-~]{1,128}$";

/// What stands under a name in the path of an endpoint, or in its query.
pub(crate) fn of(path: &str, name: &str) -> Value {
    let integer = |least: u64, most: u64| json!({ "type": "integer", "minimum": least, "maximum": most });
    let text = |pattern: &str| json!({ "type": "string", "pattern": pattern });
    match (path, name) {
        // A filter: its terms are no plain values.
        ("/operations", name) if !["limit", "cursor"].contains(&name) => json!({ "type": "string" }),
        (_, "operation" | "cycle" | "replay") => {
            json!({ "type": "string", "pattern": r"^op_(\.?[a-z0-9_])*\.?$", "maxLength": OperationId::LENGTH_MAX })
        }
        (_, "symbol") => json!({ "type": "string", "pattern": SYMBOL, "maxLength": SYMBOL_MAX }),
        (_, "timeframe") => text(TIMEFRAME),
        (_, "campaign" | "strategy" | "name" | "like") => text(SLUG),
        (_, "schedule") => text("^[a-z0-9][a-z0-9_-]{0,39}$"),
        (_, "type") => json!({ "type": "string", "enum": Kind::with_jobs().collect::<Vec<_>>() }),
        (_, "cursor") => text(CURSOR),
        ("/data/{symbol}/{timeframe}", "limit") => integer(1, 10_000),
        (_, "limit" | "count") => integer(1, 1000),
        ("/agent/budget", "days") => integer(1, 366),
        ("/agent/budget", "campaigns") => integer(0, 100),
        (_, "version") => integer(1, u32::MAX.into()),
        (_, "utc_offset_hours") => json!({ "type": "number", "minimum": -24, "maximum": 24 }),
        (_, "sort" | "replace" | "allow_negative_prices") => json!({ "type": "boolean" }),
        (_, "Idempotency-Key") => text(KEY),
        (_, "exams") => text("^op_[a-z0-9_.]*(,op_[a-z0-9_.]*){0,99}$"),
        (_, "subjects") => text("^[a-z0-9_.,-]{1,4000}$"),
        (_, "format") => json!({ "type": "string", "enum": ["html", "markdown", "json"] }),
        (_, "topics") => text("^(operations|queues|logs)(,(operations|queues|logs))*$"),
        _ => json!({ "type": "string" }),
    }
}

/// What stands under a name in a path.
pub(crate) fn words(name: &str) -> &'static str {
    match name {
        "operation" => "The id of an operation, as lists and answers give it.",
        "replay" => "The id of the replay that it is compared with.",
        "cycle" => "The id of the cycle that the lesson was learnt from.",
        "campaign" => "The campaign's name.",
        "schedule" => "The schedule's name.",
        "symbol" => "The instrument, such as EURUSD.",
        "timeframe" => "The length of a bar, such as 1h.",
        "name" | "strategy" => "The strategy's name.",
        "type" => "A kind of job, such as training.",
        "boot" => "The process, as the list of workers names it.",
        "hypothesis" => "The id of the idea.",
        "subjects" => "Ids of operations with commas between, or the name of one campaign.",
        "id" => "Its id, as the list gives it.",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use ktrdr_domain::{Symbol, Timeframe};

    use super::*;

    #[test]
    fn forms_are_those_of_the_types_behind_them() {
        let fits = |pattern: &str, text: &str| regex_lite::Regex::new(pattern).unwrap().is_match(text);
        for text in
            ["1m", "9999m", "1h", "99h", "672h", "673h", "0h", "28d", "29d", "4w", "5w", "h", "1y", ""]
        {
            assert_eq!(fits(TIMEFRAME, text), text.parse::<Timeframe>().is_ok(), "{text}");
        }
        for text in ["A", "EURUSD", "BRK.B", "a-_", "A.", "A..B", ".A", "-A", "A B", "", "ü"] {
            assert_eq!(fits(SYMBOL, text), text.parse::<Symbol>().is_ok(), "{text}");
        }
        let id = of("/operations/{operation}", "operation")["pattern"].as_str().unwrap().to_owned();
        for text in ["op_", "op_a.b", "op_a..b", "op_A", "a", "op_a.", "op_training_20260101_000000_00000001"]
        {
            assert_eq!(fits(&id, text), text.parse::<OperationId>().is_ok(), "{text}");
        }
    }
}
