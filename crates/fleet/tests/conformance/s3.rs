//! Object storage as a subject: a server that speaks S3, with and without a cache in front of it.

use ktrdr_fleet::artifacts::{ArtifactOptions, CacheSettings, open};

use crate::s3_server::S3Server;
use crate::world::World;

pub(crate) async fn world() -> World {
    // Of the rest nothing is asked here.
    World { artifacts: S3Server::start().await.artifacts(), ..crate::embedded::world() }
}

pub(crate) async fn cached_world() -> World {
    let server = S3Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let cache = Some(CacheSettings { folder: folder.path().join("cache"), bytes_max: 1 << 20 });
    let artifacts = open(&server.url(), &ArtifactOptions { cache, ..server.options() }).unwrap();
    World { artifacts, _belongings: Box::new(folder), ..crate::embedded::world() }
}
