//! The acceptance book: every promise of the plans that ktrdr began with, tried through the real binary and HTTP, on both engines.
//!
//! [`plan`] says what was promised, the others try it, [`book`] writes down what was seen. Several promises share a world, where each has
//! its own checks: a broken one does not hide the next.
//!
//! | what | file |
//! |---|---|
//! | M1–M7: a research cycle, from its trigger to its costs | [`cycle`], [`cancelled`], [`gates`] |
//! | B1: backtests from the command line | [`here`] |
//! | B2: backtests by HTTP | [`by_http`] |
//! | B3: backtests in another process; every role killed mid-cycle | [`elsewhere`], [`restarts`] |
//! | B4: what can not be | [`wrong`] |
//! | A: asynchronous operations, and figures | [`service`], [`figures`], [`pages`], [`paths`] |

mod book;
mod by_http;
mod cancelled;
mod course;
mod cycle;
mod elsewhere;
mod figures;
mod gates;
mod here;
mod lab;
mod pages;
mod paths;
pub(crate) mod plan;
mod restarts;
mod service;
mod wrong;

use book::Chapter;
use lab::Lab;

use crate::world::{Engine, World, on_each_engine};

on_each_engine!(backtests_and_jobs, a_cycle_and_its_costs, jobs_in_other_processes, roles_that_are_killed);

/// Hours of the series that takes long enough to be watched: its exam is a quarter of them.
const LONG: u32 = 160_000;

/// The strategy that is trained in no time, and trades.
const QUICK: &str = "quick";

/// Its epochs.
const EPOCHS: usize = 8;

/// Bars of EURUSD, and a model trained on them.
fn trained(engine: Engine) -> World {
    let world = World::on(engine);
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    write_quick(&world);
    world.json(&["training", "run", "--local", "--strategy", QUICK]);
    world
}

/// The example, less sure of itself: it takes a position wherever one class leads by a little.
fn write_quick(world: &World) {
    let text = include_str!("../../strategies/fx_pullback.yaml");
    let line = |line: &str| match line.trim_start().split(':').next() {
        Some("name") => format!("name: {QUICK}\n"),
        Some("epochs") => format!("  epochs: {EPOCHS}\n"),
        Some("early_stopping") => "  early_stopping: false\n".to_owned(),
        Some("confidence_threshold") => "  confidence_threshold: 0.34\n".to_owned(),
        _ => format!("{line}\n"),
    };
    world.write("strategies/quick.yaml", text.lines().map(line).collect::<String>());
}

/// Hours without a pause, on which a backtest takes seconds.
fn generate_long(world: &World) {
    let bars = LONG.to_string();
    world.json(&["data", "generate", "-s", "LONG", "-t", "1h", "--session", "always", "--bars", &bars]);
}

fn backtests_and_jobs(engine: Engine) {
    let world = trained(engine);
    generate_long(&world);
    let mut chapter = Chapter::on(engine);
    here::rows(&mut chapter, &world);
    let lab = Lab::up(&world);
    by_http::rows(&mut chapter, &lab);
    wrong::rows(&mut chapter, &lab);
    service::rows(&mut chapter, &lab);
    figures::rows(&mut chapter, &lab);
    paths::row(&mut chapter, &lab);
    chapter.end();
}

fn a_cycle_and_its_costs(engine: Engine) {
    let mut chapter = Chapter::on(engine);
    cycle::rows(&mut chapter, engine);
    cancelled::row(&mut chapter, engine);
    chapter.end();
}

fn jobs_in_other_processes(engine: Engine) {
    let mut chapter = Chapter::on(engine);
    elsewhere::rows(&mut chapter, engine);
    chapter.end();
}

fn roles_that_are_killed(engine: Engine) {
    let mut chapter = Chapter::on(engine);
    restarts::row(&mut chapter, engine);
    chapter.end();
}

#[test]
fn pages_and_coverage_are_there() {
    let mut chapter = Chapter::of_both();
    pages::rows(&mut chapter);
    chapter.end();
}
