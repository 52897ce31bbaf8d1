//! Dev, gate and vault: who may look at which part of the data.
//!
//! The windows of an instrument are fixed when its first bars come, by the platform's configuration, and move on the record
//! only ([`window_history`](crate::window_history)). The designer and training see `dev` only, the cycle's exam runs on `gate`,
//! and `vault` is opened by a person who says why, counted. A strategy may narrow `dev`, nothing else.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::name::Symbol;
use crate::reason::Reason;
use crate::time::{Span, Timestamp};

/// Looks at a gate window after which research on it ends unless configured. By the arithmetic of the deflated Sharpe ratio five
/// years of exam ask for a Sharpe ratio of 2 a year by then: an edge of 2, as good as they come, passes every second time.
pub const LOOKS_MAX: u64 = 200;

/// The three windows, in time order and side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct Windows {
    /// Train, validation and test.
    pub dev: Span,
    /// The cycle's backtest.
    pub gate: Span,
    /// Opened only by a person, who says why. Newer bars extend it.
    pub vault: Span,
}

/// One of the windows, or a stretch that is none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WindowKind {
    /// See [`Windows::dev`].
    Dev,
    /// See [`Windows::gate`].
    Gate,
    /// See [`Windows::vault`].
    Vault,
}

impl fmt::Display for WindowKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Dev => "dev",
            Self::Gate => "gate",
            Self::Vault => "vault",
        })
    }
}

/// How configuration cuts the first bars of an instrument: by shares of their length, or at fixed dates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WindowPolicy {
    /// Shares of the data's length; `vault` gets the rest.
    Shares {
        /// Share of `dev`, over 0.
        dev: f64,
        /// Share of `gate`, over 0; `dev + gate` under 1.
        gate: f64,
    },
    /// The day `gate` starts and the day `vault` starts, UTC.
    Dates {
        /// End of `dev`.
        gate_from: Timestamp,
        /// End of `gate`.
        vault_from: Timestamp,
    },
}

impl Default for WindowPolicy {
    /// 60 % dev, 25 % gate, 15 % vault.
    fn default() -> Self {
        Self::Shares { dev: 0.60, gate: 0.25 }
    }
}

/// Why a data set can not be cut, or a job may not use a stretch of it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum WindowError {
    /// The configured shares or dates leave a window empty.
    #[error("windows: {0}; set [windows] in ktrdr.toml so that dev, gate and vault each get a part of {1}")]
    Unusable(&'static str, Span),
    /// A job wants to learn from data that belongs to an exam.
    #[error(
        "training on {wanted} is refused: it reaches into the {window} window ({span}). \
         A strategy may only narrow dev ({dev}); set its dates inside"
    )]
    Exam {
        /// What was asked for, label span included.
        wanted: Span,
        /// The window it meets.
        window: WindowKind,
        /// That window's span.
        span: Span,
        /// What would have been allowed.
        dev: Span,
    },
    /// A stretch outside all data.
    #[error("{wanted} is refused: the dev window is {dev}; set the dates inside it")]
    OutsideDev {
        /// What was asked for.
        wanted: Span,
        /// What would have been allowed.
        dev: Span,
    },
    /// A run wants to see a part of the vault, and nobody said that it may.
    #[error(
        "vault_closed: {wanted} reaches into the vault window ({vault}). Choose dates before it; what is to be its one look \
         at the vault says why with --open-vault REASON, and every report of the instrument counts it from then on"
    )]
    VaultClosed {
        /// What was asked for.
        wanted: Span,
        /// The vault.
        vault: Span,
    },
    /// Research wants an exam on a gate window that was looked at too often.
    #[error(
        "window_burnt: the gate window of {symbol} ({gate}) was looked at {looks} times, and research on it ends at \
         {looks_max} ([research] looks_max): after so many looks no believable edge could be told from luck. \
         `ktrdr data roll-windows {symbol} --reason TEXT` makes the oldest unopened part of the vault the new gate"
    )]
    Burnt {
        /// The instrument.
        symbol: Symbol,
        /// Its gate window.
        gate: Span,
        /// Looks at it so far.
        looks: u64,
        /// Looks after which research ends.
        looks_max: u64,
    },
    /// Research wants an exam on a gate window whose looks nobody knows any more.
    #[error(
        "window_burnt: how often the gate window of {symbol} ({gate}) was looked at, nobody can say any more: the store that counted \
         was lost ({at}: {reason}). `ktrdr data roll-windows {symbol} --reason TEXT` makes the oldest unopened part of the vault the \
         new gate"
    )]
    Uncounted {
        /// The instrument.
        symbol: Symbol,
        /// Its gate window.
        gate: Span,
        /// When research went on without that store.
        at: Timestamp,
        /// What was said of the loss.
        reason: Reason,
    },
}

