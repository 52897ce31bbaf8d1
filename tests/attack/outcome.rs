//! What a cycle came to: everything that its seed decides, and nothing that depends on when or by whom it ran.

use serde_json::Value;

use super::arena::{CAMPAIGN, cycles, furnish, submit};
use super::plan::Plan;
use crate::world::{World, shown};

/// What became of each cycle of the plan's campaign when nobody disturbs it.
pub(super) fn undisturbed(plan: &Plan) -> Vec<Value> {
    let world = World::new();
    furnish(&world);
    submit(&world, CAMPAIGN, plan.cycles, plan.seed);
    let engine = world.run(&["up", "--until-idle"]);
    assert!(engine.status.success(), "{}", shown(&engine));
    cycles(&world, CAMPAIGN).iter().map(outcome).collect()
}

/// Status, verdict and every figure.
pub(super) fn outcome(cycle: &Value) -> Value {
    let mut outcome = serde_json::json!({});
    for what in ["status", "reason", "error", "result"] {
        outcome[what] = without_ids(&cycle[what]);
    }
    // The manifest names the operation that trained the model; an attempt that was cut off may have used up a version.
    if let Some(model) = outcome["result"]["model"].as_object_mut() {
        model.retain(|name, _| name != "sha256" && name != "version");
    }
    outcome
}

/// Ids of operations hold the time of their submission.
fn without_ids(value: &Value) -> Value {
    match value {
        Value::String(text) if text.starts_with("op_") => Value::Null,
        Value::Array(items) => items.iter().map(without_ids).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(name, field)| (name.clone(), without_ids(field))).collect()
        }
        other => other.clone(),
    }
}
