//! B2: backtests by HTTP.

use super::QUICK;
use super::book::{Chapter, Seen};
use super::course::Course;
use super::lab::{Lab, backtest, has_ended, refused};
use crate::world::ms;

pub(super) fn rows(chapter: &mut Chapter, lab: &Lab<'_>) {
    chapter.row("B2.1", |seen| the_whole_way(lab, seen));
    chapter.row("B2.2", |seen| progress(lab, seen));
    chapter.row("B2.3", |seen| a_cancel(lab, seen));
    chapter.row("B2.4", |seen| no_data(lab, seen));
}

fn the_whole_way(lab: &Lab<'_>, seen: &mut Seen) {
    let (status, job) = lab.post("/backtests/start", &backtest(QUICK, "EURUSD"));
    assert_eq!(status, 202, "{job}");
    let id = job["operation"].as_str().unwrap();
    let row = lab.ended(id);
    assert_eq!(
        (&row["status"], &row["progress"]["percentage"]),
        (&"completed".into(), &100.0.into()),
        "{row}"
    );
    let listed = lab.got("/operations?type=backtesting");
    assert_eq!(listed["operations"][0]["id"], id);
    let results = lab.got(&format!("/operations/{id}/results"));
    assert!(results["metrics"]["total_trades"].is_u64(), "{results}");
    let report = lab.got(&format!("/reports/{id}"))["report"].clone();
    assert_eq!(report["equity"].as_array().unwrap().len() as u64, report["bars"].as_u64().unwrap());
    seen.note(format!(
        "{status}, completed in {} ms, {} trades",
        row["took_ms"], results["metrics"]["total_trades"]
    ));
}

fn progress(lab: &Lab<'_>, seen: &mut Seen) {
    let id = lab.backtest(QUICK, "LONG");
    let course = Course::of(&lab.followed(&id, has_ended));
    let told = course.is_sound_and_whole();
    assert!(told >= 3, "{}", course.words());
    seen.note(format!("{told} events: {}", course.words()));
}

fn a_cancel(lab: &Lab<'_>, seen: &mut Seen) {
    let id = lab.backtest(QUICK, "LONG");
    lab.followed(&id, |row| row["progress"]["items_done"].as_u64().is_some_and(|done| done > 0));
    let (status, told) = lab.delete(&format!("/operations/{id}?reason=enough"));
    assert_eq!((status, &told["answer"]), (200, &"requested".into()), "{told}");
    let row = lab.ended(&id);
    assert_eq!(row["status"], "cancelled", "{row}");
    let next = lab.ended(&lab.backtest(QUICK, "EURUSD"));
    assert_eq!(next["status"], "completed", "{}", next["error"]);
    let now = lab.row(&id);
    assert_eq!((&now["status"], &now["progress"]), (&row["status"], &row["progress"]), "it is frozen");
    let (again, _) = lab.delete(&format!("/operations/{id}"));
    let stopped_ms = ms(&row["finished_at"]) - ms(&row["cancel"]["at"]);
    let at = row["progress"]["percentage"].as_f64().unwrap();
    seen.note(format!(
        "{status}; stopped at {at:.0} % in {stopped_ms} ms; asked again: {again}; the next one completed"
    ));
}

fn no_data(lab: &Lab<'_>, seen: &mut Seen) {
    let before = lab.count();
    let answer = lab.post("/backtests/start", &backtest(QUICK, "NOWHERE"));
    let detail = refused(&answer, 404, &["NOWHERE", "1h", "data/NOWHERE_1h"]);
    assert_eq!(lab.count(), before, "no operation is left behind");
    seen.note(format!("404: {}", detail.replace(lab.world.folder().to_str().unwrap(), "…")));
}
