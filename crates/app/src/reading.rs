//! Requests out of documents. What does not fit is told by its field and in plain words: what is wanted there, and what was found.

use ktrdr_domain::excerpt::excerpt;
use ktrdr_domain::nearest::meant;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};

use crate::{AppError, ErrorKind};

/// Reads a request; `what` it came as stands before what does not fit, such as `the body`.
///
/// # Errors
/// [`ErrorKind::InvalidRequest`] with the first field that does not fit.
pub fn read<T: DeserializeOwned>(what: &str, document: &Value) -> Result<T, AppError> {
    serde_path_to_error::deserialize(document).map_err(|why| {
        let found = at(document, why.path()).map(shown);
        misfit(what, place(why.path()), found, &why.inner().to_string())
    })
}

/// What does not fit of names and texts, from the words of whoever read them: `limit: invalid digit found in string`.
#[must_use]
pub fn refused(what: &str, said: &str) -> AppError {
    let is_name = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    match said.split_once(": ").filter(|(name, _)| is_name(name)) {
        Some((name, said)) => misfit(what, name.to_owned(), None, said),
        None => misfit(what, String::new(), None, said),
    }
}

fn misfit(what: &str, place: String, found: Option<String>, said: &str) -> AppError {
    let (place, problem) = told(place, found, said);
    let at = if place.is_empty() { String::new() } else { format!(" at {place}") };
    AppError::new(ErrorKind::InvalidRequest, format!("{what} does not fit{at}: {problem}"))
}

/// The field, and what is wrong with it.
fn told(place: String, found: Option<String>, said: &str) -> (String, String) {
    if let Some(name) = quoted(said, "missing field `") {
        return (below(&place, name), "it is missing, and has to be there".into());
    }
    if let Some(name) = quoted(said, "unknown field `") {
        let place = if place.ends_with(name) { place } else { below(&place, name) };
        return (place, unknown("there is no such field here", name, said));
    }
    if let Some(name) = quoted(said, "unknown variant `") {
        return (place, unknown(&format!("{:?} is none of its words", excerpt(name)), name, said));
    }
    let Some((_, wanted)) = said.split_once(", expected ").filter(|_| said.starts_with("invalid ")) else {
        return (place, of_a_text(said).to_owned());
    };
    let found = found.unwrap_or_else(|| "something else".to_owned());
    (place, format!("{} is wanted, and this is {found}", plain(wanted)))
}

/// What stands between a beginning and the next backquote.
fn quoted<'a>(said: &'a str, beginning: &str) -> Option<&'a str> {
    said.strip_prefix(beginning)?.split_once('`').map(|(name, _)| name)
}

/// With the names that there are, and the one that may be meant.
fn unknown(problem: &str, name: &str, said: &str) -> String {
    let known: Vec<&str> = match said.split_once(", expected ") {
        Some((_, known)) => known.split('`').skip(1).step_by(2).collect(),
        None => Vec::new(),
    };
    let there =
        if known.is_empty() { "it has none".to_owned() } else { format!("there are {}", known.join(", ")) };
    format!("{problem}: {there}{}", meant(name, known.iter().copied()))
}

/// As whoever wrote the document would say it: `market.stretch.start`, `symbols[0]`.
fn place(path: &Path) -> String {
    path.iter().fold(String::new(), |place, segment| match segment {
        Segment::Seq { index } => format!("{place}[{index}]"),
        Segment::Map { key } | Segment::Enum { variant: key } => below(&place, &excerpt(key)),
        Segment::Unknown => place,
    })
}

fn below(place: &str, name: &str) -> String {
    if place.is_empty() { name.to_owned() } else { format!("{place}.{name}") }
}

fn at<'a>(document: &'a Value, path: &Path) -> Option<&'a Value> {
    path.iter().try_fold(document, |value, segment| match segment {
        Segment::Seq { index } => value.get(index),
        Segment::Map { key } | Segment::Enum { variant: key } => value.get(key.as_str()),
        Segment::Unknown => Some(value),
    })
}

