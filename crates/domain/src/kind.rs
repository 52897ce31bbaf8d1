//! The kinds of work there are, and everything that is the same for all jobs of a kind: one table, [`Kind::facts`].
//!
//! A new kind is a row here, a specification in [`crate::job`], a handler and its place among the handlers in `jobs`, and its
//! queues in `queues/topology.toml`. Whatever else speaks of kinds goes through this table.

use schemars::JsonSchema;
use strum::{Display, EnumString, IntoStaticStr, VariantArray};

use crate::excerpt::excerpt;

/// What kind of work. The names are stable: they name queues, routing keys and rows.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    serde::Serialize,
    JsonSchema,
    serde::Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
    VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", parse_err_ty = BadKind, parse_err_fn = BadKind::of)]
pub enum Kind {
    /// A research cycle: a root, without message and lease, moved only by `advance`.
    AgentResearch,
    /// Design one strategy.
    AgentDesign,
    /// Train one model.
    Training,
    /// Backtest one model, or replay signals, on one window.
    Backtesting,
    /// Judge one cycle's results.
    AgentAssessment,
    /// Validate and import one file of bars.
    DataLoad,
    /// Do nothing, or sleep: measures the fleet itself.
    Probe,
}

/// What is the same for all operations of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindFacts {
    /// Whether they are roots: moved by `advance`, never claimed. Others have a queue, and a handler.
    pub is_root: bool,
    /// Whether jobs may ask for a device. Others take any.
    pub has_devices: bool,
    /// What a job takes of its worker.
    pub load: Load,
    /// What is measured of it, item by item.
    pub measured: Measured,
    /// What people may call it beside its name, where they type it.
    pub short_name: Option<&'static str>,
    /// What a worker of this kind does, as the command line's help says it.
    pub does: &'static str,
}

/// What a job takes of its worker: how many run at once, and for how long, is configured by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// Every core, or a GPU, for hours. It is given back when its worker leaves.
    Training,
    /// A core, for minutes.
    Backtest,
    /// Next to nothing.
    Light,
}

/// What is measured of operations, item by item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measured {
    /// Of a network that is fitted.
    Epochs,
    /// That are traded.
    Bars,
    /// Of a series that is loaded.
    Segments,
    /// Nothing but the changes of its row.
    History,
}

impl Kind {
    /// Every kind.
    pub const ALL: &'static [Self] = Self::VARIANTS;

    /// The table.
    #[must_use]
    pub fn facts(self) -> KindFacts {
        let light = KindFacts {
            is_root: false,
            has_devices: false,
            load: Load::Light,
            measured: Measured::History,
            short_name: None,
            does: "",
        };
        match self {
            Self::AgentResearch => KindFacts {
                is_root: true,
                short_name: Some("research"),
                does: "Moves research cycles",
                ..light
            },
            Self::AgentDesign => {
                KindFacts { short_name: Some("design"), does: "Designs strategies", ..light }
            }
            Self::Training => KindFacts {
                has_devices: true,
                load: Load::Training,
                measured: Measured::Epochs,
                does: "Trains networks",
                ..light
            },
            Self::Backtesting => KindFacts {
                load: Load::Backtest,
                measured: Measured::Bars,
                short_name: Some("backtest"),
                does: "Trades models and signals on one window",
                ..light
            },
            Self::AgentAssessment => {
                KindFacts { short_name: Some("assessment"), does: "Judges cycles", ..light }
            }
            Self::DataLoad => KindFacts {
                measured: Measured::Segments,
                short_name: Some("data"),
                does: "Imports bars",
                ..light
            },
            Self::Probe => KindFacts {
                has_devices: true,
                does: "Does nothing, or sleeps: measures the fleet itself",
                ..light
            },
        }
    }

    /// Every kind whose operations are roots. Engines are told these: their scripts name no kind.
    pub fn roots() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|kind| kind.is_root())
    }

    /// Every kind that has jobs: a queue, a handler, workers.
    pub fn with_jobs() -> impl Iterator<Item = Self> {
        Self::ALL.iter().copied().filter(|kind| !kind.is_root())
    }

    /// The kind that people mean by a word: its name, or the short one.
    ///
    /// # Errors
    /// When it is neither.
    pub fn meant_by(word: &str) -> Result<Self, BadKind> {
        let by_short_name = || Self::ALL.iter().find(|kind| kind.facts().short_name == Some(word)).copied();
        word.parse().or_else(|unknown| by_short_name().ok_or(unknown))
    }

    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// See [`KindFacts::is_root`].
    #[must_use]
    pub fn is_root(self) -> bool {
        self.facts().is_root
    }

    /// See [`KindFacts::has_devices`].
    #[must_use]
    pub fn has_devices(self) -> bool {
        self.facts().has_devices
    }
}

/// Text that is not a kind of operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an operation type: use {1}")]
pub struct BadKind(pub String, pub String);

impl BadKind {
    fn of(text: &str) -> Self {
        let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        Self(excerpt(text), known.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_printed_and_read_by_one_name() {
        for kind in Kind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(*kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        for (word, kind) in
            [("design", Kind::AgentDesign), ("backtest", Kind::Backtesting), ("training", Kind::Training)]
        {
            assert_eq!(Kind::meant_by(word), Ok(kind));
        }
        let unknown = "baking".parse::<Kind>().unwrap_err();
        assert!(unknown.to_string().contains("training"), "{unknown}");
    }

    #[test]
    fn the_kind_of_a_cycle_is_the_only_root() {
        assert_eq!(Kind::roots().collect::<Vec<_>>(), [Kind::AgentResearch]);
    }
}
