//! The `training_data` section.

use std::collections::HashSet;
use std::hash::Hash;
use std::str::FromStr;

use crate::name::Symbol;
use crate::strategy::TrainingData;
use crate::strategy::cursor::{Cursor, MapReader};
use crate::strategy::diagnostic::Diagnostics;
use crate::strategy::field::{HISTORY_REQUIRED, SYMBOLS_MAX, TIMEFRAMES_MAX};
use crate::time::Timestamp;
use crate::timeframe::Timeframe;

pub(super) fn training_data(cursor: &Cursor<'_>, out: &mut Diagnostics) -> Option<TrainingData> {
    let mut map = cursor.map_reader(out, "training_data")?;
    let symbols = map.need(out, "symbols").and_then(|p| symbols(&p, out));
    let timeframes = map.need(out, "timeframes").and_then(|p| timeframes(&p, out));
    let (timeframes, base_inside) = timeframes.unzip();
    let bases = [map.get("base_timeframe"), base_inside.flatten()];
    let base_timeframe = timeframes.as_deref().and_then(|all| base_timeframe(&bases, all, out));
    let history_required = map.count(out, &HISTORY_REQUIRED);
    let start_date = date(&mut map, "start_date", out);
    let end_date = date(&mut map, "end_date", out);
    if let (Some(start), Some(end)) = (start_date, end_date)
        && start >= end
    {
        cursor.error(
            out,
            format!("start_date {start} is not before end_date {end}"),
            "swap or move the dates",
        );
    }
    map.finish(out);
    Some(TrainingData {
        symbols: symbols?,
        timeframes: timeframes?,
        base_timeframe: base_timeframe?,
        history_required: history_required?,
        start_date,
        end_date,
    })
}

fn date(map: &mut MapReader<'_>, key: &'static str, out: &mut Diagnostics) -> Option<Timestamp> {
    map.get(key)?.parsed(out, "write a date such as \"2018-01-31\"")
}

/// `[EURUSD]`, or `{mode, list}`, or `{mode: single, symbol}`.
fn symbols(cursor: &Cursor<'_>, out: &mut Diagnostics) -> Option<Vec<Symbol>> {
    if !cursor.is_map() {
        return distinct(cursor, SYMBOLS_MAX, out);
    }
    let mut map = cursor.map_reader(out, "symbols")?;
    let mode = mode(&mut map, ["single", "multi_symbol"], out);
    let list = map.get("list").and_then(|p| distinct(&p, SYMBOLS_MAX, out));
    let single = map.get("symbol").and_then(|p| p.parsed(out, "name one symbol"));
    let all = one_or_list(cursor, single, list, ["symbol", "list"], out);
    refuse_several(cursor, mode, all.as_deref(), out);
    map.finish(out);
    all
}

/// `[1h, 4h]`, or `{mode, list, base_timeframe}`, or `{mode: single, timeframe}`; and where the base stands inside.
fn timeframes<'n>(
    cursor: &Cursor<'n>,
    out: &mut Diagnostics,
) -> Option<(Vec<Timeframe>, Option<Cursor<'n>>)> {
    if !cursor.is_map() {
        return distinct(cursor, TIMEFRAMES_MAX, out).map(|all| (all, None));
    }
    let mut map = cursor.map_reader(out, "timeframes")?;
    let mode = mode(&mut map, ["single", "multi_timeframe"], out);
    let list = map.get("list").and_then(|p| distinct(&p, TIMEFRAMES_MAX, out));
    let single = map.get("timeframe").and_then(|p| p.parsed(out, "name one timeframe"));
    let base = map.get("base_timeframe");
    let all = one_or_list(cursor, single, list, ["timeframe", "list"], out);
    refuse_several(cursor, mode, all.as_deref(), out);
    map.finish(out);
    all.map(|all| (all, base))
}

/// Whether the mode says that there is one only.
fn mode(map: &mut MapReader<'_>, words: [&str; 2], out: &mut Diagnostics) -> bool {
    let Some(cursor) = map.get("mode") else { return false };
    let Some(text) = cursor.text(out) else { return false };
    if !words.contains(&text) {
        cursor.no_such_word(out, text, &words);
    }
    text == words[0]
}

fn refuse_several<T>(cursor: &Cursor<'_>, single: bool, all: Option<&[T]>, out: &mut Diagnostics) {
    if single && all.is_some_and(|all| all.len() > 1) {
        cursor.error(out, "mode is single but several are listed", "list one, or remove `mode`");
    }
}

fn one_or_list<T: PartialEq + Clone>(
    cursor: &Cursor<'_>,
    one: Option<T>,
    list: Option<Vec<T>>,
    keys: [&str; 2],
    out: &mut Diagnostics,
) -> Option<Vec<T>> {
    match (one, list) {
        (Some(one), Some(list)) if list.contains(&one) => Some(list),
        (Some(_), Some(_)) => {
            cursor.error(out, format!("`{}` is not in `{}`", keys[0], keys[1]), "name each in the list");
            None
        }
        (Some(one), None) => Some(vec![one]),
        (None, Some(list)) => Some(list),
        (None, None) => {
            if !out.faulty(&cursor.path) {
                cursor.error(out, "nothing is listed", format!("add `{}: […]`", keys[1]));
            }
            None
        }
    }
}

/// A list of different values, each in its own form.
fn distinct<T>(cursor: &Cursor<'_>, most: usize, out: &mut Diagnostics) -> Option<Vec<T>>
where
    T: FromStr<Err: std::fmt::Display> + Eq + Hash + Clone,
{
    let mut seen = HashSet::new();
    let mut all = Vec::new();
    for item in cursor.items(out, most)? {
        let Some(value) = item.parsed::<T>(out, "correct it") else { continue };
        if seen.insert(value.clone()) {
            all.push(value);
        } else {
            item.error(out, "it stands in the list a second time", "keep one of the two");
        }
    }
    (!all.is_empty()).then_some(all)
}

/// The shortest of the timeframes. Where a base is written, it must be that one.
fn base_timeframe(
    written: &[Option<Cursor<'_>>; 2],
    all: &[Timeframe],
    out: &mut Diagnostics,
) -> Option<Timeframe> {
    let shortest = all.iter().min().copied()?;
    for cursor in written.iter().flatten() {
        let base: Timeframe = cursor.parsed(out, "name one of the timeframes")?;
        if base != shortest {
            let message = format!("{base} is not the shortest of the timeframes");
            cursor.error(out, message, format!("decisions are taken on the shortest bars: write {shortest}"));
        }
    }
    Some(shortest)
}
