//! From a file and variables to settings. What is wrong is named by its place; what stands there is never repeated: in a
//! file with a mistake any text may be a password.

use std::io::ErrorKind;
use std::ops::Range;
use std::path::Path;

use config::ConfigError;
use ktrdr_fabric::local::regular;

use super::Settings;
use super::variables::{OF, PREFIX, Variables};

/// Largest configuration file, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// How the libraries' words about a value begin; what they expected stands at their end.
const EXPECTATIONS: [&str; 5] =
    ["invalid type", "invalid value", "invalid length", "unknown field", "unknown variant"];

/// Settings as they are written down, before their relations are looked at.
pub(super) fn read(file: &Path, variables: &Variables) -> Result<Settings, String> {
    let text = text_of(file).map_err(|why| format!("{}: {why}", file.display()))?;
    // Alone first: only then are lines and columns known.
    check(&text).map_err(|fault| format!("{}, {fault}", file.display()))?;
    with_variables(&text, &variables.settings)
}

/// Settings of variables alone.
pub(super) fn of(variables: &Variables) -> Result<Settings, String> {
    with_variables("", &variables.settings)
}

fn with_variables(text: &str, variables: &config::Map<String, String>) -> Result<Settings, String> {
    // The library would cut the fraction off.
    let cut = |(name, value): (&String, &String)| {
        let is_fraction = value.parse::<f64>().is_ok_and(|number| number.fract() != 0.0);
        let expected = expected_of(name, value).filter(|expected| is_fraction && is_whole(expected))?;
        Some(format!("{name}: {expected}"))
    };
    if let Some(fault) = variables.iter().filter_map(cut).min() {
        return Err(fault);
    }
    layered(text, variables).map_err(|_| blame(variables))
}

/// Whether whole numbers are expected.
fn is_whole(expected: &str) -> bool {
    ["expected u16", "expected u32", "expected u64", "expected usize"].contains(&expected)
}

/// The file's text; none where there is no file.
fn text_of(file: &Path) -> Result<String, String> {
    match regular::read(file, FILE_BYTES_MAX) {
        Ok(bytes) => String::from_utf8(bytes).map_err(|_| "is no UTF-8 text".to_owned()),
        Err(e) if e.kind() == ErrorKind::NotFound && file.is_symlink() => {
            Err("is a link that leads nowhere: is something not mounted?".to_owned())
        }
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(String::new()),
        Err(e) => Err(e.to_string()),
    }
}

fn layered(text: &str, variables: &config::Map<String, String>) -> Result<Settings, ConfigError> {
    let environment = config::Environment::with_prefix("KTRDR")
        .prefix_separator("_")
        .separator("__")
        .try_parsing(true)
        .list_separator(",")
        .with_list_parse_key("api.hosts")
        .source(Some(variables.clone()));
    let file = config::File::from_str(text, config::FileFormat::Toml);
    config::Config::builder().add_source(file).add_source(environment).build()?.try_deserialize()
}

/// Whether the file alone is a configuration.
fn check(text: &str) -> Result<(), String> {
    let Err(fault) = toml::from_str::<Settings>(text) else { return Ok(()) };
    let place = place(text, fault.span());
    if text.parse::<toml::Table>().is_err() {
        return Err(format!(
            "{place}: this is no TOML; look for a quote, a bracket or an = that is missing or too many here"
        ));
    }
    let key = key_at(text, fault.span()).map_or_else(String::new, |key| format!(" {key}:"));
    Err(format!("{place}:{key} {}", expectation(fault.message())))
}

/// `line 3, column 9`
fn place(text: &str, span: Option<Range<usize>>) -> String {
    let before = text.get(..span.map_or(0, |span| span.start)).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}")
}

/// The key before the place, where it is one word as keys are written.
fn key_at(text: &str, span: Option<Range<usize>>) -> Option<&str> {
    let start = text.get(..span?.start)?.rfind('\n').map_or(0, |end| end + 1);
    let (key, _) = text[start..].lines().next()?.split_once('=')?;
    Some(key.trim()).filter(|key| is_plain(key))
}

