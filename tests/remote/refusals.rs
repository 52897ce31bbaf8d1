//! What is not asked of a server, who may not ask, and how a server is trusted.

use super::elsewhere::{Elsewhere, certificate};
use crate::api::client::Served;
use crate::world::{World, shown};

fn token(world: &World, scope: &str) -> String {
    world.json(&["token", "create", "--scope", scope])["token"].as_str().unwrap().to_owned()
}

#[test]
fn whoever_shows_too_little_is_told_what_to_do() {
    let world = World::new();
    let (viewer, admin) = (token(&world, "viewer"), token(&world, "admin"));
    let api = Served::up(&world, &["--require-token"]);
    let url = format!("http://{}", api.address);
    let nobody = Elsewhere::asking(&url);
    let said = nobody.refused(7, &["operations", "list"]);
    assert!(said.contains("KTRDR_TOKEN") && said.contains("ktrdr token create"), "{said}");
    let said = Elsewhere::asking(&url)
        .with("KTRDR_TOKEN", &viewer[..viewer.len() - 1])
        .refused(7, &["operations", "list"]);
    assert!(!said.contains(&viewer[30..60]), "{said}");

    let looking = Elsewhere::asking(&url).with("KTRDR_TOKEN", &viewer);
    assert_eq!(looking.json(&["operations", "list"])["total"], 0);
    let said = looking.refused(7, &["queues", "pause", "training"]);
    assert!(said.contains("operator") && said.contains("ask an administrator"), "{said}");
    let coded = looking.refused(7, &["queues", "pause", "training", "--output", "json"]);
    assert!(coded.contains("scope_too_narrow"), "{coded}");

    let file = world.write("token", format!("{admin}\n"));
    let by_file = Elsewhere::asking(&url).with("KTRDR_TOKEN", "nonsense");
    let listed = by_file.json(&["token", "list", "--token-file", file.to_str().unwrap()]);
    assert_eq!(listed["tokens"].as_array().unwrap().len(), 2);
    let log = shown(&by_file.run(&["token", "list", "-vv", "--token-file", file.to_str().unwrap()]));
    assert!(!log.contains(admin.rsplit_once('_').unwrap().1), "{log}");
    let said = Elsewhere::asking(&url).refused(3, &["queues", "list", "--server-ca", "/nowhere/ca.pem"]);
    assert!(said.contains("/nowhere/ca.pem"), "{said}");
}

#[test]
fn a_certificate_of_ones_own_is_trusted_by_its_authority_alone() {
    let world = World::new();
    let viewer = token(&world, "viewer");
    let (chain, key) = (certificate("server.pem"), certificate("server.key"));
    let api = Served::up(&world, &["--tls-cert", &chain, "--tls-key", &key, "--require-token"]);
    let port = api.address.rsplit_once(':').unwrap().1;
    let url = format!("https://localhost:{port}");
    let trusting =
        Elsewhere::asking(&url).with("KTRDR_TOKEN", &viewer).with("KTRDR_SERVER_CA", &certificate("ca.pem"));
    assert_eq!(trusting.json(&["operations", "list"])["total"], 0);
    // The same said as options; an empty variable says nothing.
    let options = ["--server", &url, "--server-ca", &certificate("ca.pem"), "operations", "list"];
    assert_eq!(Elsewhere::asking("").with("KTRDR_TOKEN", &viewer).json(&options)["total"], 0);
    Elsewhere::asking(&url).with("KTRDR_TOKEN", &viewer).refused(5, &["operations", "list"]);
    Elsewhere::asking(&format!("http://localhost:{port}"))
        .with("KTRDR_TOKEN", &viewer)
        .refused(5, &["operations", "list"]);
}

#[test]
fn without_tls_no_other_machine_is_asked() {
    for url in ["http://fleet.example:8000", "http://10.0.0.5", "fleet:8000", "https://me:canary@fleet"] {
        let said = Elsewhere::asking(url).refused(2, &["operations", "list"]);
        assert!(said.contains("https://") || said.contains("KTRDR_TOKEN"), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
}

#[test]
fn what_acts_on_this_machine_is_not_asked_of_another() {
    let elsewhere = Elsewhere::asking("https://fleet.example");
    for command in [
        "demo",
        "up",
        "serve",
        "orchestrator",
        "worker all",
        "topology show",
        "doctor",
        "health",
        "mcp",
        "store epochs",
        "bench api",
        "config show",
        "completions bash",
        "token create --scope viewer",
    ] {
        let words: Vec<&str> = command.split(' ').collect();
        let said = elsewhere.refused(2, &words);
        assert!(said.contains("run it there") && said.contains("--server"), "{command}: {said}");
    }
    let said = elsewhere.refused(2, &["research", "run", "--local", "-s", "EURUSD", "-t", "1h"]);
    assert!(said.contains("--local") && said.contains("--server"), "{said}");
}

/// A workspace's file may come from anybody: it says nothing about where a token goes.
#[test]
fn no_file_of_a_workspace_names_a_server() {
    let world = World::new().with_setting("KTRDR_TOKEN", "canary");
    world.write("ktrdr.toml", "server = \"https://evil.example\"\n");
    let said = world.refused(8, &["operations", "list"]);
    assert!(said.contains("no setting server"), "{said}");
}
