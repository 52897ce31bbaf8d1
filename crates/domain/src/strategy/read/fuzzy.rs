//! The `fuzzy_sets` section.

use indexmap::IndexMap;

use super::id;
use crate::strategy::diagnostic::Diagnostics;
use crate::strategy::field::{FUZZY_SETS_MAX, MEMBERS_MAX, MEMBERSHIPS, PARAMETER};
use crate::strategy::place::Place;
use crate::strategy::{FuzzySet, Membership};

/// `{id: {indicator, member: …}}`
pub(super) fn fuzzy_sets(place: &Place<'_>, out: &mut Diagnostics) -> IndexMap<String, FuzzySet> {
    let Some(map) = place.section(out, "fuzzy_sets") else { return IndexMap::new() };
    let mut all = IndexMap::new();
    for (id, entry) in id::named(&map, FUZZY_SETS_MAX, "fuzzy sets", out) {
        all.extend(fuzzy_set(entry, out).map(|set| (id.to_owned(), set)));
    }
    all
}

fn fuzzy_set(place: &Place<'_>, out: &mut Diagnostics) -> Option<FuzzySet> {
    let mut map = place.section(out, "fuzzy_set")?;
    let indicator = map.need(out, "indicator").and_then(|p| p.text(out).map(str::to_owned));
    if let Some(transform) = map.get("input_transform") {
        let fix = "read distancefromma: it is 100 × (price − average) / average, so a ratio of 1.02 is 2.0";
        transform.error(out, "inputs are not transformed", fix);
    }
    let count = map.rest().count();
    if count == 0 || count > MEMBERS_MAX {
        let fix = format!("give it 1 to {MEMBERS_MAX}, such as low: [0, 0, 50]");
        place.error(out, format!("the set has {count} members"), fix);
    }
    let mut members = IndexMap::new();
    for (name, member) in map.rest().take(MEMBERS_MAX) {
        id::check(name, member, out);
        members.extend(membership(member, out).map(|m| (name.to_owned(), m)));
    }
    Some(FuzzySet { indicator: indicator?.into(), members })
}

/// `[a, b, c]`, `[a, b, c, d]` or `{type, parameters}`
fn membership(place: &Place<'_>, out: &mut Diagnostics) -> Option<Membership> {
    let (shape, numbers) = if place.is_list() {
        (None, parameters(place, out)?)
    } else {
        let mut map = place.section(out, "membership")?;
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
            place.error(
                out,
                message,
                "triangular takes 3, trapezoidal 4, gaussian [mean, sigma], sigmoid [centre, slope]",
            );
            return None;
        }
    };
    if let Some(fault) = membership.fault() {
        place.error(out, fault, "correct the parameters");
    }
    Some(membership)
}

fn shape(place: &Place<'_>, out: &mut Diagnostics) -> Option<&'static str> {
    let text = place.text(out)?;
    let is = |word: &&str| word.eq_ignore_ascii_case(text);
    let known = MEMBERSHIPS.iter().find(|shape| is(&shape.word) || shape.aliases.iter().any(is));
    if known.is_none() {
        let words: Vec<&str> = MEMBERSHIPS.iter().map(|shape| shape.word).collect();
        place.no_such_word(out, text, &words);
    }
    known.map(|shape| shape.word)
}

fn parameters(place: &Place<'_>, out: &mut Diagnostics) -> Option<Vec<f64>> {
    let numbers: Vec<_> = place.items(out, 4)?.iter().map(|p| p.number(out, &PARAMETER)).collect();
    numbers.into_iter().collect()
}
