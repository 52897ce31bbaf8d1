//! Writing: repeated where an answer was lost; of those who create, one wins.

use object_store::path::Path;
use object_store::{Attribute, Attributes, Error, GetOptions, ObjectStore, PutMode, PutOptions, PutPayload};
use tokio::time::{sleep, timeout};

use super::bucket::S3Artifacts;
use super::download::{SHA256, remembered};
use super::failure::may_pass;
use ktrdr_fabric::artifacts::{ArtifactError, BYTES_MAX, Key};
use ktrdr_fabric::backoff::Backoff;
use ktrdr_fabric::random::random;

/// What is remembered beside an artefact, of who wrote it: by it a writer whose answer was lost knows its own work.
const WRITER: &str = "ktrdr-writer";

/// How often an upload is tried.
const TRIES_MAX: u32 = 5;

/// Between two tries.
const BACKOFF: Backoff = Backoff::OUTSIDE;

/// What is created to see whether the storage refuses to create it again. No key: nothing lists or reads it.
const TOUCHSTONE: &str = ".ktrdr-touchstone";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Replace,
    Create,
}

/// What became of one try.
enum Tried {
    Written,
    /// Someone else's artefact is there.
    Exists,
    /// The next try may do better.
    Again(ArtifactError),
    Refused(ArtifactError),
}

/// What the storage said to one write.
enum Sent {
    Done,
    /// Something is there already, or others write at the same time.
    Conflict,
    Failed(Tried),
}

/// One artefact on its way.
struct Upload<'a> {
    key: &'a Key,
    path: Path,
    payload: PutPayload,
    mode: Mode,
    writer: String,
    sha256: String,
}

impl S3Artifacts {
    pub(super) async fn upload(&self, key: &Key, bytes: &[u8], mode: Mode) -> Result<(), ArtifactError> {
        if bytes.len() as u64 > BYTES_MAX {
            let what = format!("it has {} bytes, at most {BYTES_MAX} are written", bytes.len());
            return Err(self.failed(key, what));
        }
        let (bytes, sha256) = self.hashed(key, bytes.to_vec()).await?;
        let upload = Upload {
            key,
            path: self.path(key.as_str()),
            payload: bytes.into(),
            mode,
            writer: format!("{:016x}{:016x}", random(), random()),
            sha256: sha256.to_string(),
        };
        let mut failures = 0;
        loop {
            match self.attempt(&upload).await {
                Tried::Written => return Ok(()),
                Tried::Exists => return Err(ArtifactError::Exists(key.clone())),
                Tried::Refused(error) => return Err(error),
                Tried::Again(error) => {
                    failures += 1;
                    if failures == TRIES_MAX {
                        return Err(error);
                    }
                    sleep(BACKOFF.after(failures)).await;
                }
            }
        }
    }

    async fn attempt(&self, upload: &Upload<'_>) -> Tried {
        if upload.mode == Mode::Create {
            let known = self.refuses_to_replace.get_or_try_init(|| self.try_touchstone(upload.key)).await;
            if let Err(unknown) = known {
                return unknown;
            }
        }
        match self.send(upload.key, &upload.path, upload.payload.clone(), upload.options()).await {
            Sent::Done => Tried::Written,
            // Also said of two who wrote at once: then nobody may have won.
            Sent::Conflict if upload.mode == Mode::Create => self.who_won(upload).await,
            Sent::Conflict => Tried::Again(self.failed(upload.key, "others write it at the same time")),
            Sent::Failed(tried) => tried,
        }
    }

    async fn send(&self, key: &Key, path: &Path, payload: PutPayload, options: PutOptions) -> Sent {
        let size = payload.content_length() as u64;
        match timeout(self.time_for(size), self.once.put_opts(path, payload, options)).await {
            Ok(Ok(_)) => Sent::Done,
            Ok(Err(Error::AlreadyExists { .. })) => Sent::Conflict,
            Ok(Err(why)) if may_pass(&why) => Sent::Failed(Tried::Again(self.explain(key, &why))),
            Ok(Err(why)) => Sent::Failed(Tried::Refused(self.explain(key, &why))),
            Err(_) => {
                Sent::Failed(Tried::Again(self.failed(key, format!("{size} bytes were not taken in time"))))
            }
        }
    }

    /// Who wrote what is there. It may have been us, in a try whose answer was lost.
    async fn who_won(&self, upload: &Upload<'_>) -> Tried {
        let look = GetOptions { head: true, ..GetOptions::default() };
        match self.patient.get_opts(&upload.path, look).await {
            Ok(found) if remembered(&found.attributes, WRITER) == Some(&upload.writer) => Tried::Written,
            Ok(_) => Tried::Exists,
            Err(Error::NotFound { .. }) => {
                Tried::Again(self.failed(upload.key, "others write and remove it at the same time"))
            }
            Err(why) => Tried::Refused(self.explain(upload.key, &why)),
        }
    }

    /// Some storage does not know conditions and ignores them: there, two writers would both win.
    async fn try_touchstone(&self, key: &Key) -> Result<(), Tried> {
        let path = self.path(TOUCHSTONE);
        for _ in 0..2 {
            let create = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
            match self.send(key, &path, PutPayload::new(), create).await {
                Sent::Done => {}
                Sent::Conflict => return Ok(()),
                Sent::Failed(tried) => return Err(tried),
            }
        }
        Err(Tried::Refused(self.failed(
            key,
            "the storage ignores `If-None-Match: *`, so that two workers could take the same version: use a storage, or \
             a version of it, with conditional writes",
        )))
    }
}

impl Upload<'_> {
    fn options(&self) -> PutOptions {
        let remember = |name: &'static str, text: &str| (Attribute::Metadata(name.into()), text.to_owned());
        let attributes =
            Attributes::from_iter([remember(WRITER, &self.writer), remember(SHA256, &self.sha256)]);
        let mode = match self.mode {
            Mode::Replace => PutMode::Overwrite,
            Mode::Create => PutMode::Create,
        };
        PutOptions { mode, attributes, ..PutOptions::default() }
    }
}
