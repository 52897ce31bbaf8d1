//! Quality gates. They fail closed: a missing or undefined figure fails, except in the `parity` profile, which
//! keeps the rules of the system this one replaces.
//!
//! Each gate is a list of checks; the first that fails is the verdict. A figure that is not a number counts as
//! missing. A figure equal to its threshold passes; skill and profit must lie strictly beyond theirs. What is no result is
//! judged by neither profile: `in_sample`, `implausible`.
//!
//! | profile | training | backtest |
//! |---|---|---|
//! | parity | accuracy, loss, loss decrease | win rate, drawdown, Sharpe ratio |
//! | honest | loss, skill over the baseline, more than one answer, rows, net return and null p-value on dev | leakage proof, trades, net return, drawdown, both nulls, deflated Sharpe |

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::number::Figure;
use crate::range::{OutOfRange, within};
use crate::report::{BacktestSummary, DevBacktest, TrainingReport};
use crate::strategy::label::Class;

/// Which set of rules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GateProfile {
    /// Skill beyond the baseline in training; net P&L beyond its own null and beyond luck in the backtest.
    #[default]
    Honest,
    /// Accuracy, loss and loss decrease; win rate, drawdown and Sharpe ratio. A missing figure passes.
    Parity,
}

/// A profile with its thresholds. All fractions.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GatePolicy {
    /// Which rules apply.
    pub profile: GateProfile,
    /// Parity: test accuracy at least, a fraction.
    pub accuracy_min: f64,
    /// Parity: test loss at most.
    pub loss_max: f64,
    /// Parity: fall of the training loss at least, a fraction of its first.
    pub loss_decrease_min: f64,
    /// Parity: win rate at least, a fraction.
    pub win_rate_min: f64,
    /// Both: drawdown at most, a fraction of the peak.
    pub drawdown_max: f64,
    /// Parity: annualised Sharpe ratio at least.
    pub sharpe_min: f64,
    /// Honest: rows of the test part at least; fewer say nothing about skill.
    pub test_rows_min: usize,
    /// Honest: p-value of the walk-forward backtest on dev at most. Not a proof, only a sieve: each exam costs every later one
    /// some of its power, so that what chance does as well every fifth time does not look at it.
    pub dev_null_max: f64,
    /// Honest: closed trades at least.
    pub trades_min: u64,
    /// Honest: p-value of either null at most.
    pub null_p_max: f64,
    /// Honest: deflated Sharpe ratio at least, a probability.
    pub deflated_sharpe_min: f64,
}

impl GatePolicy {
    /// What is asked unless configuration says otherwise.
    pub const DEFAULT: Self = Self {
        profile: GateProfile::Honest,
        accuracy_min: 0.45,
        loss_max: 0.8,
        loss_decrease_min: 0.20,
        win_rate_min: 0.45,
        drawdown_max: 0.40,
        sharpe_min: -0.5,
        test_rows_min: 30,
        dev_null_max: 0.2,
        trades_min: 30,
        null_p_max: 0.05,
        deflated_sharpe_min: 0.95,
    };
}

impl Default for GatePolicy {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// How a gate judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case", tag = "gate")]
pub enum GateVerdict {
    /// Every check passed.
    Passed,
    /// The first check that failed.
    Failed {
        /// Stable word, such as `accuracy_below_threshold`.
        code: String,
        /// The figures: `42.30% < 45%`.
        figures: String,
    },
}

impl GateVerdict {
    /// Whether it passed.
    #[must_use]
    pub fn passed(&self) -> bool {
        matches!(self, Self::Passed)
    }
}

impl fmt::Display for GateVerdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Passed => f.write_str("passed"),
            Self::Failed { code, figures } => write!(f, "{code} ({figures})"),
        }
    }
}

/// One check: nothing, or the verdict that it failed.
type Check = Result<(), GateVerdict>;

impl GatePolicy {
    /// Whether thresholds are numbers that somebody can mean: every comparison with NaN is false, and such a gate would stand open.
    ///
    /// # Errors
    /// Says which is not, and what it may be.
    pub fn check(&self) -> Result<(), OutOfRange> {
        let share = |key, value| within(key, value, (0.0, 1.0), "from 0 to 1");
        let probability = |key, value| within(key, value, (f64::MIN_POSITIVE, 1.0), "over 0 and at most 1");
        share("accuracy_min", self.accuracy_min)?;
        share("win_rate_min", self.win_rate_min)?;
        share("drawdown_max", self.drawdown_max)?;
        within("loss_max", self.loss_max, (0.0, f64::MAX), "a number from 0 on")?;
        within("loss_decrease_min", self.loss_decrease_min, (f64::MIN, 1.0), "a number up to 1")?;
        within("sharpe_min", self.sharpe_min, (f64::MIN, f64::MAX), "a number")?;
        probability("dev_null_max", self.dev_null_max)?;
        probability("null_p_max", self.null_p_max)?;
        probability("deflated_sharpe_min", self.deflated_sharpe_min)
    }

