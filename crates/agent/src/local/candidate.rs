//! A strategy as the search sees it: few choices, no fitted numbers. Fuzzy sets, label thresholds and confidence
//! are fitted to dev when a candidate is [built](super::build), and a lesson's strategy is read back into a candidate.

use std::fmt;

use ktrdr_domain::Timeframe;
use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::strategy::decision::Decisions;
use ktrdr_domain::strategy::field::HORIZON;
use ktrdr_domain::strategy::label::Labels;
use ktrdr_domain::strategy::network::{Activation, OutputKind};
use ktrdr_domain::strategy::{Architecture, IndicatorRef, IndicatorSpec, NnInput, Strategy};

use super::block::Hours;
use super::search_space::{self, IndicatorChoice};

/// Features a candidate may have: small networks on few thousand independent rows can not use more.
pub(crate) const WIDTH_MAX: usize = 48;

/// Readings a candidate may have.
pub(crate) const READINGS_MAX: usize = 4;

/// Share of HOLD among the labels when a lesson does not say.
const HOLD_SHARE_DEFAULT: f64 = 0.25;

/// One indicator output, and how the network is told of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reading {
    pub(crate) choice: &'static IndicatorChoice,
    pub(crate) spec: IndicatorSpec,
    pub(crate) timeframe: Timeframe,
    pub(crate) encoding: Encoding,
    /// Earlier base bars that are shown too.
    pub(crate) lags: u32,
}

/// How a value is shown to the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// As memberships in this many fuzzy sets.
    Fuzzy(usize),
    /// As it is, scaled to mean 0 and deviation 1.
    Raw,
}

impl Reading {
    /// How far back it looks.
    pub(crate) fn period(&self) -> f64 {
        self.spec.number(self.choice.period)
    }

    /// The same reading with another period.
    pub(crate) fn set_period(&mut self, period: f64) {
        let (low, high) = self.choice.range;
        self.spec.params.insert(self.choice.period.to_owned(), period.round().clamp(low, high));
    }

    /// Whether both read the same output of the same bars over much the same stretch.
    pub(crate) fn resembles(&self, other: &Self) -> bool {
        let ratio = self.period() / other.period();
        self.choice == other.choice && self.timeframe == other.timeframe && (0.5..2.0).contains(&ratio)
    }

    /// Columns of the network's input.
    pub(crate) fn width(&self) -> usize {
        let columns = match self.encoding {
            Encoding::Fuzzy(members) => members,
            Encoding::Raw => 1,
        };
        columns * (1 + self.lags as usize)
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({}) on {}", self.spec.kind, self.period(), self.timeframe)?;
        match Hours::of(&self.spec) {
            Some(Hours { from, until }) => write!(f, " in hours {from} to {until}"),
            None => Ok(()),
        }
    }
}

/// What the network is taught.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    /// Which of two equally distant barriers is touched first.
    Barriers,
    /// Whether price rises, stays or falls.
    Direction,
    /// The return itself.
    Return,
}

impl Target {
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Barriers => "triple barrier",
            Self::Direction => "direction",
            Self::Return => "expected return",
        }
    }

    pub(crate) fn output(self) -> OutputKind {
        if self == Self::Return { OutputKind::Regression } else { OutputKind::Classification }
    }
}

/// Few choices that make a strategy.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) readings: Vec<Reading>,
    pub(crate) target: Target,
    /// Bars ahead.
    pub(crate) horizon: u32,
    /// Share of HOLD wanted among the labels.
    pub(crate) hold_share: f64,
    pub(crate) hidden: Vec<usize>,
    pub(crate) dropout: f32,
    pub(crate) learning_rate: f64,
    pub(crate) weight_decay: f64,
    /// Classification: how far a probability has to rise over its class's share before it is traded.
    pub(crate) margin: f64,
    /// Regression: how many round trips an expected return has to pay for.
    pub(crate) edge: f64,
    /// Whether HOLD keeps a position.
    pub(crate) keeps: bool,
    pub(crate) allow_short: bool,
    /// Fewest bars between two changes of position.
    pub(crate) separation: u32,
    pub(crate) holding_max: Option<u32>,
    pub(crate) stop_loss: Option<f64>,
}

