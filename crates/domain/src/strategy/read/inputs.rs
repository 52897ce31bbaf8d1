//! The `nn_inputs` section.

use crate::strategy::cursor::Cursor;
use crate::strategy::diagnostic::{Diagnostics, shown};
use crate::strategy::field::{INPUTS_MAX, LAGS, TIMEFRAMES_MAX};
use crate::strategy::{NnInput, Normalization};
use crate::timeframe::Timeframe;

/// The list of what the network sees. `all` timeframes are written out.
pub(super) fn nn_inputs(cursor: &Cursor<'_>, all: &[Timeframe], out: &mut Diagnostics) -> Vec<NnInput> {
    let items = cursor.items(out, INPUTS_MAX).unwrap_or_default();
    items.iter().filter_map(|item| nn_input(item, all, out)).collect()
}

fn nn_input(cursor: &Cursor<'_>, all: &[Timeframe], out: &mut Diagnostics) -> Option<NnInput> {
    let mut map = cursor.map_reader(out, "nn_input")?;
    let mut reference = |key| map.get(key).and_then(|p: Cursor<'_>| p.text(out).map(str::to_owned));
    let fuzzy_set = reference("fuzzy_set");
    let raw_indicator = reference("raw_indicator");
    if fuzzy_set.is_some() == raw_indicator.is_some() {
        cursor.error(
            out,
            "an input is either a fuzzy set or a raw indicator",
            "give `fuzzy_set` or `raw_indicator`",
        );
    }
    let timeframes = map.need(out, "timeframes").and_then(|p| input_timeframes(&p, all, out));
    let normalization = map.get("normalization");
    if let Some(cursor) = normalization.as_ref().filter(|_| fuzzy_set.is_some()) {
        cursor.error(out, "a fuzzy set's members are scaled already", "remove normalization");
    }
    let normalization = normalization.map_or(Some(Normalization::None), |p| p.word(out));
    let lags = map.count(out, &LAGS);
    map.finish(out);
    Some(NnInput {
        fuzzy_set,
        raw_indicator: raw_indicator.map(Into::into),
        timeframes: timeframes?,
        normalization: normalization?,
        lags: lags?,
    })
}

fn input_timeframes(cursor: &Cursor<'_>, all: &[Timeframe], out: &mut Diagnostics) -> Option<Vec<Timeframe>> {
    if !cursor.is_list() {
        let text = cursor.text(out)?;
        if text != "all" {
            cursor.error(
                out,
                format!("{} is not a list of timeframes", shown(text)),
                "write all, or a list such as [1h]",
            );
        }
        return Some(all.to_vec());
    }
    let mut chosen: Vec<Timeframe> = Vec::new();
    for item in cursor.items(out, TIMEFRAMES_MAX)? {
        let Some(timeframe) = item.parsed::<Timeframe>(out, "correct it") else { continue };
        if chosen.contains(&timeframe) {
            item.error(out, format!("{timeframe} stands in the list a second time"), "keep one of the two");
        } else if !all.is_empty() && !all.contains(&timeframe) {
            let message = format!("{timeframe} is not among the training timeframes");
            item.error(out, message, "add it to training_data.timeframes, or use one of those");
        }
        chosen.push(timeframe);
    }
    Some(chosen)
}
