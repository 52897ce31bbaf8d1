//! What the API says of itself: a document for programs, a page for people, a server for language models.

use reqwest::Method;
use serde_json::{Value, json};

use super::client::{Served, answer, block_on};
use crate::undescribed::silent;
use crate::world::World;

/// Every example that is given is understood: it may find nothing to work on, but it is never misread.
#[test]
fn the_description_is_true() {
    let world = World::new();
    let api = Served::up(&world, &[]);
    block_on(async {
        let described = api.got("/openapi.json").await;
        assert_eq!(described["openapi"], "3.1.0");
        let mut examples = 0;
        for (path, methods) in described["paths"].as_object().unwrap() {
            let Some(example) =
                methods["post"]["requestBody"]["content"]["application/json"]["example"].as_object()
            else {
                continue;
            };
            examples += 1;
            let path =
                path.replace("/api/v1", "").replace("{operation}", "op_probe_20260101_000000_00000001");
            let path = path
                .replace("{symbol}", "NOBODY")
                .replace("{campaign}", "nobody")
                .replace("{schedule}", "nobody")
                .replace("{hypothesis}", "hyp_000000000000");
            let (status, told) = api.post(&path, &Value::Object(example.clone()), None).await;
            assert!([200, 202, 403, 404, 422].contains(&status), "{path}: {status} {told}");
        }
        assert!(examples >= 12, "{examples}");
    });
}

#[test]
fn every_field_and_every_parameter_says_what_it_is() {
    let described = ktrdr_api::description();
    for (name, form) in described["components"]["schemas"].as_object().unwrap() {
        assert_eq!(silent(form, name), [] as [String; 0]);
    }
    for (path, methods) in described["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap().iter().filter(|(_, one)| one.is_object()) {
            let place = format!("{method} {path}");
            let body = &operation["requestBody"]["content"]["application/json"]["schema"];
            assert_eq!(silent(body, &place), [] as [String; 0]);
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let words = parameter["description"].as_str().unwrap_or_default();
                assert!(words.len() > 3, "{place}: {} says nothing", parameter["name"]);
            }
        }
    }
}

/// What may be left out may be null: the description says so, and so it is, in whatever object it stands.
#[test]
fn a_field_that_is_null_is_left_out() {
    let world = World::new();
    world.generate("EURUSD", "random-walk", 3_000, 3);
    let api = Served::up(&world, &[]);
    block_on(async {
        let plan = json!({ "symbol": "EURUSD", "timeframe": "1h", "cycles": 3 });
        let mut nulls = plan.clone();
        nulls["anyway"] = Value::Null;
        let (status, told) = api.post("/campaigns/plan", &nulls, None).await;
        assert_eq!((status, told), api.post("/campaigns/plan", &plan, None).await);
        assert_eq!(status, 200);
        let generated = json!({
            "symbol": "DEMO", "timeframe": "1h", "bars": 500, "start": "2015-01-01", "replace": null, "seed": null,
        });
        assert_eq!(api.post("/data/generate", &generated, None).await.0, 200);
        let missing = json!({ "symbol": null, "timeframe": "1h", "cycles": 3 });
        assert_eq!(api.post("/campaigns/plan", &missing, None).await.0, 400);
        let described = api.got("/openapi.json").await;
        let form = |path: &str, field: &str| {
            let body =
                &described["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"];
            body["properties"][field]["type"].clone()
        };
        assert_eq!(form("/api/v1/campaigns/plan", "anyway"), json!(["string", "null"]));
        assert_eq!(form("/api/v1/campaigns/plan", "symbol"), "string");
    });
}

#[test]
fn its_page_needs_no_network() {
    let world = World::new();
    let api = Served::up(&world, &[]);
    block_on(async {
        let file = async |name: &str| {
            let response = api.request(Method::GET, &format!("/docs/{name}")).send().await.unwrap();
            assert_eq!(response.status(), 200, "{name}");
            (response.headers().clone(), response.text().await.unwrap())
        };
        let (headers, page) = file("").await;
        assert!(headers["content-type"].to_str().unwrap().starts_with("text/html"), "{headers:?}");
        assert!(!page.contains("https://"), "{page}");
        for name in page.split(['"', '\'']).filter(|word| word.ends_with(".js") || word.ends_with(".css")) {
            file(name.trim_start_matches("./")).await;
        }
        let (_, begin) = file("swagger-initializer.js").await;
        assert!(begin.contains("/api/v1/openapi.json") && !begin.contains("https://"), "{begin}");
        assert_eq!(api.get("/docs/nothing.js").await.0, 404);
    });
}

#[test]
fn language_models_are_served_beside_it_under_the_same_tokens() {
    let world = World::new();
    let [viewer, submit, operator] = ["viewer", "submit", "operator"].map(|scope| {
        let made = world.json(&["token", "create", "--scope", scope, "--name", scope]);
        made["token"].as_str().unwrap().to_owned()
    });
    let api = Served::up(&world, &["--require-token"]);
    block_on(async {
        let asked = async |token: Option<&str>, method: &str, params: Value| {
            let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
            let request = api.http.post(format!("http://{}/mcp", api.address)).json(&body);
            let request = request.header("Accept", "application/json, text/event-stream");
            let request = request.header("MCP-Protocol-Version", "2025-06-18");
            let request = token.into_iter().fold(request, reqwest::RequestBuilder::bearer_auth);
            answer(request.send().await.unwrap()).await
        };
        assert_eq!(asked(None, "tools/list", json!({})).await.0, 401);
        let tools = async |token: &str| {
            let (status, told) = asked(Some(token), "tools/list", json!({})).await;
            assert_eq!(status, 200, "{told}");
            told.to_string()
        };
        assert!(!tools(&viewer).await.contains("trigger_cycle"));
        assert!(tools(&submit).await.contains("trigger_cycle"));
        assert!(!tools(&submit).await.contains("create_schedule"));
        assert!(tools(&operator).await.contains("create_schedule"));
        let call = json!({ "name": "trigger_cycle", "arguments": { "symbol": "NOBODY", "timeframe": "1h" } });
        let (status, told) = asked(Some(&submit), "tools/call", call).await;
        assert!(status == 200 && told.to_string().contains("not_found"), "{told}");
    });
}
