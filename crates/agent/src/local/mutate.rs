//! Mutations and crossovers of what has worked: one or two changes at a time, each said in words, so that a later lesson tells
//! which change did what.

use ktrdr_quant::SeededRng;

use super::block::Hours;
use super::candidate::{Candidate, Encoding, MARGIN, Reading, Target, distinct};
use super::explore::{SPARING, Search, learning_rate};
use super::memory::Parent;
use super::partition::MEMBERS;
use crate::figures::{percent, round_significant, round_to};

/// One sort of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    AddReading,
    DropReading,
    SwapReading,
    Period,
    Hours,
    Members,
    Lags,
    Horizon,
    Target,
    HoldShare,
    Network,
    Rate,
    Threshold,
    Separation,
    Keeping,
    Holding,
    Stop,
}

/// Every change with its weight: what is looked at and looked for matters more than how it is fitted.
const CHANGES: [(Change, f64); 17] = [
    (Change::AddReading, 2.0),
    (Change::DropReading, 1.0),
    (Change::SwapReading, 2.0),
    (Change::Period, 2.0),
    (Change::Hours, 1.0),
    (Change::Members, 1.0),
    (Change::Lags, 0.5),
    (Change::Horizon, 2.0),
    (Change::Target, 1.0),
    (Change::HoldShare, 0.5),
    (Change::Network, 1.0),
    (Change::Rate, 0.5),
    (Change::Threshold, 2.0),
    (Change::Separation, 1.0),
    (Change::Keeping, 0.5),
    (Change::Holding, 1.0),
    (Change::Stop, 0.5),
];

/// Trades per bar that a gate can judge and costs do not eat: 50 to 2,000 in 18,000 bars.
const TRADES_PER_BAR: (f64, f64) = (50.0 / 18_000.0, 2_000.0 / 18_000.0);

