//! The fleet in containers: its description fits the topology, its secrets are made once, its Redis starts.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::world::World;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Services of the compose file, each with its lines.
fn services() -> BTreeMap<String, String> {
    let compose = text("compose/compose.yaml");
    let services = compose.split("\nservices:\n").nth(1).unwrap().split("\nnetworks:\n").next().unwrap();
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut current = String::new();
    for line in services.lines() {
        match line.strip_prefix("  ").and_then(|l| l.strip_suffix(':')) {
            Some(name) if !name.starts_with([' ', '#']) => current = name.to_owned(),
            _ => {}
        }
        let lines = found.entry(current.clone()).or_default();
        lines.push_str(line);
        lines.push('\n');
    }
    found.remove("");
    found
}

#[test]
fn every_kind_of_worker_has_its_service_its_user_and_its_secret() {
    let services = services();
    let compose = text("compose/compose.yaml");
    let topology = text("queues/topology.toml");
    let kinds: Vec<&str> =
        topology.lines().filter_map(|l| l.strip_prefix("consumers = \"worker ")?.strip_suffix('"')).collect();
    assert!(kinds.len() >= 5, "{kinds:?}");
    for kind in kinds {
        let lines =
            services.get(&format!("worker-{kind}")).unwrap_or_else(|| panic!("no service for {kind}"));
        assert!(lines.contains(&format!("command: [worker, {kind}, ")), "{lines}");
        assert!(lines.contains(&format!("source: amqp-url-worker-{kind}, target: amqp-url")), "{lines}");
        let secret = format!("amqp-url-worker-{kind}: {{ file: .secrets/amqp-url-worker-{kind} }}");
        assert!(compose.contains(&secret), "no secret {secret}");
    }
}

#[test]
fn every_container_is_locked_up_and_bounded_and_every_image_is_pinned() {
    for (name, lines) in services() {
        let has = |any: &[&str]| any.iter().any(|words| lines.contains(words));
        assert!(has(&["<<: *locked", "<<: *ktrdr", "<<: *role"]), "{name} is not locked up");
        assert!(has(&["limits: { cpus: "]), "{name} may use all there is");
        assert!(!has(&["privileged", "/var/run/docker.sock", "network_mode: host"]), "{name} gets out");
    }
    let compose = text("compose/compose.yaml");
    let images =
        compose.lines().filter(|l| l.trim_start().starts_with("image: ") && !l.contains("KTRDR_IMAGE"));
    let dockerfile = text("compose/Dockerfile");
    for image in images.chain(dockerfile.lines().filter(|l| l.starts_with("FROM "))) {
        let digest = image.split("@sha256:").nth(1).unwrap_or_default();
        let digest = digest.split(' ').next().unwrap();
        assert!(digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit()), "{image} is not pinned");
    }
}

/// A copy of the script in a folder of its own, and its secrets.
fn secrets_made_in(folder: &Path) -> PathBuf {
    for path in ["compose/secrets", "queues/topology.toml"] {
        fs::create_dir_all(folder.join(path).parent().unwrap()).unwrap();
        fs::copy(root().join(path), folder.join(path)).unwrap();
    }
    let made = Command::new(folder.join("compose/secrets")).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    folder.join("compose/.secrets")
}

fn contents(folder: &Path) -> BTreeMap<String, String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap()))
        .collect()
}

#[test]
fn secrets_are_made_once_are_all_there_and_only_their_owner_gets_at_them() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = secrets_made_in(folder.path());
    let made = contents(&secrets);
    assert_eq!(secrets_made_in(folder.path()), secrets);
    assert_eq!(contents(&secrets), made, "made again");
    assert_eq!(fs::metadata(&secrets).unwrap().permissions().mode() & 0o777, 0o700);
    let compose = text("compose/compose.yaml");
    let wanted: BTreeSet<&str> =
        compose.split("file: .secrets/").skip(1).map(|rest| rest.split(' ').next().unwrap()).collect();
    assert_eq!(made.keys().map(String::as_str).collect::<BTreeSet<_>>(), wanted);
    let passwords: BTreeMap<String, String> = serde_json::from_str(&made["broker-passwords.json"]).unwrap();
    for (user, password) in passwords.iter().filter(|(user, _)| *user != "ktrdr-monitor") {
        let file = format!("amqp-url-{}", user.trim_start_matches("ktrdr-"));
        assert_eq!(made[&file].trim(), format!("amqp://{user}:{password}@rabbitmq:5672/ktrdr"));
        let named = made["broker-passwords.json"].matches(&format!("\"{user}\"")).count();
        assert_eq!(named, 1, "{user} has {named} passwords");
    }
}

/// A server that ends with its test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn redis_takes_its_configuration_and_the_users_that_the_program_writes() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = secrets_made_in(folder.path());
    let passwords = secrets.join("redis-passwords.json");
    let acl = World::new().run(&["topology", "redis-acl", "--passwords", passwords.to_str().unwrap()]);
    assert!(acl.status.success(), "{acl:?}");
    fs::write(folder.path().join("users.acl"), acl.stdout).unwrap();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let mut redis = Command::new("redis-server");
    redis.arg(root().join("compose/redis.conf")).args(["--bind", "127.0.0.1", "--port", &port]);
    redis.arg("--dir").arg(folder.path()).arg("--aclfile").arg(folder.path().join("users.acl"));
    let _server =
        Server(redis.stdout(Stdio::null()).spawn().expect("redis-server is installed by scripts/test"));
    let password = fs::read_to_string(secrets.join("redis-monitor-password")).unwrap();
    // As the container's health check asks.
    let ask = |command: &str| {
        let mut client = Command::new("redis-cli");
        client.args(["-p", &port, "--user", "ktrdr-monitor", command]).env("REDISCLI_AUTH", password.trim());
        String::from_utf8(client.output().unwrap().stdout).unwrap()
    };
    let begun = Instant::now();
    while !ask("ping").contains("PONG") {
        assert!(begun.elapsed() < Duration::from_secs(20), "no answer: {}", ask("ping"));
        std::thread::sleep(Duration::from_millis(50));
    }
    let info = ask("info");
    for fact in ["aof_enabled:1", "maxmemory_policy:noeviction", "maxmemory:1073741824"] {
        assert!(info.contains(fact), "{fact} is not so");
    }
    let anyone = Command::new("redis-cli").args(["-p", &port, "ping"]).output().unwrap();
    assert!(!String::from_utf8_lossy(&anyone.stdout).contains("PONG"), "anyone gets in");
}
