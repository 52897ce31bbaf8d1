//! A world with something of everything, and every question that can be asked about it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::client::{Served, block_on};
use super::conformance::{misfits, template};
use super::events::Events;
use crate::world::World;

/// Something of everything.
fn world() -> World {
    let world = World::new();
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    world.example_of_epochs("quick", 1);
    world.example("fx_pullback");
    let series = world.path("data/EURUSD_1h.csv");
    world.json(&["data", "import", series.to_str().unwrap(), "-s", "COPY", "-t", "1h"]);
    world.json(&["training", "run", "--local", "-S", "quick"]);
    world.json(&["backtest", "run", "--local", "-S", "quick", "-s", "EURUSD", "-t", "1h"]);
    world.json(&[
        "research",
        "run",
        "--local",
        "-s",
        "EURUSD",
        "-t",
        "1h",
        "--cycles",
        "2",
        "--campaign",
        "night",
    ]);
    let nightly =
        ["--cron", "30 1 * * *", "--tz", "Europe/Berlin", "-s", "EURUSD", "-t", "1h", "--cycles", "1"];
    world.json(&[&["schedules", "create", "nightly", "--anyway", "tried"], &nightly[..]].concat());
    world
}

/// What may stand in a path: several of each name, so that every kind of operation is asked about.
fn named(world: &World) -> Vec<(&'static str, Vec<String>)> {
    let rows = world.operations();
    let ids = |kind: &str| {
        let of_kind = rows.iter().filter(|row| kind.is_empty() || row["type"] == kind);
        of_kind.map(|row| row["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let one = |word: &str| vec![word.to_owned()];
    vec![
        ("{operation}", ids("")),
        ("{replay}", ids("backtesting")),
        ("{cycle}", ids("agent_research")),
        ("{campaign}", one("night")),
        ("{schedule}", one("nightly")),
        ("{symbol}", one("EURUSD")),
        ("{timeframe}", one("1h")),
        ("{name}", one("quick")),
        ("{strategy}", one("quick")),
        ("{subjects}", [ids("backtesting"), ids("training"), one("night")].concat()),
    ]
}

/// Every address of a path with such words in it.
fn addresses(path: &str, named: &[(&'static str, Vec<String>)]) -> Vec<String> {
    named.iter().fold(vec![path.to_owned()], |paths, (name, words)| {
        let filled = paths.iter().flat_map(|path| match path.contains(name) {
            true => words.iter().map(|word| path.replace(name, word)).collect(),
            false => vec![path.clone()],
        });
        filled.collect()
    })
}

/// The client of the tests holds every answer against the description.
#[test]
fn everything_that_can_be_read_is_described() {
    let world = world();
    let named = named(&world);
    let api = Served::up(&world, &[]);
    block_on(async {
        let described = api.got("/openapi.json").await;
        assert_eq!(&described, ktrdr_api::description(), "what is served is what answers are held against");
        let mut unread = BTreeSet::new();
        for (path, methods) in described["paths"].as_object().unwrap() {
            if methods["get"].is_null() || path == "/api/v1/events" {
                continue;
            }
            let mut is_read = false;
            // One can not be asked without its query.
            let query = if path == "/api/v1/operations/begun" { "?key=nobody" } else { "" };
            for address in addresses(path.trim_start_matches("/api/v1"), &named) {
                is_read |= api.get(&format!("{address}{query}")).await.0 == 200;
            }
            if !is_read {
                unread.insert(path.clone());
            }
        }
        assert_eq!(unread, BTreeSet::new(), "nothing was told there");
        for (_, campaigns) in &named[3..4] {
            let format = format!("/documents/{}?format=json", campaigns[0]);
            assert_eq!(api.get(&format).await.0, 200);
        }
        changes(&api).await;
    });
}

/// What only asks, and what sets a state.
async fn changes(api: &Served) {
    let strategy = api.got("/strategies/quick/text").await["text"].clone();
    let market = json!({ "symbol": "EURUSD", "timeframe": "1h" });
    let asked = [
        ("/strategies/validate", json!({ "yaml": strategy })),
        ("/strategies/migrate", json!({ "yaml": strategy })),
        ("/campaigns/plan", json!({ "symbol": "EURUSD", "timeframe": "1h", "cycles": 3 })),
        (
            "/indicators/calculate",
            json!({ "symbol": "EURUSD", "timeframe": "1h", "limit": 5_000, "indicators": [{ "type": "rsi" }] }),
        ),
        (
            "/fuzzy/evaluate",
            json!({ "members": { "low": { "type": "triangular", "parameters": [0, 30, 45] } }, "values": [20, 1e308] }),
        ),
        (
            "/operations/standing-still",
            json!({ "operations": ["op_probe_20260101_000000_00000001"], "long": true }),
        ),
        ("/operations/cancel", json!({ "campaign": "night" })),
        ("/operations/cancel", json!({ "campaign": "night", "confirm": true })),
        ("/operations/retry", json!({ "status": "cancelled" })),
        ("/operations/retry", json!({ "status": "cancelled", "confirm": true })),
        ("/windows/EURUSD/roll", json!({ "reason": "tried" })),
        (
            "/data/generate",
            json!({ "symbol": "DEMO", "timeframe": "1h", "bars": 500, "start": "2015-01-01" }),
        ),
        ("/data/resample", json!({ "symbol": "EURUSD", "timeframe": "4h" })),
        ("/schedules/nightly/pause", json!({ "note": "tried" })),
        ("/campaigns/night/cancel", json!({ "reason": "tried" })),
    ];
    for (path, body) in asked {
        let (status, told) = api.post(path, &body, None).await;
        assert_eq!(status, 200, "{path}: {told}");
    }
    let mut events = Events::of(api, "operations,queues,logs", None).await;
    let (status, told) =
        api.post("/backtests/start", &json!({ "strategy": "quick", "market": market }), None).await;
    assert_eq!(status, 202, "{told}");
    let mut heard = BTreeSet::new();
    while !["operations", "queues"].iter().all(|name| heard.contains(*name)) {
        let event = events.next().await;
        assert_eq!(
            misfits("#/components/schemas/FeedData", &event.data),
            [] as [String; 0],
            "{}",
            event.name
        );
        heard.insert(event.name);
    }
}

#[test]
fn an_address_is_of_the_path_that_names_it() {
    assert_eq!(template("/api/v1/operations/cancel"), Some("/api/v1/operations/cancel"));
    assert_eq!(template("/api/v1/operations/op_x?a=b/c"), Some("/api/v1/operations/{operation}"));
    assert_eq!(template("/api/v1/nothing"), None);
    let wrong = misfits("#/components/schemas/Live", &json!({ "status": 1, "colour": Value::Null }));
    assert_eq!(wrong.len(), 3, "{wrong:?}");
}