    /// Judges a trained network by its test rows.
    #[must_use]
    pub fn training(&self, report: &TrainingReport) -> GateVerdict {
        verdict(match self.profile {
            GateProfile::Parity => self.parity_training(report),
            GateProfile::Honest => self.honest_training(report),
        })
    }

    /// Judges a backtest.
    #[must_use]
    pub fn backtest(&self, summary: &BacktestSummary) -> GateVerdict {
        verdict(is_a_result(summary).and_then(|()| match self.profile {
            GateProfile::Parity => self.parity_backtest(summary),
            GateProfile::Honest => self.honest_backtest(summary),
        }))
    }

    fn parity_training(&self, report: &TrainingReport) -> Check {
        if let Some(accuracy) = number(report.test.accuracy).filter(|a| *a < self.accuracy_min) {
            let figures = format!("{:.2}% < {}", accuracy * 100.0, percent(self.accuracy_min));
            return fail("accuracy_below_threshold", figures);
        }
        if let Some(loss) = number(report.test.loss).filter(|l| *l > self.loss_max) {
            return fail("loss_too_high", format!("{loss:.3} > {}", self.loss_max));
        }
        if let (Some(initial), Some(last)) = (report.initial_train_loss, report.final_train_loss)
            // Not as a quotient: from 1.0 to 0.8 is exactly 20 %, but (1.0 − 0.8) / 1.0 < 0.2 in binary.
            && last > initial * (1.0 - self.loss_decrease_min)
        {
            let decrease = (initial - last) / initial * 100.0;
            let figures = format!("{:.1}% < {}", Figure(decrease), percent(self.loss_decrease_min));
            return fail("insufficient_loss_decrease", figures);
        }
        Ok(())
    }

    fn parity_backtest(&self, summary: &BacktestSummary) -> Check {
        let metrics = &summary.metrics;
        if let Some(win_rate) = number(metrics.win_rate).filter(|w| *w < self.win_rate_min) {
            let figures = format!("{:.1}% < {}", win_rate * 100.0, percent(self.win_rate_min));
            return fail("win_rate_too_low", figures);
        }
        if let Some(drawdown) = number(metrics.max_drawdown_pct) {
            self.drawdown(drawdown)?;
        }
        if let Some(sharpe) = number(metrics.sharpe_ratio).filter(|s| *s < self.sharpe_min) {
            return fail("sharpe_too_low", format!("{:.2} < {}", Figure(sharpe), Figure(self.sharpe_min)));
        }
        Ok(())
    }

    fn honest_training(&self, report: &TrainingReport) -> Check {
        let test = &report.test;
        let loss = required("test_loss", test.loss, "no finite loss on the test rows")?;
        let baseline = required("baseline_loss", test.baseline_loss, "no finite loss of the baseline")?;
        if loss >= baseline {
            let [loss, baseline] = told_apart(loss, baseline);
            return fail("no_skill", format!("{loss} >= {baseline}"));
        }
        for (class, share) in Class::ALL.into_iter().zip(test.answer_shares) {
            let share = required("answer_shares", Some(share), "not a number")?;
            if share >= 1.0 {
                let class = format!("{class:?}").to_uppercase();
                return fail("collapsed_answers", format!("{class} {:.1}%", share * 100.0));
            }
        }
        if test.rows < self.test_rows_min {
            return fail("too_few_test_rows", format!("{} < {}", test.rows, self.test_rows_min));
        }
        self.dev_backtest(report.dev_backtest.as_ref())
    }

    /// Whether it is worth a look at the exam.
    fn dev_backtest(&self, dev: Option<&DevBacktest>) -> Check {
        let figure = |name, of: fn(&DevBacktest) -> Option<f64>| {
            required(name, dev.and_then(of), "nothing was traded on dev")
        };
        let net_return = figure("dev_return", |dev| dev.total_return_pct.filter(|_| dev.total_trades > 0))?;
        if net_return <= 0.0 {
            return fail("no_dev_profit", format!("{:.2}% <= 0%", Figure(net_return * 100.0)));
        }
        let p = figure("dev_null_p", |dev| dev.null_p)?;
        if p > self.dev_null_max {
            return fail("within_dev_null", format!("{p:.3} > {}", self.dev_null_max));
        }
        Ok(())
    }

