//! How a cycle says that a gate stopped it: `Backtest gate failed: no_net_profit (-1.20% <= 0%)`.

use std::fmt;

/// What stands between the gate's name and the code.
const FAILED: &str = " gate failed: ";

/// The name of the gate in front of an exam that lets no repetition pass.
pub const NOVELTY: &str = "Novelty";

/// The code of what stops a design that repeats what was examined before.
pub const REPETITION: &str = "repetition";

/// A gate's no.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal<'a> {
    /// Its name, as a sentence begins with it.
    pub gate: &'a str,
    /// Stable word, such as `no_net_profit`.
    pub code: &'a str,
    /// The figures, or words, behind it.
    pub figures: &'a str,
}

impl<'a> Refusal<'a> {
    /// What the error of a cycle says; `None` where no gate stopped it.
    #[must_use]
    pub fn read(error: &'a str) -> Option<Self> {
        let (gate, rest) = error.split_once(FAILED)?;
        let (code, figures) = rest.strip_suffix(')')?.split_once(" (")?;
        let is_code = !code.is_empty() && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        is_code.then_some(Self { gate, code, figures })
    }

    /// The same without what stands behind the code.
    #[must_use]
    pub fn without_figures(&self) -> String {
        format!("{}{FAILED}{}", self.gate, self.code)
    }
}

impl fmt::Display for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{FAILED}{} ({})", self.gate, self.code, self.figures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_as_it_was_said() {
        let said = Refusal { gate: "Backtest", code: "no_net_profit", figures: "-1.20% <= 0% (of \u{e9})" };
        assert_eq!(Refusal::read(&said.to_string()), Some(said));
        assert_eq!(said.without_figures(), "Backtest gate failed: no_net_profit");
    }

    #[test]
    fn other_errors_are_none() {
        for error in [
            "",
            "Backtest failed: lost 12.5 % (on the way)",
            "x gate failed: -1.20% (y)",
            "x gate failed: (y)",
            "x gate failed: code",
        ] {
            assert_eq!(Refusal::read(error), None, "{error}");
        }
    }
}
