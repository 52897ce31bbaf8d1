//! The example strategies, for workspaces that begin and for strategies that begin from one.

/// An example, by its name.
pub(crate) struct Example {
    pub(crate) name: &'static str,
    pub(crate) yaml: &'static str,
}

/// All of them.
pub(crate) const EXAMPLES: [Example; 3] = [
    Example { name: "fx_pullback", yaml: include_str!("../../../strategies/fx_pullback.yaml") },
    Example { name: "trend_cost_aware", yaml: include_str!("../../../strategies/trend_cost_aware.yaml") },
    Example { name: "equity_swing", yaml: include_str!("../../../strategies/equity_swing.yaml") },
];

/// Where editors find the schema of a strategy, beside it.
pub(crate) const SCHEMA_FILE: &str = "schema.json";

/// A strategy's text with the line that tells editors its schema.
pub(crate) fn with_schema(yaml: &str) -> String {
    format!("# yaml-language-server: $schema={SCHEMA_FILE}\n{yaml}")
}

/// The example of that name.
pub(crate) fn find(name: &str) -> Option<&'static Example> {
    EXAMPLES.iter().find(|example| example.name == name)
}
