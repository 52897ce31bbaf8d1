//! The phases of a research cycle.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use strum::{Display, EnumString, IntoStaticStr};

use crate::excerpt::excerpt;
use crate::id::OperationId;
use crate::kind::Kind;

/// Where a cycle stands: which child it waits for. The names are stable: rows hold them.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    JsonSchema,
    Deserialize,
    Display,
    EnumString,
    IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", parse_err_ty = BadPhase, parse_err_fn = BadPhase::of)]
pub enum Phase {
    /// A strategy is being designed.
    Designing,
    /// Its network is being trained.
    Training,
    /// It is being backtested on data nobody could tune to.
    Backtesting,
    /// Its results are being judged.
    Assessing,
}

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Self; 4] = [Self::Designing, Self::Training, Self::Backtesting, Self::Assessing];

    /// The stable name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// The kind of child that this phase waits for.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self {
            Self::Designing => Kind::AgentDesign,
            Self::Training => Kind::Training,
            Self::Backtesting => Kind::Backtesting,
            Self::Assessing => Kind::AgentAssessment,
        }
    }

    /// The phase's child: known before anything starts, the same however often it is asked for.
    #[must_use]
    pub fn child_of(self, root: &OperationId) -> OperationId {
        root.child(self.kind(), 1)
    }
}

/// Text that is not a phase. A row with such a phase can not be read, and says so: moving a cycle whose phase is not
/// understood would be a guess.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a phase of a research cycle that this version knows; was it written by a newer one?")]
pub struct BadPhase(pub String);

impl BadPhase {
    fn of(text: &str) -> Self {
        Self(excerpt(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phase_is_printed_and_read_by_one_name() {
        for phase in Phase::ALL {
            assert_eq!(phase.to_string().parse(), Ok(phase));
            assert_eq!(serde_json::to_value(phase).unwrap(), phase.as_str());
        }
        assert!("baking".parse::<Phase>().unwrap_err().to_string().contains("a newer one"));
    }
}
