//! What browsers are shown: every path that is not the API's is handed to whoever makes pages, with who asks. Here it is seen to
//! that nobody acts for somebody else, that what was begun is finished, and that bodies are small.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Method, Request, Response, StatusCode, header};
use ktrdr_app::App;
use ktrdr_app::access::Caller;
use ktrdr_domain::scope::Scope;
use tokio::time::timeout;

use crate::dispatch::{ROOT, whole};
use crate::exposition::METRICS;
use crate::identify::{identify, refuse_foreign_pages};
use crate::limits::{JSON_BYTES_MAX, WORK_TIME_MAX};
use crate::problem::Problem;
use crate::service::{Connection, Service};

/// Makes pages: the workspace under the name of who asks, who that is (`None`: nobody who was let in), and the request.
pub type Pages = Arc<
    dyn Fn(App, Option<Caller>, Request<Vec<u8>>) -> Pin<Box<dyn Future<Output = Response<Vec<u8>>> + Send>>
        + Send
        + Sync,
>;

/// Files that tell nothing: everybody is given them, whatever they show.
const ASSETS: &str = "/assets/";

/// What forms send.
const FORM: &str = "application/x-www-form-urlencoded";

/// Whether a path is for browsers.
pub(crate) fn is_shown(path: &str) -> bool {
    let is_below =
        |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    !is_below(ROOT) && !is_below("/api") && path != METRICS
}

/// Answers one request.
pub(crate) async fn answer(
    service: Arc<Service>,
    pages: Pages,
    request: Request<Body>,
    connection: &Connection,
) -> Result<Response<Body>, Problem> {
    let (head, body) = request.into_parts();
    let is_read = matches!(head.method, Method::GET | Method::HEAD);
    let who = match head.uri.path().starts_with(ASSETS) {
        true => None,
        false => match identify(&service, &head.headers, &connection.peer).await {
            Ok(who) => {
                service.admit(&who, Scope::Viewer)?;
                if !is_read {
                    refuse_foreign_pages(&who, &connection.host, &head.headers)?;
                }
                Some(who.caller)
            }
            // They are shown the way in.
            Err(refused) if refused.status() == StatusCode::UNAUTHORIZED.as_u16() => None,
            Err(refused) => return Err(refused),
        },
    };
    let sent = whole(body, JSON_BYTES_MAX, &head).await?;
    let said = head.headers.get(header::CONTENT_TYPE).and_then(|said| said.to_str().ok());
    if !sent.is_empty() && said.is_none_or(|said| !said.starts_with(FORM)) {
        let hint = "send forms from the pages here; programs use /api/v1";
        let detail = "the body is no form";
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail, hint));
    }
    let app = who.as_ref().map_or_else(|| service.app.clone(), |who| service.app_of(who));
    let work = pages(app, who, Request::from_parts(head, sent.to_vec()));
    // What was begun is finished and written down, also when its caller goes away meanwhile.
    match timeout(WORK_TIME_MAX, tokio::spawn(work)).await {
        Ok(Ok(response)) => Ok(response.map(Body::from)),
        Ok(Err(broken)) => {
            tracing::error!(%broken, "a page was not made");
            let hint = "load it again; an operator looks at the log of this process";
            Err(Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "the page broke the service's rules",
                hint,
            ))
        }
        Err(_) => {
            let hint = "what was asked for may still be done: look again";
            Err(Problem::new(StatusCode::GATEWAY_TIMEOUT, "timeout", "the answer took too long", hint))
        }
    }
}
