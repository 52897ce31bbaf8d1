//! What `--output json` prints is what `ktrdr schema` says: each command is run, and its document held against its schema.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::faces::GRAMMAR_2;
use crate::running::{Running, wait_for};
use crate::undescribed::{silent, undescribed};
use crate::world::{World, shown};

/// The session, command by command.
const SESSION: &str = include_str!("commands.txt");

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

/// The schema of every command that has one, as the program tells it.
fn schemas(world: &World) -> BTreeMap<String, Value> {
    let listed = world.json(&["schema"])["commands"].clone();
    let names = listed.as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned());
    names
        .map(|name| {
            let words: Vec<&str> = ["schema"].into_iter().chain(name.split(' ')).collect();
            let schema = world.json(&words);
            (name, schema)
        })
        .collect()
}

/// Which command these words are: the longest that they begin with.
fn command<'a>(words: &[String], known: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    let is_meant = |name: &&String| {
        let name: Vec<&str> = name.split(' ').collect();
        words.len() >= name.len() && words.iter().zip(&name).all(|(word, part)| word == part)
    };
    known.filter(is_meant).max_by_key(|name| name.len())
}

#[test]
fn every_document_is_as_its_schema_says() {
    let world = World::new();
    world.write("signals.csv", "timestamp,target\n2015-07-07T00:00:00Z,1\n");
    world.write("old.yaml", GRAMMAR_2);
    world.write("broken.yaml", "name: broken\nlength: 14\n");
    let schemas = schemas(&world);
    let mut untried: BTreeSet<&String> = schemas.keys().collect();
    for (words, document) in played(&world) {
        let name = command(&words, schemas.keys()).unwrap_or_else(|| panic!("{words:?} has no schema"));
        untried.remove(name);
        let schema = &schemas[name];
        let faults: Vec<String> = jsonschema::options()
            .should_validate_formats(true)
            .build(schema)
            .unwrap()
            .iter_errors(&document)
            .map(|fault| format!("{}: {fault}", fault.instance_path()))
            .collect();
        assert_eq!(faults, [] as [String; 0], "ktrdr {}\n{document}", words.join(" "));
        assert_eq!(undescribed(&document, schema, schema), [] as [String; 0], "ktrdr {}", words.join(" "));
    }
    assert_eq!(untried, BTreeSet::new(), "they have a schema, and nobody tries them");
}

#[test]
fn every_field_says_what_it_is() {
    let world = World::new();
    for (name, schema) in schemas(&world) {
        assert!(jsonschema::meta::is_valid(&schema), "{name}: {schema}");
        assert_eq!(silent(&schema, &name), [] as [String; 0]);
        for (part, schema) in schema["$defs"].as_object().into_iter().flatten() {
            assert_eq!(silent(schema, part), [] as [String; 0], "ktrdr {name}");
        }
    }
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
