//! What documents look like, from examples of them: enough for a schema that describes every field of each.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// Objects whose keys are names of things, not of fields.
const MAPS: [&str; 5] = ["takes", "figures", "conventions", "undefined", "workers"];

/// The same, by what they are a field of.
const MAPS_OF: [(&str, &str); 1] = [("hashes", "data")];

/// Objects that are described elsewhere.
const ELSEWHERE: [&str; 3] = ["strategy", "spec", "result"];

/// What was seen in one place.
#[derive(Debug, Default, Clone)]
pub(super) struct Shape {
    /// Types, as schemas call them; nothing where it was always null.
    types: BTreeSet<&'static str>,
    may_be_null: bool,
    /// How many objects were seen here, and in how many of them each field was.
    objects: usize,
    fields: BTreeMap<String, (Shape, usize)>,
    entries: Option<Box<Shape>>,
}

impl Shape {
    /// Takes one more example.
    pub(super) fn see(&mut self, value: &Value) {
        match value {
            Value::Null => self.may_be_null = true,
            Value::Bool(_) => drop(self.types.insert("boolean")),
            // 2.0 is written as 2 where it is money or a share: whole numbers are told by their names alone.
            Value::Number(_) => drop(self.types.insert("number")),
            Value::String(_) => drop(self.types.insert("string")),
            Value::Array(entries) => {
                self.types.insert("array");
                let shape = self.entries.get_or_insert_default();
                entries.iter().for_each(|entry| shape.see(entry));
            }
            Value::Object(fields) => {
                self.types.insert("object");
                self.objects += 1;
                for (name, value) in fields {
                    let (shape, count) = self.fields.entry(name.clone()).or_default();
                    shape.see(value);
                    *count += 1;
                }
            }
        }
    }

    /// As a schema; `name` is the field's, of an object that is called `of`.
    pub(super) fn schema(&self, of: &str, name: &str) -> Value {
        let mut schema = Map::new();
        let mut types: Vec<&str> = self.types.iter().copied().collect();
        if name.ends_with("_ms") {
            types.iter_mut().filter(|known| **known == "number").for_each(|known| *known = "integer");
        }
        if self.may_be_null && !types.is_empty() {
            types.push("null");
        }
        match types.as_slice() {
            // Nothing but null was seen: what else it may be is not known.
            [] => {}
            [one] => drop(schema.insert("type".into(), json!(one))),
            several => drop(schema.insert("type".into(), json!(several))),
        }
        if let Some(entries) = &self.entries {
            schema.insert("items".into(), entries.schema(name, ""));
        }
        let is_map = MAPS.contains(&name) || MAPS_OF.contains(&(of, name));
        if self.objects == 0 || ELSEWHERE.contains(&name) {
            return Value::Object(schema);
        }
        if is_map {
            let mut any = Shape::default();
            self.fields.values().for_each(|(shape, _)| any.add(shape));
            schema.insert("additionalProperties".into(), any.schema(name, ""));
        } else {
            let fields =
                self.fields.iter().map(|(field, (shape, _))| (field.clone(), shape.schema(name, field)));
            let always = self.fields.iter().filter(|(_, (_, count))| *count == self.objects);
            schema.insert("properties".into(), Value::Object(fields.collect()));
            schema.insert("required".into(), always.map(|(name, _)| name.clone()).collect());
        }
        Value::Object(schema)
    }

    /// Takes what another one saw.
    fn add(&mut self, other: &Self) {
        self.types.extend(&other.types);
        self.may_be_null |= other.may_be_null;
        self.objects += other.objects;
        for (name, (shape, count)) in &other.fields {
            let (known, seen) = self.fields.entry(name.clone()).or_default();
            known.add(shape);
            *seen += count;
        }
        if let Some(entries) = &other.entries {
            self.entries.get_or_insert_default().add(entries);
        }
    }
}

/// Fields of a document that its schema does not describe.
pub(super) fn undescribed(document: &Value, schema: &Value, place: &str) -> Vec<String> {
    match document {
        Value::Array(entries) => entries
            .iter()
            .flat_map(|entry| undescribed(entry, &schema["items"], &format!("{place}/-")))
            .collect(),
        // Described elsewhere.
        Value::Object(_) if schema.get("properties").or(schema.get("additionalProperties")).is_none() => {
            Vec::new()
        }
        Value::Object(fields) => fields
            .iter()
            .flat_map(|(name, value)| {
                let place = format!("{place}/{name}");
                match (&schema["properties"][name], &schema["additionalProperties"]) {
                    (Value::Null, Value::Null) => vec![place],
                    (Value::Null, any) => undescribed(value, any, &place),
                    (known, _) => undescribed(value, known, &place),
                }
            })
            .collect(),
        _ => Vec::new(),
    }
}
