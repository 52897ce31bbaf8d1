//! What the stable words mean that gates, failures and checks of data say, and what to do about each.

use schemars::JsonSchema;
use serde::Serialize;

use Said::{ByGates, OfData, OfFailures};

/// Where a word is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// By a gate, or by the close of a campaign.
    ByGates,
    /// As the reason why an operation failed.
    OfFailures,
    /// By `data check`.
    OfData,
}

/// A stable word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Entry {
    /// The word.
    pub word: &'static str,
    /// Where it is said.
    pub said: Said,
    /// What it means.
    pub meaning: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

const fn entry(said: Said, word: &'static str, meaning: &'static str, remedy: &'static str) -> Entry {
    Entry { word, said, meaning, remedy }
}

/// What is said of that word.
#[must_use]
pub fn find(word: &str) -> Option<&'static Entry> {
    all().find(|entry| entry.word == word)
}

/// Every word, those of gates first, in the order in which they are checked.
pub fn all() -> impl Iterator<Item = &'static Entry> {
    [GATES, FAILURES, DATA].into_iter().flatten()
}

const GATES: &[Entry] = &[
    entry(
        ByGates,
        "metric_missing",
        "a figure that the gate needs is not there or is not a number; a gate never passes what it can not see",
        "look at the report for why it is undefined: mostly too few trades or rows",
    ),
    entry(
        ByGates,
        "no_skill",
        "on rows it had not seen, the network's loss was no better than answering with the shares of the classes",
        "read something else: these inputs say nothing about these labels",
    ),
    entry(
        ByGates,
        "collapsed_answers",
        "the network gives one and the same answer to every row",
        "choose labels whose classes are more even, or train longer",
    ),
    entry(
        ByGates,
        "too_few_test_rows",
        "too few rows were left to judge the network by",
        "use a longer history, a shorter timeframe, or a shorter horizon",
    ),
    entry(
        ByGates,
        "no_dev_profit",
        "trading on the dev window, on folds the network had not seen and after costs, earned nothing",
        "ask for more confidence or hold longer: what it foresees does not pay for trading",
    ),
    entry(
        ByGates,
        "within_dev_null",
        "on the dev window the same trades at other times did as well too often",
        "read something else; the exam would have been wasted on this one",
    ),
    entry(
        ByGates,
        "in_sample",
        "the model learned from time that the exam covers, so that the exam proves nothing",
        "train it on the dev window, or examine it on later bars",
    ),
    entry(
        ByGates,
        "implausible",
        "figures that no honest account leads to: something in the data knows the future",
        "look at the column or the stamp that the finding names",
    ),
    entry(
        ByGates,
        "leakage",
        "decisions changed when only the future was changed",
        "this is a fault of the program: please report it with the replay's hashes",
    ),
    entry(
        ByGates,
        "too_few_trades",
        "too few closed trades to tell skill from luck",
        "loosen the confidence threshold, or shorten the horizon",
    ),
    entry(
        ByGates,
        "no_net_profit",
        "the exam earned nothing after costs",
        "ask for more confidence or hold longer",
    ),
    entry(
        ByGates,
        "drawdown_too_high",
        "the largest fall from a peak was larger than the policy allows",
        "limit a position's life with a stop or a longest holding",
    ),
    entry(
        ByGates,
        "within_null",
        "did no better than the same trades at random times, or than random entries held as long",
        "read something else: its timing adds nothing",
    ),
    entry(
        ByGates,
        "deflated_sharpe_too_low",
        "the Sharpe ratio is not beyond what the best of that many looks has by luck alone",
        "examine fewer designs, or the same one on more data; varying it raises the bar",
    ),
    entry(
        ByGates,
        "not_a_discovery",
        "at its campaign's close the p-value was over the level that is left to tests on this window",
        "see docs/honesty.md: a new gate window begins a new sequence of tests",
    ),
    entry(
        ByGates,
        "not_a_champion",
        "bred on the dev window, where another design was better: it was not examined",
        "nothing: that spares the exam",
    ),
    entry(
        ByGates,
        "repetition",
        "the same design, or a near copy of its positions, was examined before: it was not looked at again",
        "design something that trades differently",
    ),
    entry(
        ByGates,
        "accuracy_below_threshold",
        "parity profile: too few answers on unseen rows were right",
        "the honest profile asks for skill over the baseline instead",
    ),
    entry(
        ByGates,
        "loss_too_high",
        "parity profile: the loss on unseen rows is over the limit",
        "the honest profile compares it with the baseline instead",
    ),
    entry(
        ByGates,
        "insufficient_loss_decrease",
        "parity profile: training lowered the loss by too little",
        "train longer, or with another learning rate",
    ),
    entry(
        ByGates,
        "win_rate_too_low",
        "parity profile: too few trades won",
        "the honest profile asks for net profit instead",
    ),
    entry(
        ByGates,
        "sharpe_too_low",
        "parity profile: the Sharpe ratio is under the limit",
        "the honest profile deflates it by the looks instead",
    ),
];

