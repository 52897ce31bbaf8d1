//! Access: who may do what, until when.

use std::collections::BTreeMap;

use ktrdr_domain::scope::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Served, answer, block_on};
use crate::world::{Engine, World, on_each_engine, wait_for};

on_each_engine!(a_token_is_good_until_it_is_revoked_and_its_session_with_it);

fn token(world: &World, scope: Scope) -> (String, String) {
    let made =
        world.json(&["token", "create", "--scope", scope.as_str(), "--name", &format!("{scope} of a test")]);
    (made["token"].as_str().unwrap().to_owned(), made["id"].as_str().unwrap().to_owned())
}

fn a_token_is_good_until_it_is_revoked_and_its_session_with_it(engine: Engine) {
    let world = World::on(engine);
    let (secret, id) = token(&world, Scope::Viewer);
    let mut api = Served::up(&world, &["--require-token"]);
    block_on(async {
        let (status, problem) = api.get("/operations").await;
        assert_eq!((status, problem["code"].as_str()), (401, Some("unauthorized")));
        assert_eq!(api.got("/health/live").await["status"], "live");
        api.with(&secret);
        assert_eq!(api.got("/session").await["scope"], "viewer");
        // A browser has a session instead, which scripts can not read.
        let opened = api.request(Method::POST, "/session").send().await.unwrap();
        let cookie = opened.headers()["set-cookie"].to_str().unwrap().to_owned();
        for word in ["HttpOnly", "SameSite=Strict", "Max-Age="] {
            assert!(cookie.contains(word), "{cookie}");
        }
        assert!(!cookie.contains(&secret));
        let cookie = cookie.split(';').next().unwrap().to_owned();
        let by_cookie =
            |method: Method, path: &str| api.http.request(method, api.url(path)).header("Cookie", &cookie);
        assert_eq!(answer(by_cookie(Method::GET, "/session").send().await.unwrap()).await.0, 200);
        // By cookie nothing is changed but from a page of this address.
        let own = format!("http://{}", api.address);
        for (origin, site, wanted) in [
            (None, None, 403),
            (Some("http://evil.example"), Some("cross-site"), 403),
            (Some("null"), None, 403),
            (Some(own.as_str()), Some("same-site"), 403),
            (Some(own.as_str()), Some("same-origin"), 200),
        ] {
            let mut request = by_cookie(Method::DELETE, "/session");
            request = origin.into_iter().fold(request, |request, origin| request.header("Origin", origin));
            request = site.into_iter().fold(request, |request, site| request.header("Sec-Fetch-Site", site));
            assert_eq!(answer(request.send().await.unwrap()).await.0, wanted, "{origin:?} {site:?}");
        }
        // The token is no session and the session no token.
        let secret_of_session = cookie.split_once('=').unwrap().1;
        let swapped = api.http.get(api.url("/session")).bearer_auth(secret_of_session).send().await.unwrap();
        assert_eq!(swapped.status(), 401);
        let listed = world.json(&["token", "list"]);
        assert!(!listed.to_string().contains(secret.rsplit_once('_').unwrap().1), "{listed}");
        world.json(&["token", "revoke", &id, "--reason", "the test is over"]);
        assert_eq!(api.get("/session").await.0, 401);
        assert_eq!(answer(by_cookie(Method::GET, "/session").send().await.unwrap()).await.0, 401);
    });
}

