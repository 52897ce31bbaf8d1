//! Fresh sketches: readings that the screen finds clear and lessons find promising, at a horizon that pays.

use super::dice::Dice;
use super::memory::Memory;
use super::menu::Family;
use super::screen::{Screen, Screened};
use super::sketch::{FEATURES_MAX, Form, MARGIN, READINGS_MAX, Reading, Sketch, Target};
use crate::figures::{round_significant, round_to};
use crate::market::{Market, TypicalMove};

/// Networks on offer, small first.
const NETWORKS: [&[usize]; 8] = [&[4], &[8], &[12], &[16], &[24], &[16, 8], &[32], &[32, 16]];

/// Parameters a network may have for each independent stretch of the training rows.
pub(crate) const PARAMETERS_PER_SAMPLE: f64 = 0.5;

/// A step size that suits the target: returns are small numbers, reached by long steps that soon grow short.
pub(crate) fn learning_rate(target: Target, dice: &mut Dice) -> f64 {
    match target {
        Target::Barriers | Target::Direction => dice.one_of([0.001, 0.002, 0.003]),
        Target::Return => dice.one_of([0.003, 0.006, 0.01]),
    }
}

/// What every proposal is made with.
pub(crate) struct Search<'a> {
    pub(crate) market: &'a Market<'a>,
    pub(crate) screen: &'a Screen,
    pub(crate) memory: &'a Memory,
    /// Whether this is a campaign's first look: the clearest readings at the best horizon, nothing exotic.
    pub(crate) opening: bool,
}

