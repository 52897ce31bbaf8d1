//! `ktrdr explain`: what a stable word means, and what to do about it.

use std::process::ExitCode;

use ktrdr_domain::glossary::{self, Entry, Said};
use ktrdr_domain::nearest::nearest;

use crate::cli::ExplainArguments;
use crate::exit::{CliError, Kind};
use crate::screen::Screen;

pub(crate) fn run(asked: &ExplainArguments, screen: &Screen) -> Result<ExitCode, CliError> {
    let entries: Vec<&Entry> = match &asked.word {
        Some(word) => vec![glossary::find(&word.to_lowercase()).ok_or_else(|| unknown(word))?],
        None => glossary::all().collect(),
    };
    screen.list("words", &entries, |screen| {
        let mut said = None;
        for entry in &entries {
            if asked.word.is_none() && said.replace(entry.said) != Some(entry.said) {
                screen.line(heading(entry.said));
            }
            screen.line(format!("  {}: {}\n    → {}", entry.word, entry.meaning, entry.remedy));
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

fn heading(said: Said) -> &'static str {
    match said {
        Said::ByGates => "said by gates, and by the close of a campaign",
        Said::OfFailures => "why an operation failed",
        Said::OfData => "said by `ktrdr data check`",
    }
}

fn unknown(word: &str) -> CliError {
    let near = nearest(word, glossary::all().map(|entry| entry.word));
    let advice = near.map_or_else(
        || "`ktrdr explain` lists the words there are".to_owned(),
        |word| format!("did you mean {word}?"),
    );
    CliError::new(Kind::NotFound, format!("{word:?} is no word of a gate, a failure or a check; {advice}"))
}
