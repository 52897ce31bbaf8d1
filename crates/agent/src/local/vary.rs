//! Variations of what has worked: one or two changes at a time, each said in words, so that a later lesson tells
//! which change did what.

use super::dice::Dice;
use super::explore::{Search, learning_rate};
use super::memory::Parent;
use super::partition::MEMBERS;
use super::sketch::{Form, MARGIN, Reading, Sketch, Target, distinct};
use crate::figures::{percent, round_significant, round_to};

/// One sort of change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    AddReading,
    DropReading,
    SwapReading,
    Period,
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
const CHANGES: [(Change, f64); 16] = [
    (Change::AddReading, 2.0),
    (Change::DropReading, 1.0),
    (Change::SwapReading, 2.0),
    (Change::Period, 2.0),
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
    pub(crate) fn mutated(&self, parent: &Parent, dice: &mut Dice) -> (Sketch, String) {
        let mut sketch = parent.sketch.clone();
        let mut said: Vec<String> =
            trade_rate_change(&mut sketch, parent.trades_per_bar).into_iter().collect();
        let wanted = said.len().max(1) + usize::from(dice.chance(0.4));
        // A change that does not apply says nothing, so that a few more rolls are needed than changes.
        for _ in 0..20 {
            if said.len() >= wanted {
                break;
            }
            said.extend(self.change(roll(dice), &mut sketch, dice));
        }
        self.refit(&mut sketch, dice);
        (sketch, format!("mutation of {}: {}", parent.name, said.join("; ")))
    }

    /// The fitter parent with readings of both.
    pub(crate) fn crossed(&self, a: &Parent, b: &Parent, dice: &mut Dice) -> (Sketch, String) {
        let mut sketch = a.sketch.clone();
        let half = a.sketch.readings.len().div_ceil(2);
        let (from_a, from_b) = (&a.sketch.readings[..half], &b.sketch.readings);
        let mut readings = distinct(from_a.iter().chain(from_b).cloned());
        self.trim(&mut readings);
        sketch.readings = readings;
        if dice.chance(0.5) {
            sketch.hidden.clone_from(&b.sketch.hidden);
        }
        self.refit(&mut sketch, dice);
        let read: Vec<String> = sketch.readings.iter().map(Reading::to_string).collect();
        let kept = format!("{} over {} bars", sketch.target.words(), sketch.horizon);
        let origin = format!("crossover of {} ({kept}) and {}: reads {}", a.name, b.name, read.join(", "));
        (sketch, origin)
    }

    /// Keeps the network within what its rows can bear after other things changed.
    pub(crate) fn refit(&self, sketch: &mut Sketch, dice: &mut Dice) {
        self.trim(&mut sketch.readings);
        if sketch.hidden.is_empty() || sketch.parameters() > self.parameters_max(sketch.horizon) {
            self.fit_network(sketch, dice);
        }
    }

    fn change(&self, change: Change, sketch: &mut Sketch, dice: &mut Dice) -> Option<String> {
        match change {
            Change::AddReading | Change::DropReading | Change::SwapReading => {
                self.readings_change(change, sketch, dice)
            }
            Change::Period | Change::Members | Change::Lags => self.reading_change(change, sketch, dice),
            Change::Horizon | Change::Target | Change::HoldShare => self.target_change(change, sketch, dice),
            Change::Network | Change::Rate => self.network_change(change, sketch, dice),
            Change::Threshold => threshold_change(sketch, dice.one_of([0.5, 0.7, 1.4, 2.0])),
            Change::Separation | Change::Keeping | Change::Holding | Change::Stop => {
                self.trading_change(change, sketch, dice)
            }
        }
    }

    fn readings_change(&self, change: Change, sketch: &mut Sketch, dice: &mut Dice) -> Option<String> {
        let place = self.screen.place_of(sketch.horizon);
        let readings = &mut sketch.readings;
        if change == Change::AddReading {
            let new = self.another(readings, place, dice)?;
            let said = format!("also reads {new}");
            readings.push(new);
            return Some(said);
        }
        if readings.len() < 2 {
            return None;
        }
        let seat = dice.below(readings.len());
        let out = readings.remove(seat);
        if change == Change::DropReading {
            return Some(format!("no longer reads {out}"));
        }
        let Some(new) = self.another(readings, place, dice).filter(|new| !new.resembles(&out)) else {
            readings.insert(seat, out);
            return None;
        };
        let said = format!("reads {new} instead of {out}");
        readings.insert(seat, new);
        Some(said)
    }

    fn reading_change(&self, change: Change, sketch: &mut Sketch, dice: &mut Dice) -> Option<String> {
        let place = dice.below(sketch.readings.len());
        let base = self.market.base().timeframe;
        let reading = sketch.readings.get_mut(place)?;
        let before = reading.clone();
        match change {
            Change::Period => reading.set_period(before.period() * dice.one_of([0.5, 0.7, 1.4, 2.0])),
            Change::Lags if reading.timeframe == base => reading.lags = dice.below(4) as u32,
            Change::Members => {
                reading.form = match reading.form {
                    Form::Raw => Form::Fuzzy(5),
                    Form::Fuzzy(_) => Form::Fuzzy(MEMBERS.start() + dice.below(MEMBERS.count())),
                }
            }
            _ => {}
        }
        (*reading != before).then(|| match change {
            Change::Period => format!("{before} becomes {reading}"),
            Change::Lags => format!("{reading} with {} earlier bars", reading.lags),
            _ => format!("{reading} in {} columns", reading.width()),
        })
    }

    fn target_change(&self, change: Change, sketch: &mut Sketch, dice: &mut Dice) -> Option<String> {
        match change {
            Change::Horizon => self.horizon_change(sketch, dice),
            Change::Target => {
                let other = dice.one_of([Target::Barriers, Target::Direction, Target::Return]);
                let changed = std::mem::replace(&mut sketch.target, other) != other;
                sketch.learning_rate =
                    if changed { learning_rate(other, dice) } else { sketch.learning_rate };
                changed.then(|| format!("is taught the {}", other.words()))
            }
            _ if sketch.target == Target::Return => None,
            _ => {
                let share = dice.one_of([0.15, 0.2, 0.25, 0.33]);
                let changed = std::mem::replace(&mut sketch.hold_share, share) != share;
                changed.then(|| format!("about {} % of labels are HOLD", percent(share)))
            }
        }
    }

    /// The next longer or shorter horizon; what is tied to it goes along.
    fn horizon_change(&self, sketch: &mut Sketch, dice: &mut Dice) -> Option<String> {
        let here = self.screen.place_of(sketch.horizon);
        let longer = dice.chance(0.5);
        let there = if longer { here + 1 } else { here.checked_sub(1)? };
        let horizon = self.screen.moves.get(there)?.horizon;
        let scale = f64::from(horizon) / f64::from(sketch.horizon.max(1));
        let scaled = |bars: u32| ((f64::from(bars) * scale).round() as u32).max(1);
        sketch.horizon = horizon;
        sketch.separation = scaled(sketch.separation);
        sketch.holding_max = sketch.holding_max.map(scaled);
        Some(format!("{} horizon ({horizon} bars)", if longer { "longer" } else { "shorter" }))
    }

    fn network_change(&self, change: Change, sketch: &mut Sketch, dice: &mut Dice) -> Option<String> {
        if change == Change::Network {
            let before = sketch.hidden.clone();
            self.fit_network(sketch, dice);
            return (sketch.hidden != before).then(|| format!("hidden layers {:?}", sketch.hidden));
        }
        let before = (sketch.learning_rate, sketch.weight_decay, sketch.dropout);
        sketch.learning_rate = learning_rate(sketch.target, dice);
        sketch.weight_decay = dice.one_of([0.0001, 0.001, 0.01]);
        sketch.dropout = dice.one_of([0.0, 0.1, 0.2]);
        let after = (sketch.learning_rate, sketch.weight_decay, sketch.dropout);
        (after != before)
            .then(|| format!("learning rate {}, weight decay {}, dropout {}", after.0, after.1, after.2))
    }

    fn trading_change(&self, change: Change, sketch: &mut Sketch, dice: &mut Dice) -> Option<String> {
        let horizon = sketch.horizon;
        let before = sketch.clone();
        match change {
            Change::Separation => sketch.separation = (horizon / dice.one_of([1, 2, 4])).max(1),
            Change::Keeping => {
                sketch.keeps = !sketch.keeps;
                sketch.separation = sketch.separation.max(horizon / 2);
            }
            Change::Holding => {
                sketch.holding_max = if before.holding_max.is_some() { None } else { Some(3 * horizon) };
            }
            _ => {
                let stop = self.stop_at(horizon, dice.one_of([2.0, 3.0, 4.0]));
                sketch.stop_loss = if before.stop_loss.is_some() { None } else { Some(stop) };
            }
        }
        (*sketch != before).then(|| match change {
            Change::Separation => format!("{} bars between changes", sketch.separation),
            Change::Keeping if sketch.keeps => "HOLD keeps a position".to_owned(),
            Change::Keeping => "HOLD closes a position".to_owned(),
            Change::Holding => sketch
                .holding_max
                .map_or("no longest holding".to_owned(), |b| format!("held {b} bars at most")),
            _ => sketch.stop_loss.map_or("no stop".to_owned(), |s| format!("stop at {} %", percent(s))),
        })
    }
}

