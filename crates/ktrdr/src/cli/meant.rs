//! What somebody meant whose command there is not: by its meaning first, by its letters where those are alike.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, Error};
use ktrdr_domain::nearest::nearest;

use super::Arguments;

/// Words of other tools, and of people, for what is called otherwise here.
const WORDS: [(&[&str], &[&str]); 18] = [
    (&["import", "load", "download"], &["data import"]),
    (&["symbols", "series", "bars", "prices"], &["data list"]),
    (&["resample"], &["data resample"]),
    (&["train", "fit"], &["training run"]),
    (&["test", "simulate", "trade"], &["backtest run"]),
    (&["signals"], &["backtest signals"]),
    (&["sweep", "grid", "optimise", "optimize"], &["strategies sweep"]),
    (&["start", "run"], &["research run", "up"]),
    (&["stop", "abort", "kill"], &["operations cancel", "campaign cancel"]),
    (&["cancel"], &["operations cancel", "campaign cancel"]),
    (&["jobs", "ps", "tasks", "runs", "list", "ls"], &["operations list"]),
    (&["status", "show"], &["operations status", "campaign list"]),
    (&["logs", "history", "events"], &["operations events"]),
    (&["watch", "follow", "tail"], &["operations watch"]),
    (&["trials", "looks"], &["ledger trials"]),
    (&["lessons"], &["memory list"]),
    (&["cycle", "cycles"], &["agent trigger", "research run"]),
    (&["why"], &["operations explain", "explain"]),
];

/// The same refusal, with suggestions that are near in meaning: of a command that is not known, those for the same thing, or the
/// one that is a slip away; nothing where nothing is.
pub(crate) fn with_what_was_meant(mut refusal: Error) -> Error {
    if refusal.kind() != ErrorKind::InvalidSubcommand {
        return refusal;
    }
    let Some(ContextValue::String(word)) = refusal.get(ContextKind::InvalidSubcommand).cloned() else {
        return refusal;
    };
    let of_clap = match refusal.get(ContextKind::SuggestedSubcommand) {
        Some(ContextValue::Strings(words)) => words.iter().map(|word| shown_name(word)).collect(),
        _ => Vec::new(),
    };
    let by_letters = || nearest(&word, of_clap.iter().map(String::as_str)).map(|near| vec![near.to_owned()]);
    let by_meaning = WORDS.iter().find(|(words, _)| words.contains(&word.as_str()));
    let meant = by_meaning.map(|(_, meant)| meant.iter().map(|&word| word.to_owned()).collect());
    let is_of_a_noun = !refusal.render().to_string().contains("Usage: ktrdr [OPTIONS] <COMMAND>");
    let suggested = meant.filter(|_| !is_of_a_noun).or_else(by_letters).unwrap_or_default();
    if suggested.is_empty() {
        refusal.remove(ContextKind::SuggestedSubcommand);
    } else {
        refusal.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(suggested));
    }
    refusal
}

/// What is shown of a command that is read under several names.
fn shown_name(word: &str) -> String {
    let whole = Arguments::command();
    let named = whole.get_subcommands().find(|command| command.get_all_aliases().any(|alias| alias == word));
    named.map_or_else(|| word.to_owned(), |command| command.get_name().to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    fn suggested(words: &[&str]) -> Vec<String> {
        let refusal = Arguments::try_parse_from(std::iter::once(&"ktrdr").chain(words)).unwrap_err();
        match with_what_was_meant(refusal).get(ContextKind::SuggestedSubcommand) {
            Some(ContextValue::Strings(words)) => words.clone(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn suggestions_are_near_in_meaning_or_a_slip_away() {
        for (word, meant) in [
            ("lessons", "memory list"),
            ("trials", "ledger trials"),
            ("jobs", "operations list"),
            ("train", "training run"),
            ("operatons", "operations"),
            ("bactest", "backtest"),
        ] {
            assert_eq!(suggested(&[word]).first().map(String::as_str), Some(meant), "{word}");
        }
        assert_eq!(suggested(&["mode"]), ["models"]);
        assert!(suggested(&["zebra"]).is_empty());
        assert_eq!(suggested(&["data", "lst"]), ["list"]);
        assert_eq!(suggested(&["data", "start"]), [""; 0]);
        assert!(Arguments::try_parse_from(["ktrdr", "campaigns", "list"]).is_ok());
    }

    #[test]
    fn what_is_suggested_is_there() {
        let whole = Arguments::command();
        for word in WORDS.iter().flat_map(|(_, meant)| *meant) {
            let found = word.split(' ').try_fold(&whole, |command, verb| command.find_subcommand(verb));
            assert!(found.is_some(), "{word}");
        }
    }

    /// `-s` is the symbol wherever it stands, and so with every other letter.
    #[test]
    fn a_short_option_means_one_thing_everywhere() {
        fn options(
            command: &clap::Command,
            found: &mut std::collections::BTreeMap<char, std::collections::BTreeSet<String>>,
        ) {
            for argument in command.get_arguments() {
                if let (Some(short), Some(long)) = (argument.get_short(), argument.get_long()) {
                    found.entry(short).or_default().insert(long.to_owned());
                }
            }
            command.get_subcommands().for_each(|command| options(command, found));
        }
        let mut found = std::collections::BTreeMap::new();
        options(&Arguments::command(), &mut found);
        let several: Vec<_> = found.iter().filter(|(_, longs)| longs.len() > 1).collect();
        assert!(several.is_empty(), "{several:?}");
        assert!(found[&'s'].contains("symbol") && found[&'t'].contains("timeframe"), "{found:?}");
    }
}
