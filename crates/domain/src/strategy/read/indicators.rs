//! The `indicators` section.

use indexmap::IndexMap;

use super::id;
use crate::strategy::IndicatorSpec;
use crate::strategy::cursor::Cursor;
use crate::strategy::diagnostic::Diagnostics;
use crate::strategy::field::{Field, INDICATORS_MAX};
use crate::strategy::indicators::{INDICATORS, IndicatorKind, Param, ParamForm, Source};

/// `{id: {type, parameters…}}`
pub(super) fn indicators(cursor: &Cursor<'_>, out: &mut Diagnostics) -> IndexMap<String, IndicatorSpec> {
    let Some(map) = cursor.map_reader(out, "indicators") else { return IndexMap::new() };
    let mut all = IndexMap::new();
    for (id, entry) in id::named(&map, INDICATORS_MAX, "indicators", out) {
        all.extend(indicator(entry, out).map(|spec| (id.to_owned(), spec)));
    }
    all
}

/// `{type, source, parameters…}`
pub(super) fn indicator(cursor: &Cursor<'_>, out: &mut Diagnostics) -> Option<IndicatorSpec> {
    let mut map = cursor.map_reader(out, "indicator")?;
    let kind_cursor = map.need(out, "type")?;
    let text = kind_cursor.text(out)?;
    let Ok(kind) = text.parse::<IndicatorKind>() else {
        unknown_indicator(&kind_cursor, text, out);
        return None;
    };
    let definition = kind.definition();
    let mut spec = IndicatorSpec::new(kind);
    if definition.has_source {
        spec.source = map.word(out, "source", Source::Close)?;
    }
    for param in definition.params {
        let value = map.get(param.name).map_or(Some(param.default), |p| parameter(&p, param, out));
        spec.params.insert(param.name.to_owned(), value.unwrap_or(param.default));
    }
    map.finish(out);
    Some(spec)
}

fn unknown_indicator(cursor: &Cursor<'_>, text: &str, out: &mut Diagnostics) {
    if text.eq_ignore_ascii_case("zigzag") {
        let fix = "use it as labels only, or read donchianchannels";
        return cursor.error(out, "zigzag repaints: as an input it would see the future", fix);
    }
    let names: Vec<&str> = INDICATORS.iter().map(|e| e.name).collect();
    cursor.no_such_word(out, text, &names);
}

fn parameter(cursor: &Cursor<'_>, param: &Param, out: &mut Diagnostics) -> Option<f64> {
    let whole = param.form == ParamForm::Count;
    match param.form {
        ParamForm::Count | ParamForm::Number => {
            let (min, max) = (param.min, param.max);
            cursor.number(out, &Field { key: param.name, min, max, whole, default: None, about: "" })
        }
        ParamForm::Flag => cursor.flag(out).map(f64::from),
        ParamForm::Average => {
            let text = cursor.text(out)?;
            let value = ["sma", "ema"].iter().position(|w| w.eq_ignore_ascii_case(text));
            if value.is_none() {
                cursor.no_such_word(out, text, &["SMA", "EMA"]);
            }
            value.map(|i| i as f64)
        }
    }
}
