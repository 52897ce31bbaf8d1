//! Longer bars of those that are stored.

use ktrdr_catalog::{CatalogError, series, windows};
use ktrdr_domain::{DataRef, Symbol, Timeframe};
use ktrdr_fabric::artifacts::Artifacts;
use ktrdr_quant::data::resample;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{App, AppError, ErrorKind, OrKind};

/// Make longer bars of stored ones.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResampleRequest {
    /// The instrument.
    pub symbol: Symbol,
    /// The length that is wanted.
    pub timeframe: Timeframe,
    /// The length of the bars that they are made of; of those that fit, the longest otherwise.
    #[serde(default)]
    pub from: Option<Timeframe>,
    /// Replace the series if there is one.
    #[serde(default)]
    pub replace: bool,
}

/// Bars that were made of others.
#[derive(Debug, Clone, Serialize, JsonSchema, Deserialize)]
pub struct ResampledSeries {
    /// The series, pinned.
    #[serde(flatten)]
    pub data: DataRef,
    /// How many bars it has.
    pub bars: u64,
    /// The length of the bars that they were made of.
    pub from: Timeframe,
    /// How many of those there are.
    pub from_bars: u64,
}

/// Which stored bars of an instrument others can be made of: the longest that fit.
///
/// # Errors
/// When the folder can not be listed.
pub async fn source(
    artifacts: &dyn Artifacts,
    symbol: &Symbol,
    wanted: Timeframe,
) -> Result<Option<Timeframe>, AppError> {
    let all = series::all(artifacts).await?;
    let fitting = all.into_iter().filter(|(_, of, from)| of == symbol && resample::fits(*from, wanted));
    Ok(fitting.map(|(_, _, timeframe)| timeframe).max())
}

impl App {
    /// Makes longer bars of stored ones, and stores them as a series.
    ///
    /// # Errors
    /// When there are none to make them of, or other bars of that length.
    pub async fn resample_data(&self, request: &ResampleRequest) -> Result<ResampledSeries, AppError> {
        let ResampleRequest { symbol, timeframe, from, replace } = request;
        let from = match from {
            Some(from) => *from,
            None => source(&*self.artifacts, symbol, *timeframe).await?.ok_or_else(|| {
                let message = format!(
                    "there are no bars of {symbol} shorter than {timeframe} that {timeframe} bars can be made of; see `ktrdr data list`"
                );
                AppError::new(ErrorKind::NotFound, message)
            })?,
        };
        let (_, short) = series::read_now(&*self.artifacts, symbol, from).await?;
        let long = resample::resample(&short, *timeframe).or_kind(ErrorKind::InvalidRequest)?;
        let (bars, from_bars) = (long.len() as u64, short.len() as u64);
        let stored = windows::store_bars(&*self.artifacts, &self.policy.windows, &long, *replace).await;
        stored.map(|(data, _)| ResampledSeries { data, bars, from, from_bars }).map_err(|fault| match fault {
            exists @ CatalogError::Exists(_) => {
                let message = format!("{exists} with other bars; use --replace to replace it");
                AppError::new(ErrorKind::Conflict, message)
            }
            other => other.into(),
        })
    }
}
