//! The one way that every request of the table goes: who asks, may they, what do they send, write it down, do it, write
//! down what came of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Query, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, Method, Response, StatusCode, Uri, header};
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, MethodRouter};
use ktrdr_app::idempotency::BadIdempotencyKey;
use ktrdr_app::{AppError, IdempotencyKey};
use ktrdr_domain::scope::Scope;
use serde_json::Value;
use tokio::time::timeout;

use crate::answered::Route;
use crate::ask::{Ask, invalid};
use crate::endpoint::{Endpoint, Takes};
use crate::identify::{Identified, Way, identify, refuse_foreign_pages};
use crate::limits::{
    BODY_TIME_MAX, FILE_BYTES_MAX, JSON_BYTES_MAX, REFUSED_BYTES_MAX, REFUSED_TIME_MAX, WORK_TIME_MAX,
};
use crate::origin;
use crate::problem::Problem;
use crate::repetition;
use crate::reply::Reply;
use crate::service::{Connection, Service, nothing_here};

/// What all paths begin with.
pub(crate) const ROOT: &str = "/api/v1";

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Every endpoint under its path.
pub(crate) fn router(service: &Arc<Service>, endpoints: Vec<Endpoint>) -> Router {
    let mut paths: BTreeMap<&'static str, MethodRouter> = BTreeMap::new();
    for endpoint in endpoints {
        let (path, filter) = (endpoint.path, filter(&endpoint.method));
        let (service, endpoint) = (Arc::clone(service), Arc::new(endpoint));
        let answer = move |path: RawPathParams, request: Request| {
            let (service, endpoint) = (Arc::clone(&service), Arc::clone(&endpoint));
            async move {
                let route = Route(endpoint.path);
                let answered = answer(service, endpoint, path, request).await;
                let mut response = answered.unwrap_or_else(IntoResponse::into_response);
                response.extensions_mut().insert(route);
                response
            }
        };
        let methods = paths.remove(path).unwrap_or_default();
        paths.insert(path, methods.on(filter, answer));
    }
    let routes = paths
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| router.route(&format!("{ROOT}{path}"), methods));
    routes
        .fallback(|request: Request| async move { nothing_here(request.uri().path()) })
        .method_not_allowed_fallback(|| async {
            let hint = "see /api/v1/openapi.json for the methods of this path";
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "the path has no such method",
                hint,
            )
        })
}

fn filter(method: &Method) -> MethodFilter {
    MethodFilter::try_from(method.clone()).unwrap_or(MethodFilter::GET)
}

async fn answer(
    service: Arc<Service>,
    endpoint: Arc<Endpoint>,
    path: RawPathParams,
    request: Request,
) -> Result<Response<Body>, Problem> {
    let (parts, body) = request.into_parts();
    let Some(connection) = parts.extensions.get::<Connection>().cloned() else {
        return Err(nothing_here(parts.uri.path()));
    };
    let who = match endpoint.scope {
        None => Identified { caller: service.somebody_here(), way: Way::Here },
        Some(scope) => {
            let who = identify(&service, &parts.headers, &connection.peer).await?;
            service.admit(&who, scope)?;
            if endpoint.method != Method::GET {
                refuse_foreign_pages(&who, &connection.host, &parts.headers)?;
            }
            who
        }
    };
    let path = path.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let _place = match endpoint.body {
        Takes::File(_) => Arc::clone(&service.files).acquire_owned().await.ok(),
        Takes::Nothing | Takes::Json { .. } => None,
    };
    let (json, file) = sent(&endpoint.body, &parts, body).await?;
    let key = key(&parts.headers, &json)?;
    if opens_vault(&json) || names_vault(&parts.uri) {
        service.admit(&who, Scope::Operator)?;
    }
    let (headers, origins) = (parts.headers, service.origins.clone());
    let (app, caller) = (service.app_of(&who.caller), who.caller);
    let ask = Ask {
        app,
        service,
        caller,
        path,
        uri: parts.uri,
        headers: headers.clone(),
        json,
        file,
        key,
        within: None,
    };
    let is_read = endpoint.method == Method::GET;
    // What was begun is finished and written down, also when its caller goes away meanwhile.
    let work = tokio::spawn(async move { carry_out(&endpoint, ask).await });
    match timeout(WORK_TIME_MAX, work).await {
        Ok(Ok(Ok(reply))) => {
            origin::tell(origins.as_ref(), &headers, reply.began());
            Ok(reply.into_response(is_read, &headers))
        }
        Ok(Ok(Err(refused))) => Err(refused.into()),
        Ok(Err(broken)) => {
            tracing::error!(%broken, "a request was not carried out");
            let hint = "send it again; an operator looks at the log of this process";
            Err(Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "the request broke the service's rules",
                hint,
            ))
        }
        Err(_) => {
            let hint = "what was asked for may still be done: look, or send the same Idempotency-Key again";
            Err(Problem::new(StatusCode::GATEWAY_TIMEOUT, "timeout", "the answer took too long", hint))
        }
    }
}

