//! What the processes say of themselves: how often what happened to them, and whether anything happened that must not.

use std::collections::BTreeMap;
use std::path::Path;

use super::fault::Fault;
use crate::processes::Ends;

/// Words of a log line, and what they mean.
const WORDS: [(&str, &str); 6] = [
    ("fenced: not ours any more", "attempts that found themselves fenced"),
    ("finish refused: decided without us", "results refused because another attempt had the row"),
    ("delivery acknowledgement on channel", "consumers that timed out"),
    ("the broker ended the consumer", "consumers whose queue was deleted"),
    ("it becomes a dead letter", "messages refused as not ours"),
    ("the consumer failed", "consumers that lost their connection or channel"),
];

/// What the logs of a folder tell.
#[derive(Debug, Default)]
pub(crate) struct Sightings {
    pub(crate) counts: BTreeMap<&'static str, u32>,
    /// A thread that panics is a bug, whatever happened.
    pub(crate) panics: Vec<String>,
}

impl Sightings {
    pub(crate) fn read(logs: &Path) -> Self {
        let mut seen = Self::default();
        for entry in std::fs::read_dir(logs).unwrap() {
            let text = std::fs::read(entry.unwrap().path()).unwrap();
            String::from_utf8_lossy(&text).lines().for_each(|line| seen.line(line));
        }
        seen
    }

    fn line(&mut self, line: &str) {
        for (_, meaning) in WORDS.iter().filter(|(words, _)| line.contains(words)) {
            *self.counts.entry(meaning).or_default() += 1;
        }
        if line.contains("panicked at") {
            self.panics.push(line.to_owned());
        }
    }
}

/// Ends that nothing explains. Processes end when they are killed (9), by a probe that may (6), when a thread does
/// not listen (75), and when they start while a server is away (5) or has no queues (7).
pub(crate) fn strange_ends(ends: &Ends, faults: &[(Fault, usize)]) -> Vec<String> {
    let may_be_deaf = faults.iter().any(|(fault, times)| *fault == Fault::Deaf && *times > 0);
    let is_expected = |end: &str| match end {
        "signal 9" | "signal 6" | "exit 5" | "exit 7" => true,
        "exit 75" => may_be_deaf,
        _ => false,
    };
    ends.iter().filter(|(end, _)| !is_expected(end)).map(|(end, n)| format!("{n} processes: {end}")).collect()
}
