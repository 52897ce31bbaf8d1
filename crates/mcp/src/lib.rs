//! Skeleton.
use rmcp as _;