impl Search<'_> {
    /// A sketch from nothing but the screen and what is known of each kind of reading.
    pub(crate) fn fresh(&self, dice: &mut Dice) -> Sketch {
        let place = self.horizon(dice);
        let horizon = self.screen.moves[place].horizon;
        let readings = self.readings(place, dice);
        let exotic = if self.opening { 0.0 } else { 1.0 };
        let target = match dice.weighted(&[5.0, 4.0, exotic]) {
            Some(0) | None => Target::Barriers,
            Some(1) => Target::Direction,
            Some(_) => Target::Return,
        };
        let mut sketch = Sketch {
            target,
            horizon,
            hold_share: dice.one_of([0.15, 0.2, 0.25, 0.33]),
            hidden: Vec::new(),
            dropout: dice.one_of([0.0, 0.0, 0.1, 0.2]),
            learning_rate: learning_rate(target, dice),
            weight_decay: dice.one_of([0.0001, 0.001, 0.01]),
            margin: self.margin(&readings, place, dice),
            edge: dice.one_of([0.5, 1.0, 1.5, 2.0]),
            keeps: self.opening || dice.chance(0.8),
            allow_short: true,
            separation: 0,
            holding_max: None,
            stop_loss: None,
            readings,
        };
        self.pace(&mut sketch, dice);
        self.fit_network(&mut sketch, dice);
        sketch
    }

    /// How quickly it trades: tied to the horizon, slower when HOLD closes positions.
    fn pace(&self, sketch: &mut Sketch, dice: &mut Dice) {
        let horizon = sketch.horizon;
        sketch.separation =
            if sketch.keeps { dice.one_of([horizon / 4, horizon / 2, horizon]) } else { horizon };
        sketch.separation = sketch.separation.max(1);
        sketch.holding_max = dice.chance(0.4).then(|| horizon * dice.one_of([2, 3, 4]));
        sketch.stop_loss = dice.chance(0.25).then(|| self.stop_at(horizon, dice.one_of([2.0, 3.0, 4.0])));
    }

    /// A stop that many deviations of the horizon's return away.
    pub(crate) fn stop_at(&self, horizon: u32, deviations: f64) -> f64 {
        let distance = self.market.typical_move(horizon).deviation * deviations;
        round_significant(distance, 2).clamp(0.001, 0.5)
    }

    /// What standard errors weigh: in the opening the clearest wins, later all clear ones are worth a look.
    fn appeal(&self, standard_errors: f64) -> f64 {
        if self.opening { standard_errors.min(60.0) } else { 0.8 * standard_errors.min(6.0) }
    }

    fn horizon(&self, dice: &mut Dice) -> usize {
        let cost = self.market.round_trip_cost;
        let weight = |place| self.appeal(self.screen.merit(place, cost)).exp();
        let weights: Vec<f64> = (0..self.screen.moves.len()).map(weight).collect();
        dice.weighted(&weights).unwrap_or(0)
    }

    fn readings(&self, place: usize, dice: &mut Dice) -> Vec<Reading> {
        let counts = if self.opening { [0.0, 0.0, 1.0, 0.0] } else { [0.15, 0.35, 0.3, 0.2] };
        let count = 1 + dice.weighted(&counts).unwrap_or(1);
        let mut readings = Vec::new();
        while readings.len() < count {
            let Some(next) = self.another(&readings, place, dice) else { break };
            readings.push(next);
        }
        self.trim(&mut readings);
        readings
    }

    /// One more reading beside those; `None` when the screen has nothing else to say.
    pub(crate) fn another(&self, beside: &[Reading], place: usize, dice: &mut Dice) -> Option<Reading> {
        let weights: Vec<f64> = self.screen.readings.iter().map(|s| self.weight(s, beside, place)).collect();
        let screened = &self.screen.readings[dice.weighted(&weights)?];
        let reading = self.read(screened, dice);
        (beside.len() < READINGS_MAX && !beside.iter().any(|r| r.resembles(&reading))).then_some(reading)
    }

    fn weight(&self, screened: &Screened, beside: &[Reading], place: usize) -> f64 {
        let item = screened.item;
        let has_direction = item.neutral.is_some();
        // Something has to say which way; and one reading of the same sort is enough to begin with.
        if beside.is_empty() && !has_direction || beside.iter().any(|r| r.resembles(&self.plain(screened))) {
            return 0.0;
        }
        let familiar = beside.iter().filter(|r| r.item.family == item.family).count() as i32;
        let clear = self.appeal(self.screen.strength(screened, place));
        (clear + self.memory.promise(item.kind)).exp() * 0.4f64.powi(familiar)
    }

    /// The reading as it was screened.
    fn plain(&self, screened: &Screened) -> Reading {
        Reading {
            item: screened.item,
            spec: screened.item.spec(screened.period),
            timeframe: screened.timeframe,
            form: Form::Fuzzy(3),
            lags: 0,
        }
    }

    fn read(&self, screened: &Screened, dice: &mut Dice) -> Reading {
        let mut reading = self.plain(screened);
        reading.set_period(screened.period * dice.between(0.75, 1.33));
        reading.form = match screened.item.family {
            Family::Regime | Family::Volume => Form::Fuzzy(dice.one_of([2, 3])),
            Family::Place | Family::Drift if dice.chance(0.15) => Form::Raw,
            Family::Place | Family::Drift => Form::Fuzzy(dice.one_of([3, 5, 5, 4])),
        };
        let quick = screened.timeframe == self.market.base().timeframe && reading.period() <= 20.0;
        reading.lags = if quick { dice.one_of([0, 0, 1, 2, 3]) } else { 0 };
        reading
    }

    /// Makes readings fit the widest input allowed, first without lags, then with one fewer, and shows at least one
    /// of them in fuzzy sets.
    pub(crate) fn trim(&self, readings: &mut Vec<Reading>) {
        if let Some(first) = readings.first_mut().filter(|r| r.form == Form::Raw) {
            first.form = Form::Fuzzy(5);
        }
        let wide = |readings: &[Reading]| readings.iter().map(Reading::width).sum::<usize>() > FEATURES_MAX;
        while wide(readings) {
            match readings.iter_mut().rev().find(|r| r.lags > 0) {
                Some(lagged) => lagged.lags -= 1,
                None => drop(readings.pop()),
            }
        }
    }

    /// A margin that the clearest reading would reach on a clear signal. The probability of a rise moves by about
    /// `φ(0) × correlation` for each deviation of a reading (normal returns), of which a standard error is luck.
    fn margin(&self, readings: &[Reading], place: usize, dice: &mut Dice) -> f64 {
        let seen =
            |r: &Reading| self.screen.nearest(r).map_or(0.0, |s| self.screen.correlation(s, place).abs());
        let clearest = readings.iter().map(seen).fold(0.0, f64::max);
        let believed = (clearest - self.screen.standard_error(place)).max(0.0);
        let deviations = dice.between(0.3, 1.2);
        round_to((0.4 * believed * deviations).clamp(0.01, MARGIN.1), 3)
    }

    /// Parameters that the training rows can bear at this horizon.
    pub(crate) fn parameters_max(&self, horizon: u32) -> usize {
        let TypicalMove { independent, .. } = self.market.typical_move(horizon);
        (independent as f64 * PARAMETERS_PER_SAMPLE) as usize
    }

    /// Picks a network that the training rows can bear; the smallest when they can bear none.
    pub(crate) fn fit_network(&self, sketch: &mut Sketch, dice: &mut Dice) {
        let most = self.parameters_max(sketch.horizon);
        let bearable = |network: &&[usize]| {
            sketch.hidden = network.to_vec();
            sketch.parameters() <= most
        };
        let count = NETWORKS.iter().copied().filter(bearable).count();
        sketch.hidden = NETWORKS[dice.below(count)].to_vec();
    }
}
