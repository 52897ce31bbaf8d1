//! Looking at bars, at indicators of them, and at fuzzy sets: what strategies are made of, value by value.

use std::collections::BTreeMap;

use ktrdr_catalog::series;
use ktrdr_domain::strategy::indicators::INDICATORS;
use ktrdr_domain::strategy::{IndicatorKind, IndicatorSpec, Membership, Source};
use ktrdr_domain::{Symbol, Timeframe, Timestamp};
use ktrdr_quant::indicator;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::market::{EndDate, Moment};
use crate::{App, AppError, ErrorKind};

/// Most bars of one answer.
const BARS_MAX: usize = 10_000;

/// Most indicators, sets or values of one request.
const INDICATORS_MAX: usize = 16;
const MEMBERS_MAX: usize = 64;

/// An indicator, as strategies may name it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ListedIndicator {
    /// Its name.
    pub name: &'static str,
    /// What it measures.
    pub about: &'static str,
    /// Its outputs, the primary one first.
    pub outputs: &'static [&'static str],
    /// Whether the field that it reads may be chosen.
    pub has_source: bool,
    /// Its parameters.
    pub parameters: Vec<ListedParameter>,
}

/// A parameter of an indicator.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ListedParameter {
    /// Its name.
    pub name: &'static str,
    /// Where none is given.
    pub default: f64,
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
}

/// Look at the latest bars of a stretch, with indicators of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InspectRequest {
    /// The instrument.
    pub symbol: Symbol,
    /// The bars.
    pub timeframe: Timeframe,
    /// Not before this.
    #[serde(default)]
    pub start: Option<Moment>,
    /// Before this.
    #[serde(default)]
    pub end: Option<EndDate>,
    /// At most so many: the latest.
    #[serde(default = "hundred")]
    pub limit: usize,
    /// What is computed of them.
    #[serde(default)]
    pub indicators: Vec<IndicatorChoice>,
}

fn hundred() -> usize {
    100
}

/// One indicator, with what differs from its defaults.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndicatorChoice {
    /// Which.
    #[serde(rename = "type")]
    pub kind: IndicatorKind,
    /// The field it reads.
    #[serde(default)]
    pub source: Source,
    /// Parameters by name.
    #[serde(default)]
    pub params: BTreeMap<String, f64>,
}

/// Bars, oldest first, and what was computed of them: values that are not there yet are null.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct InspectedBars {
    /// When each bar opens.
    pub times: Vec<Timestamp>,
    /// Open, high, low, close and volume of each.
    pub bars: Vec<[f64; 5]>,
    /// Of each indicator its outputs.
    #[schemars(with = "Vec<BTreeMap<String, Vec<Option<f64>>>>")]
    pub indicators: Vec<BTreeMap<String, Vec<f64>>>,
    /// How many bars the stretch has.
    pub total: usize,
}

/// Tell how strongly values belong to fuzzy sets.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FuzzyRequest {
    /// Membership functions by name.
    pub members: BTreeMap<String, Membership>,
    /// Values of what they read.
    pub values: Vec<f64>,
}

impl IndicatorChoice {
    fn spec(&self) -> Result<IndicatorSpec, AppError> {
        let definition = self.kind.definition();
        let mut spec = IndicatorSpec::new(self.kind);
        spec.source = self.source;
        for (name, value) in &self.params {
            let known = definition.params.iter().find(|param| param.name == name);
            let is_fine = known.is_some_and(|param| (param.min..=param.max).contains(value));
            if !is_fine {
                let message =
                    format!("{} takes no {name} of {value}; see the list of indicators", definition.name);
                return Err(AppError::new(ErrorKind::InvalidRequest, message));
            }
            spec = spec.with(name, *value);
        }
        Ok(spec)
    }
}

/// Every indicator that strategies may name.
#[must_use]
pub fn indicators() -> Vec<ListedIndicator> {
    let listed = INDICATORS.iter().map(|definition| ListedIndicator {
        name: definition.name,
        about: definition.about,
        outputs: definition.outputs,
        has_source: definition.has_source,
        parameters: definition
            .params
            .iter()
            .map(|p| ListedParameter { name: p.name, default: p.default, min: p.min, max: p.max })
            .collect(),
    });
    listed.collect()
}

/// How strongly each value belongs to each set.
///
/// # Errors
/// When a membership function is none, or there are too many.
pub fn memberships(request: &FuzzyRequest) -> Result<BTreeMap<String, Vec<f64>>, AppError> {
    let refuse = |message: String| Err(AppError::new(ErrorKind::InvalidRequest, message));
    if request.members.len() > MEMBERS_MAX || request.values.len() > BARS_MAX {
        return refuse(format!("at most {MEMBERS_MAX} sets and {BARS_MAX} values are told at once"));
    }
    if let Some((name, fault)) = request.members.iter().find_map(|(name, set)| Some((name, set.fault()?))) {
        return refuse(format!("{name}: {fault}"));
    }
    let degrees = |set: &Membership| request.values.iter().map(|&value| set.degree(value)).collect();
    Ok(request.members.iter().map(|(name, set)| (name.clone(), degrees(set))).collect())
}

impl App {
    /// Bars of a series, with indicators that are computed over all of it.
    ///
    /// # Errors
    /// When there are none, or a value is out of range.
    pub async fn inspect(&self, request: &InspectRequest) -> Result<InspectedBars, AppError> {
        if !(1..=BARS_MAX).contains(&request.limit) || request.indicators.len() > INDICATORS_MAX {
            let message =
                format!("an answer has 1 to {BARS_MAX} bars and at most {INDICATORS_MAX} indicators");
            return Err(AppError::new(ErrorKind::InvalidRequest, message));
        }
        let specs = request.indicators.iter().map(IndicatorChoice::spec).collect::<Result<Vec<_>, _>>()?;
        let (_, bars) = series::read_now(&*self.artifacts, &request.symbol, request.timeframe).await?;
        let begin = request.start.map_or(0, |start| bars.time.partition_point(|&t| t < start.0.0));
        let end = request.end.map_or(bars.time.len(), |end| bars.time.partition_point(|&t| t < end.0.0));
        let total = end.saturating_sub(begin);
        let shown = end.saturating_sub(total.min(request.limit))..end;
        let of = |spec: &IndicatorSpec| {
            let output = indicator::compute(spec, &bars);
            let names = spec.kind.definition().outputs.iter();
            names
                .zip(output.outputs)
                .map(|(name, values)| ((*name).to_owned(), values[shown.clone()].to_vec()))
                .collect()
        };
        Ok(InspectedBars {
            times: bars.time[shown.clone()].iter().map(|&at| Timestamp(at)).collect(),
            bars: shown
                .clone()
                .map(|i| [bars.open[i], bars.high[i], bars.low[i], bars.close[i], bars.volume[i]])
                .collect(),
            indicators: specs.iter().map(of).collect(),
            total,
        })
    }
}