fn roll(dice: &mut Dice) -> Change {
    let weights = CHANGES.map(|(_, weight)| weight);
    CHANGES[dice.weighted(&weights).unwrap_or(0)].0
}

/// The change that a trade count asks for: looser after too few trades, slower after too many.
fn trade_rate_change(sketch: &mut Sketch, trades_per_bar: Option<f64>) -> Option<String> {
    let rate = trades_per_bar?;
    if rate < TRADES_PER_BAR.0 {
        return threshold_change(sketch, 0.4);
    }
    if rate > TRADES_PER_BAR.1 {
        sketch.separation = (sketch.separation * 2).max(sketch.horizon / 2).max(2);
        return Some(format!("{} bars between changes", sketch.separation));
    }
    None
}

/// Scales how sure it has to be.
fn threshold_change(sketch: &mut Sketch, factor: f64) -> Option<String> {
    let how = if factor < 1.0 { "looser" } else { "stricter" };
    if sketch.target == Target::Return {
        let edge = round_significant((sketch.edge * factor).clamp(0.1, 5.0), 2);
        let changed = std::mem::replace(&mut sketch.edge, edge) != edge;
        return changed.then(|| format!("{how}: expects {edge} round trips"));
    }
    let margin = round_to((sketch.margin * factor).clamp(MARGIN.0, MARGIN.1), 3);
    let changed = std::mem::replace(&mut sketch.margin, margin) != margin;
    changed.then(|| format!("{how}: {} % over a class's share", percent(margin)))
}
