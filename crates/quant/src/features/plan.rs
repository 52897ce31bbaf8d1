//! Which indicators and columns a strategy needs, each of them once.

use std::ops::Range;

use ktrdr_domain::strategy::indicators::Source;
use ktrdr_domain::strategy::{Feature, FeatureSource, IndicatorSpec, Normalization};
use ktrdr_domain::{Strategy, Timeframe, Timestamp};

use super::align::Join;
use super::{FeatureBars, FeatureError, Scaling};
use crate::Bars;
use crate::indicator::{self, IndicatorOutput};

/// The work that a list of features takes.
pub(super) struct Plan<'a> {
    base: &'a Bars,
    /// One per timeframe read.
    pub(super) series: Vec<Series<'a>>,
    /// One per indicator and timeframe.
    computed: Vec<Computed<'a>>,
    /// One per value read, whatever its lags.
    columns: Vec<Column>,
    /// One per feature, in order.
    pub(super) cells: Vec<Cell>,
}

/// The bars of a timeframe; `join` is `None` for the base timeframe.
pub(super) struct Series<'a> {
    bars: &'a Bars,
    pub(super) join: Option<Join>,
}

struct Computed<'a> {
    series: usize,
    spec: &'a IndicatorSpec,
}

/// One output of an indicator, made into a network input.
struct Column {
    computed: usize,
    output: usize,
    feature: Feature,
}

/// Where a feature's values come from.
pub(super) struct Cell {
    pub(super) name: String,
    pub(super) column: usize,
    pub(super) lag: usize,
}

/// The values of one column on the bars of its own timeframe, as far as they are read.
pub(super) struct ColumnValues {
    pub(super) series: usize,
    /// The first bar that is read: `values` starts with it.
    first_bar: usize,
    values: Vec<f32>,
}

impl ColumnValues {
    /// The value of a bar of its own timeframe.
    pub(super) fn of_bar(&self, bar: usize) -> f32 {
        self.values[bar - self.first_bar]
    }

    /// The values of consecutive bars of its own timeframe.
    pub(super) fn of_bars(&self, bars: Range<usize>) -> &[f32] {
        &self.values[bars.start - self.first_bar..bars.end - self.first_bar]
    }
}

impl<'a> Plan<'a> {
    /// Resolves `features` of a strategy on bars of one symbol.
    pub(super) fn new(
        strategy: &'a Strategy,
        bars: &FeatureBars<'a>,
        features: Vec<Feature>,
    ) -> Result<Self, FeatureError> {
        let (found, wanted) = (bars.base.timeframe, strategy.training_data.base_timeframe);
        if found != wanted {
            return Err(FeatureError::WrongBase { found, wanted });
        }
        if let Some(stranger) = bars.others.iter().find(|other| other.symbol != bars.base.symbol) {
            let (found, wanted) = (stranger.symbol.clone(), bars.base.symbol.clone());
            return Err(FeatureError::MixedSymbols { found, wanted });
        }
        let mut plan =
            Self { base: bars.base, series: vec![], computed: vec![], columns: vec![], cells: vec![] };
        for feature in features {
            plan.add(strategy, bars, feature)?;
        }
        Ok(plan)
    }

    fn add(
        &mut self,
        strategy: &'a Strategy,
        bars: &FeatureBars<'a>,
        feature: Feature,
    ) -> Result<(), FeatureError> {
        let (name, lag) = (feature.name.clone(), feature.lag as usize);
        let same = |c: &Column| {
            let known = &c.feature;
            (known.timeframe, known.source) == (feature.timeframe, feature.source)
                && known.indicator == feature.indicator
        };
        let column = match self.columns.iter().position(same) {
            Some(known) => known,
            None => self.add_column(strategy, bars, feature)?,
        };
        self.cells.push(Cell { name, column, lag });
        Ok(())
    }

    fn add_column(
        &mut self,
        strategy: &'a Strategy,
        bars: &FeatureBars<'a>,
        feature: Feature,
    ) -> Result<usize, FeatureError> {
        let unknown = || FeatureError::UnknownIndicator {
            feature: feature.name.clone(),
            reference: feature.indicator.to_string(),
        };
        let spec = strategy.indicators.get(&feature.indicator.id).ok_or_else(unknown)?;
        let output = match &feature.indicator.output {
            Some(name) => {
                spec.kind.definition().outputs.iter().position(|o| o == name).ok_or_else(unknown)?
            }
            None => 0,
        };
        let series = self.series_of(bars, feature.timeframe, &feature.name)?;
        let computed = match self.computed.iter().position(|c| c.series == series && c.spec == spec) {
            Some(known) => known,
            None => push(&mut self.computed, Computed { series, spec }),
        };
        Ok(push(&mut self.columns, Column { computed, output, feature }))
    }

    fn series_of(
        &mut self,
        bars: &FeatureBars<'a>,
        timeframe: Timeframe,
        feature: &str,
    ) -> Result<usize, FeatureError> {
        if let Some(known) = self.series.iter().position(|s| s.bars.timeframe == timeframe) {
            return Ok(known);
        }
        let found = bars.of(timeframe).ok_or_else(|| FeatureError::MissingBars {
            feature: feature.to_owned(),
            timeframe,
            symbol: bars.base.symbol.clone(),
        })?;
        let join = if timeframe == self.base.timeframe { None } else { Some(Join::new(self.base, found)?) };
        Ok(push(&mut self.series, Series { bars: found, join }))
    }

