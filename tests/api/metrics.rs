//! Figures of real processes, as Prometheus scrapes them: of the API beside its other paths, of other roles on a port of their
//! own.

use std::net::TcpListener;

use super::client::{Served, block_on};
use crate::running::wait_for;
use crate::world::{Engine, World, on_each_engine};

on_each_engine!(a_campaign_moves_the_figures_that_its_rows_tell);

/// What stands behind a name with its labels.
fn figure(text: &str, series: &str) -> f64 {
    let behind = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    behind.unwrap_or_else(|| panic!("no {series} in\n{text}")).parse().unwrap()
}

fn figures_of(api: &Served) -> String {
    format!("http://{}/metrics", api.address)
}

async fn scraped(api: &Served) -> String {
    let request = api.http.get(figures_of(api));
    let request = api.token.iter().fold(request, reqwest::RequestBuilder::bearer_auth);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let media_type = response.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(media_type.starts_with("application/openmetrics-text"), "{media_type}");
    response.text().await.unwrap()
}

fn a_campaign_moves_the_figures_that_its_rows_tell(engine: Engine) {
    let world = World::on(engine);
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    let api = Served::up(&world, &[]);
    let night = [
        "research",
        "run",
        "--wait",
        "--symbol",
        "EURUSD",
        "--timeframe",
        "1h",
        "--cycles",
        "3",
        "--seed",
        "5",
    ];
    world.json(&night);
    let rows = world.operations();
    let text = block_on(scraped(&api));
    for (kind, status) in [
        ("agent_research", "completed"),
        ("agent_research", "failed"),
        ("agent_design", "completed"),
        ("training", "completed"),
        ("backtesting", "completed"),
    ] {
        let is_such = |row: &&serde_json::Value| row["type"] == kind && row["status"] == status;
        let there = rows.iter().filter(is_such).count();
        if there > 0 {
            let series = format!("ktrdr_ops_total{{kind=\"{kind}\",status=\"{status}\"}}");
            assert_eq!(figure(&text, &series), there as f64, "{series}");
        }
    }
    let of = |kind: &str| rows.iter().filter(|row| row["type"] == kind).count() as f64;
    assert_eq!(figure(&text, "agent_phase_duration_seconds_count{phase=\"training\"}"), of("training"));
    assert!(figure(&text, "ktrdr_training_samples_total") > 0.0);
    assert_eq!(figure(&text, "ktrdr_queue_ready{kind=\"training\"}"), 0.0);
    assert_eq!(figure(&text, "ktrdr_processes{role=\"up\"}"), 1.0);
    assert_eq!(figure(&text, "ktrdr_consumer_up{queue=\"training\",device=\"any\"}"), 1.0);
    assert_eq!(figure(&text, "ktrdr_broker_up"), 1.0);
    assert!(figure(&text, "ktrdr_publish_total{outcome=\"confirmed\"}") >= of("training"));
    assert!(figure(&text, "process_resident_memory_bytes") > 1e6);
    let series = text.lines().filter(|line| !line.starts_with('#')).count();
    assert!(series <= 400, "{series} series\n{text}");
    assert!(!text.contains("EURUSD") && !text.contains("op_agent"), "{text}");
}

#[test]
fn figures_are_under_the_tokens_of_the_api() {
    let world = World::new();
    let token = world.json(&["token", "create", "--scope", "viewer"])["token"].as_str().unwrap().to_owned();
    let mut api = Served::up(&world, &["--require-token"]);
    block_on(async {
        let refused = api.http.get(figures_of(&api)).send().await.unwrap();
        assert_eq!(refused.status(), 401);
        api.with(&token);
        assert!(scraped(&api).await.contains("ktrdr_build_info{version="));
    });
}

#[test]
fn processes_without_an_api_tell_figures_on_ports_of_their_own() {
    let world = World::on(Engine::Fleet);
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    world.example_of_epochs("quick", 1);
    let free = || TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let (of_worker, of_orchestrator) = (free(), free());
    let _worker = world.start(&["worker", "training", "--metrics", &of_worker]);
    let _orchestrator = world.start(&["orchestrator", "--metrics", &of_orchestrator]);
    let _coordinator = world.start(&["serve"]);
    world.json(&["training", "run", "--strategy", "quick", "--wait"]);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let scrape = |address: &str| -> Option<String> {
        let url = format!("http://{address}/metrics");
        block_on(async { Some(reqwest::get(url).await.ok()?.text().await.unwrap()) })
    };
    let text = wait_for("the worker's figures", || scrape(&of_worker));
    assert_eq!(figure(&text, "ktrdr_ops_total{kind=\"training\",status=\"completed\"}"), 1.0);
    let text = wait_for("the orchestrator's figures", || scrape(&of_orchestrator));
    assert_eq!(figure(&text, "ktrdr_consumer_up{queue=\"events\",device=\"any\"}"), 1.0);
    // How the fleet stands is told by one who is there once.
    assert!(!text.contains("ktrdr_queue_ready{"), "{text}");
    // A page of another name that was made to lead here is not answered.
    let foreign = block_on(async {
        let client = reqwest::Client::new();
        let request = client.get(format!("http://{of_worker}/metrics")).header("Host", "evil.example");
        request.send().await.unwrap().status()
    });
    assert_eq!(foreign, 421);
}
