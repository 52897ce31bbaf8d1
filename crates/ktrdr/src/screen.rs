//! What goes to stdout and stderr. Answers go to stdout, everything else to stderr, so that a pipe gets answers only.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use ktrdr_domain::number;
use serde::Serialize;

use crate::cli::OutputForm;
use crate::exit::{CliError, Kind, OrExit};

/// The user's terminal or pipe.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Screen {
    /// Form of answers.
    pub(crate) form: OutputForm,
}

impl Screen {
    pub(crate) fn new(form: OutputForm) -> Self {
        Self { form }
    }

    /// Whether people read the answer.
    pub(crate) fn is_text(&self) -> bool {
        self.form == OutputForm::Text
    }

    /// Whether progress bars make sense: someone looks at stderr, and JSON was not asked for.
    pub(crate) fn is_live(&self) -> bool {
        self.is_text() && io::stderr().is_terminal()
    }

    /// A line of a text answer; nothing in the JSON forms.
    pub(crate) fn line(&self, text: impl Display) {
        if self.is_text() {
            self.write(&mut io::stdout().lock(), &harmless(&text.to_string()));
        }
    }

    /// A line for people beside the answer, on stderr; nothing in the JSON forms.
    pub(crate) fn note(&self, text: impl Display) {
        if self.is_text() {
            self.write(&mut io::stderr().lock(), &harmless(&text.to_string()));
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
            OutputForm::Json => self.write(&mut io::stdout().lock(), &pretty(document)?),
            OutputForm::Jsonl => self.write(&mut io::stdout().lock(), &compact(document)?),
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
        match self.form {
            OutputForm::Text => text(self),
            OutputForm::Json => {
                self.write(&mut io::stdout().lock(), &pretty(&serde_json::json!({ name: entries }))?);
            }
            OutputForm::Jsonl => {
                for entry in entries {
                    self.write(&mut io::stdout().lock(), &compact(entry)?);
                }
            }
        }
        Ok(())
    }

    /// One of many JSON lines, as things happen; nothing in the other forms.
    pub(crate) fn event<T: Serialize>(&self, document: &T) {
        if let (OutputForm::Jsonl, Ok(line)) = (self.form, compact(document)) {
            self.write(&mut io::stdout().lock(), &line);
        }
    }

    /// Raw text as answer in every form, such as a schema or a migrated file.
    pub(crate) fn raw(&self, text: &str) {
        self.write(&mut io::stdout().lock(), text.trim_end());
    }

    /// An error, on stderr in every form; as JSON when JSON was asked for.
    pub(crate) fn error(&self, error: &CliError) {
        let text = match self.form {
            OutputForm::Text => format!("error: {}", harmless(&error.message)),
            OutputForm::Json | OutputForm::Jsonl => {
                serde_json::json!({ "error": { "exit_code": error.kind as u8, "message": error.message } })
                    .to_string()
            }
        };
        self.write(&mut io::stderr().lock(), &text);
    }

    /// A reader that went away (`| head`) is no fault of ours.
    fn write(self, to: &mut impl Write, text: &str) {
        let _ = writeln!(to, "{text}");
    }
}

fn pretty<T: Serialize>(document: &T) -> Result<String, CliError> {
    text(number::json_pretty(document))
}

fn compact<T: Serialize>(document: &T) -> Result<String, CliError> {
    text(number::json(document))
}

fn text(json: serde_json::Result<Vec<u8>>) -> Result<String, CliError> {
    json.map(|json| String::from_utf8_lossy(&json).into_owned()).or_exit(Kind::InvalidInput)
}

/// Text from outside without control characters, so that nobody's data can drive the terminal.
pub(crate) fn harmless(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
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
        assert_eq!(harmless("a\u{1b}[2Jb\nc"), "a\u{fffd}[2Jb\nc");
    }

    #[test]
    fn numbers_align_right_and_words_left() {
        let rows = vec![vec!["a".into(), "1".into()], vec!["bbb".into(), "20".into()]];
        assert_eq!(table(&["name", "n"], &rows), "name   n\na      1\nbbb   20");
    }
}
