//! Clients that mean harm, and lines that are no messages.

use rmcp::model::GetTaskParams;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

use super::client::{Client, block_on, server};
use super::world;
use crate::world::{Engine, World};

/// Whatever a client says, it is told what is wrong, and the next client's word is heard.
#[test]
fn a_hostile_client_is_told_why_and_harms_nothing() {
    let world = world(Engine::Embedded);
    block_on(async {
        let client = Client::of(&world, &["--allow-write"]).await;
        let strategy =
            |yaml: String| json!({ "symbol": "EURUSD", "timeframe": "1h", "strategy": { "yaml": yaml } });
        let long = |n: usize| "x".repeat(n);
        for (tool, arguments, kind) in [
            ("get_operation", json!({ "id": "../../etc/passwd" }), "invalid_request"),
            ("get_operation", json!({ "id": "op_probe_20260101_000000_00000001" }), "not_found"),
            ("get_operation", json!({}), "invalid_request"),
            ("get_strategy", json!({ "name": "../../etc/passwd" }), "invalid_request"),
            ("get_strategy", json!({ "name": "x", "and": "more" }), "invalid_request"),
            ("list_operations", json!({ "limit": 1_000_000 }), "invalid_request"),
            ("list_trials", json!({ "limit": 0 }), "invalid_request"),
            ("validate_strategy", json!({ "yaml": long(70_000) }), "invalid_request"),
            ("recall_lessons", json!({ "words": long(3_000) }), "invalid_request"),
            ("trigger_cycle", json!({ "symbol": "EURUSD" }), "invalid_request"),
            ("trigger_cycle", json!({ "symbol": "NOWHERE", "timeframe": "1h" }), "not_found"),
            (
                "trigger_cycle",
                json!({ "symbol": "EURUSD", "timeframe": "1h", "brief": long(3_000) }),
                "invalid_request",
            ),
            (
                "trigger_cycle",
                json!({ "symbol": "EURUSD", "timeframe": "1h", "open_vault": "please" }),
                "invalid_request",
            ),
            // Who reads nothing can be told nothing less, and is asked in no batch.
            (
                "trigger_cycle",
                json!({ "symbol": "EURUSD", "timeframe": "1h", "masked": true }),
                "invalid_request",
            ),
            (
                "start_campaign",
                json!({ "symbol": "EURUSD", "timeframe": "1h", "cycles": 8, "batch": true }),
                "invalid_request",
            ),
            (
                "start_campaign",
                json!({ "symbol": "EURUSD", "timeframe": "1h", "cycles": 8, "batch": true, "agent": "evolve" }),
                "invalid_request",
            ),
            (
                "start_campaign",
                json!({ "symbol": "EURUSD", "timeframe": "1h", "cycles": 8, "mix": "claude" }),
                "invalid_request",
            ),
            ("trigger_cycle", strategy("name: !!python/object x".into()), "invalid_input"),
            ("trigger_cycle", strategy("name: ../../etc/passwd".into()), "invalid_input"),
            ("trigger_cycle", strategy(long(70_000)), "invalid_request"),
            (
                "start_campaign",
                json!({ "symbol": "EURUSD", "timeframe": "1h", "cycles": 5_000 }),
                "invalid_request",
            ),
            (
                "cancel_operation",
                json!({ "id": "op_probe_20260101_000000_00000001", "reason": long(3_000) }),
                "invalid_request",
            ),
        ] {
            let error = client.error(tool, arguments).await;
            assert_eq!(error["kind"], kind, "{tool}: {error}");
        }
        for uri in
            ["file:///etc/passwd", "ktrdr://strategies/../../etc/passwd", "ktrdr://nothing", "ktrdr://"]
        {
            client.read(uri).await.unwrap_err();
        }
        let unknown = client.service.peer().get_task(GetTaskParams::new("../x")).await.unwrap_err();
        assert!(unknown.to_string().contains("there is no task"), "{unknown}");
        assert_eq!(client.said("research_status", json!({})).await["status"], "idle");
    });
    assert!(world.operations().is_empty() && !world.path("passwd").exists());
}

/// Lines that are no messages, and one longer than any message may be: the next one is answered.
#[test]
fn nonsense_on_the_wire_is_survived() {
    let world = World::new();
    block_on(async {
        let mut server = server(&world, &[]);
        let (mut input, output) = (server.stdin.take().unwrap(), server.stdout.take().unwrap());
        let hello = json!({
            "jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": {
                "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": { "name": "raw", "version": "0" },
            },
        });
        let asked =
            json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": { "name": "list_data" } });
        let mut lines = BufReader::new(output).lines();
        input.write_all(format!("{hello}\n").as_bytes()).await.unwrap();
        let answer: Value = serde_json::from_str(&lines.next_line().await.unwrap().unwrap()).unwrap();
        assert_eq!(answer["result"]["serverInfo"]["name"], "ktrdr", "{answer}");
        let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        let nonsense = format!("{ready}\n{{\n\0\u{1b}[2J\n{}\n{asked}\n", "[".repeat(3 << 20));
        let writing = tokio::spawn(async move {
            input.write_all(nonsense.as_bytes()).await.unwrap();
            input
        });
        let answered = loop {
            let line = lines.next_line().await.unwrap().expect("an answer");
            let answer: Value = serde_json::from_str(&line).unwrap();
            if answer["id"] == 2 {
                break answer;
            }
        };
        assert_eq!(answered["result"]["structuredContent"]["total"], 0, "{answered}");
        drop(writing.await.unwrap());
        assert!(server.wait().await.unwrap().success(), "a client that goes ends its server");
    });
}
