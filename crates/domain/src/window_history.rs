//! What became of an instrument's windows: fixed once, opened and moved on the record, never changed otherwise.
//!
//! Windows are two dates. Bars that come later extend the vault, whatever they are and whatever is configured by then: an exam
//! stays where it was when it was looked at.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::data::DataRef;
use crate::id::OperationId;
use crate::reason::Reason;
use crate::time::{Span, Timestamp};
use crate::window::Windows;

const DAY_S: i64 = 86_400;

/// Where dev ends and where the vault begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct WindowDates {
    /// End of dev.
    pub gate_from: Timestamp,
    /// End of the gate.
    pub vault_from: Timestamp,
}

/// What happened to the windows of an instrument, in order.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum WindowEvent {
    /// They were fixed: the first event, and the only one of its kind.
    Fixed(WindowsFixed),
    /// A run looked into the vault.
    Opened(VaultOpening),
    /// They were moved.
    Rolled(WindowsRolled),
    /// The store that counted looks was lost.
    LooksLost(LooksLost),
}

/// The first windows of an instrument.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct WindowsFixed {
    /// Where they are.
    pub dates: WindowDates,
    /// When it came to that.
    pub occasion: Occasion,
    /// The series they were cut from.
    pub data: Vec<DataRef>,
    /// When they were fixed.
    pub at: Timestamp,
}

/// When an instrument's windows were fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Occasion {
    /// Its first bars were imported, or generated.
    FirstBars,
    /// It was used for the first time since windows are fixed; its bars had come before that, or past the import.
    FirstUse,
}

/// That a vault may be opened, and by whose word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema, Deserialize)]
pub struct OpenVault {
    /// Why.
    pub reason: Reason,
    /// Who says so: `user@host`.
    pub by: String,
}

/// One look into a vault.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct VaultOpening {
    /// The run: its second attempt is the same opening.
    pub operation: OperationId,
    /// What it looked at.
    pub span: Span,
    /// By whose word, and why.
    pub word: OpenVault,
    /// When.
    pub at: Timestamp,
}

/// Windows that were moved: the gate became dev, and the oldest unopened part of the vault the gate.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct WindowsRolled {
    /// Where they are now.
    pub dates: WindowDates,
    /// The gate that became dev.
    pub gate: Span,
    /// The looks that were spent on it.
    pub looks: u64,
    /// Why.
    pub reason: Reason,
    /// Who did it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A store that was lost, and with it how often the gate was looked at: no verdict on this gate can pay for its looks any more.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema, Deserialize)]
pub struct LooksLost {
    /// What was said of the loss.
    pub reason: Reason,
    /// Who went on without.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A record that no sequence of events gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadHistory {
    /// Windows that were never fixed, or twice.
    #[error("windows are fixed by the first event, and by that one only")]
    Fixed,
    /// An exam without time.
    #[error("the gate must start before the vault")]
    Order,
    /// A step backwards.
    #[error("a gate is moved into the vault before it, never back")]
    Backwards,
}

/// There is nothing that a gate could be moved to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "no unopened part of the vault ({vault}) is half as long as the gate that it would replace ({gate}); a shorter exam tells \
     skill from luck too seldom. Import newer bars, which extend the vault"
)]
pub struct NoVaultLeft {
    /// The gate.
    pub gate: Span,
    /// The vault as far as there are bars.
    pub vault: Span,
}

/// The windows of one instrument, and how they came about.
#[derive(Debug, Clone, PartialEq)]
pub struct WindowHistory {
    events: Vec<WindowEvent>,
    dates: WindowDates,
}

impl WindowDates {
    /// The dates of windows.
    #[must_use]
    pub fn of(windows: &Windows) -> Self {
        Self { gate_from: windows.gate.start, vault_from: windows.vault.start }
    }

    /// The windows of bars that cover so much time. One that they do not reach is empty.
    #[must_use]
    pub fn over(self, data: Span) -> Windows {
        Windows {
            dev: Span { start: data.start.min(self.gate_from), end: self.gate_from },
            gate: Span { start: self.gate_from, end: self.vault_from },
            vault: Span { start: self.vault_from, end: data.end.max(self.vault_from) },
        }
    }

