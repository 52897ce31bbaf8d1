//! A request that is part of somebody's trace, as its header `traceparent` says: what it began is told to belong there, too.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName};
use ktrdr_domain::{OperationId, TraceParent};

/// Is told of operations that were begun by a part of somebody's trace.
pub type Origins = Arc<dyn Fn(TraceParent, &OperationId) + Send + Sync>;

const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");

/// Most operations of one request that are told of: a campaign has thousands of cycles.
const TOLD_MAX: usize = 32;

/// Tells of what a request with these headers began. A header that can not be read is none, as W3C has it.
pub(crate) fn tell(origins: Option<&Origins>, headers: &HeaderMap, began: &[OperationId]) {
    let mut said = headers.get_all(TRACE_PARENT).iter();
    if let (Some(origins), Some(parent), None) = (origins, said.next(), said.next())
        && let Some(parent) = parent.to_str().ok().and_then(|text| text.parse().ok())
    {
        began.iter().take(TOLD_MAX).for_each(|operation| origins(parent, operation));
    }
}
