//! The language of filters.

#![allow(missing_docs, clippy::unwrap_used)]

use ktrdr_domain::terms::{self, Term};
use proptest::prelude::*;

fn term(field: &str, is_negated: bool, is_partial: bool, values: &[&str]) -> Term {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    Term { field: field.to_owned(), is_negated, is_partial, values }
}

#[test]
fn several_values_negation_and_parts() {
    let read = terms::read("status=failed,running&type!=probe&error~timeout&error!~disk").unwrap();
    assert_eq!(
        read,
        [
            term("status", false, false, &["failed", "running"]),
            term("type", true, false, &["probe"]),
            term("error", false, true, &["timeout"]),
            term("error", true, true, &["disk"]),
        ]
    );
    assert!(terms::read("").unwrap().is_empty());
}

#[test]
fn as_clients_write_addresses() {
    assert_eq!(terms::read("type%21=probe").unwrap(), [term("type", true, false, &["probe"])]);
    assert_eq!(terms::read("error~=a+b%2Cc%26d").unwrap(), [term("error", false, true, &["a b,c&d"])]);
    assert_eq!(terms::read("a=x=y~z").unwrap(), [term("a", false, false, &["x=y~z"])]);
}

#[test]
fn what_is_no_filter_is_refused_with_its_place() {
    let long = format!("a={}", "x".repeat(5000));
    let (many, values) = ("a=b&".repeat(17), format!("a={}", "b,".repeat(33)));
    for wrong in [
        "status", "=x", "!=x", "a=", "a=b,,c", "A=b", "a b=c", "a=%", "a=%4", "a=%zz", "a=%ff", &long, &many,
        &values,
    ] {
        assert!(terms::read(wrong).is_err(), "{wrong}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whatever_is_said_is_read_back(
        terms in prop::collection::vec(("[a-z_]{1,9}", any::<bool>(), any::<bool>(), prop::collection::vec(".{1,9}", 1..4)), 0..5)
    ) {
        let said: Vec<Term> = terms.into_iter()
            .map(|(field, is_negated, is_partial, values)| Term { field, is_negated, is_partial, values })
            .collect();
        let text = said.iter().map(Term::to_string).collect::<Vec<_>>().join("&");
        prop_assert_eq!(terms::read(&text).unwrap(), said);
    }

    #[test]
    fn nothing_makes_it_panic(text in "\\PC*|[a-z=~!&,%+]{0,60}") {
        let _ = terms::read(&text);
    }
}
