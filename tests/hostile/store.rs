//! Databases that are damaged, somebody else's, or newer.

use std::fs;

use crate::world::World;

fn replace_database(world: &World, bytes: &[u8]) {
    for name in ["ktrdr.db-wal", "ktrdr.db-shm"] {
        let _ = fs::remove_file(world.path(name));
    }
    world.write("ktrdr.db", bytes);
}

#[test]
fn a_damaged_or_foreign_database_is_refused_by_name_and_never_overwritten() {
    let world = World::trained();
    let whole = fs::read(world.path("ktrdr.db")).unwrap();
    assert!(whole.len() > 8_192);
    let mut scrambled = whole.clone();
    let damage = scrambled[4_096..].iter_mut().enumerate().filter(|(i, _)| i % 3 == 0);
    damage.for_each(|(i, byte)| *byte = (i * 37 % 256) as u8);
    let mut newer = whole.clone();
    newer[60..64].copy_from_slice(&99u32.to_be_bytes());
    let mut foreign = whole.clone();
    foreign[68..72].copy_from_slice(&7u32.to_be_bytes());
    for (bytes, word) in [
        (scrambled, "damaged"),
        (whole[..5_000].to_vec(), "damaged"),
        (b"this is a letter to my aunt, not a database at all\n".repeat(200), "not a ktrdr database"),
        (foreign, "not a ktrdr database"),
        (newer, "newer ktrdr"),
    ] {
        replace_database(&world, &bytes);
        for arguments in [
            &["operations", "list"][..],
            &["up", "--until-idle"],
            &["training", "run", "--local", "-S", "fx_pullback"],
        ] {
            world.refused_with(8, arguments, &["ktrdr.db", word]);
        }
        assert_eq!(fs::read(world.path("ktrdr.db")).unwrap(), bytes, "{word}: the file was changed");
    }
    // Nothing at all is no first day either; a new one has to be begun.
    replace_database(&world, b"");
    world.refused_with(6, &["operations", "list"], &["ktrdr.db is empty", "ktrdr store new-epoch"]);
    world.json(&["store", "new-epoch", "--reason", "a test"]);
    world.still_works();
}
