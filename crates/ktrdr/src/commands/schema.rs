//! `ktrdr schema`: the JSON Schema of what `--output json` prints, for each command.

mod documents;

use std::process::ExitCode;

use ktrdr_app::described;
use ktrdr_domain::nearest::nearest;
use serde_json::{Value, json};

use self::documents::DOCUMENTS;
use crate::cli::SchemaArguments;
use crate::exit::{CliError, Kind};
use crate::screen::Screen;

/// The dialect that they are written in.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Commands whose answer is no document of ours, and why.
pub(crate) const WITHOUT: [(&str, &str); 17] = [
    ("serve", "it plays a role until it is stopped"),
    ("orchestrator", "it plays a role until it is stopped"),
    ("worker", "it plays a role until it is stopped"),
    ("mcp", "it speaks the Model Context Protocol"),
    ("top", "it draws on a terminal"),
    ("schema", "its answer is a schema, or their list"),
    ("strategies schema", "its answer is a schema"),
    ("dead-letters drop", "it names what it dropped, and there has to be something that was given up"),
    ("agent approvals approve", "its answer is the idea, as `memory hypotheses` lists it"),
    ("agent approvals reject", "its answer is the idea, as `memory hypotheses` lists it"),
    ("store new-epoch", "it is for a store that was lost"),
    ("topology apply", "it needs the broker's administrator"),
    ("topology diff", "it needs the broker's administrator"),
    ("topology show", "its answer is the file that the broker imports"),
    ("topology redis-acl", "its answer is the file that Redis reads"),
    ("bench api", "its figures are for people"),
    ("bench fleet", "its figures are for people"),
];

/// The words of every command that prints a document.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    DOCUMENTS.iter().map(|(name, _)| *name)
}

pub(crate) fn run(asked: &SchemaArguments, screen: &Screen) -> Result<ExitCode, CliError> {
    if asked.command.is_empty() {
        let names: Vec<&str> = names().collect();
        screen.list("commands", &names, |screen| names.iter().for_each(|name| screen.line(name)))?;
        return Ok(ExitCode::SUCCESS);
    }
    let name = asked.command.join(" ");
    let (_, form) = DOCUMENTS.iter().find(|(known, _)| *known == name).ok_or_else(|| unknown(&name))?;
    let mut whole = json!({ "$schema": DIALECT, "title": format!("ktrdr {name} --output json") });
    if let (Some(whole), Value::Object(schema)) = (whole.as_object_mut(), described::alone(*form).to_value())
    {
        whole.extend(schema.into_iter().filter(|(word, _)| word != "title"));
    }
    screen.answer(&whole, |screen| screen.raw(&serde_json::to_string_pretty(&whole).unwrap_or_default()))?;
    Ok(ExitCode::SUCCESS)
}

fn unknown(name: &str) -> CliError {
    if let Some((_, why)) = WITHOUT.iter().find(|(known, _)| *known == name) {
        return CliError::new(Kind::NotFound, format!("`ktrdr {name}` prints no document: {why}"));
    }
    let advice = nearest(name, names()).map_or_else(
        || "`ktrdr schema` lists those that do".to_owned(),
        |known| format!("did you mean {known:?}?"),
    );
    CliError::new(Kind::NotFound, format!("no command {name:?} prints a document; {advice}"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::{Command, CommandFactory};

    use super::*;
    use crate::cli::Arguments;

    /// The words of every command below one that has none below itself.
    fn leaves(command: &Command, path: &[&str]) -> Vec<String> {
        let below = command.get_subcommands().filter(|verb| verb.get_name() != "help" && !verb.is_hide_set());
        let below: Vec<&Command> = below.collect();
        if below.is_empty() {
            return vec![path.join(" ")];
        }
        below.iter().flat_map(|verb| leaves(verb, &[path, &[verb.get_name()]].concat())).collect()
    }

    #[test]
    fn every_command_has_a_schema_or_a_reason_why_not() {
        let known: BTreeSet<String> = names().map(str::to_owned).collect();
        let without: BTreeSet<String> = WITHOUT.iter().map(|(name, _)| (*name).to_owned()).collect();
        let typed: BTreeSet<String> = leaves(&Arguments::command(), &[]).into_iter().collect();
        assert_eq!(known.intersection(&without).count(), 0);
        let said: BTreeSet<String> = known.union(&without).cloned().collect();
        assert_eq!(said, typed, "DOCUMENTS says what each command prints");
    }
}
