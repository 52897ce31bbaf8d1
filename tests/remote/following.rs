//! Following from elsewhere: what happens is heard of; a server that comes back is followed on, one that stays away is told.

use std::net::TcpListener;

use super::elsewhere::Elsewhere;
use crate::world::{Engine, World, on_each_engine, shown, wait_for};

on_each_engine!(a_server_that_comes_back_is_followed_on, a_server_that_dies_is_told);

/// A world with a job that waits, where it is served, and who asks there.
fn waiting(engine: Engine) -> (World, String, String) {
    let world = World::on(engine);
    world.generate("EURUSD", "planted-edge", 5_000, 3);
    world.example_of_epochs("quick", 1);
    world.json(&["queues", "pause", "training"]);
    let job = world.submit(&["training", "run", "--strategy", "quick"]).remove(0);
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    (world, job, address)
}

fn a_server_that_comes_back_is_followed_on(engine: Engine) {
    let (world, job, address) = waiting(engine);
    let served = || {
        let up = world.up(&["--listen", &address]);
        wait_for("the API", || std::net::TcpStream::connect(&address).ok());
        up
    };
    let first = served();
    let elsewhere = Elsewhere::asking(&format!("http://{address}"));
    let watching = elsewhere.start(&["operations", "watch", &job, "--output", "jsonl"]);
    wait_for_a_follower(&address);
    first.signal("TERM");
    drop(first.end());
    let _second = served();
    world.json(&["queues", "resume", "training"]);
    let output = watching.end();
    assert!(output.status.success(), "{}", shown(&output));
    let last = String::from_utf8(output.stdout).unwrap();
    assert!(last.lines().last().unwrap().contains("\"status\":\"completed\""), "{last}");
}

fn a_server_that_dies_is_told(engine: Engine) {
    let (world, job, address) = waiting(engine);
    let up = world.up(&["--listen", &address]);
    wait_for("the API", || std::net::TcpStream::connect(&address).ok());
    let elsewhere = Elsewhere::asking(&format!("http://{address}"));
    let watching = elsewhere.start(&["operations", "watch", &job]);
    wait_for_a_follower(&address);
    up.signal("KILL");
    drop(up);
    let output = watching.end();
    assert_eq!(output.status.code(), Some(5), "{}", shown(&output));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains(&address), "{said}");
    // Nobody is waited for who was never there.
    let begun = std::time::Instant::now();
    elsewhere.refused(5, &["operations", "list"]);
    assert!(begun.elapsed().as_secs() < 10, "{:?}", begun.elapsed());
}

/// Until somebody follows: one connection has the events, and another what is read again.
fn wait_for_a_follower(address: &str) {
    let port: u16 = address.rsplit_once(':').unwrap().1.parse().unwrap();
    let (local, established) = (format!("0100007F:{port:04X}"), "01");
    wait_for("a follower", || {
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let is_ours = |line: &&str| {
            let mut columns = line.split_whitespace().skip(1);
            columns.next() == Some(&local) && columns.nth(1) == Some(established)
        };
        (table.lines().filter(is_ours).count() >= 2).then_some(())
    });
}
