//! Fresh candidates: readings that the screen finds clear and lessons find promising, at a horizon that pays.

use ktrdr_quant::SeededRng;

use super::block::Hours;
use super::candidate::{Candidate, Encoding, MARGIN, READINGS_MAX, Reading, Target, WIDTH_MAX};
use super::memory::Memory;
use super::screen::{Screen, Screened};
use super::search_space::Family;
use crate::figures::{round_significant, round_to};
use crate::market::{Market, TypicalMove};

/// Networks on offer, small first.
const NETWORKS: [&[usize]; 8] = [&[4], &[8], &[12], &[16], &[24], &[16, 8], &[32], &[32, 16]];

/// Parameters a network may have for each independent stretch of the training rows: ten stretches for each of them, as
/// Peduzzi et al. (1996) ask of logistic regressions. Markets say little, and larger networks learn the noise.
pub(crate) const PARAMETERS_PER_SAMPLE: f64 = 0.1;

/// How often a reading is heard in its block of hours alone, where it is clearer there.
const IN_BLOCK: f64 = 0.85;

/// Standard errors that the clearest of some tens of readings shows where there is nothing to be seen.
const LUCK: f64 = 2.5;

/// How often a reading that would drown the others is left out.
pub(crate) const SPARING: f64 = 0.7;