impl Search<'_> {
    /// A parent with one or two changes, and what they are.
    pub(crate) fn mutated(&self, parent: &Parent, rng: &mut SeededRng) -> (Candidate, String) {
        let mut candidate = parent.candidate.clone();
        let mut said: Vec<String> =
            trade_rate_change(&mut candidate, parent.trades_per_bar).into_iter().collect();
        let wanted = said.len().max(1) + usize::from(rng.chance(0.4));
        // A change that does not apply says nothing, so that a few more rolls are needed than changes.
        for _ in 0..20 {
            if said.len() >= wanted {
                break;
            }
            said.extend(self.change(roll(rng), &mut candidate, rng));
        }
        self.refit(&mut candidate, rng);
        (candidate, format!("mutation of {}: {}", parent.name, said.join("; ")))
    }

    /// The fitter parent with readings of both.
    pub(crate) fn crossed(&self, a: &Parent, b: &Parent, rng: &mut SeededRng) -> (Candidate, String) {
        let mut candidate = a.candidate.clone();
        let half = a.candidate.readings.len().div_ceil(2);
        let (from_a, from_b) = (&a.candidate.readings[..half], &b.candidate.readings);
        let mut readings = distinct(from_a.iter().chain(from_b).cloned());
        self.trim(&mut readings);
        candidate.readings = readings;
        if rng.chance(0.5) {
            candidate.hidden.clone_from(&b.candidate.hidden);
        }
        self.refit(&mut candidate, rng);
        let read: Vec<String> = candidate.readings.iter().map(Reading::to_string).collect();
        let kept = format!("{} over {} bars", candidate.target.words(), candidate.horizon);
        let origin = format!("crossover of {} ({kept}) and {}: reads {}", a.name, b.name, read.join(", "));
        (candidate, origin)
    }

    /// Keeps the network within what its rows can bear after other things changed.
    pub(crate) fn refit(&self, candidate: &mut Candidate, rng: &mut SeededRng) {
        self.trim(&mut candidate.readings);
        if candidate.hidden.is_empty() || candidate.parameters() > self.parameters_max(candidate.horizon) {
            self.fit_network(candidate, rng);
        }
    }

    fn change(&self, change: Change, candidate: &mut Candidate, rng: &mut SeededRng) -> Option<String> {
        match change {
            Change::AddReading | Change::DropReading | Change::SwapReading => {
                self.readings_change(change, candidate, rng)
            }
            Change::Period | Change::Hours | Change::Members | Change::Lags => {
                self.reading_change(change, candidate, rng)
            }
            Change::Horizon | Change::Target | Change::HoldShare => {
                self.target_change(change, candidate, rng)
            }
            Change::Network | Change::Rate => self.network_change(change, candidate, rng),
            Change::Threshold => threshold_change(candidate, rng.one_of([0.5, 0.7, 1.4, 2.0])),
            Change::Separation | Change::Keeping | Change::Holding | Change::Stop => {
                self.trading_change(change, candidate, rng)
            }
        }
    }

    fn readings_change(
        &self,
        change: Change,
        candidate: &mut Candidate,
        rng: &mut SeededRng,
    ) -> Option<String> {
        let horizon_index = self.screen.index_of(candidate.horizon);
        let readings = &mut candidate.readings;
        if change == Change::AddReading {
            let new = self.another(readings, horizon_index, rng)?;
            if self.drowns(&new, readings, horizon_index) && rng.chance(SPARING) {
                return None;
            }
            let said = format!("also reads {new}");
            readings.push(new);
            return Some(said);
        }
        if readings.len() < 2 {
            return None;
        }
        let seat = rng.below(readings.len());
        let out = readings.remove(seat);
        if change == Change::DropReading {
            return Some(format!("no longer reads {out}"));
        }
        let Some(new) = self.another(readings, horizon_index, rng).filter(|new| !new.resembles(&out)) else {
            readings.insert(seat, out);
            return None;
        };
        let said = format!("reads {new} instead of {out}");
        readings.insert(seat, new);
        Some(said)
    }

    fn reading_change(
        &self,
        change: Change,
        candidate: &mut Candidate,
        rng: &mut SeededRng,
    ) -> Option<String> {
        let seat = rng.below(candidate.readings.len());
        let base = self.market.base().timeframe;
        let reading = candidate.readings.get_mut(seat)?;
        let before = reading.clone();
        match change {
            Change::Period => reading.set_period(before.period() * rng.one_of([0.5, 0.7, 1.4, 2.0])),
            Change::Hours => {
                let hours = Hours::of(&reading.spec)?;
                let [from, until] = [rng.one_of([-2, -1, 0, 1, 2]), rng.one_of([-2, -1, 0, 1, 2])];
                hours.shifted(from, until)?.set(&mut reading.spec);
            }
            Change::Lags if reading.timeframe == base => reading.lags = rng.below(4) as u32,
            Change::Members => {
                reading.encoding = match reading.encoding {
                    Encoding::Raw => Encoding::Fuzzy(5),
                    Encoding::Fuzzy(_) => Encoding::Fuzzy(MEMBERS.start() + rng.below(MEMBERS.count())),
                }
            }
            _ => {}
        }
        (*reading != before).then(|| match change {
            Change::Period | Change::Hours => format!("{before} becomes {reading}"),
            Change::Lags => format!("{reading} with {} earlier bars", reading.lags),
            _ => format!("{reading} in {} columns", reading.width()),
        })
    }

    fn target_change(
        &self,
        change: Change,
        candidate: &mut Candidate,
        rng: &mut SeededRng,
    ) -> Option<String> {
        match change {
            Change::Horizon => self.horizon_change(candidate, rng),
            Change::Target => {
                let other = rng.one_of([Target::Barriers, Target::Direction, Target::Return]);
                let changed = std::mem::replace(&mut candidate.target, other) != other;
                candidate.learning_rate =
                    if changed { learning_rate(other, rng) } else { candidate.learning_rate };
                changed.then(|| format!("is taught the {}", other.words()))
            }
            _ if candidate.target == Target::Return => None,
            _ => {
                let share = rng.one_of([0.15, 0.2, 0.25, 0.33]);
                let changed = std::mem::replace(&mut candidate.hold_share, share) != share;
                changed.then(|| format!("about {} % of labels are HOLD", percent(share)))
            }
        }
    }

    /// The next longer or shorter horizon; what is tied to it goes along.
    fn horizon_change(&self, candidate: &mut Candidate, rng: &mut SeededRng) -> Option<String> {
        let here = self.screen.index_of(candidate.horizon);
        let longer = rng.chance(0.5);
        let there = if longer { here + 1 } else { here.checked_sub(1)? };
        let horizon = self.screen.moves.get(there)?.horizon;
        let scale = f64::from(horizon) / f64::from(candidate.horizon.max(1));
        let scaled = |bars: u32| ((f64::from(bars) * scale).round() as u32).max(1);
        candidate.horizon = horizon;
        candidate.separation = scaled(candidate.separation);
        candidate.holding_max = candidate.holding_max.map(scaled);
        Some(format!("{} horizon ({horizon} bars)", if longer { "longer" } else { "shorter" }))
    }

    fn network_change(
        &self,
        change: Change,
        candidate: &mut Candidate,
        rng: &mut SeededRng,
    ) -> Option<String> {
        if change == Change::Network {
            let before = candidate.hidden.clone();
            self.fit_network(candidate, rng);
            return (candidate.hidden != before).then(|| format!("hidden layers {:?}", candidate.hidden));
        }
        let before = (candidate.learning_rate, candidate.weight_decay, candidate.dropout);
        candidate.learning_rate = learning_rate(candidate.target, rng);
        candidate.weight_decay = rng.one_of([0.0001, 0.001, 0.01]);
        candidate.dropout = rng.one_of([0.0, 0.1, 0.2]);
        let after = (candidate.learning_rate, candidate.weight_decay, candidate.dropout);
        (after != before)
            .then(|| format!("learning rate {}, weight decay {}, dropout {}", after.0, after.1, after.2))
    }

    fn trading_change(
        &self,
        change: Change,
        candidate: &mut Candidate,
        rng: &mut SeededRng,
    ) -> Option<String> {
        let horizon = candidate.horizon;
        let before = candidate.clone();
        match change {
            Change::Separation => candidate.separation = (horizon / rng.one_of([1, 2, 4])).max(1),
            Change::Keeping => {
                candidate.keeps = !candidate.keeps;
                candidate.separation = candidate.separation.max(horizon / 2);
            }
            Change::Holding => {
                candidate.holding_max = if before.holding_max.is_some() { None } else { Some(3 * horizon) };
            }
            _ => {
                let stop = self.stop_at(horizon, rng.one_of([2.0, 3.0, 4.0]));
                candidate.stop_loss = if before.stop_loss.is_some() { None } else { Some(stop) };
            }
        }
        (*candidate != before).then(|| match change {
            Change::Separation => format!("{} bars between changes", candidate.separation),
            Change::Keeping if candidate.keeps => "HOLD keeps a position".to_owned(),
            Change::Keeping => "HOLD closes a position".to_owned(),
            Change::Holding => candidate
                .holding_max
                .map_or("no longest holding".to_owned(), |b| format!("held {b} bars at most")),
            _ => candidate.stop_loss.map_or("no stop".to_owned(), |s| format!("stop at {} %", percent(s))),
        })
    }
}

