//! The `decisions` and `risk` sections.

use crate::strategy::cursor::{Cursor, MapReader};
use crate::strategy::decision::CostModel;
use crate::strategy::diagnostic::Diagnostics;
use crate::strategy::field::{CONFIDENCE, COST_MODEL, EXITS, SEPARATION, SIZINGS};
use crate::strategy::network::OutputKind;
use crate::strategy::{Decisions, Risk};
use crate::trading::{Exits, Sizing};

pub(super) fn decisions(cursor: &Cursor<'_>, out: &mut Diagnostics) -> Option<Decisions> {
    let mut map = cursor.map_reader(out, "decisions")?;
    let output_format = map.need(out, "output_format").and_then(|p| p.word::<OutputKind>(out));
    let confidence_threshold = map.number(out, &CONFIDENCE);
    let position_awareness = map.flag(out, "position_awareness", true);
    let allow_short = map.flag(out, "allow_short", true);
    let min_signal_separation = separation(&mut map, out);
    let cost_model = map.get("cost_model").map_or(Some(None), |p| cost_model(&p, out).map(Some));
    map.finish(out);
    Some(Decisions {
        output_format: output_format?,
        confidence_threshold: confidence_threshold?,
        position_awareness: position_awareness?,
        allow_short: allow_short?,
        min_signal_separation: min_signal_separation?,
        cost_model: cost_model?,
    })
}

/// `min_signal_separation`, directly or in `filters`.
fn separation(map: &mut MapReader<'_>, out: &mut Diagnostics) -> Option<u32> {
    let Some(filters) = map.get("filters") else { return map.count(out, &SEPARATION) };
    let mut inner = filters.map_reader(out, "filters")?;
    let inside = inner.get(SEPARATION.key);
    inner.finish(out);
    match (map.get(SEPARATION.key), inside) {
        (Some(_), Some(inside)) => {
            inside.error(out, "it stands in `decisions` too", "keep one of the two");
            None
        }
        (None, Some(inside)) => inside.number(out, &SEPARATION).map(|n| n as u32),
        _ => map.count(out, &SEPARATION),
    }
}

fn cost_model(cursor: &Cursor<'_>, out: &mut Diagnostics) -> Option<CostModel> {
    let mut map = cursor.map_reader(out, "cost_model")?;
    let numbers = map.numbers(out, COST_MODEL);
    map.finish(out);
    let &[round_trip_cost, min_edge_multiplier] = numbers?.as_slice() else { return None };
    Some(CostModel { round_trip_cost, min_edge_multiplier })
}

/// `{position_sizing, exits}`
pub(super) fn risk(cursor: &Cursor<'_>, out: &mut Diagnostics) -> Option<Risk> {
    let mut map = cursor.map_reader(out, "risk")?;
    let position_sizing =
        map.get("position_sizing").map_or(Some(Risk::default().position_sizing), |p| sizing(&p, out));
    let exits = map.get("exits").map_or(Some(Exits::default()), |p| exits(&p, out));
    map.finish(out);
    Some(Risk { position_sizing: position_sizing?, exits: exits? })
}

/// `all_in`, `{fixed_fraction: 0.95}` or `{fixed_units: 1000}`
fn sizing(cursor: &Cursor<'_>, out: &mut Diagnostics) -> Option<Sizing> {
    let fix = "write all_in, {fixed_fraction: 0.95} or {fixed_units: 1000}";
    if !cursor.is_map() {
        return match cursor.text(out)? {
            "all_in" => Some(Sizing::AllIn),
            _ => {
                cursor.error(out, "this says no position size", fix);
                None
            }
        };
    }
    let mut map = cursor.map_reader(out, "position_sizing")?;
    let [fraction, units] = [&SIZINGS[0], &SIZINGS[1]].map(|field| map.get(field.key).map(|p| (p, field)));
    map.finish(out);
    match (fraction, units) {
        (Some((cursor, field)), None) => cursor.number(out, field).map(Sizing::FixedFraction),
        (None, Some((cursor, field))) => cursor.number(out, field).map(Sizing::FixedUnits),
        _ => {
            cursor.error(out, "a position has one size", fix);
            None
        }
    }
}

fn exits(cursor: &Cursor<'_>, out: &mut Diagnostics) -> Option<Exits> {
    let mut map = cursor.map_reader(out, "exits")?;
    let [stop_loss, take_profit, max_holding_bars] =
        [&EXITS[0], &EXITS[1], &EXITS[2]].map(|field| map.get(field.key).and_then(|p| p.number(out, field)));
    map.finish(out);
    Some(Exits { stop_loss, take_profit, max_holding_bars: max_holding_bars.map(|n| n as u32) })
}
