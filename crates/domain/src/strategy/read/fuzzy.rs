//! The `fuzzy_sets` section.

use indexmap::IndexMap;

use super::id;
use crate::strategy::cursor::Cursor;
use crate::strategy::diagnostic::Diagnostics;
use crate::strategy::field::{FUZZY_SETS_MAX, MEMBERS_MAX, MEMBERSHIPS, PARAMETER};
use crate::strategy::{FuzzySet, Membership};

/// `{id: {indicator, member: …}}`
pub(super) fn fuzzy_sets(cursor: &Cursor<'_>, out: &mut Diagnostics) -> IndexMap<String, FuzzySet> {
    let Some(map) = cursor.map_reader(out, "fuzzy_sets") else { return IndexMap::new() };
    let mut all = IndexMap::new();
    for (id, entry) in id::named(&map, FUZZY_SETS_MAX, "fuzzy sets", out) {
        all.extend(fuzzy_set(entry, out).map(|set| (id.to_owned(), set)));
    }
    all
}

fn fuzzy_set(cursor: &Cursor<'_>, out: &mut Diagnostics) -> Option<FuzzySet> {
    let mut map = cursor.map_reader(out, "fuzzy_set")?;
    let indicator = map.need(out, "indicator").and_then(|p| p.text(out).map(str::to_owned));
    if let Some(transform) = map.get("input_transform") {
        let fix = "read distancefromma: it is 100 × (price − average) / average, so a ratio of 1.02 is 2.0";
        transform.error(out, "inputs are not transformed", fix);
    }
    let count = map.rest().count();
    if count == 0 || count > MEMBERS_MAX {
        let fix = format!("give it 1 to {MEMBERS_MAX}, such as low: [0, 0, 50]");
        cursor.error(out, format!("the set has {count} members"), fix);
    }
    let mut members = IndexMap::new();
    for (name, member) in map.rest().take(MEMBERS_MAX) {
        id::check(name, member, out);
        members.extend(membership(member, out).map(|m| (name.to_owned(), m)));
    }
    Some(FuzzySet { indicator: indicator?.into(), members })
}

/// `[a, b, c]`, `[a, b, c, d]` or `{type, parameters}`
fn membership(cursor: &Cursor<'_>, out: &mut Diagnostics) -> Option<Membership> {
    let (shape, numbers) = if cursor.is_list() {
        (None, parameters(cursor, out)?)
    } else {
        let mut map = cursor.map_reader(out, "membership")?;
        let shape = map.need(out, "type").and_then(|p| shape(&p, out));
        let numbers = map.need(out, "parameters").and_then(|p| parameters(&p, out));
        map.finish(out);
        (Some(shape?), numbers?)
    };
    let membership = match (shape, numbers.as_slice()) {
        (None | Some("triangular"), &[a, b, c]) => Membership::Triangular([a, b, c]),
        (None | Some("trapezoidal"), &[a, b, c, d]) => Membership::Trapezoidal([a, b, c, d]),
        (Some("gaussian"), &[mean, sigma]) => Membership::Gaussian([mean, sigma]),
        (Some("sigmoid"), &[centre, slope]) => Membership::Sigmoid([centre, slope]),
        (shape, numbers) => {
            let message =
                format!("{} numbers make no {} membership", numbers.len(), shape.unwrap_or("short-form"));
            cursor.error(
                out,
                message,
                "triangular takes 3, trapezoidal 4, gaussian [mean, sigma], sigmoid [centre, slope]",
            );
            return None;
        }
    };
    if let Some(fault) = membership.fault() {
        cursor.error(out, fault, "correct the parameters");
    }
    Some(membership)
}

fn shape(cursor: &Cursor<'_>, out: &mut Diagnostics) -> Option<&'static str> {
    let text = cursor.text(out)?;
    let is = |word: &&str| word.eq_ignore_ascii_case(text);
    let known = MEMBERSHIPS.iter().find(|shape| is(&shape.word) || shape.aliases.iter().any(is));
    if known.is_none() {
        let words: Vec<&str> = MEMBERSHIPS.iter().map(|shape| shape.word).collect();
        cursor.no_such_word(out, text, &words);
    }
    known.map(|shape| shape.word)
}

fn parameters(cursor: &Cursor<'_>, out: &mut Diagnostics) -> Option<Vec<f64>> {
    let numbers: Vec<_> = cursor.items(out, 4)?.iter().map(|p| p.number(out, &PARAMETER)).collect();
    numbers.into_iter().collect()
}
