//! What goes to stdout and stderr. Answers go to stdout, everything else to stderr, so that a pipe gets answers only.
//! An answer that could not be written is an error, whatever the command did.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::OnceLock;

use ktrdr_domain::number;
use serde::Serialize;
use tracing::Level;

use crate::cli::OutputForm;
use crate::exit::{CliError, Kind, OrExit};
use crate::logging;
use crate::stream;
use crate::times::TimeFormat;

/// The user's terminal or pipe.
#[derive(Debug)]
pub(crate) struct Screen {
    /// Form of answers.
    pub(crate) form: OutputForm,
    /// How times are shown; as suits the place otherwise.
    pub(crate) times: Option<TimeFormat>,
    /// Why an answer could not be written: the first reason. After it nothing more is tried.
    fault: OnceLock<io::Error>,
}

impl Screen {
    pub(crate) fn new(form: OutputForm) -> Self {
        Self { form, times: None, fault: OnceLock::new() }
    }

    /// The same with times as somebody wants them.
    pub(crate) fn showing(self, times: Option<TimeFormat>) -> Self {
        Self { times, ..self }
    }

    /// Whether people read the answer.
    pub(crate) fn is_text(&self) -> bool {
        self.form == OutputForm::Text
    }

    /// Whether progress bars make sense: someone looks at stderr, and JSON was not asked for.
    pub(crate) fn is_live(&self) -> bool {
        self.is_text() && io::stderr().is_terminal() && !logging::is_json()
    }

    /// A line of a text answer; nothing in the JSON forms.
    pub(crate) fn line(&self, text: impl Display) {
        if self.is_text() {
            self.say(&harmless(&text.to_string()));
        }
    }

    /// A line for people beside the answer, on stderr; nothing in the JSON forms.
    pub(crate) fn note(&self, text: impl Display) {
        if self.is_text() {
            self.whisper(Level::INFO, &harmless(&text.to_string()));
        }
    }

    /// The whole answer: `text` writes it for people; the JSON forms print `document`.
    pub(crate) fn answer<T: Serialize>(
        &self,
        document: &T,
        text: impl FnOnce(&Self),
    ) -> Result<(), CliError> {
        match self.form {
            OutputForm::Text => text(self),
            OutputForm::Json => self.say(&pretty(document)?),
            OutputForm::Jsonl => self.say(&compact(document)?),
        }
        Ok(())
    }

    /// A list as answer: one document in `json`, one line per entry in `jsonl`.
    pub(crate) fn list<T: Serialize>(
        &self,
        name: &str,
        entries: &[T],
        text: impl FnOnce(&Self),
    ) -> Result<(), CliError> {
        self.list_in(&BTreeMap::from([(name, entries)]), entries, text)
    }

    /// As [`Self::list`], where more stands in the document than the list.
    pub(crate) fn list_in<T: Serialize>(
        &self,
        document: &impl Serialize,
        entries: &[T],
        text: impl FnOnce(&Self),
    ) -> Result<(), CliError> {
        match self.form {
            OutputForm::Text => text(self),
            OutputForm::Json => self.say(&pretty(document)?),
            OutputForm::Jsonl => {
                for entry in entries {
                    self.say(&compact(entry)?);
                }
            }
        }
        Ok(())
    }

    /// One of many JSON lines, as things happen; nothing in the other forms.
    pub(crate) fn event<T: Serialize>(&self, document: &T) {
        if let (OutputForm::Jsonl, Ok(line)) = (self.form, compact(document)) {
            self.say(&line);
        }
    }

    /// That a list is not whole, beside it on stderr. Lines of JSON have no other place to say it.
    pub(crate) fn cut(&self, shown: u64, total: u64, words: &str) {
        match self.form {
            OutputForm::Text => self.note(words),
            OutputForm::Json | OutputForm::Jsonl => {
                let note = serde_json::json!({ "note": words, "shown": shown, "total": total });
                self.whisper(Level::INFO, &escaped(&note.to_string()));
            }
        }
    }

    /// Raw text as answer in every form, such as a schema or a migrated file.
    pub(crate) fn raw(&self, text: &str) {
        self.say(&harmless(text.trim_end()));
    }

    /// Why nothing happens, for those who wait: on stderr in every form, one JSON document when JSON was asked for.
    pub(crate) fn notice<T: Serialize>(&self, notice: &T, text: impl Display) {
        match self.form {
            OutputForm::Text => self.note(text),
            OutputForm::Json | OutputForm::Jsonl => {
                self.whisper(Level::WARN, &escaped(&serde_json::json!({ "notice": notice }).to_string()));
            }
        }
    }

    /// An error, on stderr in every form; as JSON when JSON was asked for.
    fn error(&self, error: &CliError) {
        let text = match self.form {
            OutputForm::Text => format!("error: {}", harmless(&error.message)),
            OutputForm::Json | OutputForm::Jsonl => {
                let mut told = serde_json::json!({ "exit_code": error.kind as u8, "message": error.message });
                if let Some(code) = &error.code {
                    told["code"] = code.as_ref().into();
                }
                escaped(&serde_json::json!({ "error": told }).to_string())
            }
        };
        self.whisper(Level::ERROR, &text);
    }

    /// What somebody else wrote to stdout for us.
    pub(crate) fn said(&self, written: io::Result<()>) {
        if let Err(fault) = written {
            let _ = self.fault.set(fault);
        }
    }

