//! What a model may know of an exam: whether it was passed, and no figure of it.

use serde_json::{Value, json};

use super::client::{Client, block_on};
use crate::world::World;

/// Numbers of a document that nobody meets by chance: those with many digits.
fn figures(of: &Value, found: &mut Vec<String>) {
    match of {
        Value::Number(number) if number.is_f64() && number.to_string().len() >= 8 => {
            found.push(number.to_string());
        }
        Value::Array(values) => values.iter().for_each(|value| figures(value, found)),
        Value::Object(fields) => fields.values().for_each(|value| figures(value, found)),
        _ => {}
    }
}

/// Everything that the tools say of a world in which an exam was taken.
async fn everything(client: &Client, world: &World) -> String {
    let mut told = String::new();
    for list in [
        "research_status",
        "list_operations",
        "list_campaigns",
        "get_budget",
        "list_lessons",
        "list_trials",
        "recall_lessons",
    ] {
        told += &client.said(list, json!({})).await.to_string();
    }
    for row in world.operations() {
        let id = row["id"].as_str().unwrap();
        // As it was called before.
        told += &client.said("get_operation", json!({ "operation": id })).await.to_string();
        match row["type"].as_str().unwrap() {
            "backtesting" => told += &client.said("get_report", json!({ "id": id })).await.to_string(),
            "agent_research" => {
                told += &client.said("get_lesson", json!({ "cycle": id })).await.to_string();
                let campaign = row["campaign"].clone();
                told += &client.said("get_campaign", json!({ "campaign": campaign })).await.to_string();
            }
            _ => {}
        }
    }
    for resource in client.service.list_all_resources().await.unwrap() {
        told += &client.read(&resource.uri).await.unwrap().to_string();
    }
    told
}

#[test]
fn no_figure_of_an_exam_reaches_a_model() {
    for (win_rate_min, gate) in
        [("0", r#"{"gate":"passed"}"#), ("1", r#"{"gate":"failed","code":"win_rate_too_low"}"#)]
    {
        let world = examined(win_rate_min);
        let exam = figures_of_the_exam(&world);
        block_on(async {
            let told = everything(&Client::of(&world, &["--allow-write"]).await, &world).await;
            let leaked: Vec<&String> = exam.iter().filter(|figure| told.contains(*figure)).collect();
            assert!(leaked.is_empty(), "{leaked:?}");
            assert!(
                told.contains(&format!("\"backtest_gate\":{gate}")) && told.contains("dev_backtest"),
                "{told}"
            );
            // A person's word to the contrary.
            let told = everything(&Client::of(&world, &["--show-exam"]).await, &world).await;
            let missing: Vec<&String> = exam.iter().filter(|figure| !told.contains(*figure)).collect();
            assert!(missing.is_empty(), "{missing:?}");
        });
    }
}

/// A world in which one cycle took its exam.
fn examined(win_rate_min: &str) -> World {
    let world = World::new()
        .with_setting("KTRDR_GATES__PROFILE", "parity")
        .with_setting("KTRDR_GATES__ACCURACY_MIN", "0")
        .with_setting("KTRDR_GATES__LOSS_MAX", "1000")
        .with_setting("KTRDR_GATES__LOSS_DECREASE_MIN", "-1000")
        .with_setting("KTRDR_GATES__DRAWDOWN_MAX", "1")
        .with_setting("KTRDR_GATES__SHARPE_MIN", "-1000")
        .with_setting("KTRDR_GATES__WIN_RATE_MIN", win_rate_min);
    world.generate("EURUSD", "random-walk", 5_000, 3);
    world.example("fx_pullback");
    let given = ["--strategy", "fx_pullback", "--seed", "7", "--local"];
    world.run(&[&["agent", "trigger", "--symbol", "EURUSD", "--timeframe", "1h"][..], &given].concat());
    world
}

fn figures_of_the_exam(world: &World) -> Vec<String> {
    let mut exam = Vec::new();
    for row in world.whole_operations().iter().filter(|row| row["type"] == "backtesting") {
        ["metrics", "evidence"].iter().for_each(|part| figures(&row["result"][part], &mut exam));
    }
    figures(&world.json(&["ledger", "trials"])["trials"][0]["sharpe_daily"], &mut exam);
    assert!(exam.len() > 10, "an exam was taken: {exam:?}");
    exam
}