/// Every path with every scope: who has less than it needs is refused, and changes nothing.
#[test]
fn every_route_asks_for_its_scope() {
    let world = World::new();
    let tokens: BTreeMap<Scope, String> =
        Scope::ALL.iter().map(|&scope| (scope, token(&world, scope).0)).collect();
    let api = Served::up(&world, &["--require-token"]);
    block_on(async {
        let described =
            api.http.get(api.url("/openapi.json")).bearer_auth(&tokens[&Scope::Viewer]).send().await.unwrap();
        let described = answer(described).await.1;
        let mut tried = 0;
        for (path, methods) in described["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                if !["get", "post", "delete"].contains(&method.as_str()) {
                    continue;
                }
                tried += 1;
                every_scope(&api, &tokens, path, method, operation).await;
            }
        }
        assert!(tried > 60, "{tried}");
        // Of all those, nothing was done by who may only look.
        let admin = &tokens[&Scope::Admin];
        let audit = api.http.get(api.url("/audit?limit=1000")).bearer_auth(admin).send().await.unwrap();
        let audit = answer(audit).await.1["entries"].as_array().unwrap().clone();
        let by_viewer: Vec<&Value> = audit.iter().filter(|entry| entry["by"] == "viewer of a test").collect();
        for entry in by_viewer {
            let is_own_session = entry["what"].as_str().unwrap().ends_with("_session");
            assert!(is_own_session || entry["outcome"].as_str().unwrap().starts_with("403"), "{entry}");
        }
        // The attempts are on record: the first of an address at once, the others counted with it.
        let refused: Vec<&Value> = audit.iter().filter(|entry| entry["what"] == "refused").collect();
        assert_eq!(refused.len(), 1, "{refused:?}");
        let target = refused[0]["target"].as_str().unwrap();
        assert!(target.ends_with(" from 127.0.0.1"), "{target}");
        assert_eq!(refused[0]["outcome"], "401 unauthorized");
    });
    api.end();
    let after = Served::up(&world, &[]);
    block_on(async {
        let last = after.got("/audit?limit=1").await["entries"][0].clone();
        assert_eq!((&last["what"], &last["target"]), (&json!("refused"), &json!("from 127.0.0.1")), "{last}");
        let more: u32 = last["outcome"].as_str().unwrap().split(' ').next().unwrap().parse().unwrap();
        assert!(more > 100, "{last}");
    });
}

async fn every_scope(
    api: &Served,
    tokens: &BTreeMap<Scope, String>,
    path: &str,
    method: &str,
    operation: &Value,
) {
    let needs = operation["description"].as_str().unwrap();
    let needs = Scope::ALL.iter().find(|scope| needs.contains(&format!("`{scope}`")));
    // Ids that nobody has.
    let place = path
        .replace("{operation}", "op_probe_20260101_000000_00000001")
        .replace("{timeframe}", "1h")
        .replace("{type}", "probe");
    let place: String = place
        .split('/')
        .map(|part| if part.starts_with('{') { "nobody" } else { part })
        .collect::<Vec<_>>()
        .join("/");
    let url = format!("http://{}{place}", api.address);
    let send = async |token: Option<&String>| {
        let request = api.http.request(method.to_uppercase().parse().unwrap(), &url);
        let request = match token {
            Some(token) => request.bearer_auth(token),
            None => request,
        };
        let response = request.send().await.unwrap();
        // A stream has no end.
        if path.ends_with("/events") && response.status() == 200 {
            return (200, Value::Null);
        }
        answer(response).await
    };
    match needs {
        None => assert_ne!(send(None).await.0, 401, "{path}"),
        Some(_) => assert_eq!(send(None).await.0, 401, "{method} {path}"),
    }
    for (scope, token) in tokens {
        let (status, told) = send(Some(token)).await;
        let is_refused = (status, told["code"].as_str()) == (403, Some("scope_too_narrow"));
        assert_eq!(
            is_refused,
            needs.is_some_and(|needs| scope < needs),
            "{method} {path} as {scope}: {status} {told}"
        );
        assert!(status < 500, "{method} {path} as {scope}: {told}");
    }
}