/// Does it; what changes anything is written down before and after.
async fn carry_out(endpoint: &Endpoint, ask: Ask) -> Result<Reply, AppError> {
    if !endpoint.changes {
        return (endpoint.run)(ask).await;
    }
    let app = ask.app.clone();
    let target = ask.uri.path().trim_start_matches(ROOT).to_owned();
    let noted = app.note("api", endpoint.name, &target, &reason(&ask)).await?;
    let done = repetition::once(endpoint, ask).await;
    let outcome = match &done {
        Ok(reply) => reply.outcome(),
        Err(refused) => Problem::outcome(refused),
    };
    app.note_outcome(noted, &outcome).await;
    done
}

/// Why somebody asks, in the words of the request.
fn reason(ask: &Ask) -> String {
    let market = ask.json.get("market").unwrap_or(&Value::Null);
    let said = [
        ask.json.get("reason"),
        ask.json.get("open_vault"),
        market.get("open_vault"),
        ask.json.get("anyway"),
    ];
    let in_body = said.into_iter().flatten().find_map(Value::as_str).map(str::to_owned);
    let in_address = || ["reason", "open_vault"].into_iter().find_map(|name| ask.query_word(name));
    in_body.or_else(in_address).unwrap_or_default()
}

/// Whether a vault would be opened: that is for operators, whatever else is asked.
fn opens_vault(json: &Value) -> bool {
    let opens = |value: &Value| value.get("open_vault").is_some_and(|said| !said.is_null());
    opens(json) || json.get("market").is_some_and(opens)
}

/// The same of what stands behind the `?`.
fn names_vault(uri: &Uri) -> bool {
    let pairs = Query::<Vec<(String, String)>>::try_from_uri(uri);
    pairs.is_ok_and(|Query(pairs)| pairs.iter().any(|(name, _)| name == "open_vault"))
}

/// The key of a request: in its header, or in its body where that has a place for it.
fn key(headers: &HeaderMap, json: &Value) -> Result<Option<IdempotencyKey>, Problem> {
    let refused = |what: &str| Problem::from(invalid(what.to_owned()));
    let read = |text: Option<&str>| {
        let key = text.and_then(|text| text.parse::<IdempotencyKey>().ok());
        key.ok_or_else(|| refused(&format!("the idempotency_key does not fit: {BadIdempotencyKey}")))
    };
    let in_head = headers.get(IDEMPOTENCY_KEY).map(|key| read(key.to_str().ok())).transpose()?;
    let in_body = json.get("idempotency_key").filter(|key| !key.is_null());
    let in_body = in_body.map(|key| read(key.as_str())).transpose()?;
    match (in_head, in_body) {
        (Some(head), Some(body)) if head != body => {
            Err(refused("the body and the header Idempotency-Key name different keys"))
        }
        (head, body) => Ok(head.or(body)),
    }
}

/// The body: JSON, or a file.
async fn sent(takes: &Takes, parts: &Parts, body: Body) -> Result<(Value, Vec<u8>), Problem> {
    let bytes_max = match takes {
        Takes::Nothing | Takes::Json { .. } => JSON_BYTES_MAX,
        Takes::File(_) => FILE_BYTES_MAX,
    };
    let bytes = whole(body, bytes_max, parts).await?;
    let media_type =
        parts.headers.get(header::CONTENT_TYPE).and_then(|said| said.to_str().ok()).unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let wanted = match takes {
        Takes::File(wanted) => *wanted,
        Takes::Nothing | Takes::Json { .. } => "application/json",
    };
    if !bytes.is_empty() && media_type != wanted {
        let detail = format!(
            "the body is {:?}, and has to be {wanted}",
            media_type.chars().take(50).collect::<String>()
        );
        let hint = "name it in the header Content-Type";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail, hint));
    }
    match takes {
        Takes::File(_) => Ok((Value::Null, bytes.into())),
        _ if bytes.is_empty() => Ok((Value::Null, Vec::new())),
        Takes::Nothing => Err(invalid("this takes no body".into()).into()),
        Takes::Json { .. } => match serde_json::from_slice(&bytes) {
            Ok(mut json @ Value::Object(_)) => {
                leave_nulls_out(&mut json);
                Ok((json, Vec::new()))
            }
            Ok(_) => Err(invalid("the body is no JSON object".into()).into()),
            Err(why) => Err(invalid(format!("the body is no JSON: {why}")).into()),
        },
    }
}

/// A field that is null says what one that is left out says. Its depth is bounded by the reader of JSON.
fn leave_nulls_out(json: &mut Value) {
    match json {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(leave_nulls_out);
        }
        Value::Array(values) => values.iter_mut().for_each(leave_nulls_out),
        _ => {}
    }
}

/// All of a body that is not too large and does not take too long.
pub(crate) async fn whole(body: Body, bytes_max: usize, parts: &Parts) -> Result<Bytes, Problem> {
    let too_large = || {
        let detail = format!("the body has more than {bytes_max} bytes");
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            detail,
            "send less; import larger files on the workspace's machine",
        )
    };
    let announced = parts
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > bytes_max) {
        // However it ends: the answer is the same.
        let _ = timeout(REFUSED_TIME_MAX, to_bytes(body, REFUSED_BYTES_MAX)).await;
        return Err(too_large());
    }
    match timeout(BODY_TIME_MAX, to_bytes(body, bytes_max)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(_)) => Err(too_large()),
        Err(_) => {
            let detail = format!("the body did not arrive within {} s", BODY_TIME_MAX.as_secs());
            Err(Problem::new(StatusCode::REQUEST_TIMEOUT, "timeout", detail, "send it faster"))
        }
    }
}
