//! Pinning a series as it is now. Bytes that were read before are known by their hash, and not parsed again: a submit costs no
//! more for long series than their hash does.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use ktrdr_domain::{DataRef, Sha256, Symbol, Timeframe};
use ktrdr_fabric::artifacts::Artifacts;

use crate::CatalogError;
use crate::series;

/// Series that one process remembers to be fit for use.
const PINS_MAX: usize = 1024;

/// What was pinned before; the least recently pinned goes first.
#[derive(Debug, Default)]
pub struct Pins(Mutex<VecDeque<DataRef>>);

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
        let bytes = series::bytes(artifacts, symbol, timeframe).await?;
        let hash = Sha256::of(&bytes);
        let is_it = |pin: &DataRef| pin.sha256 == hash && pin.symbol == *symbol && pin.timeframe == timeframe;
        if let Some(known) = self.take(is_it) {
            self.keep(known.clone());
            return Ok(known);
        }
        let (pinned, _) = series::read(&bytes, symbol, timeframe)?;
        self.keep(pinned.clone());
        Ok(pinned)
    }

    fn take(&self, is_it: impl Fn(&DataRef) -> bool) -> Option<DataRef> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(is_it)?;
        kept.remove(at)
    }

    fn keep(&self, pinned: DataRef) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() == PINS_MAX {
            kept.pop_front();
        }
        kept.push_back(pinned);
    }
}
