//! What a server must be before it is trusted, and what is known of it then.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};

use ktrdr_fleet::redis::{Fsync, OpenError, Persistence, RedisOptions, RedisStore};

use crate::server::RedisServer;
use crate::store_at;

async fn refusal(options: RedisOptions) -> OpenError {
    RedisStore::open(options).await.err().expect("it was opened")
}

#[tokio::test]
async fn a_server_that_would_throw_rows_away_is_refused_with_the_cure() {
    let server = RedisServer::start(&[("maxmemory-policy", "allkeys-lru")]);
    let refused = refusal(RedisOptions::new(server.url().parse().unwrap())).await;
    assert!(matches!(&refused, OpenError::Evicts { policy, .. } if policy == "allkeys-lru"), "{refused}");
    assert!(refused.to_string().contains("redis-cli CONFIG SET maxmemory-policy noeviction"), "{refused}");
    redis::cmd("CONFIG").arg(&["SET", "maxmemory-policy", "noeviction"]).exec(&mut server.admin()).unwrap();
    store_at(&server).await;
}

#[tokio::test]
async fn an_old_server_is_refused() {
    let place = old_server();
    let refused = refusal(RedisOptions::new(format!("redis://{place}").parse().unwrap())).await;
    assert!(matches!(&refused, OpenError::TooOld { found, .. } if found == "6.2.14"), "{refused}");
}

/// Says that it is Redis 6.2, to one caller.
fn old_server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut caller, _) = listener.accept().unwrap();
        let mut said = [0; 4096];
        while let Ok(n @ 1..) = caller.read(&mut said) {
            let said = String::from_utf8_lossy(&said[..n]);
            let mut answers = "+OK\r\n".repeat(said.matches("SETINFO").count());
            if said.contains("\r\nINFO\r\n") {
                let info = "redis_version:6.2.14\r\nmaxmemory_policy:noeviction\r\n";
                answers += &format!("${}\r\n{info}\r\n", info.len());
            }
            caller.write_all(answers.as_bytes()).unwrap();
        }
    });
    place
}

#[tokio::test]
async fn plain_text_to_another_machine_must_be_acknowledged() {
    let options = RedisOptions::new("redis://u:p@192.0.2.1:6379".parse().unwrap());
    let refused = refusal(options).await;
    assert!(matches!(&refused, OpenError::Plaintext { host } if host == "192.0.2.1"), "{refused}");
}

#[tokio::test]
async fn the_facts_say_what_survives() {
    let server = RedisServer::start(&[]);
    let store = store_at(&server).await;
    let facts = store.facts().await.unwrap();
    assert!(facts.version.split('.').next().unwrap().parse::<u32>().unwrap() >= 7, "{facts:?}");
    let durable = Persistence::AppendOnly { fsync: Some(Fsync::Always), is_healthy: true };
    assert_eq!((facts.persistence, facts.eviction.as_str()), (durable, "noeviction"));
    assert!(facts.is_same_epoch && facts.epoch.len() == 32 && facts.memory_bytes > 0, "{facts:?}");
    assert!(facts.clock_skew_ms.abs() < 1000, "one machine has one clock: {facts:?}");
}

#[tokio::test]
async fn the_facts_admit_that_nothing_survives() {
    let server = RedisServer::start(&[("appendonly", "no")]);
    assert_eq!(store_at(&server).await.facts().await.unwrap().persistence, Persistence::Snapshots);
}
