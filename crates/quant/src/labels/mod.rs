//! What a network is taught: labels that know their own end.
//!
//! A label looks ahead by definition. How far is part of it: `end` names the last bar it depends on, splits are
//! purged by it, and nothing beyond it can change the label. Bars whose label is not settled when the data end have
//! none.

mod forward_return;
mod triple_barrier;
mod zigzag;

use std::ops::Range;

use ktrdr_domain::Timestamp;
use ktrdr_domain::strategy::Labels;
use ktrdr_domain::strategy::label::Class;
use ktrdr_domain::strategy::network::OutputKind;

use crate::Bars;

/// The labels of consecutive bars.
#[derive(Debug, Clone, PartialEq)]
pub struct LabelSet {
    /// Index of the first labelled bar.
    pub start: usize,
    /// One target per bar from `start` on.
    pub targets: Targets,
    /// Index of the last bar that each label depends on.
    pub end: Vec<usize>,
}

/// What the network is to answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Targets {
    /// A class for each bar.
    Classes(Vec<Class>),
    /// A number for each bar: the return to come, as a fraction.
    Values(Vec<f32>),
}

/// Why labels can not be made.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum LabelError {
    /// A regression output with labels that are classes.
    #[error(
        "{0} labels are classes: set decisions.output_format to classification, or labels to forward_return"
    )]
    NotNumbers(&'static str),
    /// A parameter no label can be made with.
    #[error("training.labels.{name} is {value}: it must be {rule}")]
    Parameter {
        /// Which.
        name: &'static str,
        /// What was given.
        value: f64,
        /// What is allowed.
        rule: String,
    },
    /// Labels are moves as shares of the price.
    #[error(
        "labels divide by the price, and it was {price} in the bar of {time}: train on a stretch without prices of zero and below, with `--start-date` or `--end-date`"
    )]
    NotAboveZero {
        /// When that bar opens.
        time: Timestamp,
        /// Its low.
        price: f64,
    },
    /// No bar has a label that is settled by the end of the data.
    #[error("none of {bars} bars has a settled label: {remedy}")]
    Nothing {
        /// Bars given.
        bars: usize,
        /// What to change.
        remedy: &'static str,
    },
}

impl LabelSet {
    /// How many bars are labelled.
    #[must_use]
    pub fn len(&self) -> usize {
        self.end.len()
    }

    /// Indices of the labelled bars.
    #[must_use]
    pub fn bars(&self) -> Range<usize> {
        self.start..self.start + self.end.len()
    }

    /// The label ends of some of the labelled bars; those outside are left out.
    #[must_use]
    pub fn ends(&self, bars: Range<usize>) -> &[usize] {
        let at = |bar: usize| bar.saturating_sub(self.start).min(self.end.len());
        &self.end[at(bars.start)..at(bars.end).max(at(bars.start))]
    }

    /// Whether no bar is labelled.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.end.is_empty()
    }
}

/// Labels every bar whose label is settled by the end of the data.
///
/// Labels are made from prices alone; the classes of a volatility-scaled label use the volatility known at its bar.
///
/// # Errors
/// When a parameter is out of range, when the network's output is a number and the label a class, and when no label
/// is settled.
pub fn make(labels: &Labels, output: OutputKind, bars: &Bars) -> Result<LabelSet, LabelError> {
    check(labels)?;
    if let Some(bar) = bars.not_above_zero(0..bars.len()) {
        return Err(LabelError::NotAboveZero { time: Timestamp(bars.time[bar]), price: bars.low[bar] });
    }
    let classes_only =
        |name| if output == OutputKind::Regression { Err(LabelError::NotNumbers(name)) } else { Ok(()) };
    let (set, remedy) = match *labels {
        Labels::TripleBarrier { barrier, horizon, volatility_span } => {
            classes_only("triple_barrier")?;
            let set = triple_barrier::label(bars, barrier, horizon as usize, volatility_span as usize);
            (set, "load more bars than horizon and volatility_span together")
        }
        Labels::ForwardReturn { horizon, threshold } => {
            let set = forward_return::label(bars, horizon as usize, threshold, output);
            (set, "load more bars than the horizon")
        }
        Labels::Zigzag { threshold } => {
            classes_only("zigzag")?;
            (zigzag::label(&bars.close, threshold), "load more bars or lower the threshold")
        }
    };
    if set.is_empty() { Err(LabelError::Nothing { bars: bars.len(), remedy }) } else { Ok(set) }
}

fn check(labels: &Labels) -> Result<(), LabelError> {
    let outside = labels.numbers().into_iter().find(|(field, value)| !field.allows(*value));
    outside.map_or(Ok(()), |(field, value)| {
        Err(LabelError::Parameter { name: field.key, value, rule: field.range() })
    })
}