const FAILURES: &[Entry] = &[
    entry(
        OfFailures,
        "attempts_exhausted",
        "every try failed, or its worker was lost too often; it is among the dead letters",
        "`ktrdr dead-letters show ID`, then `ktrdr dead-letters retry ID` once the cause is gone",
    ),
    entry(
        OfFailures,
        "time_limit",
        "it ran longer than its type may",
        "give it less to do, or raise `fleet.training_time_limit` (or that of backtests)",
    ),
    entry(
        OfFailures,
        "bad_input",
        "what it was told can not be done: no such bars, or a specification that makes no sense",
        "mend what the error names and submit it again",
    ),
    entry(
        OfFailures,
        "refused",
        "what it was told must not be done, such as learning outside the dev window",
        "change what the error names",
    ),
    entry(
        OfFailures,
        "vault_closed",
        "it would have looked into a vault that was not opened for it",
        "end it before the vault, or open it with --open-vault REASON, which is counted",
    ),
    entry(
        OfFailures,
        "window_burnt",
        "the gate window was looked at too often to prove anything",
        "`ktrdr data roll-windows SYMBOL --reason …` makes another one",
    ),
    entry(
        OfFailures,
        "budget_exhausted",
        "a limit of what may be spent would be passed",
        "`ktrdr agent budget` says which one, and when it is whole again",
    ),
    entry(
        OfFailures,
        "error",
        "something of ours went wrong",
        "`ktrdr operations status ID` has the error; report it if it stays",
    ),
    entry(
        OfFailures,
        "gate",
        "a cycle was stopped by a gate, as most are",
        "nothing; the gate's own word says why",
    ),
    entry(
        OfFailures,
        "cancelled",
        "a cycle's job was cancelled",
        "`ktrdr operations retry ID` goes on with it",
    ),
    entry(
        OfFailures,
        "unreadable_result",
        "a cycle's job returned something that can not be read",
        "have all processes run the same version",
    ),
    entry(
        OfFailures,
        "unreadable_cycle",
        "a cycle's own row holds something that can not be read",
        "have all processes run the same version",
    ),
    entry(
        OfFailures,
        "wrong_timeframe",
        "the designed strategy decides on other bars than the cycle was given",
        "design for the cycle's timeframe",
    ),
    entry(
        OfFailures,
        "outside_dev",
        "the designed strategy wants to learn outside the dev window",
        "leave dates to the platform",
    ),
    entry(
        OfFailures,
        "missing_data",
        "the designed strategy reads a series that the cycle was not given",
        "import that series, or name it when the cycle is started",
    ),
];

const DATA: &[Entry] = &[
    entry(
        OfData,
        "short",
        "too few bars for training, an exam and a vault",
        "get a longer history or a shorter timeframe",
    ),
    entry(OfData, "duplicates", "stamps that occur twice", "remove one of each pair at the source"),
    entry(
        OfData,
        "unexpected_gaps",
        "bars are missing where the market was open",
        "fetch these stretches again",
    ),
    entry(
        OfData,
        "closures",
        "stretches of more than three days without bars",
        "see whether the market was closed; if not, fetch them again",
    ),
    entry(
        OfData,
        "spikes",
        "moves out of all proportion to their neighbours",
        "compare them with another source",
    ),
    entry(
        OfData,
        "stale",
        "bars that repeat the one before: the market was hardly traded, or the feed hung",
        "fetch them again, or leave these hours out",
    ),
    entry(
        OfData,
        "wrong_zone",
        "times that no market's clock explains",
        "import with the --time-zone in which the file is written",
    ),
    entry(
        OfData,
        "negative_prices",
        "prices of zero and below",
        "see whether they are returns, or adjusted too far",
    ),
    entry(OfData, "no_volume", "most bars have no volume", "use no indicator that reads it"),
    entry(OfData, "synthetic", "generated bars, labelled so for ever", "use them for trying things out"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use strum::IntoEnumIterator;

    use super::*;
    use crate::FailureReason;

    #[test]
    fn each_word_is_explained_once() {
        let words: Vec<&str> = all().map(|entry| entry.word).collect();
        assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len());
        for Entry { word, meaning, remedy, .. } in all() {
            assert!(find(word).is_some() && meaning.len() > 10 && remedy.len() > 6, "{word}");
        }
    }

    #[test]
    fn every_reason_of_a_failure_is_explained() {
        for reason in FailureReason::iter() {
            assert!(find(reason.as_str()).is_some(), "{reason} is not in the glossary");
        }
    }

    #[test]
    fn every_word_of_a_gate_is_explained() {
        let gate = include_str!("gate.rs");
        let said = gate.split("fail(").skip(1).filter_map(|rest| rest.trim_start().strip_prefix('"'));
        let words: BTreeSet<&str> = said.filter_map(|rest| rest.split('"').next()).collect();
        assert!(words.len() > 15, "{words:?}");
        for word in words {
            assert!(find(word).is_some(), "{word} is not in the glossary");
        }
    }
}
