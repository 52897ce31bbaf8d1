//! The transitions: one file per door through which a row changes, each one atomic step inside a transaction.

pub(super) mod admission;
pub(super) mod advance;
pub(super) mod beat;
pub(super) mod cancel;
pub(super) mod claim;
pub(super) mod dismiss;
mod end;
pub(super) mod finish;
pub(super) mod group;
mod loss;
pub(super) mod publish_again;
mod roots;
pub(super) mod submit;
pub(super) mod suspect;
pub(super) mod sweep;

pub(super) use roots::submit_roots;
