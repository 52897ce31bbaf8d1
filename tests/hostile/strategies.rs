//! Strategy files.

use crate::world::{World, shown};

/// The project's own example with one place changed.
fn example_with(from: &str, to: &str) -> Vec<u8> {
    let text = include_str!("../../strategies/fx_pullback.yaml");
    assert!(text.contains(from), "{from}");
    text.replace(from, to).into_bytes()
}

/// Each hostile file with words that its refusal must hold.
fn hostile_files() -> Vec<(Vec<u8>, &'static [&'static str])> {
    let lists = (1..30).map(|i| format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(",")));
    let bomb = format!("a0: &a0 [x,x,x,x,x,x,x,x,x]\n{}", lists.collect::<String>());
    vec![
        (Vec::new(), &["empty", "name"]),
        (bomb.into_bytes(), &["line 1", "aliases"]),
        (format!("a: {}", "[".repeat(100_000)).into_bytes(), &["line 1", "nested deeper than 32"]),
        (example_with("learning_rate: 0.001", "learning_rate: .nan"), &["training.learning_rate", ".nan"]),
        (example_with("learning_rate: 0.001", "learning_rate: .inf"), &["training.learning_rate", ".inf"]),
        (example_with("period: 200", "period: 1e308"), &["trend_200.period", "1e308", "whole number"]),
        (example_with("epochs: 20", "epochs: 99999999999999999999"), &["training.epochs", "1 to 10000"]),
        (example_with("[16, 8]", "[1000000000, 8]"), &["hidden_layers[0]", "1 to 1024"]),
        (example_with("period: 200", "perod: 200"), &["line ", "trend_200.perod", "did you mean \"period\""]),
        (example_with("learning_rate", "lerning_rate"), &["did you mean \"learning_rate\""]),
        (example_with("name: fx_pullback", "name: ../evil"), &["name", "../evil", "letters"]),
        (example_with("symbols: [EURUSD]", "symbols: [../../etc/passwd]"), &["training_data.symbols"]),
        (example_with("\nmodel:", "\nmodel: {}\nmodel:"), &["model", "second time"]),
        ([example_with("\n", "\n"), vec![b'#'; 300_000]].concat(), &["larger than 256 KiB"]),
        (b"\x00\xff\xfe\x80 garbage".repeat(100), &["UTF-8"]),
    ]
}

#[test]
fn every_hostile_strategy_is_refused_by_file_and_by_name_with_what_is_wrong_and_where() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 1_000, 3);
    for (text, words) in hostile_files() {
        let file = world.write("bad.yaml", &text);
        let file = file.to_str().unwrap();
        world.write("strategies/bad.yaml", &text);
        let validated = world.run(&["strategies", "validate", file]);
        assert_eq!(validated.status.code(), Some(8), "{}", shown(&validated));
        for strategy in [file, "bad"] {
            let said = world.refused(8, &["training", "run", "--local", "--strategy", strategy]);
            for word in words {
                assert!(said.contains(word), "no {word:?} in {said}");
                assert!(shown(&validated).contains(word), "no {word:?} in {}", shown(&validated));
            }
            assert!(said.contains("bad.yaml") && said.len() < 4_000, "{said}");
        }
    }
    assert!(!world.path("models").exists());
    world.still_works();
}

#[test]
fn a_strategy_that_is_not_there_is_named_with_the_place_that_was_searched() {
    let world = World::new();
    for command in [&["strategies", "validate", "nope"][..], &["training", "run", "--local", "-S", "nope"]] {
        let words = ["strategies/nope.yaml", world.folder().to_str().unwrap(), "strategies list"];
        world.refused_with(3, command, &words);
    }
    world.refused_with(3, &["training", "run", "--local", "-S", "../nope.yaml"], &["../nope.yaml"]);
    assert!(!world.path("models").exists() && world.operations().is_empty());
}

#[test]
fn too_short_a_history_says_what_was_found_and_what_is_needed() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 1_000, 3);
    world.example("fx_pullback");
    let trained = ["training", "run", "--local", "--strategy", "fx_pullback"];
    world.refused_with(8, &trained, &["usable bars", "2000", "history_required", "import a longer history"]);
    assert!(!world.path("models").exists());
    world.still_works();
}
