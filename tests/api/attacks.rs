//! Tried as an attacker would: each is refused with its reason, and the next request is answered.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use ktrdr_domain::scope::Scope;
use reqwest::Method;
use serde_json::json;

use super::client::{Served, answer, block_on};
use crate::world::World;

/// What is said to bytes as they are, until the other side closes.
fn raw(api: &Served, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(&api.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    // It may be refused before all of it was sent.
    let _ = stream.write_all(bytes);
    let mut said = Vec::new();
    let _ = stream.read_to_end(&mut said);
    String::from_utf8_lossy(&said).into_owned()
}

#[test]
fn a_page_of_another_name_or_origin_gets_nowhere() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 400, 3);
    let api = Served::up(&world, &[]);
    block_on(async {
        // DNS rebinding: the name is the attacker's, the address ours.
        for host in ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:80"] {
            let response = api.request(Method::GET, "/operations").header("Host", host).send().await.unwrap();
            assert_eq!(answer(response).await.0, 421, "{host}");
        }
        assert!(raw(&api, b"GET /api/v1/health/live HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 421"));
        let double = b"GET /api/v1/health/live HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
        assert!(raw(&api, double).starts_with("HTTP/1.1 421"));
        // A page of another origin posts to this machine, where no token is asked for.
        let body = json!({ "symbol": "EURUSD", "timeframe": "1h" });
        for (origin, site) in [
            ("http://evil.example", "cross-site"),
            ("null", "cross-site"),
            ("http://localhost:1", "same-site"),
        ] {
            let request = api.request(Method::POST, "/agent/trigger").json(&body);
            let response =
                request.header("Origin", origin).header("Sec-Fetch-Site", site).send().await.unwrap();
            let (status, problem) = answer(response).await;
            assert_eq!((status, problem["code"].as_str()), (403, Some("foreign_origin")), "{origin}");
        }
        // A form needs no leave of the browser: what is no JSON is not read.
        let request = api
            .request(Method::POST, "/agent/trigger")
            .header("Content-Type", "text/plain")
            .body(body.to_string());
        assert_eq!(answer(request.send().await.unwrap()).await.0, 415);
        // No answer is lent to other origins, framed, or run.
        let response = api
            .request(Method::GET, "/operations")
            .header("Origin", "http://evil.example")
            .send()
            .await
            .unwrap();
        assert!(response.headers().get("access-control-allow-origin").is_none());
        assert!(
            response.headers()["content-security-policy"].to_str().unwrap().starts_with("default-src 'none'")
        );
        assert_eq!(response.headers()["x-content-type-options"], "nosniff");
        assert_eq!(api.got("/operations").await["total"], 0);
    });
}

#[test]
fn what_is_too_large_too_deep_or_nonsense_is_refused() {
    let world = World::new();
    let api = Served::up(&world, &[]);
    block_on(async {
        let sent = async |body: String| {
            let request = api
                .request(Method::POST, "/agent/trigger")
                .header("Content-Type", "application/json")
                .body(body);
            answer(request.send().await.unwrap()).await
        };
        assert_eq!(sent("x".repeat((1 << 20) + 1)).await.0, 413);
        assert_eq!(sent("[".repeat(100_000)).await.0, 400);
        assert_eq!(sent("{\"symbol\":\"EURUSD\"".into()).await.0, 400);
        assert_eq!(sent("[]".into()).await.0, 400);
        assert_eq!(sent(String::new()).await.0, 400);
        assert_eq!(sent(json!({ "symbol": "../../etc", "timeframe": "1h" }).to_string()).await.0, 400);
        assert_eq!(
            sent(json!({ "symbol": "EURUSD", "timeframe": "1h", "more": 1 }).to_string()).await.0,
            400
        );
        for path in [
            "/strategies/..%2f..%2fetc%2fpasswd",
            "/strategies/%2e%2e",
            "/operations/..%2F..%2Fktrdr.db",
            "/models/%00",
            "/reports/op_x%0d%0aSet-Cookie:%20a=b",
            "/windows/%ff",
        ] {
            let response = api.request(Method::GET, path).send().await.unwrap();
            assert!(response.headers().get("set-cookie").is_none());
            let (status, problem) = answer(response).await;
            assert!([400, 404].contains(&status), "{path}: {status} {problem}");
            assert!(!problem.to_string().contains("root:"), "{path}");
        }
        let many = "X-A: b\r\n".repeat(200);
        let head = format!("GET /api/v1/health/live HTTP/1.1\r\nHost: localhost\r\n{many}\r\n");
        assert!(raw(&api, head.as_bytes()).starts_with("HTTP/1.1 431"));
        let head = format!(
            "GET /api/v1/health/live HTTP/1.1\r\nHost: localhost\r\nX-A: {}\r\n\r\n",
            "b".repeat(100_000)
        );
        assert!(!raw(&api, head.as_bytes()).starts_with("HTTP/1.1 200"));
        assert!(!raw(&api, &[0xff; 4096]).starts_with("HTTP/1.1 200"));
        let key = api
            .request(Method::POST, "/agent/trigger")
            .header("Idempotency-Key", "k".repeat(200))
            .json(&json!({}));
        assert_eq!(answer(key.send().await.unwrap()).await.0, 400);
        assert_eq!(api.got("/health/live").await["status"], "live");
    });
}

