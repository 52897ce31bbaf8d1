//! What `--output json` prints is what `ktrdr schema` says: each command is run, and its document compared with its schema.
//!
//! `KTRDR_TEST_BLESS=1` makes the schemas anew from what the commands print.

mod fields;
mod shape;
mod words;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::faces::GRAMMAR_2;
use crate::running::{Running, wait_for};
use crate::world::{World, shown};
use fields::Code;
use shape::{Shape, undescribed};

/// The session, command by command.
const SESSION: &str = include_str!("commands.txt");

fn schemas() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/schemas.json")
}

/// The words of a line, of which some are in quotes.
fn words(line: &str) -> Vec<String> {
    let pieces = line.split('"').enumerate();
    let words = pieces.flat_map(|(at, piece)| match at % 2 {
        0 => piece.split_whitespace().map(str::to_owned).collect(),
        _ => vec![piece.to_owned()],
    });
    words.collect()
}

/// Plays the session: what each command printed, with the words it was asked by.
fn played(world: &World) -> Vec<(Vec<String>, Value)> {
    let folder = world.folder().display().to_string();
    let mut kept = BTreeMap::from([("folder".to_owned(), folder)]);
    let (mut printed, mut engine) = (Vec::new(), None);
    for line in SESSION.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        if let Some(deed) = line.strip_prefix('!') {
            act(world, deed, &mut engine);
            continue;
        }
        let (line, keep) = line.split_once(" => ").map_or((line, None), |(line, keep)| (line, Some(keep)));
        let line = kept
            .iter()
            .fold(line.to_owned(), |line, (name, value)| line.replace(&format!("{{{name}}}"), value));
        let words = words(&line);
        let arguments: Vec<&str> = words.iter().map(String::as_str).chain(["--output", "json"]).collect();
        let output = world.run(&arguments);
        let document: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("ktrdr {line}: {e}\n{}", shown(&output)));
        if let Some((name, pointer)) = keep.and_then(|keep| keep.split_once('=')) {
            let value = document.pointer(pointer).and_then(Value::as_str);
            let value = value.unwrap_or_else(|| panic!("ktrdr {line}: no {pointer} in {document}"));
            kept.insert(name.to_owned(), value.to_owned());
        }
        printed.push((words, document));
    }
    printed
}

/// What is done to a workspace between commands.
fn act(world: &World, deed: &str, engine: &mut Option<Running>) {
    match deed {
        "age" => crate::prune::age(world.folder(), 3),
        "up" => {
            *engine = Some(world.up(&[]));
            wait_for("a worker that announced itself", || {
                world.run(&["health"]).status.success().then_some(())
            });
        }
        "down" => {
            let engine = engine.take().unwrap();
            engine.signal("TERM");
            engine.end();
        }
        other => panic!("nobody knows how to {other}"),
    }
}

/// Which command these words are: the longest that they begin with.
fn command<'a>(words: &[String], known: &'a [String]) -> Option<&'a String> {
    let is_meant = |name: &&String| {
        let name: Vec<&str> = name.split(' ').collect();
        words.len() >= name.len() && words.iter().zip(&name).all(|(word, part)| word == part)
    };
    known.iter().filter(is_meant).max_by_key(|name| name.len())
}

/// Every command that has none below it, as its help says.
fn commands(world: &World, path: &[String]) -> Vec<String> {
    let arguments: Vec<&str> = path.iter().map(String::as_str).chain(["--help"]).collect();
    let help = String::from_utf8(world.run(&arguments).stdout).unwrap();
    let below = crate::faces::listed(&help);
    match below.is_empty() {
        true => vec![path.join(" ")],
        false => below
            .iter()
            .flat_map(|(name, _)| commands(world, &[path, std::slice::from_ref(name)].concat()))
            .collect(),
    }
}

#[test]
fn every_document_is_as_its_schema_says() {
    let world = World::new();
    world.write("signals.csv", "timestamp,target\n2015-07-07T00:00:00Z,1\n");
    world.write("old.yaml", GRAMMAR_2);
    world.write("broken.yaml", "name: broken\nlength: 14\n");
    let known = commands(&world, &[]);
    let printed = played(&world);
    if std::env::var_os("KTRDR_TEST_BLESS").is_some() {
        fs::write(schemas(), made(&printed, &known)).unwrap();
    }
    let schemas: Map<String, Value> = serde_json::from_str(&fs::read_to_string(schemas()).unwrap()).unwrap();
    for (words, document) in &printed {
        let name = command(words, &known).unwrap_or_else(|| panic!("{words:?} is no command"));
        let schema = schemas.get(name).unwrap_or_else(|| panic!("ktrdr {name} has no schema"));
        let faults: Vec<String> = jsonschema::validator_for(schema)
            .unwrap()
            .iter_errors(document)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        assert_eq!(faults, [] as [String; 0], "ktrdr {}", words.join(" "));
        assert_eq!(undescribed(document, schema, ""), [] as [String; 0], "ktrdr {}", words.join(" "));
    }
    for name in schemas.keys() {
        let is_tried = printed.iter().any(|(words, _)| command(words, &known) == Some(name));
        assert!(is_tried, "ktrdr {name} has a schema, and nobody tries it");
    }
}

/// Schemas of what was printed.
fn made(printed: &[(Vec<String>, Value)], known: &[String]) -> String {
    let mut shapes: BTreeMap<&String, Shape> = BTreeMap::new();
    for (words, document) in printed {
        shapes.entry(command(words, known).unwrap()).or_default().see(document);
    }
    let code = Code::read();
    // A line for each, so that changes can be read.
    let line = |(name, shape): (&String, Shape)| {
        let mut schema = shape.schema("", "");
        words::describe(&mut schema, name, &code);
        format!("{}: {schema}", Value::from(name.as_str()))
    };
    format!("{{\n{}\n}}\n", shapes.into_iter().map(line).collect::<Vec<_>>().join(",\n"))
}

/// What a field is stands beside it in the code. `KTRDR_TEST_BLESS=1` with the test above takes over what changed there.
#[test]
fn every_field_says_what_it_is_as_the_code_says_it() {
    let schemas: Map<String, Value> = serde_json::from_str(&fs::read_to_string(schemas()).unwrap()).unwrap();
    let code = Code::read();
    for (name, schema) in &schemas {
        assert_eq!(
            words::silent(schema, name),
            [] as [String; 0],
            "words::SAID has words for what no type says"
        );
        let mut again = schema.clone();
        words::describe(&mut again, name, &code);
        assert_eq!(&again, schema, "ktrdr {name}");
    }
    assert_eq!(words::unused(&schemas), [] as [&str; 0]);
}

#[test]
fn schemas_are_listed_and_shown_and_a_wrong_name_is_told_the_right_one() {
    let world = World::new();
    let listed = world.json(&["schema"])["commands"].clone();
    assert!(listed.as_array().unwrap().contains(&"operations list".into()), "{listed}");
    let schema = world.json(&["schema", "operations", "list"]);
    assert!(jsonschema::meta::is_valid(&schema), "{schema}");
    assert_eq!(schema["title"], "ktrdr operations list --output json");
    world.refused_with(3, &["schema", "operation", "list"], &["did you mean \"operations list\"?"]);
    world.refused_with(3, &["schema", "top"], &["it draws on a terminal"]);
}
