//! Artefacts.

use ktrdr_fabric::artifacts::{ArtifactError, Key};

use crate::world::World;

fn key(text: &str) -> Key {
    text.parse().unwrap()
}

pub(crate) async fn what_was_put_is_read_back_and_replaced(w: World) {
    let model = key("models/fx/1h_v1/model.safetensors");
    w.artifacts.put(&model, b"first").await.unwrap();
    assert_eq!(w.artifacts.get(&model).await.unwrap(), b"first");
    w.artifacts.put(&model, b"second, and longer").await.unwrap();
    assert_eq!(w.artifacts.get(&model).await.unwrap(), b"second, and longer");
    w.artifacts.put(&model, b"").await.unwrap();
    assert!(w.artifacts.get(&model).await.unwrap().is_empty());
}

pub(crate) async fn create_refuses_to_replace(w: World) {
    let report = key("reports/a.json");
    w.artifacts.create(&report, b"one").await.unwrap();
    let refused = w.artifacts.create(&report, b"two").await;
    assert!(matches!(&refused, Err(ArtifactError::Exists(k)) if *k == report), "{refused:?}");
    assert_eq!(w.artifacts.get(&report).await.unwrap(), b"one");
}

pub(crate) async fn of_creates_that_race_one_wins(w: World) {
    let creates: Vec<_> = (0..8u8)
        .map(|n| {
            let artifacts = w.artifacts.clone();
            tokio::spawn(async move { artifacts.create(&key("models/m/manifest.json"), &[n; 4096]).await })
        })
        .collect();
    let mut won = 0;
    for create in creates {
        match create.await.unwrap() {
            Ok(()) => won += 1,
            Err(e) => assert!(matches!(e, ArtifactError::Exists(_)), "{e}"),
        }
    }
    assert_eq!(won, 1);
    let whole = w.artifacts.get(&key("models/m/manifest.json")).await.unwrap();
    assert!(whole.len() == 4096 && whole.iter().all(|byte| *byte == whole[0]), "of one writer, and whole");
    assert_eq!(w.artifacts.list(&key("models")).await.unwrap().len(), 1, "and nothing is left lying about");
}

pub(crate) async fn what_is_not_there_is_not_found(w: World) {
    let missing = w.artifacts.get(&key("data/EURUSD_1h.csv")).await.unwrap_err();
    assert!(matches!(&missing, ArtifactError::NotFound { .. }), "{missing}");
    assert!(missing.to_string().contains(&w.artifacts.place()), "it says where it looked: {missing}");
}

pub(crate) async fn a_list_names_what_lies_below_a_folder(w: World) {
    for text in ["models/b/2.bin", "models/a/1.bin", "models/top.json", "modelsX/no.bin", "data/d.csv"] {
        w.artifacts.put(&key(text), b"x").await.unwrap();
    }
    let found = w.artifacts.list(&key("models")).await.unwrap();
    assert_eq!(found, ["models/a/1.bin", "models/b/2.bin", "models/top.json"].map(key));
    assert!(w.artifacts.list(&key("reports")).await.unwrap().is_empty());
}

pub(crate) async fn what_lies_there_is_told_and_removed(w: World) {
    for (text, bytes) in [("models/a/1.bin", &b"one"[..]), ("models/b/2.bin", b""), ("data/d.csv", b"x")] {
        w.artifacts.put(&key(text), bytes).await.unwrap();
    }
    let found = w.artifacts.entries(&key("models")).await.unwrap();
    let told: Vec<_> = found.iter().map(|entry| (entry.key.clone(), entry.bytes)).collect();
    assert_eq!(told, [(key("models/a/1.bin"), 3), (key("models/b/2.bin"), 0)]);
    assert!(found.iter().all(|entry| entry.written_at_ms > 1_600_000_000_000), "{found:?}");
    let gone = key("models/a/1.bin");
    w.artifacts.get(&gone).await.unwrap();
    w.artifacts.remove(&gone).await.unwrap();
    assert!(matches!(w.artifacts.get(&gone).await, Err(ArtifactError::NotFound { .. })));
    w.artifacts.remove(&gone).await.unwrap();
    assert_eq!(w.artifacts.list(&key("models")).await.unwrap(), [key("models/b/2.bin")]);
    assert!(w.artifacts.entries(&key("reports")).await.unwrap().is_empty());
}

pub(crate) async fn a_folder_is_not_read(w: World) {
    w.artifacts.put(&key("models/a/1.bin"), b"x").await.unwrap();
    assert!(w.artifacts.get(&key("models/a")).await.is_err());
}

pub(crate) async fn below_an_artefact_is_no_place(w: World) {
    w.artifacts.put(&key("models/a/1.bin"), b"x").await.unwrap();
    assert!(w.artifacts.put(&key("models/a/1.bin/below"), b"x").await.is_err());
}

pub(crate) async fn keys_that_climb_are_no_keys(_: World) {
    for text in
        ["", "/etc/passwd", "../x", "a/../x", "a//b", "a/.hidden", "a\\b", "a/b c", "ä", &"a/".repeat(9)]
    {
        assert!(text.parse::<Key>().is_err(), "{text:?}");
    }
}
