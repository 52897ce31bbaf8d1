//! What the crate promises, tested through its public interface.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod data;
mod determinism;
mod endings;
mod golden;
mod gradients;
mod learning;
mod refusals;
mod safetensors;
mod scores;
#[cfg(feature = "torch")]
mod torch;