/// Letters and underscores alone: a key, hardly a password.
fn is_plain(word: &str) -> bool {
    !word.is_empty() && word.len() <= 40 && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// What was expected, without what was found.
fn expectation(words: &str) -> String {
    let known = EXPECTATIONS.iter().any(|begin| words.starts_with(begin));
    let expected = words.rsplit_once(", expected ").filter(|_| known).map(|(_, expected)| expected);
    let unknown = words.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    match (unknown, expected) {
        (Some(name), Some(expected)) if is_plain(name) => {
            format!("there is no setting {name}; expected {expected}")
        }
        (Some(_), Some(expected)) => format!("there is no such setting; expected {expected}"),
        (None, Some(expected)) => format!("expected {expected}"),
        _ => "what stands here can not be used".to_owned(),
    }
}

/// Which variables are at fault: those that are so alone.
fn blame(variables: &config::Map<String, String>) -> String {
    let mut faults: Vec<String> = variables
        .iter()
        .filter_map(|(name, value)| {
            let alone = config::Map::from_iter([(name.clone(), value.clone())]);
            let fault = layered("", &alone).err()?;
            let expected = expected_of(name, value).unwrap_or_else(|| expected_by(&fault));
            Some(format!("{name}: {expected}"))
        })
        .collect();
    faults.sort_unstable();
    if faults.is_empty() {
        let mut names: Vec<&str> = variables.keys().map(String::as_str).collect();
        names.sort_unstable();
        return format!("{} do not fit together, or not with the file", names.join(", "));
    }
    faults.join("\n")
}

/// What a file would be told that has this value in this place: it names the choices where there are some.
fn expected_of(variable: &str, value: &str) -> Option<String> {
    let place = variable.strip_prefix(PREFIX)?.to_lowercase();
    let value = value.parse::<toml::Value>().unwrap_or_else(|_| toml::Value::String(value.to_owned()));
    let nested = place
        .rsplit(OF)
        .fold(value, |inner, key| toml::Value::Table(toml::Table::from_iter([(key.to_owned(), inner)])));
    nested.try_into::<Settings>().err().map(|fault| expectation(fault.message()))
}

fn expected_by(fault: &ConfigError) -> String {
    match fault {
        ConfigError::Type { expected, .. } => format!("expected {expected}"),
        ConfigError::At { error, .. } => expected_by(error),
        ConfigError::Message(words) => expectation(words),
        _ => "its value can not be used".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_by_place_and_key_and_never_by_what_stands_there() {
        for (text, words) in [
            ("\nredis_url = \"redis://:canary@h/0\n", "line 2, column"),
            (
                "allow_plaintext = \"redis://:canary@h/0\"\n",
                "line 1, column 19: allow_plaintext: expected a boolean",
            ),
            ("engine = \"canary, expected canary\"", "engine: expected `embedded` or `fleet`"),
            ("\"redis://:canary@h/0\" = 1", "there is no such setting"),
            ("redis = \"redis://:canary@h/0\"", "there is no setting redis; expected"),
            ("[fleet]\nlease = \"canary\"", "line 2, column 9: lease: expected a duration"),
            ("[fleet]\nlease = \"redis://:canary@h/0\" x", "line 2"),
            ("[windows.dates]\ngate_from = \"canary\"\nvault_from = \"canary\"", "line 2"),
            ("[account]\nsizing = \"canary\"", "line 2"),
            ("prefix = [\"canary\"]", "prefix: expected a string"),
            ("canary-7f = ", "no TOML"),
        ] {
            let fault = check(text).unwrap_err();
            assert!(fault.contains(words) && !fault.contains("canary"), "{text}: {fault}");
        }
    }

    #[test]
    fn the_variable_at_fault_is_named_and_what_it_holds_is_not() {
        for (name, value, words) in [
            ("KTRDR_ALLOW_PLAINTEXT", "redis://:canary@h", "KTRDR_ALLOW_PLAINTEXT: expected a boolean"),
            ("KTRDR_FLEET__LEASE", "canary", "KTRDR_FLEET__LEASE: expected a duration"),
            ("KTRDR_FLEET__LEESE", "canary", "KTRDR_FLEET__LEESE: there is no setting leese; expected"),
            ("KTRDR_ENGINE", "canary", "KTRDR_ENGINE: expected `embedded` or `fleet`"),
            ("KTRDR_ACCOUNT__SIZING", "canary", "KTRDR_ACCOUNT__SIZING: expected"),
        ] {
            let settings = config::Map::from_iter([(name.to_owned(), value.to_owned())]);
            let variables = Variables { settings, ..Variables::default() };
            let fault = read(Path::new("/nowhere/ktrdr.toml"), &variables).unwrap_err();
            assert!(fault.contains(words) && !fault.contains("canary"), "{fault}");
        }
    }
}
