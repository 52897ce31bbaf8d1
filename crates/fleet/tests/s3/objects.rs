//! What of S3 a bucket needs, kept in memory: conditions are honoured, and everything is done at once or not at all.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures_util::{StreamExt, TryStreamExt, stream};
use ktrdr_domain::Sha256;
use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, ETag, GetObjectInput, GetObjectOutput, HeadObjectInput,
    HeadObjectOutput, ListObjectsV2Input, ListObjectsV2Output, Metadata, Object, PutObjectInput,
    PutObjectOutput, StreamingBlob,
};
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};

/// The one bucket.
pub(crate) const BUCKET: &str = "research";

/// Keys on one page of a list: so few that every list has several.
const PAGE: usize = 2;

#[derive(Clone)]
pub(crate) struct Stored {
    pub(crate) bytes: Vec<u8>,
    pub(crate) metadata: Option<Metadata>,
}

impl Stored {
    fn e_tag(&self) -> ETag {
        ETag::Strong(Sha256::of(&self.bytes).to_string())
    }
}

/// The bucket, and how it misbehaves.
#[derive(Clone, Default)]
pub(crate) struct Objects {
    pub(crate) kept: Arc<Mutex<BTreeMap<String, Stored>>>,
    /// As storage that never heard of conditional writes.
    pub(crate) ignores_conditions: Arc<AtomicBool>,
    /// Bodies that still break off in the middle.
    pub(crate) bodies_to_cut: Arc<AtomicU64>,
    /// Bodies sent.
    pub(crate) bodies_sent: Arc<AtomicU64>,
    /// Claimed instead of the true size.
    pub(crate) claimed_size: Arc<AtomicU64>,
}

impl Objects {
    fn find(&self, bucket: &str, key: &str) -> S3Result<Stored> {
        if bucket != BUCKET {
            return Err(s3_error!(NoSuchBucket));
        }
        self.kept.lock().unwrap().get(key).cloned().ok_or_else(|| s3_error!(NoSuchKey))
    }

    fn body(&self, bytes: &[u8]) -> StreamingBlob {
        self.bodies_sent.fetch_add(1, Ordering::SeqCst);
        let cut =
            self.bodies_to_cut.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok();
        let (sent, rest) = bytes.split_at(if cut { bytes.len() / 2 } else { bytes.len() });
        let sent = [Ok(sent.to_vec().into())];
        let end = (!rest.is_empty()).then(|| Err(io::Error::other("the cable is out")));
        // More was promised than there is: the rest is awaited for ever.
        let promised = (self.claimed_size.load(Ordering::SeqCst) > 0).then_some(stream::pending());
        let body = stream::iter(sent.into_iter().chain(end));
        StreamingBlob::wrap(body.chain(stream::iter(promised).flatten()))
    }
}

#[async_trait::async_trait]
impl S3 for Objects {
    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let GetObjectInput { bucket, key, range, if_none_match, .. } = request.input;
        let found = self.find(&bucket, &key)?;
        let e_tag = found.e_tag();
        if if_none_match.is_some_and(|known| known.as_etag() == Some(&e_tag)) {
            return Err(s3_error!(NotModified));
        }
        let size = found.bytes.len() as u64;
        let part = range.map(|range| range.check(size)).transpose().map_err(|_| s3_error!(InvalidRange))?;
        let bytes = part
            .clone()
            .map_or(found.bytes.clone(), |part| found.bytes[part.start as usize..part.end as usize].to_vec());
        let claimed = self.claimed_size.load(Ordering::SeqCst).max(bytes.len() as u64);
        Ok(S3Response::new(GetObjectOutput {
            content_length: Some(claimed as i64),
            content_range: part.map(|part| format!("bytes {}-{}/{size}", part.start, part.end - 1)),
            body: Some(self.body(&bytes)),
            e_tag: Some(e_tag),
            metadata: found.metadata,
            ..GetObjectOutput::default()
        }))
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let found = self.find(&request.input.bucket, &request.input.key)?;
        Ok(S3Response::new(HeadObjectOutput {
            content_length: Some(found.bytes.len() as i64),
            e_tag: Some(found.e_tag()),
            metadata: found.metadata,
            ..HeadObjectOutput::default()
        }))
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let PutObjectInput { bucket, key, body, metadata, if_none_match, .. } = request.input;
        if bucket != BUCKET {
            return Err(s3_error!(NoSuchBucket));
        }
        let mut bytes = Vec::new();
        let mut body = body.ok_or_else(|| s3_error!(IncompleteBody))?;
        while let Some(chunk) = body.try_next().await.map_err(|_| s3_error!(IncompleteBody))? {
            bytes.extend_from_slice(&chunk);
        }
        let mut kept = self.kept.lock().unwrap();
        let must_be_new = if_none_match.is_some() && !self.ignores_conditions.load(Ordering::SeqCst);
        if must_be_new && kept.contains_key(&key) {
            return Err(s3_error!(PreconditionFailed));
        }
        let stored = Stored { bytes, metadata };
        let e_tag = Some(stored.e_tag());
        kept.insert(key, stored);
        Ok(S3Response::new(PutObjectOutput { e_tag, ..PutObjectOutput::default() }))
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        // What is not there is removed already.
        self.kept.lock().unwrap().remove(&request.input.key);
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let ListObjectsV2Input { prefix, continuation_token, .. } = request.input;
        let (prefix, after) = (prefix.unwrap_or_default(), continuation_token.unwrap_or_default());
        let kept = self.kept.lock().unwrap();
        let mut found = kept.iter().filter(|(key, _)| key.starts_with(&prefix) && **key > after);
        let page: Vec<Object> = found.by_ref().take(PAGE).map(|(key, stored)| object(key, stored)).collect();
        let more = found.next().is_some();
        Ok(S3Response::new(ListObjectsV2Output {
            next_continuation_token: page.last().filter(|_| more).and_then(|last| last.key.clone()),
            is_truncated: Some(more),
            contents: Some(page),
            ..ListObjectsV2Output::default()
        }))
    }
}

fn object(key: &str, stored: &Stored) -> Object {
    Object {
        key: Some(key.to_owned()),
        size: Some(stored.bytes.len() as i64),
        e_tag: Some(stored.e_tag()),
        last_modified: Some(std::time::SystemTime::now().into()),
        ..Object::default()
    }
}
