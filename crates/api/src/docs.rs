//! The description as a page for people: it is compiled in, and works without any network.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use axum::response::IntoResponse;
use utoipa_swagger_ui::Config;

use crate::service::nothing_here;

/// Where the page is.
pub(crate) const DOCS: &str = "/api/v1/docs";

/// A file of the page.
pub(crate) fn file(name: &str) -> Response<Body> {
    let config = Arc::new(Config::from("/api/v1/openapi.json"));
    match utoipa_swagger_ui::serve(name, config) {
        Ok(Some(file)) => {
            let mut response = Response::new(Body::from(file.bytes.into_owned()));
            if let Ok(media_type) = HeaderValue::from_str(&file.content_type) {
                response.headers_mut().insert(header::CONTENT_TYPE, media_type);
            }
            response
        }
        _ => nothing_here(&format!("{DOCS}/{name}")).into_response(),
    }
}
