//! Windows are fixed once and move on the record: what a history may say, and where the next gate is.

#![allow(clippy::unwrap_used)]

use ktrdr_domain::window_history::{
    BadHistory, Occasion, OpenVault, VaultOpening, WindowDates, WindowEvent, WindowHistory, WindowsFixed,
    WindowsRolled, next_gate,
};
use ktrdr_domain::{Span, Timestamp, Windows};

fn day(n: i64) -> Timestamp {
    Timestamp(n * 86_400)
}

fn span(from: i64, to: i64) -> Span {
    Span { start: day(from), end: day(to) }
}

fn dates(gate_from: i64, vault_from: i64) -> WindowDates {
    WindowDates { gate_from: day(gate_from), vault_from: day(vault_from) }
}

fn fixed(dates: WindowDates) -> WindowEvent {
    WindowEvent::Fixed(WindowsFixed { dates, occasion: Occasion::FirstBars, data: Vec::new(), at: day(0) })
}

fn rolled(dates: WindowDates) -> WindowEvent {
    let (reason, by) = ("spent".parse().unwrap(), "me@here".to_owned());
    WindowEvent::Rolled(WindowsRolled { dates, gate: span(0, 1), looks: 200, reason, by, at: day(0) })
}

fn opened(span: Span) -> WindowEvent {
    let word = OpenVault { reason: "last check".parse().unwrap(), by: "me@here".into() };
    let operation = "op_backtesting_20260101_000000_00000000".parse().unwrap();
    WindowEvent::Opened(VaultOpening { operation, span, word, at: day(0) })
}

/// Dev, gate and vault of 600, 250 and 150 days.
fn windows() -> Windows {
    dates(600, 850).over(span(0, 1000))
}

#[test]
fn the_last_dates_are_in_force_and_openings_are_counted() {
    let events = vec![fixed(dates(600, 850)), opened(span(900, 1000)), rolled(dates(850, 900))];
    let history = WindowHistory::of(events.clone()).unwrap();
    assert_eq!(history.dates(), dates(850, 900));
    assert_eq!(history.all_dates().collect::<Vec<_>>(), [dates(600, 850), dates(850, 900)]);
    assert_eq!(history.openings().count(), 1);
    let written = serde_json::to_string(&events).unwrap();
    assert_eq!(serde_json::from_str::<Vec<WindowEvent>>(&written).unwrap(), events);
}

#[test]
fn a_history_that_contradicts_itself_is_refused() {
    let first = || fixed(dates(600, 850));
    for (events, why) in [
        (vec![], BadHistory::Fixed),
        (vec![rolled(dates(850, 900))], BadHistory::Fixed),
        (vec![first(), first()], BadHistory::Fixed),
        (vec![fixed(dates(850, 850))], BadHistory::Order),
        (vec![first(), rolled(dates(700, 900))], BadHistory::Backwards),
    ] {
        assert_eq!(WindowHistory::of(events), Err(why));
    }
}

#[test]
fn newer_bars_extend_the_vault_and_older_ones_dev_and_a_pool_stops_at_its_first_gate() {
    let w = dates(600, 850).over(span(-50, 2000));
    assert_eq!((w.dev, w.gate, w.vault), (span(-50, 600), span(600, 850), span(850, 2000)));
    let beyond = dates(600, 850).over(span(700, 800));
    assert_eq!((beyond.dev, beyond.vault), (span(600, 600), span(850, 850)), "what is not reached is empty");
    assert!(!beyond.vault.overlaps(&span(700, 850)));
    assert_eq!(dates(600, 850).earliest(dates(500, 900)), dates(500, 850));
}

#[test]
fn the_next_gate_is_the_oldest_part_of_the_vault_that_nobody_saw() {
    assert_eq!(next_gate(&windows(), &[]), Ok(dates(850, 1000)));
    let longer = dates(600, 850).over(span(0, 2000));
    assert_eq!(next_gate(&longer, &[]), Ok(dates(850, 1100)), "no longer than the gate before it");
    assert_eq!(next_gate(&longer, &[span(800, 900)]), Ok(dates(900, 1150)), "what was seen is dev");
    assert_eq!(next_gate(&longer, &[span(1000, 1900)]), Ok(dates(850, 1000)), "long enough before it");
    let twice = [span(1400, 1500), span(900, 1200)];
    assert_eq!(next_gate(&longer, &twice), Ok(dates(1200, 1400)), "too short before the first, not after it");
    let at_noon = Span { start: Timestamp(day(850).0 + 43_200), end: Timestamp(day(900).0 + 43_200) };
    assert_eq!(next_gate(&longer, &[at_noon]), Ok(dates(901, 1150)), "gates start at midnight");
}

#[test]
fn a_vault_that_is_seen_or_too_short_gives_no_gate() {
    for seen in [vec![span(850, 1000)], vec![span(900, 920)], vec![span(0, 3000)]] {
        let refused = next_gate(&windows(), &seen).unwrap_err();
        assert_eq!((refused.gate, refused.vault), (span(600, 850), span(850, 1000)), "{seen:?}");
    }
    assert!(next_gate(&dates(600, 850).over(span(0, 900)), &[]).is_err());
}
