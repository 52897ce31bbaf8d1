//! Which of two waiting jobs is taken first.

use serde::{Deserialize, Serialize};

/// How soon a job is taken. The numbers are stable: rows and messages hold them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "u8", into = "u8")]
pub enum Priority {
    /// After everything else.
    Low = 1,
    /// In its turn.
    #[default]
    Normal = 4,
    /// Before everything else.
    High = 7,
}

impl From<Priority> for u8 {
    fn from(priority: Priority) -> Self {
        priority as Self
    }
}

/// A number between the levels, from a newer version or another program, counts as the level nearest to it.
impl From<u8> for Priority {
    fn from(level: u8) -> Self {
        match level {
            0..=2 => Self::Low,
            3..=5 => Self::Normal,
            6.. => Self::High,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_priority_is_written_and_read_as_its_number() {
        for priority in [Priority::Low, Priority::Normal, Priority::High] {
            assert_eq!(Priority::from(u8::from(priority)), priority);
        }
        assert_eq!(serde_json::to_string(&Priority::Normal).unwrap(), "4");
        assert_eq!([0, 3, 255].map(Priority::from), [Priority::Low, Priority::Normal, Priority::High]);
    }
}
