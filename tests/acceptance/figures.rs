//! A4, A7–A10: what asking and telling costs. Figures are told as they are; they are asserted with room, since the build is not optimised and
//! the machine has other work.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use ktrdr_domain::Progress;
use ktrdr_worker::ProgressCell;
use serde_json::json;

use super::QUICK;
use super::book::{Chapter, Seen};
use super::lab::{Lab, backtest};
use crate::world::ms;

/// How often a request is made.
const REQUESTS: usize = 21;

/// A limit is broken by so many times as much.
const ROOM: f64 = 10.0;

/// What a request may take.
const REQUEST: Duration = Duration::from_millis(5);

/// Looks of the long backtest at its stop token: every 50 bars of the gate window, and each draw of chance, at most.
const WRITES: f64 = super::LONG as f64 / 4.0 / 50.0 + 2_000.0;

pub(super) fn rows(chapter: &mut Chapter, lab: &Lab<'_>) {
    chapter.row("A4", |seen| a_start(lab, seen));
    chapter.row("A7", |seen| {
        target(seen, "a write, of 20 rounds", writes(&told()), Duration::from_micros(1));
    });
    let mut long = Vec::new();
    chapter.row("A10", |seen| long = the_queue(lab, seen));
    chapter.row("A8", |seen| all_writes(&long, seen));
    chapter.row("A9", |seen| a_request(lab, seen));
}

/// A connection that is kept, and requests without a library's ado: what is timed is the answer.
struct Wire(TcpStream);

impl Wire {
    fn to(lab: &Lab<'_>) -> Self {
        let stream = TcpStream::connect(&lab.api.address).unwrap();
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }

    /// From the request to the last byte of its answer.
    fn timed(&mut self, lab: &Lab<'_>, method: &str, path: &str, body: &str) -> Duration {
        let (host, length) = (&lab.api.address, body.len());
        let json = if body.is_empty() { "" } else { "Content-Type: application/json\r\n" };
        let head = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nHost: {host}\r\n{json}Content-Length: {length}\r\n\r\n"
        );
        let begun = Instant::now();
        self.0.write_all((head + body).as_bytes()).unwrap();
        let answer = self.answer();
        let took = begun.elapsed();
        assert!(answer.starts_with("HTTP/1.1 20"), "{method} {path}: {answer}");
        took
    }

    fn answer(&mut self) -> String {
        let (mut read, mut part) = (Vec::new(), [0; 64 << 10]);
        loop {
            let count = self.0.read(&mut part).unwrap();
            assert!(count > 0, "the connection was closed");
            read.extend_from_slice(&part[..count]);
            let text = String::from_utf8_lossy(&read).into_owned();
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(usize::MAX) {
                return text;
            }
        }
    }
}

/// Notes the median of some times beside its limit, and whether it was kept. The best of them must be within it, with room.
fn target(seen: &mut Seen, what: &str, mut times: Vec<Duration>, limit: Duration) {
    times.sort_unstable();
    let (best, median) = (times[0], times[times.len() / 2]);
    seen.note(format!("{what}: {median:.1?}, the best {best:.1?}"));
    seen.target(median <= limit);
    assert!(best.as_secs_f64() <= limit.as_secs_f64() * ROOM, "{what}: {best:?}, {ROOM} times {limit:?}");
}

fn a_start(lab: &Lab<'_>, seen: &mut Seen) {
    lab.order("/queues/backtesting/pause");
    let (mut wire, wanted) = (Wire::to(lab), backtest(QUICK, "EURUSD").to_string());
    let times = (0..REQUESTS).map(|_| wire.timed(lab, "POST", "/backtests/start", &wanted)).collect();
    let stop = json!({ "type": "backtesting", "status": "pending", "reason": "measured", "confirm": true });
    assert_eq!(lab.post("/operations/cancel", &stop).1["done"]["cancelled"], REQUESTS);
    lab.order("/queues/backtesting/resume");
    target(seen, &format!("p50 of {REQUESTS} starts"), times, REQUEST);
}

fn a_request(lab: &Lab<'_>, seen: &mut Seen) {
    let id = lab.got("/operations?limit=1")["operations"][0]["id"].as_str().unwrap().to_owned();
    let (mut wire, path) = (Wire::to(lab), format!("/operations/{id}"));
    let times = (0..REQUESTS).map(|_| wire.timed(lab, "GET", &path, "")).collect();
    target(seen, &format!("p50 of {REQUESTS} reads"), times, REQUEST);
}

/// A word of progress, as a backtest says it.
fn told() -> Progress {
    Progress {
        percentage: 5.0 + 90.0 * 0.5,
        step: format!("bar {}/{} · {}", 20_000, 40_000, "2019-03-04"),
        items_done: 20_000,
        items_total: Some(80_000_000),
        figures: vec![("pnl".into(), 1.5), ("trades".into(), 9.0), ("win rate".into(), 0.5)],
        ..Progress::default()
    }
}

/// A write to a cell, on average of each round.
fn writes(word: &Progress) -> Vec<Duration> {
    const ROUND: u32 = 2_000;
    let cell = ProgressCell::default();
    let round = |_| {
        let words = vec![word.clone(); ROUND as usize];
        let begun = Instant::now();
        words.into_iter().for_each(|word| cell.set(word));
        begun.elapsed() / ROUND
    };
    (0..20).map(round).collect()
}

/// A backtest of about a second, from submit to end, beside the time that its attempt took: both in milliseconds.
fn the_queue(lab: &Lab<'_>, seen: &mut Seen) -> Vec<f64> {
    let run = |_| {
        let row = lab.ended(&lab.backtest(QUICK, "LONG"));
        let [created, finished] = ["created_at", "finished_at"].map(|at| ms(&row[at]));
        ((finished - created) as f64, row["took_ms"].as_f64().unwrap())
    };
    let runs: Vec<(f64, f64)> = (0..2).map(run).collect();
    let share = |(all, took): &(f64, f64)| (all - took) / took;
    let best = runs.iter().map(share).fold(f64::INFINITY, f64::min);
    seen.note(format!("{:.1} % of {:.0} ms, the better of two", best * 100.0, runs[0].1));
    seen.target(best < 0.2);
    assert!(best < 0.2 * ROOM, "{runs:?}");
    runs.into_iter().map(|(_, took)| took).collect()
}

/// Making a word and writing it, as often as a long backtest does.
fn all_writes(long: &[f64], seen: &mut Seen) {
    let round = |_| {
        let (cell, begun) = (ProgressCell::default(), Instant::now());
        (0..2_000).for_each(|_| cell.set(told()));
        begun.elapsed().as_secs_f64() * 1e3 / 2_000.0
    };
    let each_ms = (0..10).map(round).fold(f64::INFINITY, f64::min);
    let took = long.iter().copied().fold(f64::INFINITY, f64::min);
    let share = each_ms * WRITES / took;
    seen.note(format!(
        "{:.2} %: at most {WRITES:.0} words of {:.1} µs in {took:.0} ms",
        share * 100.0,
        each_ms * 1e3
    ));
    seen.target(share < 0.01);
    assert!(share < 0.01 * ROOM);
}
