//! What the program says of a campaign, read in this one place: what is new in its answers is used from here on.

use std::collections::BTreeMap;

use serde_json::Value;

/// A campaign that has ended.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Campaign {
    pub(super) cycles: u32,
    /// Whoever was accepted when the campaign closed: strategy and evidence.
    pub(super) survivors: Vec<Value>,
    /// Looks at the exam that the final verdicts counted, or the last provisional one.
    pub(super) looks: u64,
    /// What stopped the cycles.
    pub(super) ends: BTreeMap<String, u32>,
}

impl Campaign {
    /// Reads `campaign show`.
    pub(super) fn read(shown: &Value) -> Self {
        let mut campaign = Self::default();
        for cycle in shown["cycles"].as_array().into_iter().flatten() {
            campaign.cycles += 1;
            let result = &cycle["result"];
            campaign.looks = campaign.looks.max(looks(&result["evidence"])).max(looks(&result["final"]));
            let end = if is_accepted(cycle) { "accepted".to_owned() } else { stopped_by(cycle) };
            if end == "accepted" {
                let survivor = serde_json::json!({
                    "strategy": result["strategy"],
                    "verdict": result["verdict"],
                    "evidence": result["evidence"],
                    "final": result["final"],
                    "sharpe_ratio": result["metrics"]["sharpe_ratio"],
                    "total_trades": result["metrics"]["total_trades"],
                });
                campaign.survivors.push(survivor);
            }
            *campaign.ends.entry(end).or_default() += 1;
        }
        campaign
    }
}

/// What the close of its campaign says of it. A cycle that survived only until then is none.
fn is_accepted(cycle: &Value) -> bool {
    cycle["result"]["final"]["gate"] == "passed"
}

fn looks(counted: &Value) -> u64 {
    counted["trials"].as_u64().unwrap_or(0)
}

/// The final verdict's word, else the gate's, else the reason, else the status.
fn stopped_by(cycle: &Value) -> String {
    if let Some(code) = cycle["result"]["final"]["code"].as_str() {
        return code.to_owned();
    }
    let said = cycle["error"].as_str().unwrap_or_default();
    let gate = said.split_once("gate failed: ").map(|(_, why)| why.split(' ').next().unwrap_or(why));
    let other = || cycle["reason"].as_str().or(cycle["status"].as_str()).unwrap_or("unknown");
    gate.unwrap_or_else(other).to_owned()
}

#[test]
fn campaigns_are_read_as_they_are_shown() {
    let evidence = |trials: u64| serde_json::json!({ "trials": trials });
    let shown = serde_json::json!({ "cycles": [
        { "status": "completed", "result": { "strategy": "a", "final": { "gate": "passed", "trials": 3 } } },
        { "status": "completed", "result": { "final": { "gate": "failed", "code": "not_a_discovery" } } },
        { "status": "completed", "result": { "final": null } },
        { "status": "failed", "reason": "gate", "result": { "evidence": evidence(2) },
          "error": "Backtest gate failed: no_net_profit (-1 % <= 0 %)" },
        { "status": "cancelled", "reason": null, "result": null, "error": null },
    ]});
    let campaign = Campaign::read(&shown);
    assert_eq!((campaign.cycles, campaign.looks, campaign.survivors.len()), (5, 3, 1));
    let ends = ["accepted", "cancelled", "completed", "no_net_profit", "not_a_discovery"]
        .map(|end| (end.to_owned(), 1));
    assert_eq!(campaign.ends, BTreeMap::from(ends));
}