impl Candidate {
    /// A lesson's strategy as a candidate; `None` when nothing it reads is in the search space.
    pub(crate) fn of(lesson: &Lesson) -> Option<Self> {
        let s = &lesson.strategy;
        let readings = distinct(s.nn_inputs.iter().flat_map(|input| readings_of(s, input)));
        let (target, horizon) = target_of(&s.training.labels, s.decisions.output_format);
        let shares = lesson.test.as_ref().map(|t| t.label_shares);
        let hold_share = shares.map_or(HOLD_SHARE_DEFAULT, |[_, hold, _]| hold).clamp(0.1, 0.5);
        (!readings.is_empty()).then(|| Self {
            readings,
            target,
            horizon,
            hold_share,
            hidden: s.model.hidden_layers.clone(),
            dropout: s.model.dropout,
            learning_rate: s.training.optimisation.learning_rate,
            weight_decay: s.training.optimisation.weight_decay,
            margin: margin_of(&s.decisions, hold_share),
            edge: s.decisions.cost_model.map_or(1.0, |c| c.min_edge_multiplier),
            keeps: s.decisions.position_awareness,
            allow_short: s.decisions.allow_short,
            separation: s.decisions.min_signal_separation,
            holding_max: s.risk.exits.max_holding_bars,
            stop_loss: s.risk.exits.stop_loss,
        })
    }

    /// Whether it reads something in a block of hours alone.
    pub(crate) fn keeps_hours(&self) -> bool {
        self.readings.iter().any(|reading| Hours::of(&reading.spec).is_some())
    }

    /// Columns of the network's input.
    pub(crate) fn width(&self) -> usize {
        self.readings.iter().map(Reading::width).sum()
    }

    /// Its network.
    pub(crate) fn network(&self) -> Architecture {
        Architecture {
            hidden_layers: self.hidden.clone(),
            activation: Activation::Tanh,
            dropout: self.dropout,
        }
    }

    /// Trainable numbers of its network.
    pub(crate) fn parameters(&self) -> usize {
        self.network().parameters(self.width(), self.target.output().width())
    }

    /// What it looks at and what it looks for: strategies of one theme are variations.
    pub(crate) fn theme(&self) -> String {
        let mut parts: Vec<String> =
            self.readings.iter().map(|r| format!("{}@{}", r.spec.kind, r.timeframe)).collect();
        parts.sort();
        parts.dedup();
        format!("{} {} {}", parts.join("+"), self.target.words(), self.horizon)
    }
}

/// The first readings that do not resemble an earlier one.
pub(crate) fn distinct(readings: impl IntoIterator<Item = Reading>) -> Vec<Reading> {
    let mut kept: Vec<Reading> = Vec::new();
    for reading in readings {
        if kept.len() < READINGS_MAX && !kept.iter().any(|r| r.resembles(&reading)) {
            kept.push(reading);
        }
    }
    kept
}

fn readings_of(strategy: &Strategy, input: &NnInput) -> Vec<Reading> {
    let set = input.fuzzy_set.as_ref().and_then(|id| strategy.fuzzy_sets.get(id));
    let read: Option<(&IndicatorRef, Encoding)> = match (set, &input.raw_indicator) {
        (Some(set), _) => Some((&set.indicator, Encoding::Fuzzy(set.members.len()))),
        (None, Some(raw)) => Some((raw, Encoding::Raw)),
        (None, None) => None,
    };
    let known = read.and_then(|(reference, encoding)| {
        let spec = strategy.indicators.get(&reference.id)?;
        Some((search_space::find(spec, reference.output.as_deref())?, spec, encoding))
    });
    let on = |timeframe: &Timeframe| {
        let (choice, spec, encoding) = known?;
        Some(Reading { choice, spec: spec.clone(), timeframe: *timeframe, encoding, lags: input.lags.min(3) })
    };
    input.timeframes.iter().filter_map(on).collect()
}

fn target_of(labels: &Labels, output: OutputKind) -> (Target, u32) {
    match (labels, output) {
        (Labels::TripleBarrier { horizon, .. }, _) => (Target::Barriers, *horizon),
        (Labels::ForwardReturn { horizon, .. }, OutputKind::Regression) => (Target::Return, *horizon),
        (Labels::ForwardReturn { horizon, .. }, OutputKind::Classification) => (Target::Direction, *horizon),
        // A leg's direction can be learned on noise: its reader is asked about barriers instead.
        (Labels::Zigzag { .. }, _) => (Target::Barriers, HORIZON.default_value() as u32),
    }
}

fn margin_of(decisions: &Decisions, hold_share: f64) -> f64 {
    (decisions.confidence_threshold - (1.0 - hold_share) / 2.0).clamp(MARGIN.0, MARGIN.1)
}

/// Sensible margins of confidence over a class's share.
pub(crate) const MARGIN: (f64, f64) = (0.005, 0.15);
