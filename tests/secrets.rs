//! A password is in no answer, no error and no log line, whatever goes wrong and however much is logged.

use crate::world::{World, shown};

const CANARY: &str = "canary-7f3a";

/// Commands that connect to store, broker or both.
const COMMANDS: [&[&str]; 8] = [
    &["serve"],
    &["orchestrator"],
    &["worker", "training"],
    &["operations", "list"],
    &["queues", "list"],
    &["doctor"],
    &["topology", "apply"],
    &["topology", "diff"],
];

/// Runs every command with everything logged; none may succeed, and none may tell.
fn nobody_tells(world: &World) {
    for command in COMMANDS {
        let output = world.run(&[command, &["-vv"]].concat());
        let said = shown(&output);
        assert!(!output.status.success(), "{command:?} went well\n{said}");
        assert!(!said.contains(CANARY), "{command:?} told the password\n{said}");
        assert!(!said.contains("panicked"), "{command:?}\n{said}");
    }
    let shown_config = shown(&world.run(&["config", "show"]));
    assert!(!shown_config.contains(CANARY), "{shown_config}");
}

/// A bare fleet whose addresses all have the canary for a password.
fn world(amqp: &str, management: &str, redis: &str) -> World {
    let with = |url: &str| url.replace("PASSWORD", CANARY);
    World::on_bare_fleet()
        .with_setting("KTRDR_AMQP_URL", &with(amqp))
        .with_setting("KTRDR_RABBITMQ_MANAGEMENT_URL", &with(management))
        .with_setting("KTRDR_REDIS_URL", &with(redis))
        .with_setting("KTRDR_LOG", "trace")
}

/// `host:port` of a server's address.
fn authority(variable: &str) -> String {
    let url = std::env::var(variable).unwrap_or_else(|_| panic!("{variable}: run scripts/test"));
    url.rsplit_once('@').unwrap().1.split('/').next().unwrap().to_owned()
}

#[test]
fn where_nobody_listens() {
    nobody_tells(&world(
        "amqp://u:PASSWORD@127.0.0.1:1/v",
        "http://u:PASSWORD@127.0.0.1:1",
        "redis://u:PASSWORD@127.0.0.1:1/0",
    ));
}

#[test]
fn where_the_servers_do_not_know_the_password() {
    let (amqp, management, redis) = (
        authority("KTRDR_AMQP_ADMIN_URL"),
        authority("KTRDR_RABBITMQ_MANAGEMENT_URL"),
        authority("KTRDR_REDIS_URL"),
    );
    nobody_tells(&world(
        &format!("amqp://ktrdr-admin:PASSWORD@{amqp}/v"),
        &format!("http://ktrdr-admin:PASSWORD@{management}"),
        &format!("redis://:PASSWORD@{redis}/0"),
    ));
}

#[test]
fn where_the_addresses_can_not_be_read() {
    nobody_tells(&world("amqp:/u:PASSWORD@x", "ftp://u:PASSWORD@x", "PASSWORD"));
    nobody_tells(&world("amqp://u:PASSWORD@[::1]/v", "http://:PASSWORD@x", "redis://u:PASSWORD@x:notaport"));
}

#[test]
fn where_the_way_is_readable_for_others() {
    nobody_tells(&world(
        "amqp://u:PASSWORD@broker.example/v",
        "http://u:PASSWORD@broker.example:1",
        "redis://u:PASSWORD@store.example/0",
    ));
}

#[test]
fn a_password_file_that_is_missing_is_named_and_one_that_holds_more_is_not_repeated() {
    let world = World::new();
    world.write("ktrdr.toml", "redis_url_file = \"nowhere\"\n");
    world.refused_with(8, &["operations", "list"], &["nowhere"]);
    let passwords = world.write("passwords.json", format!("{{\"ktrdr\": \"{CANARY}\""));
    world.write("ktrdr.toml", "");
    let said = world.refused(8, &["topology", "redis-acl", "--passwords", passwords.to_str().unwrap()]);
    assert!(!said.contains(CANARY) && said.contains("passwords.json"), "{said}");
}

#[test]
fn generated_users_hold_hashes_only() {
    let world = World::new();
    let passwords = |other: &str| {
        let text = format!("{{\"{other}\": \"{CANARY}\", \"ktrdr-monitor\": \"{CANARY}\"}}");
        world.write(&format!("{other}.json"), text).to_str().unwrap().to_owned()
    };
    for command in [
        vec!["topology", "redis-acl", "--passwords", &passwords("ktrdr")],
        vec!["topology", "show", "--broker-version", "3.10", "--passwords", &passwords("ktrdr-admin")],
    ] {
        let output = world.run(&command);
        assert!(output.status.success() && !shown(&output).contains(CANARY), "{}", shown(&output));
        assert!(shown(&output).contains("ktrdr"));
    }
}

#[test]
fn a_mistake_in_the_configuration_is_told_by_its_place_and_never_by_what_stands_there() {
    let world = World::new();
    let url = format!("redis://:{CANARY}@h/0");
    let mistakes = [
        (format!("redis_url = \"{url}\n"), "line 1, column"),
        (format!("redis_url = {url}\n"), "line 1, column"),
        (format!("[fleet]\nlease = \"{url}\"\n"), "line 2, column 9: lease"),
        (format!("allow_plaintext = \"{url}\"\n"), "allow_plaintext"),
        (format!("engine = \"{url}\"\n"), "engine"),
        (format!("prefix = \"{url}\"\n"), "prefix"),
        (format!("ca_file = \"{url}\"\n"), "ca_file"),
        (format!("redis_url_file = \"{url}\"\n"), "redis_url_file"),
        (format!("[cache]\nfolder = \"{url}\"\n"), "cache.folder"),
        (format!("redis = \"{url}\"\n"), "redis"),
        (format!("\"{url}\" = 1\n"), "no such setting"),
        (format!("windows = \"{url}\"\n"), "windows"),
        (format!("[windows.dates]\ngate_from = \"{url}\"\nvault_from = \"{url}\"\n"), "line 2"),
        (format!("[account]\nsizing = \"{url}\"\n"), "line 2"),
    ];
    let commands: [&[&str]; 8] = [
        &["config", "show"],
        &["operations", "list"],
        &["doctor"],
        &["up"],
        &["serve"],
        &["data", "list"],
        &["topology", "diff"],
        &["completions", "bash"],
    ];
    for (text, words) in &mistakes {
        world.write("ktrdr.toml", text);
        for command in commands {
            let said = shown(&world.run(&[command, &["-vv"]].concat()));
            assert!(!said.contains(CANARY), "{command:?} told it: {said}");
            assert!(
                said.contains(words) && said.contains("ktrdr.toml"),
                "{command:?} does not say {words}: {said}"
            );
        }
    }
}

#[test]
fn a_variable_with_a_mistake_is_named_and_never_repeated() {
    let world = World::new();
    let url = format!("redis://:{CANARY}@h/0");
    for name in [
        "KTRDR_ALLOW_PLAINTEXT",
        "KTRDR_ENGINE",
        "KTRDR_FLEET__LEASE",
        "KTRDR_FLEET__REDIS_URL",
        "KTRDR_REDIS_UR",
        "KTRDR_CA_FILE",
        "KTRDR_LOG_FORMAT",
    ] {
        let output = world.command(&["config", "show"]).env(name, &url).output().unwrap();
        let said = shown(&output);
        assert!(!output.status.success() && !said.contains(CANARY), "{name}: {said}");
        assert!(
            said.contains(name) || said.contains(&name["KTRDR_".len()..].to_lowercase()),
            "{name}: {said}"
        );
    }
}
