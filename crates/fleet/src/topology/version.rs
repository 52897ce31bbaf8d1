//! Versions of the broker: which policies it knows.

use std::fmt;
use std::str::FromStr;

use super::TopologyError;
use ktrdr_domain::excerpt::excerpt;

/// A version of RabbitMQ, to the second number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct BrokerVersion {
    /// 3 in 3.10.8.
    pub major: u16,
    /// 10 in 3.10.8.
    pub minor: u16,
}

impl BrokerVersion {
    /// The oldest that the fleet is tried on. What it knows, every later one knows.
    pub const OLDEST: Self = Self { major: 3, minor: 10 };

    /// Whether a policy may say `consumer-timeout`. An older broker takes the whole policy as invalid then, and may
    /// drop it without a word.
    #[must_use]
    pub fn has_consumer_timeout(self) -> bool {
        self >= Self { major: 3, minor: 12 }
    }

    /// Whether queues have a delivery limit unless told otherwise, and can be told otherwise with −1.
    #[must_use]
    pub fn limits_deliveries_by_default(self) -> bool {
        self >= Self { major: 4, minor: 0 }
    }
}

impl fmt::Display for BrokerVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for BrokerVersion {
    type Err = TopologyError;
    fn from_str(text: &str) -> Result<Self, TopologyError> {
        let mut parts = text.split('.').map(str::parse);
        match (parts.next(), parts.next()) {
            (Some(Ok(major)), Some(Ok(minor))) => Ok(Self { major, minor }),
            _ => Err(TopologyError::Version(excerpt(text))),
        }
    }
}
