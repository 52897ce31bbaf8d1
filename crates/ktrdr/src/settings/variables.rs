//! `KTRDR_…` variables: which are settings, which are somebody else's, and which are slips of the pen.

use std::ffi::{OsStr, OsString};

use ktrdr_domain::nearest::{slip_of, slips};

use super::Settings;
use crate::exit::{CliError, Kind};
use crate::screen::harmless_word;

/// What all of them begin with.
pub(super) const PREFIX: &str = "KTRDR_";

/// Between a section and a setting of it.
pub(super) const OF: &str = "__";

/// Settings that may be unset, so that the built-in values do not list them.
const ADDRESSES: [&str; 16] = [
    "AGENT__MODELS_FILE",
    "API__LISTEN",
    "API__TLS_CERT",
    "API__TLS_KEY",
    "AMQP_URL",
    "AMQP_URL_FILE",
    "AMQP_ADMIN_URL",
    "AMQP_ADMIN_URL_FILE",
    "RABBITMQ_MANAGEMENT_URL",
    "RABBITMQ_MANAGEMENT_URL_FILE",
    "REDIS_URL",
    "REDIS_URL_FILE",
    "ARTIFACTS_URL",
    "PREFIX",
    "CA_FILE",
    "TRACES__ENDPOINT",
];

/// What the command line and the logs read, and servers with their keys and tokens, which no file may set.
const OF_THE_PROCESS: [&str; 12] = [
    "WORKSPACE",
    "TIME_FORMAT",
    "COMPLETE",
    "LOG",
    "LOG_FORMAT",
    "AGENT__BASE_URL",
    "AGENT__API_KEY",
    "AGENT__API_KEY_FILE",
    "SERVER",
    "SERVER_CA",
    "TOKEN",
    "TOKEN_FILE",
];

/// What scripts, tests and containers read. A name that ends with `_` stands for all that begin with it.
const OF_OTHERS: [&str; 25] = [
    "ASSESSMENT_WORKERS",
    "BACKTESTING_CPUS",
    "BACKTESTING_MEMORY",
    "BACKTESTING_WORKERS",
    "BENCH_",
    "CHAOS_",
    "COMMIT",
    "COORDINATORS",
    "DATA_WORKERS",
    "DESIGN_WORKERS",
    "GRAFANA_PORT",
    "IMAGE",
    "INTERLEAVINGS",
    "LIBTORCH_DIR",
    "ORCHESTRATORS",
    "PROMETHEUS_PORT",
    "RABBITMQ_UI_PORT",
    "REAL_DATA",
    "SEED",
    "SERVICES_",
    "TEST_",
    "TRAINING_",
    "ATTACK_",
    "EVIDENCE_",
    "FUZZ_",
];

/// The variables of the environment, told apart.
#[derive(Debug, Default)]
pub(super) struct Variables {
    /// Settings: by name, as the environment has it.
    pub(super) settings: config::Map<String, String>,
    /// What nobody here knows. Orchestrators of containers put such names into every environment.
    pub(super) foreign: Vec<String>,
}

/// What a name after `KTRDR_` stands for.
#[derive(Debug, PartialEq, Eq)]
enum Meaning {
    Setting,
    Other,
    /// Of this one, mistyped.
    Slip(String),
    Foreign,
}

impl Variables {
    /// Tells variables apart; a mistyped one is refused, as it would be overlooked otherwise.
    pub(super) fn among(all: impl Iterator<Item = (OsString, OsString)>) -> Result<Self, CliError> {
        let known = names();
        let mut found = Self::default();
        for (variable, value) in all {
            let variable = variable.to_string_lossy();
            let Some(name) = after_prefix(&variable) else { continue };
            match meaning(name, &variable, &known) {
                Meaning::Setting => {
                    found.settings.insert(variable.to_string(), text(&variable, &value)?);
                }
                Meaning::Other => {}
                Meaning::Slip(meant) => {
                    let message = format!("{variable} is no setting; did you mean {PREFIX}{meant}?");
                    return Err(CliError::new(Kind::InvalidInput, message));
                }
                Meaning::Foreign => found.foreign.push(harmless_word(&variable)),
            }
        }
        found.foreign.sort_unstable();
        Ok(found)
    }
}

/// The value of a variable that must be text.
pub(crate) fn text(variable: &str, value: &OsStr) -> Result<String, CliError> {
    let refused = || CliError::new(Kind::InvalidInput, format!("the value of {variable} is no UTF-8 text"));
    value.to_str().map(str::to_owned).ok_or_else(refused)
}

/// The rest of a name of ours, whatever its case, or of one whose beginning is ours but for one slip: `KTRD_ENGINE`,
/// `KTDR_ENGINE`, `KTRDRENGINE`.
fn after_prefix(variable: &str) -> Option<&str> {
    let begins = |prefix: &str| {
        let (begin, rest) = variable.split_at_checked(prefix.len())?;
        begin.eq_ignore_ascii_case(prefix).then_some(rest)
    };
    let mistyped = || {
        let end = variable.find('_')? + 1;
        let (begin, rest) = variable.split_at(end);
        (slips(PREFIX, begin) <= 1).then_some(rest)
    };
    begins(PREFIX).or_else(mistyped).or_else(|| begins(PREFIX.trim_end_matches('_')))
}

