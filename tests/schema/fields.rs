//! What the code says of every field: its words, as the comment beside it has them, whether it may be null and be left out. It is said
//! there, and nowhere else; what was seen depends on who was faster.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// A field of a type that is written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) words: String,
    pub(super) may_be_null: bool,
    pub(super) may_be_left_out: bool,
}

/// The fields of one type that is written out.
type Fields = BTreeMap<String, Field>;

/// Every type that is written out.
pub(super) struct Code(Vec<Fields>);

impl Code {
    /// Reads the sources of the project.
    pub(super) fn read() -> Self {
        let mut types = Vec::new();
        let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")];
        while let Some(folder) = folders.pop() {
            let mut entries: Vec<PathBuf> =
                fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
            entries.sort();
            for path in entries {
                if path.is_dir() {
                    folders.push(path);
                } else if is_source(&path) {
                    types.extend(types_of(&fs::read_to_string(&path).unwrap()));
                }
            }
        }
        Self(types)
    }

    /// A field among others of one object: that of the type whose fields are most like these.
    pub(super) fn field(&self, field: &str, among: &[&str]) -> Option<&Field> {
        let likeness = |fields: &Fields| {
            let common = among.iter().filter(|name| fields.contains_key(**name)).count() as f64;
            let (own, all) = (fields.len() as f64, (fields.len() + among.len()) as f64 - common);
            common / all + common / own / 2.0
        };
        let known = self.0.iter().filter(|fields| fields.contains_key(field));
        let best = known.max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
        best.map(|fields| &fields[field])
    }
}

fn is_source(path: &Path) -> bool {
    let is_tried =
        path.components().any(|part| ["tests", "benches"].contains(&part.as_os_str().to_str().unwrap()));
    path.extension().is_some_and(|extension| extension == "rs") && !is_tried
}

/// What stands above a line: its comment, its name where it is written out under another, whether it is written out, and always.
#[derive(Default)]
struct Above {
    words: Vec<String>,
    name: Option<String>,
    is_written: bool,
    may_be_left_out: bool,
}

/// Structs, and variants of enums that have fields.
fn types_of(source: &str) -> Vec<Fields> {
    let (mut types, mut above): (Vec<Fields>, Above) = (Vec::new(), Above::default());
    let mut is_written = false;
    for line in source.lines().map(str::trim).take_while(|line| !line.starts_with("#[cfg(test)]")) {
        if let Some(words) = line.strip_prefix("///") {
            above.words.push(words.trim().to_owned());
            continue;
        }
        if line.starts_with("#[") {
            above.is_written |= line.starts_with("#[derive(") && line.contains(" Serialize");
            above.may_be_left_out |= line.contains("skip_serializing_if");
            let renamed = line.split_once("rename = \"").filter(|_| line.starts_with("#[serde"));
            above.name = renamed
                .and_then(|(_, rest)| rest.split('"').next())
                .map(str::to_owned)
                .or_else(|| above.name.take());
            continue;
        }
        let Above { words, name, is_written: is_derived, may_be_left_out } = std::mem::take(&mut above);
        if line.contains("struct ") || line.contains("enum ") {
            is_written = is_derived;
        }
        if line.ends_with('{') {
            types.push(Fields::new());
        } else if let (Some((field, kind)), Some(fields)) = (line.split_once(": "), types.last_mut()) {
            let own = field.rsplit(' ').next().unwrap_or_default();
            if is_written && !words.is_empty() {
                let words = plain(&words.join(" ")).replace("`None`", "null");
                // What is counted in milliseconds inside is written out as a time, under a name without them.
                let is_time = name.is_some() && own.ends_with("_ms");
                let words = if is_time { words.replace("Unix milliseconds", "RFC 3339") } else { words };
                let may_be_null = kind.starts_with("Option<");
                let field = Field { words, may_be_null, may_be_left_out };
                fields.insert(name.unwrap_or_else(|| own.to_owned()), field);
            }
        }
    }
    types.retain(|fields| !fields.is_empty());
    types
}

/// Without the links of comments: `[`trials`](Self::trials)` is said as `trials`.
fn plain(words: &str) -> String {
    let mut said = String::new();
    let mut rest = words;
    while let Some((before, link)) = rest.split_once('[') {
        let Some((shown, after)) = link.split_once(']').filter(|(shown, _)| !shown.contains(' ')) else {
            said.push_str(before);
            said.push('[');
            rest = link;
            continue;
        };
        said.push_str(before);
        said.push_str(&shown.replace("Self::", ""));
        rest = after
            .strip_prefix('(')
            .and_then(|target| target.split_once(')'))
            .map_or(after, |(_, after)| after);
    }
    said.push_str(rest);
    said
}

#[test]
fn comments_become_words() {
    let source = "
/// A trade.
#[derive(Debug, Serialize)]
pub struct Trade {
    /// What it earned, as [`Evidence`](super::Evidence) has it: [0, 1].
    #[serde(rename = \"net\")]
    pub net_pnl: f64,
    /// Its time.
    #[serde(skip_serializing_if = \"Option::is_none\")]
    pub time: Option<i64>,
}
struct Inside {
    /// Nobody sees it.
    hidden: u8,
}
";
    let field = |words: &str, is_optional| Field {
        words: words.to_owned(),
        may_be_null: is_optional,
        may_be_left_out: is_optional,
    };
    let net = field("What it earned, as `Evidence` has it: [0, 1].", false);
    let trade = [("net".to_owned(), net), ("time".to_owned(), field("Its time.", true))];
    assert_eq!(types_of(source), [Fields::from(trade)]);
}