/// What a type is called by those who have none.
fn plain(wanted: &str) -> String {
    let whole = |most: u64| format!("a whole number from 0 to {most}");
    match wanted {
        "a string" | "string" | "a borrowed string" | "a character" => "text".into(),
        "a boolean" => "true or false".into(),
        "u8" => whole(u8::MAX.into()),
        "u16" => whole(u16::MAX.into()),
        "u32" => whole(u32::MAX.into()),
        "u64" | "usize" => whole(u64::MAX),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".into(),
        "f32" | "f64" => "a number".into(),
        _ if wanted.starts_with("enum ") || wanted.contains("variant") || wanted == "string or map" => {
            "one of its words, or an object with one field".into()
        }
        _ if wanted.starts_with("struct ") || wanted == "a map" => "an object".into(),
        _ if wanted.starts_with("a sequence") || wanted.starts_with("tuple ") => "a list".into(),
        _ => wanted.to_owned(),
    }
}

/// What is wanted of a text that was to be read as something else.
fn of_a_text(said: &str) -> &str {
    match said {
        "invalid digit found in string" | "cannot parse integer from empty string" => {
            "a whole number is wanted"
        }
        "number too large to fit in target type" => "so large a number does not fit",
        "invalid float literal" => "a number is wanted",
        "provided string was not `true` or `false`" => "true or false is wanted",
        _ => said,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the text {:?}", excerpt(text)),
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "an object".into(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::backtest::BacktestRequest;
    use crate::data::GenerateRequest;

    fn said<T: DeserializeOwned>(document: &Value) -> String {
        read::<T>("the body", document).err().expect("it does not fit").to_string()
    }

    #[test]
    fn a_field_is_named_with_what_is_wanted_and_what_was_found() {
        let market = |market: Value| json!({ "strategy": "trend", "market": market });
        let good = json!({ "symbol": "EURUSD", "timeframe": "1h" });
        let with = |name: &str, value: Value| {
            let mut all = good.clone();
            all[name] = value;
            market(all)
        };
        for (document, words) in [
            (json!([]), "the body does not fit: an object is wanted, and this is a list"),
            (json!({ "strategy": "trend" }), "at market: it is missing"),
            (
                market(json!({ "symbol": {}, "timeframe": "1h" })),
                "at market.symbol: text is wanted, and this is an object",
            ),
            (
                market(json!({ "symbol": "EURUSD", "timeframe": "1x" })),
                "at market.timeframe: timeframe \"1x\" is not known",
            ),
            (
                with("account", json!({ "units": "many" })),
                "at market.account.units: a number is wanted, and this is the text \"many\"",
            ),
            (
                with("account", json!({ "whole_units": 1 })),
                "at market.account.whole_units: true or false is wanted, and this is the number 1",
            ),
            (
                with("acount", json!({})),
                "at market.acount: there is no such field here: there are symbol, timeframe",
            ),
            (with("acount", json!({})), "did you mean account?"),
        ] {
            let said = said::<BacktestRequest>(&document);
            assert!(said.contains(words), "{said}\n{words}");
        }
        let bars = json!({ "symbol": "A", "timeframe": "1h", "bars": -1, "start": "2020-01-01" });
        assert!(
            said::<GenerateRequest>(&bars).contains(
                "at bars: a whole number from 0 to 4294967295 is wanted, and this is the number -1"
            )
        );
        let of_query = |said: &str| refused("the query", said).to_string();
        let whole = "the query does not fit at limit: a whole number is wanted";
        assert_eq!(of_query("limit: invalid digit found in string"), whole);
        let unknown = of_query("unknown field `limt`, expected `limit` or `cursor`");
        assert!(unknown.ends_with("there are limit, cursor; did you mean limit?"), "{unknown}");
        let process =
            json!({ "symbol": "A", "timeframe": "1h", "bars": 1, "start": "2020-01-01", "process": "walk" });
        assert!(
            said::<GenerateRequest>(&process)
                .contains("at process: \"walk\" is none of its words: there are random-walk")
        );
    }
}