#[test]
fn who_is_slow_or_silent_is_let_go_and_holds_nobody_up() {
    let world = World::new();
    let api = Served::up(&world, &[]);
    let mut slow: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(&api.address).unwrap()).collect();
    slow.iter_mut()
        .for_each(|stream| stream.write_all(b"GET /api/v1/health/live HTTP/1.1\r\nHost: loc").unwrap());
    block_on(async { assert_eq!(api.got("/health/live").await["status"], "live") });
    // The head of a request does not come for ever.
    let mut one = slow.pop().unwrap();
    one.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut said = Vec::new();
    let _ = one.read_to_end(&mut said);
    assert!(!String::from_utf8_lossy(&said).contains("200 OK"));
}

#[test]
fn tokens_are_not_guessed_and_never_stand_in_addresses() {
    let world = World::new();
    let made = world.json(&["token", "create", "--scope", Scope::Admin.as_str()]);
    let secret = made["token"].as_str().unwrap();
    let api = Served::up(&world, &["--require-token"]);
    block_on(async {
        let shown = async |token: &str| {
            answer(api.http.get(api.url("/session")).header("Authorization", token).send().await.unwrap())
                .await
                .0
        };
        for place in [format!("/session?token={secret}"), format!("/session?access_token={secret}")] {
            assert_eq!(api.get(&place).await.0, 401);
        }
        let (id, wrong) = (made["id"].as_str().unwrap(), "0".repeat(64));
        assert_eq!(shown(&format!("Bearer {secret}")).await, 200);
        assert_eq!(shown(&format!("Basic {secret}")).await, 401);
        assert_eq!(shown(&format!("Bearer ktrdr_{id}_{wrong}")).await, 401);
        assert_eq!(shown(&format!("Bearer {}", &secret[..secret.len() - 1])).await, 401);
        // Whoever goes on guessing is no longer looked at.
        let mut statuses = Vec::new();
        for n in 0..30 {
            statuses.push(shown(&format!("Bearer ktrdr_{id}_{n:064x}")).await);
        }
        assert!(statuses.contains(&429) && !statuses.contains(&200), "{statuses:?}");
    });
    let stored = std::fs::read(world.path("ktrdr.db")).unwrap();
    let hidden = secret.rsplit_once('_').unwrap().1.as_bytes();
    assert!(!stored.windows(hidden.len()).any(|window| window == hidden), "a secret is never stored");
}

/// One request that claims to be two, or of two lengths: at most one is answered, and the connection ends.
#[test]
fn no_request_is_smuggled_behind_another() {
    let world = World::new();
    let api = Served::up(&world, &[]);
    let hidden = "POST /api/v1/queues/training/pause HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let heads = [
        format!(
            "Content-Length: {}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{hidden}",
            5 + hidden.len()
        ),
        format!("Content-Length: 0\r\nContent-Length: {}\r\n\r\n{hidden}", hidden.len()),
        format!("Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n{hidden}"),
        format!("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n{hidden}"),
        format!("Content-Length: +0\r\n\r\n{hidden}"),
        format!("X-A: b\r\n folded\r\nContent-Length: 0x0\r\n\r\n{hidden}"),
        format!("X-A: b\0\r\n\r\n{hidden}"),
    ];
    for head in heads {
        let said = raw(
            &api,
            format!("POST /api/v1/fuzzy/evaluate HTTP/1.1\r\nHost: localhost\r\n{head}").as_bytes(),
        );
        assert!(said.matches("HTTP/1.1 ").count() <= 1 && !said.contains("HTTP/1.1 200"), "{head:?}: {said}");
    }
    let queues = world.json(&["queues", "list"]);
    assert!(queues["queues"].as_array().unwrap().iter().all(|queue| queue["paused"] == false), "{queues}");
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    let world = World::new();
    let api = Served::up(&world, &[]);
    let begin =
        "POST /api/v1/agent/trigger HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
    let said = raw(&api, format!("{begin}Content-Length: 100\r\n\r\n{{").as_bytes());
    assert!(said.starts_with("HTTP/1.1 408") && said.contains("did not arrive"), "{said}");
    let chunked = raw(&api, format!("{begin}Transfer-Encoding: chunked\r\n\r\nffffffff\r\n{{").as_bytes());
    assert!(chunked.starts_with("HTTP/1.1 408"), "{chunked}");
}

/// Addresses of this machine's own stand for those of many.
#[test]
fn ten_thousand_connections_of_one_address_hold_nobody_up() {
    let world = World::new();
    let api = Served::up(&world, &[]);
    let flood: Vec<TcpStream> = (0..10_000).filter_map(|_| TcpStream::connect(&api.address).ok()).collect();
    assert!(flood.len() > 4_000, "{} connections", flood.len());
    let other = reqwest::Client::builder().local_address(Some("127.0.0.2".parse().unwrap())).build().unwrap();
    block_on(async {
        let asked = other.get(api.url("/health/live")).timeout(Duration::from_secs(20)).send().await.unwrap();
        assert_eq!(asked.status(), 200);
    });
    // What the process does beside is not held up either: it still has files to open.
    assert_eq!(world.json(&["operations", "list"])["total"], 0);
    drop(flood);
    block_on(async { assert_eq!(api.got("/health/live").await["status"], "live") });
}