fn meaning(name: &str, variable: &str, known: &[String]) -> Meaning {
    let is_exact = variable.starts_with(PREFIX);
    let section = name.split_once(OF).map(|(section, _)| format!("{section}{OF}"));
    let has_section = section.is_some_and(|section| known.iter().any(|known| known.starts_with(&section)));
    let is_known = known.iter().any(|known| known == name);
    if is_exact && OF_THE_PROCESS.contains(&name) {
        return Meaning::Other;
    }
    // An unknown setting of a section is refused with the others of the section.
    if is_exact && (is_known || has_section) {
        return Meaning::Setting;
    }
    let is_others = |other: &&str| *other == name || (other.ends_with('_') && name.starts_with(*other));
    if is_exact && OF_OTHERS.iter().any(is_others) {
        return Meaning::Other;
    }
    let read_here = known.iter().map(String::as_str).chain(OF_THE_PROCESS);
    match slip_of(name, read_here) {
        Some(meant) => Meaning::Slip(meant.to_owned()),
        None => Meaning::Foreign,
    }
}

/// The names of all settings: `ENGINE`, `FLEET__LEASE`.
fn names() -> Vec<String> {
    let built_in = toml::Table::try_from(Settings::default()).unwrap_or_default();
    let mut names: Vec<String> = ADDRESSES.iter().map(|&name| name.to_owned()).collect();
    flatten("", &built_in, &mut names);
    names
}

fn flatten(section: &str, table: &toml::Table, names: &mut Vec<String>) {
    for (key, value) in table {
        let name = format!("{section}{}", key.to_uppercase());
        match value {
            toml::Value::Table(inner) => flatten(&format!("{name}{OF}"), inner, names),
            _ => names.push(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStringExt;
    use std::path::Path;

    use super::*;

    fn meaning_of(variable: &str) -> Option<Meaning> {
        after_prefix(variable).map(|name| meaning(name, variable, &names()))
    }

    #[test]
    fn settings_are_taken_slips_refused_and_the_names_of_others_left_alone() {
        for setting in
            ["KTRDR_ENGINE", "KTRDR_CA_FILE", "KTRDR_FLEET__LEASE", "KTRDR_WINDOWS__DATES__GATE_FROM"]
        {
            assert_eq!(meaning_of(setting), Some(Meaning::Setting), "{setting}");
        }
        for (slip, meant) in [
            ("KTRDR_ENGIN", "ENGINE"),
            ("KTRDR_ENIGNE", "ENGINE"),
            ("KTRDR_engine", "ENGINE"),
            ("ktrdr_engine", "ENGINE"),
            ("KTRDR_REDIS_URI", "REDIS_URL"),
            ("KTRDR_FLEET_LEASE", "FLEET__LEASE"),
            ("KTRDR_FLET__LEASE", "FLEET__LEASE"),
            ("KTRDR_LOGS", "LOG"),
            ("KTRDR_WORKSPCE", "WORKSPACE"),
            ("KTRD_ENGINE", "ENGINE"),
            ("KTDR_ENGINE", "ENGINE"),
            ("KTRDER_FLEET__LEASE", "FLEET__LEASE"),
            ("KTRDRENGINE", "ENGINE"),
            ("KTRD_ENGIN", "ENGINE"),
        ] {
            assert_eq!(meaning_of(slip), Some(Meaning::Slip(meant.into())), "{slip}");
        }
        for foreign in
            ["KTRDR_SERVICE_HOST", "KTRDR_PORT", "KTRDR_PORT_6379_TCP_ADDR", "KTRDR_REDIS_PORT", "KTRDR_POD"]
        {
            assert_eq!(meaning_of(foreign), Some(Meaning::Foreign), "{foreign}");
        }
        assert_eq!(meaning_of("KTRD_PORT"), Some(Meaning::Foreign));
        for other in ["TRADER_ENGINE", "KT_ENGINE", "ENGINE", "KTRX_REDIS_URL", "_KTRDR", ""] {
            assert_eq!(meaning_of(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_no_text_is_refused_by_name_and_never_shown() {
        let value = OsString::from_vec(b"canary\xff".to_vec());
        let refused = Variables::among([("KTRDR_PREFIX".into(), value)].into_iter()).unwrap_err();
        assert!(refused.message.contains("KTRDR_PREFIX") && !refused.message.contains("canary"), "{refused}");
    }

    /// The variables that a text names.
    fn named(text: &str) -> impl Iterator<Item = &str> {
        let word = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        text.match_indices(PREFIX).map(move |(at, _)| {
            let rest = &text[at..];
            &rest[..rest.find(|c| !word(c)).unwrap_or(rest.len())]
        })
    }

    #[test]
    fn every_name_that_scripts_and_containers_use_is_known() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut folders = vec![root.join("scripts"), root.join("compose"), root.join(".ci")];
        let mut seen = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                    continue;
                }
                let text = String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()).into_owned();
                for name in named(&text).filter(|name| *name != PREFIX) {
                    seen += 1;
                    let known = [Some(Meaning::Setting), Some(Meaning::Other)];
                    assert!(known.contains(&meaning_of(name)), "{name} in {}", entry.path().display());
                }
            }
        }
        assert!(seen > 20, "only {seen} names were found");
    }
}
