//! The manual's page of every command, from what the command line knows of itself: `KTRDR_TEST_BLESS=1` writes it down anew.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use clap::{Arg, Command, CommandFactory};

use super::Arguments;

const INTRODUCTION: &str = "# Every command

Made from the command line itself by a test: `KTRDR_TEST_BLESS=1 cargo test --workspace --bin ktrdr cli::page`. The same stands in
`ktrdr COMMAND --help`, and in the pages that `ktrdr man --out DIR` writes.

## Options of every command

";

fn page() -> String {
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    let mut page = INTRODUCTION.to_owned();
    options(&mut page, command.get_arguments().filter(|argument| argument.is_global_set()));
    command.get_subcommands().for_each(|noun| section(&mut page, noun, 2));
    page
}

/// A command, and below it its verbs.
fn section(page: &mut String, command: &Command, level: usize) {
    if command.is_hide_set() {
        return;
    }
    let name = command.get_bin_name().unwrap_or_default();
    writeln!(page, "\n{} `{name}`\n", "#".repeat(level)).unwrap();
    let about = command.get_long_about().or(command.get_about()).map(ToString::to_string).unwrap_or_default();
    writeln!(page, "{}", plain(&about)).unwrap();
    if command.has_subcommands() {
        return command.get_subcommands().for_each(|verb| section(page, verb, level + 1));
    }
    let usage = command.clone().render_usage().to_string();
    writeln!(page, "\n```text\n{}\n```", usage.trim_start_matches("Usage: ")).unwrap();
    let own: Vec<&Arg> = command
        .get_arguments()
        .filter(|a| {
            !a.is_global_set() && !a.is_hide_set() && !["help", "version"].contains(&a.get_id().as_str())
        })
        .collect();
    if !own.is_empty() {
        page.push('\n');
        options(page, own.into_iter());
    }
}

fn options<'a>(page: &mut String, arguments: impl Iterator<Item = &'a Arg>) {
    for argument in arguments {
        let help =
            argument.get_long_help().or(argument.get_help()).map(ToString::to_string).unwrap_or_default();
        let mut said = plain(&help);
        let values: Vec<String> =
            argument.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
        if !values.is_empty() && argument.get_action().takes_values() {
            write!(said, " One of {}.", values.join(", ")).unwrap();
        }
        let by_default: Vec<String> =
            argument.get_default_values().iter().map(|value| value.to_string_lossy().into_owned()).collect();
        if argument.get_action().takes_values() && by_default.iter().any(|value| !value.is_empty()) {
            write!(said, " By default `{}`.", by_default.join(" ")).unwrap();
        }
        if let Some(variable) = argument.get_env() {
            write!(said, " Or by `{}`.", variable.to_string_lossy()).unwrap();
        }
        writeln!(page, "- `{}`: {said}", typed(argument)).unwrap();
    }
}

/// `-s, --symbol <SYMBOL>`
fn typed(argument: &Arg) -> String {
    let short = argument.get_short().map(|short| format!("-{short}"));
    let long = argument.get_long().map(|long| format!("--{long}"));
    let names: Vec<String> = [short, long].into_iter().flatten().collect();
    let values: Vec<String> =
        argument.get_value_names().into_iter().flatten().map(ToString::to_string).collect();
    match (names.is_empty(), argument.get_action().takes_values()) {
        (true, _) => values.join(" "),
        (false, true) => format!("{} <{}>", names.join(", "), values.join("> <")),
        (false, false) => names.join(", "),
    }
}

/// Text of a help in Markdown, on one line.
fn plain(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.replace('<', "\\<").replace('*', "\\*").replace('[', "\\[")
}

#[test]
fn the_manual_has_every_command_and_every_option() {
    let place = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md");
    let now = page();
    if std::env::var_os("KTRDR_TEST_BLESS").is_some() {
        fs::write(&place, &now).unwrap();
    }
    let stands = fs::read_to_string(&place).unwrap_or_default();
    assert!(stands == now, "docs/cli.md is not up to date: bless it with KTRDR_TEST_BLESS=1");
}