/// A step size that suits the target: returns are small numbers, reached by long steps that soon grow short.
pub(crate) fn learning_rate(target: Target, rng: &mut SeededRng) -> f64 {
    match target {
        Target::Barriers | Target::Direction => rng.one_of([0.001, 0.002, 0.003]),
        Target::Return => rng.one_of([0.003, 0.006, 0.01]),
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
    /// A candidate from nothing but the screen and what is known of each kind of reading.
    pub(crate) fn fresh(&self, rng: &mut SeededRng) -> Candidate {
        let horizon_index = self.horizon(rng);
        let horizon = self.screen.moves[horizon_index].horizon;
        let readings = self.readings(horizon_index, rng);
        let exotic = if self.opening { 0.0 } else { 1.0 };
        let target = match rng.weighted(&[5.0, 4.0, exotic]) {
            Some(0) | None => Target::Barriers,
            Some(1) => Target::Direction,
            Some(_) => Target::Return,
        };
        let mut candidate = Candidate {
            target,
            horizon,
            hold_share: rng.one_of([0.15, 0.2, 0.25, 0.33]),
            hidden: Vec::new(),
            dropout: rng.one_of([0.0, 0.0, 0.1, 0.2]),
            learning_rate: learning_rate(target, rng),
            weight_decay: rng.one_of([0.0001, 0.001, 0.01]),
            margin: self.margin(&readings, horizon_index, rng),
            edge: rng.one_of([0.5, 1.0, 1.5, 2.0]),
            keeps: rng.chance(self.keeping(&readings)),
            allow_short: true,
            separation: 0,
            holding_max: None,
            stop_loss: None,
            readings,
        };
        self.pace(&mut candidate, rng);
        self.fit_network(&mut candidate, rng);
        candidate
    }

    /// How likely HOLD keeps a position: what speaks at certain hours has nothing to say at others.
    fn keeping(&self, readings: &[Reading]) -> f64 {
        if readings.iter().any(|r| Hours::of(&r.spec).is_some()) {
            return 0.0;
        }
        match readings.iter().any(|r| r.choice.family == Family::Clock) {
            true => 0.25,
            false if self.opening => 1.0,
            false => 0.8,
        }
    }

    /// How quickly it trades: tied to the horizon, slower when HOLD closes positions. A block of hours begins and ends a
    /// position by itself.
    fn pace(&self, candidate: &mut Candidate, rng: &mut SeededRng) {
        let horizon = candidate.horizon;
        if candidate.keeps_hours() {
            candidate.separation = rng.one_of([1, 2, horizon]);
            return;
        }
        candidate.separation =
            if candidate.keeps { rng.one_of([horizon / 4, horizon / 2, horizon]) } else { horizon };
        candidate.separation = candidate.separation.max(1);
        candidate.holding_max = rng.chance(0.4).then(|| horizon * rng.one_of([2, 3, 4]));
        candidate.stop_loss = rng.chance(0.25).then(|| self.stop_at(horizon, rng.one_of([2.0, 3.0, 4.0])));
    }

    /// A stop that many deviations of the horizon's return away.
    pub(crate) fn stop_at(&self, horizon: u32, deviations: f64) -> f64 {
        let distance = self.market.typical_move(horizon).deviation * deviations;
        round_significant(distance, 2).clamp(0.001, 0.5)
    }

    /// What standard errors weigh: in the opening the clearest wins, later all clear ones are worth a look.
    fn appeal(&self, standard_errors: f64) -> f64 {
        if self.opening { 2.0 * standard_errors.min(30.0) } else { 0.8 * standard_errors.min(6.0) }
    }

    fn horizon(&self, rng: &mut SeededRng) -> usize {
        let cost = self.market.round_trip_cost;
        let weight = |horizon_index| self.appeal(self.screen.merit(horizon_index, cost)).exp();
        let weights: Vec<f64> = (0..self.screen.moves.len()).map(weight).collect();
        rng.weighted(&weights).unwrap_or(0)
    }

    fn readings(&self, horizon_index: usize, rng: &mut SeededRng) -> Vec<Reading> {
        // One clear reading trades as well as its edge allows; each that says little beside it costs a part of that.
        let counts = if self.opening { [1.0, 0.0, 0.0, 0.0] } else { [0.3, 0.35, 0.2, 0.15] };
        let count = 1 + rng.weighted(&counts).unwrap_or(1);
        let mut readings = Vec::new();
        while readings.len() < count {
            let Some(next) = self.another(&readings, horizon_index, rng) else { break };
            if self.drowns(&next, &readings, horizon_index) && rng.chance(SPARING) {
                break;
            }
            readings.push(next);
        }
        self.trim(&mut readings);
        readings
    }

    /// Whether a reading would add more noise than it says: no clearer than the best of many is by luck, or beside one that
    /// speaks by itself in a block of hours.
    pub(crate) fn drowns(&self, next: &Reading, beside: &[Reading], horizon_index: usize) -> bool {
        let clarity = self.screen.nearest(next).map_or(0.0, |s| self.clarity(s, beside, horizon_index));
        beside.iter().any(|r| Hours::of(&r.spec).is_some()) || !beside.is_empty() && clarity < LUCK
    }

    /// One more reading beside those; `None` when the screen has nothing else to say.
    pub(crate) fn another(
        &self,
        beside: &[Reading],
        horizon_index: usize,
        rng: &mut SeededRng,
    ) -> Option<Reading> {
        let weights: Vec<f64> =
            self.screen.readings.iter().map(|s| self.weight(s, beside, horizon_index)).collect();
        let of_family = |family| -> Vec<f64> {
            let own = |(s, weight): (&Screened, &f64)| if s.choice.family == family { *weight } else { 0.0 };
            self.screen.readings.iter().zip(&weights).map(own).collect()
        };
        // By its clearest reading: a family is not heard more often for having more of them.
        let clearest = Family::ALL.map(|family| of_family(family).into_iter().fold(0.0, f64::max));
        let family = Family::ALL[rng.weighted(&clearest)?];
        let reading = self.read(&self.screen.readings[rng.weighted(&of_family(family))?], horizon_index, rng);
        (beside.len() < READINGS_MAX && !beside.iter().any(|r| r.resembles(&reading))).then_some(reading)
    }

    fn weight(&self, screened: &Screened, beside: &[Reading], horizon_index: usize) -> f64 {
        let choice = screened.choice;
        // Something has to say which way; and one reading of the same sort is enough to begin with.
        if beside.is_empty() && !choice.has_direction()
            || beside.iter().any(|r| r.resembles(&self.plain(screened)))
        {
            return 0.0;
        }
        let familiar = beside.iter().filter(|r| r.choice.family == choice.family).count() as i32;
        let clear = self.appeal(self.clarity(screened, beside, horizon_index));
        (clear + self.memory.promise(choice.kind)).exp() * 0.4f64.powi(familiar)
    }

    /// How clearly it speaks itself or, where it has no direction, tells when those beside it speak.
    fn clarity(&self, screened: &Screened, beside: &[Reading], horizon_index: usize) -> f64 {
        let own = self.screen.strength(screened, horizon_index);
        if screened.choice.has_direction() {
            return own;
        }
        let directed = beside.iter().filter(|r| r.choice.has_direction());
        let told = directed
            .filter_map(|r| self.screen.nearest(r))
            .map(|what| self.screen.modulation(screened, what, horizon_index));
        told.fold(own, f64::max)
    }

    /// The reading as it was screened.
    fn plain(&self, screened: &Screened) -> Reading {
        Reading {
            choice: screened.choice,
            spec: screened.choice.spec(screened.period),
            timeframe: screened.timeframe,
            encoding: Encoding::Fuzzy(3),
            lags: 0,
        }
    }

    /// A reading as a network is shown it: in its block of hours, if it is clearer there than all day.
    fn read(&self, screened: &Screened, horizon_index: usize, rng: &mut SeededRng) -> Reading {
        let mut reading = self.plain(screened);
        let period = self.screen.clearest_period(screened, horizon_index);
        reading.set_period(period * rng.log_uniform(0.75, 1.33));
        if let Some(block) = self.screen.block(screened, horizon_index).filter(|_| rng.chance(IN_BLOCK)) {
            block.hours.set(&mut reading.spec);
            reading.encoding = Encoding::Fuzzy(rng.one_of([3, 5]));
            return reading;
        }
        reading.encoding = match screened.choice.family {
            Family::Regime | Family::Volume => Encoding::Fuzzy(rng.one_of([2, 3])),
            Family::Clock => Encoding::Fuzzy(5),
            Family::Place | Family::Drift if rng.chance(0.15) => Encoding::Raw,
            Family::Place | Family::Drift => Encoding::Fuzzy(rng.one_of([3, 5, 5, 4])),
        };
        let quick = screened.timeframe == self.market.base().timeframe && reading.period() <= 20.0;
        reading.lags = if quick { rng.one_of([0, 0, 1, 2, 3]) } else { 0 };
        reading
    }

    /// Makes readings fit the widest input allowed, first without lags, then with one fewer, and shows at least one
    /// of them in fuzzy sets.
    pub(crate) fn trim(&self, readings: &mut Vec<Reading>) {
        if let Some(first) = readings.first_mut().filter(|r| r.encoding == Encoding::Raw) {
            first.encoding = Encoding::Fuzzy(5);
        }
        let wide = |readings: &[Reading]| readings.iter().map(Reading::width).sum::<usize>() > WIDTH_MAX;
        while wide(readings) {
            match readings.iter_mut().rev().find(|r| r.lags > 0) {
                Some(lagged) => lagged.lags -= 1,
                None => drop(readings.pop()),
            }
        }
    }

    /// A margin that the clearest reading would reach on a clear signal. The probability of a rise moves by about
    /// `φ(0) × correlation` for each deviation of a reading (normal returns), of which a standard error is luck.
    fn margin(&self, readings: &[Reading], horizon_index: usize, rng: &mut SeededRng) -> f64 {
        let seen = |r: &Reading| self.screen.correlation_heard(r, horizon_index).abs();
        let clearest = readings.iter().map(seen).fold(0.0, f64::max);
        let believed = (clearest - self.screen.standard_error(horizon_index)).max(0.0);
        let deviations = rng.log_uniform(0.3, 1.2);
        round_to((0.4 * believed * deviations).clamp(0.01, MARGIN.1), 3)
    }

    /// Parameters that the training rows can bear at this horizon.
    pub(crate) fn parameters_max(&self, horizon: u32) -> usize {
        let TypicalMove { independent, .. } = self.market.typical_move(horizon);
        (independent as f64 * PARAMETERS_PER_SAMPLE) as usize
    }

    /// Picks a network that the training rows can bear; the smallest when they can bear none.
    pub(crate) fn fit_network(&self, candidate: &mut Candidate, rng: &mut SeededRng) {
        let most = self.parameters_max(candidate.horizon);
        let bearable = |network: &&[usize]| {
            candidate.hidden = network.to_vec();
            candidate.parameters() <= most
        };
        let count = NETWORKS.iter().copied().filter(bearable).count();
        candidate.hidden = NETWORKS[rng.below(count)].to_vec();
    }
}
