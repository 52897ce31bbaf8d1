//! What every request is answered with.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, header};
use axum::response::IntoResponse;
use ktrdr_app::App;
use ktrdr_app::access::Caller;
use ktrdr_app::feed::Feed;
use ktrdr_domain::scope::Scope;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tower::util::BoxCloneSyncService;

use crate::answered::{Answered, Watch};
use crate::browsers::{self, Pages};
use crate::exposure::Exposure;
use crate::identify::{Identified, identify, permit, refuse_foreign_pages};
use crate::limits::{AT_ONCE, FILES_AT_A_TIME, WRONG_AT_ONCE, WRONG_PER_S};
use crate::origin::Origins;
use crate::problem::Problem;
use crate::rate::Rates;
use crate::refusals::{Refusals, Refused};

/// Another protocol over HTTP that is served here, under the same tokens.
pub type Mounted = BoxCloneSyncService<Request<Body>, Response<Body>, std::convert::Infallible>;

/// The Model Context Protocol, by what its caller may do.
pub struct McpServices {
    /// For those who only read.
    pub reading: Mounted,
    /// For those who may do more, by the name and the scope of who asks.
    pub writing: Box<dyn Fn(App, Scope) -> Mounted + Send + Sync>,
}

/// Where the Model Context Protocol is served.
pub(crate) const MCP: &str = "/mcp";

/// Everything that a request is answered with.
pub(crate) struct Service {
    pub(crate) app: App,
    pub(crate) feed: Feed,
    pub(crate) exposure: Exposure,
    /// Wrong credentials, by address.
    pub(crate) wrong: Rates,
    requests: Rates,
    pub(crate) refusals: Refusals,
    pub(crate) files: Arc<Semaphore>,
    pub(crate) stop: CancellationToken,
    pub(crate) mcp: Option<McpServices>,
    pub(crate) pages: Option<Pages>,
    watch: Option<Watch>,
    pub(crate) origins: Option<Origins>,
}

/// What is served beside the endpoints, and who is told of it.
pub(crate) struct Others {
    pub(crate) mcp: Option<McpServices>,
    pub(crate) pages: Option<Pages>,
    pub(crate) watch: Option<Watch>,
    pub(crate) origins: Option<Origins>,
}

impl Service {
    pub(crate) fn new(
        app: App,
        feed: Feed,
        exposure: Exposure,
        requests_per_s: u32,
        stop: CancellationToken,
        Others { mcp, pages, watch, origins }: Others,
    ) -> Self {
        let requests_per_s = f64::from(requests_per_s);
        Self {
            app,
            feed,
            exposure,
            wrong: Rates::new(WRONG_PER_S, WRONG_AT_ONCE),
            requests: Rates::new(requests_per_s, requests_per_s * AT_ONCE),
            refusals: Refusals::default(),
            files: Arc::new(Semaphore::new(FILES_AT_A_TIME)),
            stop,
            mcp,
            pages,
            watch,
            origins,
        }
    }

    /// Whoever is at this machine: it is theirs.
    pub(crate) fn somebody_here(&self) -> Caller {
        Caller { name: self.app.by.clone(), scope: Scope::Admin, token: None, expires_at_ms: None }
    }

    /// What is asked, under somebody's name.
    pub(crate) fn app_of(&self, caller: &Caller) -> App {
        App { by: caller.name.clone(), ..self.app.clone() }
    }

    /// Answers one request, whatever it is.
    pub(crate) async fn answer(
        self: Arc<Self>,
        router: Router,
        request: Request<Body>,
        peer: String,
    ) -> Response<Body> {
        let is_page = request.uri().path().starts_with("/api/v1/docs");
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let begun = Instant::now();
        let answered = Arc::clone(&self).checked(router, request, peer.clone()).await;
        let mut response = answered.unwrap_or_else(IntoResponse::into_response);
        if let Some(problem) = response.extensions().get::<Problem>() {
            let refused = Refused { peer: &peer, method: &method, path: &path, problem };
            self.refusals.note(&self.app, refused).await;
        }
        if let Some(watch) = &self.watch {
            watch(&Answered::new(&method, &path, &response, begun.elapsed()));
        }
        protect(&mut response, is_page);
        response
    }

