//! What is wrong with a file of bars, line by line.

use std::fmt;

pub use super::problem::Problem;

/// How many faults are kept to be shown; the rest is only counted.
const FAULTS_SHOWN_MAX: usize = 20;
/// How much of a refused text an error repeats.
const TEXT_SHOWN_MAX: usize = 60;

/// A file that was refused: its first faults and how many there are. Nothing of it is used.
#[derive(Debug, Clone, PartialEq)]
pub struct BadBars {
    /// The first faults, at most 20, in the order of the file.
    pub faults: Vec<Fault>,
    /// How many faults there are in all.
    pub count: u64,
}

/// One fault and where it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// Line in the file, counted from 1; `None` where the file as a whole is at fault.
    pub line: Option<u64>,
    /// What is wrong and what to do.
    pub problem: Problem,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.problem),
            None => self.problem.fmt(f),
        }
    }
}

impl fmt::Display for BadBars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, fault) in self.faults.iter().enumerate() {
            write!(f, "{}{fault}", if i == 0 { "" } else { "\n" })?;
        }
        match self.count - self.faults.len() as u64 {
            0 => Ok(()),
            more => write!(f, "\nand {more} more"),
        }
    }
}

impl std::error::Error for BadBars {}

impl BadBars {
    /// A refusal of the file as a whole.
    pub(super) fn whole(problem: Problem) -> Self {
        Self { faults: vec![Fault { line: None, problem }], count: 1 }
    }

    /// A refusal because of one line.
    pub(super) fn at(line: u64, problem: Problem) -> Self {
        Self { faults: vec![Fault { line: Some(line), problem }], count: 1 }
    }

    /// No fault yet.
    pub(super) fn none() -> Self {
        Self { faults: Vec::new(), count: 0 }
    }

    /// One more fault.
    pub(super) fn add(&mut self, line: Option<u64>, problem: Problem) {
        self.count += 1;
        if self.faults.len() < FAULTS_SHOWN_MAX {
            self.faults.push(Fault { line, problem });
        }
    }
}

/// The start of a refused text, as far as an error repeats it.
pub(super) fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(&text[..text.len().min(TEXT_SHOWN_MAX * 4)])
        .chars()
        .take(TEXT_SHOWN_MAX)
        .collect()
}
