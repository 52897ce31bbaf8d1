//! What a designer may call. Every answer is data about the development window and the past; none opens a file, runs a command
//! or reaches an exam.

use serde_json::{Value, json};

use crate::contract::ToolDefinition;

/// Saves, and ends the design.
pub(crate) const SAVE: &str = "save_strategy_config";

/// Most lessons that one answer lists.
pub(crate) const RECENT_MAX: u64 = 20;

/// Every tool.
pub(crate) fn definitions() -> Vec<ToolDefinition> {
    let strategy = json!({"type": "object", "description": "The whole strategy, as in the grammar."});
    let of = |properties: Value, required: Value| json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
    let nothing = || of(json!({}), json!([]));
    let checked = || of(json!({"strategy": strategy}), json!(["strategy"]));
    let tool = |name, description: &str, input_schema| ToolDefinition {
        name,
        description: description.to_owned(),
        input_schema,
    };
    vec![
        tool(
            "get_available_symbols",
            "The symbol, its timeframes, their bars and health (as in the first message).",
            nothing(),
        ),
        tool(
            "get_available_indicators",
            "The indicators with their parameters (as in the grammar).",
            nothing(),
        ),
        tool(
            "get_recent_strategies",
            "The newest designs that were tried, with what became of them.",
            of(
                json!({"n": {"type": "integer", "description": format!("1 to {RECENT_MAX}; 5 by default")}}),
                json!([]),
            ),
        ),
        tool(
            "get_experiment",
            "One design that was tried: its whole strategy and what became of it.",
            of(json!({"name": {"type": "string"}}), json!(["name"])),
        ),
        tool(
            "validate_strategy",
            "Checks a strategy against the grammar: every fault with its place and a way out.",
            checked(),
        ),
        tool(
            "lint_strategy",
            "Validates a strategy and runs it dry on the development window: dead zones, rare classes, too few trades, moves \
             under costs, more parameters than samples; each finding with its figures and a way out.",
            checked(),
        ),
        tool(
            "propose_hypothesis",
            "Writes down an idea worth a test by a later design: one sentence, and why it might hold.",
            of(
                json!({"text": {"type": "string"}, "rationale": {"type": "string"}}),
                json!(["text", "rationale"]),
            ),
        ),
        tool(
            SAVE,
            "Checks the strategy as lint_strategy does and saves it if no finding is an error. Ends the design.",
            of(
                json!({
                    "strategy": strategy,
                    "hypothesis": {"type": "integer", "description": "The number of the open hypothesis that it tests, if it tests one."}
                }),
                json!(["strategy"]),
            ),
        ),
    ]
}