    /// The end of the process: says the error, if there is one. Nobody is told that all is well whose answer did not
    /// reach the disk; only a reader that went away (`| head`) is no fault of ours.
    pub(crate) fn ended(&self, answer: Result<ExitCode, CliError>) -> ExitCode {
        self.said(stream::stdout().flush());
        let unwritten = self.fault.get().filter(|fault| fault.kind() != ErrorKind::BrokenPipe);
        let answer = match (answer, unwritten) {
            (Ok(_), Some(fault)) => {
                Err(CliError::new(Kind::Files, format!("the answer could not be written: {fault}")))
            }
            (answer, _) => answer,
        };
        answer.unwrap_or_else(|error| {
            self.error(&error);
            error.exit_code()
        })
    }

    /// To stdout.
    fn say(&self, text: &str) {
        if self.fault.get().is_none() {
            self.said(stream::stdout().write_all(format!("{text}\n").as_bytes()));
        }
    }

    /// To stderr: there is nobody to tell that it could not be written. Where that is for programs, as a line of the log.
    fn whisper(&self, level: Level, text: &str) {
        let line = logging::is_json().then(|| said(level, text));
        let text = line.as_deref().unwrap_or(text);
        let _ = stream::stderr().write_all(format!("{text}\n").as_bytes());
    }
}

/// What is said on stderr as a line of the log; what is JSON already stays as it is.
fn said(level: Level, text: &str) -> String {
    if serde_json::from_str::<serde_json::Value>(text).is_ok_and(|document| document.is_object()) {
        return text.to_owned();
    }
    let at = chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let (level, fields) =
        (level.as_str(), serde_json::json!({ "message": text.trim_start_matches("error: ") }));
    let line = serde_json::json!({ "timestamp": at, "level": level, "fields": fields, "target": "ktrdr" });
    escaped(&line.to_string())
}

fn pretty<T: Serialize>(document: &T) -> Result<String, CliError> {
    text(number::json_pretty(document))
}

fn compact<T: Serialize>(document: &T) -> Result<String, CliError> {
    text(number::json(document))
}

fn text(json: serde_json::Result<Vec<u8>>) -> Result<String, CliError> {
    json.map(|json| escaped(&String::from_utf8_lossy(&json))).or_exit(Kind::InvalidInput)
}

/// JSON in which what could drive a terminal is written as `\u009b`. Such characters stand in its texts only.
fn escaped(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut text, c| {
        match drives_a_terminal(c) {
            // Writing to text never fails.
            true => drop(write!(text, "\\u{:04x}", u32::from(c))),
            false => text.push(c),
        }
        text
    })
}

/// Whether a character acts on a terminal instead of being shown: control characters of both sets, and those that turn the
/// direction of writing. Line feeds and tabs are ours.
pub(crate) fn drives_a_terminal(c: char) -> bool {
    let turns =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    (c.is_control() && c != '\n' && c != '\t') || turns
}

/// Text from outside in which nothing drives the terminal.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().map(|c| if drives_a_terminal(c) { '\u{fffd}' } else { c }).collect()
}

/// One word from outside: it spans no lines either.
pub(crate) fn harmless_word(word: &str) -> String {
    harmless(word).replace(['\n', '\t'], "\u{fffd}")
}

/// A table: columns as wide as their widest cell, right-aligned where every cell below the head is a number.
pub(crate) fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let width = |c: usize| {
        rows.iter().map(|r| r[c].chars().count()).chain([head[c].chars().count()]).max().unwrap_or(0)
    };
    let is_number =
        |cell: &String| cell.chars().next().is_none_or(|c| c.is_ascii_digit() || "-+–".contains(c));
    let columns: Vec<(usize, bool)> =
        (0..head.len()).map(|c| (width(c), rows.iter().all(|r| is_number(&r[c])))).collect();
    let line = |cells: &[String]| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&columns)
            .map(|(cell, &(w, right))| if right { format!("{cell:>w$}") } else { format!("{cell:<w$}") })
            .collect();
        padded.join("  ").trim_end().to_owned()
    };
    let head: Vec<String> = head.iter().map(|h| (*h).to_owned()).collect();
    std::iter::once(line(&head)).chain(rows.iter().map(|r| line(r))).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_sequences_from_outside_are_made_harmless() {
        assert_eq!(harmless("a\u{1b}[2Jb\nc\u{9b}1m\u{202e}"), "a\u{fffd}[2Jb\nc\u{fffd}1m\u{fffd}");
        assert_eq!(harmless_word("a\nerror: b"), "a\u{fffd}error: b");
    }

    #[test]
    fn json_stays_the_same_document_when_it_is_escaped() {
        let document = serde_json::json!({ "text": "é \u{9b}1m \u{7f} \u{202e} \n" });
        let escaped = pretty(&document).unwrap();
        assert!(!escaped.contains(['\u{9b}', '\u{7f}', '\u{202e}']), "{escaped}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), document);
    }

    #[test]
    fn numbers_align_right_and_words_left() {
        let rows = vec![vec!["a".into(), "1".into()], vec!["bbb".into(), "20".into()]];
        assert_eq!(table(&["name", "n"], &rows), "name   n\na      1\nbbb   20");
    }
}
