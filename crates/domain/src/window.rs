//! Dev, gate and vault: who may look at which part of the data.
//!
//! The platform's configuration splits each data set by time. The designer and training see `dev` only, the
//! cycle's exam runs on `gate`, and `vault` is opened by a person, counted. A strategy may narrow `dev`, nothing else.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::time::{Span, Timestamp};

/// The three windows, in time order and side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// Train, validation and test.
    pub dev: Span,
    /// The cycle's backtest.
    pub gate: Span,
    /// Opened only by a person.
    pub vault: Span,
}

/// One of the windows, or a stretch that is none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

/// How configuration cuts a data set: by shares of its length, or at fixed dates.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
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

    /// Refuses to learn from anything but `dev`. `wanted` must include the span of the labels.
    ///
    /// # Errors
    /// Names the exam window that would be spoilt.
    pub fn allow_training(&self, wanted: &Span) -> Result<(), WindowError> {
        for window in [WindowKind::Gate, WindowKind::Vault] {
            if self.span(window).overlaps(wanted) {
                let span = self.span(window);
                return Err(WindowError::Exam { wanted: *wanted, window, span, dev: self.dev });
            }
        }
        if self.dev.covers(wanted) {
            Ok(())
        } else {
            Err(WindowError::OutsideDev { wanted: *wanted, dev: self.dev })
        }
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
        assert!(w.allow_training(&span(100, 600)).is_ok());
        let refused = w.allow_training(&span(100, 601)).unwrap_err();
        assert!(refused.to_string().contains("gate"), "{refused}");
        assert!(w.allow_training(&span(900, 950)).unwrap_err().to_string().contains("vault"));
        assert!(w.allow_training(&span(-10, 500)).is_err());
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