    /// The first base bar at which every feature has a value.
    pub(super) fn first_bar(&self) -> Result<usize, FeatureError> {
        let ready = self.cells.iter().map(|cell| self.ready(&self.columns[cell.column]) + cell.lag);
        let first = ready.max().ok_or(FeatureError::Nothing)?;
        if first >= self.base.len() {
            return Err(FeatureError::TooFewBars {
                symbol: self.base.symbol.clone(),
                timeframe: self.base.timeframe,
                have: self.base.len(),
                need: first + 1,
            });
        }
        Ok(first)
    }

    /// The first base bar at which a column has a value.
    fn ready(&self, column: &Column) -> usize {
        let computed = &self.computed[column.computed];
        let first_valid = indicator::first_valid(computed.spec);
        match &self.series[computed.series].join {
            None => first_valid,
            Some(join) => join.first_at(first_valid),
        }
    }

    /// How many base bars there are.
    pub(super) fn bar_count(&self) -> usize {
        self.base.len()
    }

    /// Every column on its own timeframe, as far as the rows from base bar `from` on read it.
    pub(super) fn columns(
        &self,
        outputs: &[IndicatorOutput],
        scaling: &Scaling,
        from: usize,
    ) -> Result<Vec<ColumnValues>, FeatureError> {
        let to_values = |(at, column): (usize, &Column)| {
            let values = self.checked(column, outputs)?;
            let reads = self.cells.iter().filter(|cell| cell.column == at);
            let first_bar = reads.filter_map(|cell| self.own_bar(cell, from - cell.lag)).min().unwrap_or(0);
            let values = transform(&column.feature, &values[first_bar.min(values.len())..], scaling)?;
            Ok(ColumnValues { series: self.computed[column.computed].series, first_bar, values })
        };
        self.columns.iter().enumerate().map(to_values).collect()
    }

    /// The values of one cell at these base bars.
    pub(super) fn cell_at(
        &self,
        outputs: &[IndicatorOutput],
        cell: &Cell,
        bars: &[usize],
        scaling: &Scaling,
    ) -> Result<Vec<f32>, FeatureError> {
        transform(&self.columns[cell.column].feature, &self.readings(outputs, cell, bars)?, scaling)
    }

    /// What the indicator beneath one cell said at these base bars.
    pub(super) fn readings(
        &self,
        outputs: &[IndicatorOutput],
        cell: &Cell,
        bars: &[usize],
    ) -> Result<Vec<f64>, FeatureError> {
        let values = self.checked(&self.columns[cell.column], outputs)?;
        let read = bars.iter().filter_map(|bar| values.get(self.own_bar(cell, bar - cell.lag)?));
        Ok(read.copied().collect())
    }

    /// The unscaled values of every column on its own timeframe.
    pub(super) fn raw_columns(&self) -> Result<Vec<Vec<f64>>, FeatureError> {
        let outputs = self.compute();
        self.columns.iter().map(|column| self.checked(column, &outputs).map(<[f64]>::to_vec)).collect()
    }

    /// The index, on a cell's own timeframe, of the bar that base bar `bar` reads.
    pub(super) fn own_bar(&self, cell: &Cell, bar: usize) -> Option<usize> {
        match &self.series[self.computed[self.columns[cell.column].computed].series].join {
            None => Some(bar),
            Some(join) => join.partner.get(bar).map(|partner| *partner as usize),
        }
    }

    /// Every indicator on its own timeframe.
    pub(super) fn compute(&self) -> Vec<IndicatorOutput> {
        self.computed.iter().map(|c| indicator::compute(c.spec, self.series[c.series].bars)).collect()
    }

    /// A column's indicator values, refused if one is not finite after the warm-up.
    fn checked<'o>(
        &self,
        column: &Column,
        outputs: &'o [IndicatorOutput],
    ) -> Result<&'o [f64], FeatureError> {
        let Computed { series, spec } = self.computed[column.computed];
        let bars = self.series[series].bars;
        if indicator::divides_by_source(spec.kind)
            && let Some(at) = bars.field(spec.source).iter().position(|price| *price <= 0.0)
            && spec.source != Source::Volume
        {
            return Err(FeatureError::NotAboveZero {
                indicator: column.feature.indicator.to_string(),
                kind: spec.kind,
                symbol: self.base.symbol.clone(),
                timeframe: bars.timeframe,
                at: Timestamp(bars.time[at]),
            });
        }
        let values = &outputs[column.computed].outputs[column.output];
        let warm_up = indicator::first_valid(spec).min(values.len());
        match values[warm_up..].iter().position(|x| !x.is_finite()) {
            None => Ok(values),
            Some(at) => Err(FeatureError::Undefined {
                indicator: column.feature.indicator.to_string(),
                kind: spec.kind,
                symbol: self.base.symbol.clone(),
                timeframe: self.series[series].bars.timeframe,
                at: Timestamp(self.series[series].bars.time[warm_up + at]),
            }),
        }
    }
}

fn push<T>(list: &mut Vec<T>, item: T) -> usize {
    list.push(item);
    list.len() - 1
}

/// Memberships, or scaled raw values. NaN before the warm-up stays NaN.
fn transform(feature: &Feature, values: &[f64], scaling: &Scaling) -> Result<Vec<f32>, FeatureError> {
    match feature.source {
        FeatureSource::Member(membership) => {
            Ok(values.iter().map(|x| membership.degree(*x) as f32).collect())
        }
        FeatureSource::Raw(normalization) => {
            let scale = match normalization {
                Normalization::None => None,
                Normalization::Minmax | Normalization::Zscore => Some(scaling.of(&feature.name)?),
            };
            let scaled: Vec<f32> = values.iter().map(|x| scale.map_or(*x, |s| s.apply(*x)) as f32).collect();
            if scaled.iter().any(|x| x.is_infinite()) {
                return Err(FeatureError::TooLarge { feature: feature.name.clone() });
            }
            Ok(scaled)
        }
    }
}