    fn honest_backtest(&self, summary: &BacktestSummary) -> Check {
        let (metrics, evidence) = (&summary.metrics, &summary.evidence);
        let needed = |name: &'static str, value| {
            required(name, value, summary.undefined.get(name).map_or("undefined", String::as_str))
        };
        leakage(summary)?;
        if metrics.total_trades < self.trades_min {
            return fail("too_few_trades", format!("{} < {}", metrics.total_trades, self.trades_min));
        }
        let net_return = needed("total_return_pct", metrics.total_return_pct)?;
        if net_return <= 0.0 {
            return fail("no_net_profit", format!("{:.2}% <= 0%", Figure(net_return * 100.0)));
        }
        self.drawdown(needed("max_drawdown_pct", metrics.max_drawdown_pct)?)?;
        self.beyond_chance(summary)?;
        let deflated = needed("deflated_sharpe", evidence.deflated_sharpe)?;
        if deflated < self.deflated_sharpe_min {
            return fail("deflated_sharpe_too_low", format!("{deflated:.3} < {}", self.deflated_sharpe_min));
        }
        Ok(())
    }

    /// Both nulls must be beaten; the shifts by weeks only where the window has enough of them.
    fn beyond_chance(&self, summary: &BacktestSummary) -> Check {
        let evidence = &summary.evidence;
        let nulls =
            [("random entries", evidence.random_entries), ("shifts by weeks", evidence.shifted_weeks)];
        for (what, null) in nulls {
            let Some(null) = null else { continue };
            let p = required("null_p", Some(null.p), "not a number")?;
            if p > self.null_p_max {
                let figures = format!("p {p:.3} > {} of {} {what}", self.null_p_max, null.draws);
                return fail("within_null", figures);
            }
        }
        let why = summary.undefined.get("random_entries").map_or("undefined", String::as_str);
        required("random_entries", evidence.null_p(), why).map(|_| ())
    }

    fn drawdown(&self, drawdown: f64) -> Check {
        if drawdown > self.drawdown_max {
            let figures = format!("{:.1}% > {}", drawdown * 100.0, percent(self.drawdown_max));
            return fail("drawdown_too_high", figures);
        }
        Ok(())
    }
}

/// No profile judges what is no result: a model on time it learned from, figures that no honest account leads to.
fn is_a_result(summary: &BacktestSummary) -> Check {
    match (&summary.in_sample, summary.quarantine.first()) {
        (Some(known), _) => fail("in_sample", known.to_string()),
        (None, Some(finding)) => fail("implausible", finding.clone()),
        (None, None) => Ok(()),
    }
}

/// Only signals from elsewhere have nothing to prove.
fn leakage(summary: &BacktestSummary) -> Check {
    match (summary.evidence.leakage_proof, &summary.model) {
        (Some(true), _) | (None, None) => Ok(()),
        (Some(false), _) => fail("leakage", "decisions changed when the future was changed".into()),
        (None, Some(_)) => fail("metric_missing", "leakage_proof: the model was not examined".into()),
    }
}

fn verdict(check: Check) -> GateVerdict {
    check.err().unwrap_or(GateVerdict::Passed)
}

fn fail(code: &str, figures: String) -> Check {
    Err(GateVerdict::Failed { code: code.into(), figures })
}

fn number(value: Option<f64>) -> Option<f64> {
    value.filter(|x| !x.is_nan())
}

fn required(name: &str, value: Option<f64>, why: &str) -> Result<f64, GateVerdict> {
    value.filter(|x| x.is_finite()).ok_or_else(|| GateVerdict::Failed {
        code: "metric_missing".into(),
        figures: format!("{name}: {why}"),
    })
}

/// A threshold as people write it: `45%`, `12.5%`.
fn percent(fraction: f64) -> String {
    let text = format!("{:.4}", fraction * 100.0);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Two losses with as many digits as it takes to tell them apart, at least four significant ones: losses of
/// regressions are squares of small returns.
fn told_apart(a: f64, b: f64) -> [String; 2] {
    const DIGITS: std::ops::RangeInclusive<usize> = 4..=16;
    let [a, b] = [a, b].map(|x| x + 0.0); // −0 is 0
    let is_small = a.abs().min(b.abs()) < 0.01;
    let show = |x: f64, digits: usize| match is_small {
        true => format!("{x:.*e}", digits - 1),
        false => format!("{x:.digits$}"),
    };
    let at = |digits| [show(a, digits), show(b, digits)];
    DIGITS.map(at).find(|[a, b]| a != b).unwrap_or_else(|| at(*DIGITS.start()))
}