impl WindowPolicy {
    /// Cuts `data`. Share boundaries fall on midnight UTC, so that they do not depend on the bar length.
    ///
    /// # Errors
    /// When a window would be empty.
    pub fn split(&self, data: Span) -> Result<Windows, WindowError> {
        let unusable = |why| Err(WindowError::Unusable(why, data));
        let (gate_from, vault_from) = match *self {
            Self::Shares { dev, gate } => {
                if !(dev > 0.0 && gate > 0.0 && dev + gate < 1.0) {
                    return unusable("shares must be over 0 and sum to less than 1");
                }
                let length_s = (data.end.0 - data.start.0) as f64;
                let cut = |share: f64| Timestamp(data.start.0 + (length_s * share) as i64).day_start();
                (cut(dev), cut(dev + gate))
            }
            Self::Dates { gate_from, vault_from } => (gate_from, vault_from),
        };
        if !(data.start < gate_from && gate_from < vault_from && vault_from < data.end) {
            return unusable("one of the three would be empty");
        }
        Ok(Windows {
            dev: Span { start: data.start, end: gate_from },
            gate: Span { start: gate_from, end: vault_from },
            vault: Span { start: vault_from, end: data.end },
        })
    }
}

impl Windows {
    /// The span of one window.
    #[must_use]
    pub fn span(&self, kind: WindowKind) -> Span {
        match kind {
            WindowKind::Dev => self.dev,
            WindowKind::Gate => self.gate,
            WindowKind::Vault => self.vault,
        }
    }

    /// The windows that `looked` meets: each is a look that the ledger counts.
    #[must_use]
    pub fn touched(&self, looked: &Span) -> Vec<WindowKind> {
        [WindowKind::Dev, WindowKind::Gate, WindowKind::Vault]
            .into_iter()
            .filter(|w| self.span(*w).overlaps(looked))
            .collect()
    }

    /// Refuses to learn from anything but `dev`. `wanted` must include the span of the labels. What reaches into a vault that
    /// was `opened` for it may learn from the gate before it, too; its model is in-sample at each exam there.
    ///
    /// # Errors
    /// Names the exam window that would be spoilt.
    pub fn allow_training(&self, wanted: &Span, opened: bool) -> Result<(), WindowError> {
        if self.vault.overlaps(wanted) {
            return self.allow_look(wanted, opened);
        }
        if self.gate.overlaps(wanted) {
            let (window, span) = (WindowKind::Gate, self.gate);
            return Err(WindowError::Exam { wanted: *wanted, window, span, dev: self.dev });
        }
        if self.dev.covers(wanted) && wanted.start < wanted.end {
            Ok(())
        } else {
            Err(WindowError::OutsideDev { wanted: *wanted, dev: self.dev })
        }
    }

    /// Refuses to look into the vault, unless it was `opened` for it.
    ///
    /// # Errors
    /// Names both stretches, and how the vault is opened.
    pub fn allow_look(&self, wanted: &Span, opened: bool) -> Result<(), WindowError> {
        if self.vault.overlaps(wanted) && !opened {
            return Err(WindowError::VaultClosed { wanted: *wanted, vault: self.vault });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(n: i64) -> Timestamp {
        Timestamp(n * 86_400)
    }

    fn span(a: i64, b: i64) -> Span {
        Span { start: days(a), end: days(b) }
    }

    #[test]
    fn default_shares_are_60_25_15_and_adjoin() {
        let w = WindowPolicy::default().split(span(0, 1000)).unwrap();
        assert_eq!((w.dev, w.gate, w.vault), (span(0, 600), span(600, 850), span(850, 1000)));
        assert_eq!(w.touched(&span(500, 700)), [WindowKind::Dev, WindowKind::Gate]);
    }

    #[test]
    fn training_may_only_narrow_dev() {
        let w = WindowPolicy::default().split(span(0, 1000)).unwrap();
        assert!(w.allow_training(&span(100, 600), false).is_ok());
        for opened in [false, true] {
            let refused = w.allow_training(&span(100, 601), opened).unwrap_err();
            assert!(refused.to_string().contains("gate"), "{refused}");
        }
        assert!(w.allow_training(&span(-10, 500), false).is_err());
        assert!(w.allow_training(&span(100, 100), false).is_err(), "nothing is no part of dev");
    }

    #[test]
    fn the_vault_is_seen_by_whoever_it_was_opened_for() {
        let w = WindowPolicy::default().split(span(0, 1000)).unwrap();
        for wanted in [span(849, 851), span(999, 1000), span(0, 1000)] {
            let closed = w.allow_look(&wanted, false).unwrap_err();
            assert_eq!(closed, WindowError::VaultClosed { wanted, vault: w.vault });
            assert_eq!(w.allow_training(&wanted, false).unwrap_err(), closed);
            assert!(w.allow_look(&wanted, true).is_ok() && w.allow_training(&wanted, true).is_ok());
        }
        assert!(w.allow_look(&span(0, 850), false).is_ok());
    }

    #[test]
    fn unusable_policies_are_refused() {
        for policy in [
            WindowPolicy::Shares { dev: 0.7, gate: 0.3 },
            WindowPolicy::Shares { dev: f64::NAN, gate: 0.3 },
            WindowPolicy::Dates { gate_from: days(10), vault_from: days(5) },
            WindowPolicy::Dates { gate_from: days(10), vault_from: days(5000) },
        ] {
            assert!(policy.split(span(0, 1000)).is_err(), "{policy:?}");
        }
    }
}