    /// What is looked at before anything else.
    async fn checked(
        self: Arc<Self>,
        router: Router,
        mut request: Request<Body>,
        peer: String,
    ) -> Result<Response<Body>, Problem> {
        let Some(host) = self.exposure.host(request.uri(), request.headers()) else {
            let hint = "use the address that the service was started with, or start it with --host NAME";
            let detail = "the request names a host that is not served here";
            return Err(Problem::new(StatusCode::MISDIRECTED_REQUEST, "unknown_host", detail, hint));
        };
        if !self.exposure.is_proxied && !self.requests.take(&peer) {
            let hint = "ask less often; follow GET /api/v1/events instead of polling";
            return Err(Problem::new(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_requests",
                "too many requests came from here",
                hint,
            ));
        }
        if request.uri().path() == MCP {
            return self.mcp(request, &host, &peer).await;
        }
        if let Some(pages) = self.pages.clone().filter(|_| browsers::is_shown(request.uri().path())) {
            return browsers::answer(self, pages, request, &Connection { host, peer }).await;
        }
        request.extensions_mut().insert(Connection { host, peer });
        match router.oneshot(request).await {
            Ok(response) => Ok(response),
            Err(never) => match never {},
        }
    }

    /// Hands a request on to the Model Context Protocol.
    async fn mcp(&self, request: Request<Body>, host: &str, peer: &str) -> Result<Response<Body>, Problem> {
        let who = identify(self, request.headers(), peer).await?;
        self.admit(&who, Scope::Viewer)?;
        if request.method() != Method::GET {
            refuse_foreign_pages(&who, host, request.headers())?;
        }
        let Some(mcp) = &self.mcp else { return Err(nothing_here(request.uri().path())) };
        let service = match who.caller.scope >= Scope::Submit {
            true => (mcp.writing)(self.app_of(&who.caller), who.caller.scope),
            false => mcp.reading.clone(),
        };
        match service.oneshot(request).await {
            Ok(response) => Ok(response),
            Err(never) => match never {},
        }
    }

    /// Whether somebody may, and does not ask too often. Behind a proxy only their token tells callers apart.
    pub(crate) fn admit(&self, who: &Identified, needs: Scope) -> Result<(), Problem> {
        permit(who, needs).map_err(|refused| refused.asked_by(&who.caller.name))?;
        match &who.caller.token {
            Some(token) if self.exposure.is_proxied && !self.requests.take(token) => {
                let hint = "ask less often; follow GET /api/v1/events instead of polling";
                Err(Problem::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "too_many_requests",
                    "too many requests came with this token",
                    hint,
                ))
            }
            _ => Ok(()),
        }
    }
}

/// What is known of a request beside itself.
#[derive(Debug, Clone)]
pub(crate) struct Connection {
    /// The host it names: one of ours.
    pub(crate) host: String,
    /// The address it comes from.
    pub(crate) peer: String,
}

pub(crate) fn nothing_here(path: &str) -> Problem {
    let shown: String = path.chars().take(100).collect();
    let hint = "see /api/v1/openapi.json, or /api/v1/docs in a browser";
    Problem::new(StatusCode::NOT_FOUND, "no_such_path", format!("there is nothing at {shown}"), hint)
}

/// What every response says to browsers: nothing of it runs, is framed, is sniffed or is lent to other origins.
fn protect(response: &mut Response<Body>, is_page: bool) {
    let policy = match is_page {
        false => "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        // The description's page brings its styles with it.
        true => {
            "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
             frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        }
    };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ] {
        // Pages for browsers say themselves what they need.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}