/// What stands in the configuration holds where the command line says nothing, and is shown.
#[test]
fn where_it_listens_and_how_may_be_configured() {
    let world = World::new();
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let file = format!("[api]\nlisten = \"{address}\"\nrequire_token = true\nrequests_per_s = 50\n");
    world.write("ktrdr.toml", &file);
    let shown = world.json(&["config", "show"])["api"].clone();
    assert_eq!((&shown["listen"], &shown["requests_per_s"]), (&json!(address), &json!(50)));
    let _engine = world.up(&[]);
    wait_for("the API", || std::net::TcpStream::connect(&address).ok());
    block_on(async {
        let http = reqwest::Client::new();
        let status =
            async |path: &str| http.get(format!("http://{address}{path}")).send().await.unwrap().status();
        assert_eq!(status("/api/v1/operations").await, 401);
        let mut statuses = Vec::new();
        for _ in 0..300 {
            statuses.push(status("/api/v1/health/live").await.as_u16());
        }
        assert!(statuses.contains(&200) && statuses.contains(&429), "{statuses:?}");
    });
    world.write("ktrdr.toml", "[api]\nbehind_proxy = true\ntls_cert = \"a.pem\"\ntls_key = \"a.key\"\n");
    world.refused_with(8, &["config", "show"], &["api.behind_proxy"]);
    world.write("ktrdr.toml", "");
    world.refused_with(2, &["up", "--host", "fleet.example"], &["--listen"]);
    let named = world.with_setting("KTRDR_API__HOSTS", "one.example,two.example");
    assert_eq!(named.json(&["config", "show"])["api"]["hosts"], json!(["one.example", "two.example"]));
}

#[test]
fn an_address_that_others_reach_is_served_with_tokens_and_tls_alone() {
    let world = World::new();
    let said = world.refused(7, &["up", "--listen", "0.0.0.0:0"]);
    assert!(said.contains("--tls-cert") && said.contains("--behind-proxy"), "{said}");
    let said =
        world.refused(7, &["up", "--listen", "0.0.0.0:0", "--behind-proxy", "--host", "fleet.example"]);
    assert!(said.contains("ktrdr token create"), "{said}");
    let (_, id) = token(&world, Scope::Admin);
    let said = world.refused(7, &["up", "--listen", "127.0.0.1:0", "--behind-proxy"]);
    assert!(said.contains("--host"), "{said}");
    world.json(&["token", "revoke", &id]);
    world.refused(3, &["token", "revoke", &id]);
    world.refused(2, &["token", "create", "--scope", "everything"]);
    world.refused(2, &["token", "create", "--scope", "viewer", "--expires", "900d"]);
}

#[test]
fn behind_a_proxy_everybody_shows_a_token_and_names_the_service() {
    let world = World::new();
    let (secret, _) = token(&world, Scope::Viewer);
    let api = Served::up(&world, &["--behind-proxy", "--host", "fleet.example"]);
    block_on(async {
        let asked = |host: &'static str| api.request(Method::GET, "/session").header("Host", host);
        assert_eq!(asked("fleet.example").send().await.unwrap().status(), 401);
        assert_eq!(asked("fleet.example").bearer_auth(&secret).send().await.unwrap().status(), 200);
        let opened =
            api.request(Method::POST, "/session").header("Host", "fleet.example").bearer_auth(&secret);
        let opened = opened.send().await.unwrap();
        let cookie = opened.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.starts_with("__Host-") && cookie.contains("Secure"), "{cookie}");
    });
}

/// A certificate of one's own, which the client trusts by its authority.
#[test]
fn with_a_certificate_it_speaks_tls_and_nothing_else() {
    let world = World::new();
    let (secret, _) = token(&world, Scope::Viewer);
    let tls = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fleet/tests/redis/tls");
    let file = |name: &str| tls.join(name).to_str().unwrap().to_owned();
    let api = Served::up(
        &world,
        &["--tls-cert", &file("server.pem"), "--tls-key", &file("server.key"), "--require-token"],
    );
    block_on(async {
        let authority = reqwest::Certificate::from_pem(&std::fs::read(tls.join("ca.pem")).unwrap()).unwrap();
        let client = reqwest::Client::builder().tls_certs_only([authority]).build().unwrap();
        let url = format!("https://localhost:{}/api/v1/session", api.address.rsplit_once(':').unwrap().1);
        assert_eq!(client.get(&url).bearer_auth(&secret).send().await.unwrap().status(), 200);
        assert!(api.request(Method::GET, "/session").send().await.is_err(), "no plaintext is answered");
    });
    drop(api);
    let said = world.refused(
        7,
        &["up", "--listen", "127.0.0.1:0", "--tls-cert", &file("ca.pem"), "--tls-key", &file("nobody.key")],
    );
    assert!(said.contains("nobody.key"), "{said}");
}
