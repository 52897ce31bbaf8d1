//! Pinning a series as it is now. A file that was not touched since it was pinned is not read again, and bytes that were read
//! before are known by their hash and not parsed again: a submit costs the same for short series and long ones. Whoever
//! works on it compares the hash with the bytes in any case.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use ktrdr_domain::{DataRef, Sha256, Symbol, Timeframe};
use ktrdr_fabric::artifacts::{Artifacts, Stamp};

use crate::CatalogError;
use crate::series;

/// Series that one process remembers to be fit for use.
const PINS_MAX: usize = 1024;

/// What was pinned before; the least recently pinned goes first.
#[derive(Debug, Default)]
pub struct Pins(Mutex<VecDeque<Pin>>);

#[derive(Debug)]
struct Pin {
    series: DataRef,
    /// As the file was before it was read.
    stamp: Option<Stamp>,
}

impl Pins {
    /// Pins a series as it is now.
    ///
    /// # Errors
    /// When it is not there or not fit for use; the message names the file.
    pub async fn pin(
        &self,
        artifacts: &dyn Artifacts,
        symbol: &Symbol,
        timeframe: Timeframe,
    ) -> Result<DataRef, CatalogError> {
        let of_it = |pin: &Pin| pin.series.symbol == *symbol && pin.series.timeframe == timeframe;
        let stamp = artifacts.stamp(&series::key(symbol, timeframe)?).await;
        let untouched = |pin: &Pin| of_it(pin) && pin.stamp == stamp;
        if stamp.is_some()
            && let Some(known) = self.take(untouched)
        {
            return Ok(self.keep(known));
        }
        let bytes = series::bytes(artifacts, symbol, timeframe).await?;
        let hash = Sha256::of(&bytes);
        if let Some(known) = self.take(|pin| of_it(pin) && pin.series.sha256 == hash) {
            return Ok(self.keep(Pin { stamp, ..known }));
        }
        let (series, _) = series::read(&bytes, symbol, timeframe)?;
        Ok(self.keep(Pin { series, stamp }))
    }

    fn take(&self, is_it: impl Fn(&Pin) -> bool) -> Option<Pin> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(is_it)?;
        kept.remove(at)
    }

    fn keep(&self, pin: Pin) -> DataRef {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == PINS_MAX {
            kept.pop_front();
        }
        let series = pin.series.clone();
        kept.push_back(pin);
        series
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::{Duration, SystemTime};

    use async_trait::async_trait;
    use ktrdr_fabric::artifacts::{ArtifactError, Entry, Key};
    use ktrdr_fabric::local::LocalArtifacts;

    use super::*;

    const BARS: &str = "timestamp,open,high,low,close,volume\n\
                        2020-01-06T00:00:00Z,1.1,1.2,1,1.15,10\n2020-01-06T01:00:00Z,1.15,1.2,1.1,1.2,5\n";

    /// A folder whose files were written long ago, and which says so when one is read.
    struct Settled {
        files: LocalArtifacts,
        reads: Mutex<u32>,
    }

    #[async_trait]
    impl Artifacts for Settled {
        async fn get(&self, key: &Key) -> Result<Vec<u8>, ArtifactError> {
            *self.reads.lock().unwrap() += 1;
            self.files.get(key).await
        }
        async fn put(&self, key: &Key, bytes: &[u8]) -> Result<(), ArtifactError> {
            self.files.put(key, bytes).await
        }
        async fn create(&self, key: &Key, bytes: &[u8]) -> Result<(), ArtifactError> {
            self.files.create(key, bytes).await
        }
        async fn stamp(&self, key: &Key) -> Option<Stamp> {
            let file = Path::new(&self.files.place()).join(key.as_str());
            Stamp::of(&std::fs::metadata(file).ok()?, SystemTime::now() + Duration::from_secs(60))
        }
        async fn list(&self, folder: &Key) -> Result<Vec<Key>, ArtifactError> {
            self.files.list(folder).await
        }
        async fn entries(&self, folder: &Key) -> Result<Vec<Entry>, ArtifactError> {
            self.files.entries(folder).await
        }
        async fn remove(&self, key: &Key) -> Result<(), ArtifactError> {
            self.files.remove(key).await
        }
        fn place(&self) -> String {
            self.files.place()
        }
    }

    #[tokio::test]
    async fn an_untouched_series_is_read_once_and_any_change_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/MINE_1h.csv");
        std::fs::create_dir(folder.path().join("data")).unwrap();
        std::fs::write(&path, BARS).unwrap();
        let files = LocalArtifacts::open(folder.path()).unwrap();
        let artifacts = Settled { files, reads: Mutex::new(0) };
        let (symbol, timeframe) = ("MINE".parse().unwrap(), "1h".parse().unwrap());
        let pins = Pins::default();
        let first = pins.pin(&artifacts, &symbol, timeframe).await.unwrap();
        assert_eq!(pins.pin(&artifacts, &symbol, timeframe).await.unwrap(), first);
        assert_eq!(*artifacts.reads.lock().unwrap(), 1);

        // In place: the same file.
        std::fs::write(&path, BARS.replace("1.15,10", "1.15,1000")).unwrap();
        let second = pins.pin(&artifacts, &symbol, timeframe).await.unwrap();
        assert_ne!(second.sha256, first.sha256);

        std::fs::remove_file(&path).unwrap();
        assert!(pins.pin(&artifacts, &symbol, timeframe).await.is_err());
    }

    #[test]
    fn a_file_that_was_written_just_now_has_no_stamp() {
        let file = tempfile::NamedTempFile::new().unwrap();
        assert_eq!(Stamp::of(&file.as_file().metadata().unwrap(), SystemTime::now()), None);
    }
}
