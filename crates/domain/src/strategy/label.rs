//! What a network is taught. Classes are one enum in the whole code base, written by name.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::field::{FORWARD_RETURN, Field, TRIPLE_BARRIER, ZIGZAG};

/// The class of a bar. The number is the network's output index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[repr(u8)]
pub enum Class {
    /// Price goes up.
    Buy = 0,
    /// Nothing worth trading.
    Hold = 1,
    /// Price goes down.
    Sell = 2,
}

impl Class {
    /// Every class, in output order.
    pub const ALL: [Self; 3] = [Self::Buy, Self::Hold, Self::Sell];
}

/// How labels are made. Each label knows its own end, by which splits are purged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum Labels {
    /// Symmetric, volatility-scaled barriers: BUY when `close × (1 + barrier × vol)` is touched first, SELL when
    /// `close × (1 − barrier × vol)` is, HOLD when neither is within `horizon` bars.
    TripleBarrier {
        /// Distance of both barriers in units of volatility.
        barrier: f64,
        /// Longest wait in bars.
        horizon: u32,
        /// Span in bars of the exponential average of the bar range that measures volatility.
        volatility_span: u32,
    },
    /// The return from this close to the close `horizon` bars on. With a classification output it becomes BUY
    /// above `threshold`, SELL below its negative, HOLD between; a regression output takes the number.
    ForwardReturn {
        /// Bars ahead.
        horizon: u32,
        /// Dead zone, as a fraction.
        threshold: f64,
    },
    /// Direction of the zigzag leg a bar lies in. Kept for parity with older strategies: an untrained rule scores
    /// 65 % on pure noise with it, so its accuracy says nothing.
    Zigzag {
        /// Size of a reversal, as a fraction.
        threshold: f64,
    },
}

impl Labels {
    /// How far ahead a label looks, in bars; `None` for one that ends when price says so.
    #[must_use]
    pub fn horizon(&self) -> Option<u32> {
        match self {
            Self::TripleBarrier { horizon, .. } | Self::ForwardReturn { horizon, .. } => Some(*horizon),
            Self::Zigzag { .. } => None,
        }
    }

    /// Every number in it with the field that bounds it.
    #[must_use]
    pub fn numbers(&self) -> Vec<(Field, f64)> {
        match *self {
            Self::TripleBarrier { barrier, horizon, volatility_span } => TRIPLE_BARRIER
                .into_iter()
                .zip([barrier, f64::from(horizon), f64::from(volatility_span)])
                .collect(),
            Self::ForwardReturn { horizon, threshold } => {
                FORWARD_RETURN.into_iter().zip([f64::from(horizon), threshold]).collect()
            }
            Self::Zigzag { threshold } => ZIGZAG.into_iter().zip([threshold]).collect(),
        }
    }
}