    /// The dates by which neither instrument's exam is the other's lesson.
    #[must_use]
    pub fn earliest(self, other: Self) -> Self {
        Self {
            gate_from: self.gate_from.min(other.gate_from),
            vault_from: self.vault_from.min(other.vault_from),
        }
    }
}

impl WindowEvent {
    /// The dates that it sets; `None` where it sets none.
    fn dates(&self) -> Option<WindowDates> {
        match self {
            Self::Fixed(fixed) => Some(fixed.dates),
            Self::Rolled(rolled) => Some(rolled.dates),
            Self::Opened(_) | Self::LooksLost(_) => None,
        }
    }
}

impl WindowHistory {
    /// The history that these events tell.
    ///
    /// # Errors
    /// When they contradict each other.
    pub fn of(events: Vec<WindowEvent>) -> Result<Self, BadHistory> {
        let is_fixed: Vec<bool> = events.iter().map(|event| matches!(event, WindowEvent::Fixed(_))).collect();
        if is_fixed.first() != Some(&true) || is_fixed[1..].contains(&true) {
            return Err(BadHistory::Fixed);
        }
        let dates: Vec<WindowDates> = events.iter().filter_map(WindowEvent::dates).collect();
        let present = *dates.last().ok_or(BadHistory::Fixed)?;
        if dates.iter().any(|dates| dates.gate_from >= dates.vault_from) {
            return Err(BadHistory::Order);
        }
        if dates.windows(2).any(|pair| pair[1].gate_from < pair[0].vault_from) {
            return Err(BadHistory::Backwards);
        }
        Ok(Self { events, dates: present })
    }

    /// What happened, in order.
    #[must_use]
    pub fn events(&self) -> &[WindowEvent] {
        &self.events
    }

    /// Every pair of dates that was in force, the present one last.
    pub fn all_dates(&self) -> impl Iterator<Item = WindowDates> {
        self.events.iter().filter_map(WindowEvent::dates)
    }

    /// The dates in force.
    #[must_use]
    pub fn dates(&self) -> WindowDates {
        self.dates
    }

    /// Looks into the vault, in order.
    pub fn openings(&self) -> impl Iterator<Item = &VaultOpening> {
        self.events.iter().filter_map(|event| match event {
            WindowEvent::Opened(opening) => Some(opening),
            WindowEvent::Fixed(_) | WindowEvent::Rolled(_) | WindowEvent::LooksLost(_) => None,
        })
    }

    /// Why nobody can say how often the present gate was looked at; `None` where the ledger can.
    #[must_use]
    pub fn looks_lost(&self) -> Option<&LooksLost> {
        self.events.iter().rev().find_map(|event| match event {
            WindowEvent::LooksLost(lost) => Some(Some(lost)),
            WindowEvent::Fixed(_) | WindowEvent::Rolled(_) => Some(None),
            WindowEvent::Opened(_) => None,
        })?
    }
}

/// The next gate after these windows: the oldest part of the vault that nobody saw, as long as the gate before it where there is
/// so much, and at least half as long. What was seen, and what lies before the new gate, is dev then.
///
/// # Errors
/// When no such part is left.
pub fn next_gate(windows: &Windows, seen: &[Span]) -> Result<WindowDates, NoVaultLeft> {
    let (gate, vault) = (windows.gate, windows.vault);
    let length_s = gate.end.0 - gate.start.0;
    let mut seen: Vec<Span> = seen.iter().filter(|span| span.overlaps(&vault)).copied().collect();
    seen.sort_by_key(|span| span.start);
    let mut from = vault.start;
    let end_of_bars = Span { start: vault.end, end: vault.end };
    for span in seen.into_iter().chain([end_of_bars]) {
        let gate_from = Timestamp(from.0 + DAY_S - 1).day_start();
        let vault_from = Timestamp(span.start.0.min(from.0 + length_s)).day_start();
        if 2 * (vault_from.0 - gate_from.0) >= length_s {
            return Ok(WindowDates { gate_from, vault_from });
        }
        from = from.max(span.end);
    }
    Err(NoVaultLeft { gate, vault })
}
