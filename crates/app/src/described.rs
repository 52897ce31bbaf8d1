//! What answers look like: JSON schemas, made from the types behind them, so that every field, its type and its words are said
//! once, where it stands in the code.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

/// Makes schemas of what is written out. What several of them refer to stands at `place` of the document that they are in, such
/// as `/$defs`.
#[must_use]
pub fn generator(place: &'static str) -> SchemaGenerator {
    let mut settings = SchemaSettings::draft2020_12().for_serialize();
    settings.definitions_path = place.into();
    settings.meta_schema = None;
    settings.with_transform(RecursiveTransform(tell)).into_generator()
}

/// A schema by itself, with all that it refers to.
#[must_use]
pub fn alone(make: fn(&mut SchemaGenerator) -> Schema) -> Schema {
    let mut generator = generator("/$defs");
    let mut schema = make(&mut generator);
    let parts = generator.take_definitions(true);
    generator.transforms_mut().for_each(|transform| transform.transform(&mut schema));
    if !parts.is_empty() {
        schema.insert("$defs".into(), parts.into());
    }
    schema
}

/// Comments are written for those who read the code: links of theirs lead nowhere here. Nor is there a default of what is told.
fn tell(schema: &mut Schema) {
    schema.remove("default");
    if let Some(words) = schema.get("description").and_then(Value::as_str).map(plain) {
        schema.insert("description".into(), words.into());
    }
}

/// On one line and without links: `[`trials`](Self::trials)` is said as `trials`.
fn plain(words: &str) -> String {
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ").replace("`None`", "null");
    let mut said = String::new();
    let mut rest = words.as_str();
    while let Some((before, link)) = rest.split_once('[') {
        said.push_str(before);
        let Some((shown, after)) = link.split_once(']').filter(|(shown, _)| !shown.contains(' ')) else {
            said.push('[');
            rest = link;
            continue;
        };
        said.push_str(&shown.replace("Self::", ""));
        let behind = after.strip_prefix('(').and_then(|target| target.split_once(')'));
        rest = behind.map_or(after, |(_, after)| after);
    }
    said.push_str(rest);
    said
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::Serialize;
    use serde_json::json;

    use super::*;

    /// A trade.
    #[derive(Serialize, JsonSchema)]
    #[allow(dead_code)] // nobody makes one
    struct Trade {
        /// What it earned, as [`Evidence`](super::Evidence) has it:
        /// [0, 1], or `None`.
        #[serde(default, rename = "net")]
        net_pnl: Option<f64>,
    }

    #[test]
    fn comments_become_words() {
        let mut generator = generator("/$defs");
        let told = generator.subschema_for::<Trade>();
        assert_eq!(told.as_value(), &json!({ "$ref": "#/$defs/Trade" }));
        let trade = generator.take_definitions(true).remove("Trade").unwrap();
        assert_eq!(trade["description"], "A trade.");
        let words = "What it earned, as `Evidence` has it: [0, 1], or null.";
        let net = &trade["properties"]["net"];
        assert_eq!((&net["description"], &net["type"]), (&json!(words), &json!(["number", "null"])));
        assert_eq!((net.get("default"), &trade["required"]), (None, &json!(["net"])));
    }
}