fn roll(rng: &mut SeededRng) -> Change {
    let weights = CHANGES.map(|(_, weight)| weight);
    CHANGES[rng.weighted(&weights).unwrap_or(0)].0
}

/// The change that a trade count asks for: looser after too few trades, slower after too many.
fn trade_rate_change(candidate: &mut Candidate, trades_per_bar: Option<f64>) -> Option<String> {
    let rate = trades_per_bar?;
    if rate < TRADES_PER_BAR.0 {
        return threshold_change(candidate, 0.4);
    }
    if rate > TRADES_PER_BAR.1 {
        candidate.separation = (candidate.separation * 2).max(candidate.horizon / 2).max(2);
        return Some(format!("{} bars between changes", candidate.separation));
    }
    None
}

/// Scales how sure it has to be.
fn threshold_change(candidate: &mut Candidate, factor: f64) -> Option<String> {
    let how = if factor < 1.0 { "looser" } else { "stricter" };
    if candidate.target == Target::Return {
        let edge = round_significant((candidate.edge * factor).clamp(0.1, 5.0), 2);
        let changed = std::mem::replace(&mut candidate.edge, edge) != edge;
        return changed.then(|| format!("{how}: expects {edge} round trips"));
    }
    let margin = round_to((candidate.margin * factor).clamp(MARGIN.0, MARGIN.1), 3);
    let changed = std::mem::replace(&mut candidate.margin, margin) != margin;
    changed.then(|| format!("{how}: {} % over a class's share", percent(margin)))
}
