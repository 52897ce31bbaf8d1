//! Artefacts for workers on several machines: in a folder they share, or in object storage that speaks S3, with a
//! bounded cache on each machine.
//!
//! A cached artefact is served only after the storage confirmed that it is still what it has: one short answer, right
//! for keys that change as well. Object storage has no folders: a key may be an artefact and lead to others.
//!
//! | file | idea |
//! |---|---|
//! | `url`, `options` | where artefacts are, and who we are there; nothing secret of it is ever shown |
//! | `opening` | what must be right before the first call |
//! | `bucket` | the artefacts of one bucket: keys, limits, lists |
//! | `download` | a body comes whole, and as it was written, or not at all |
//! | `upload` | writing, repeated where an answer was lost; of those who create, one wins |
//! | `failure` | the storage's errors in our words |
//! | `cached` | the bucket behind a cache |
//! | `cache`, `entry` | files of this machine: the least recently used go first, damaged ones are dropped |

mod bucket;
mod cache;
mod cached;
mod download;
mod entry;
mod failure;
mod opening;
mod options;
mod upload;
mod url;

pub use opening::{OpenError, open};
pub use options::{ArtifactOptions, AwsVariables, CacheSettings};
pub use url::{ArtifactsUrl, BadUrl};
