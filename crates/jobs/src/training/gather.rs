//! From pinned bars to rows: features and labels per symbol, split by time, purged, pooled.

use ktrdr_domain::job::TrainingSpec;
use ktrdr_domain::{Strategy, Symbol, Timeframe};
use ktrdr_neural::{Samples, Targets};
use ktrdr_quant::Bars;
use ktrdr_quant::features::{self, FeatureBars, FeatureMatrix, Scaling, TrainingBars};
use ktrdr_quant::labels::{self, LabelSet};
use ktrdr_quant::split::{self, Split};
use ndarray::Array2;

use super::variety;
use crate::Services;
use crate::fault::Fault;

/// Rows of one part, pooled over symbols.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// `[rows × features]`
    pub(crate) x: Array2<f32>,
    /// Classes by index; empty for a regression.
    pub(crate) classes: Vec<u8>,
    /// Values; empty for a classification.
    pub(crate) values: Vec<f32>,
}

impl Part {
    /// No rows of so many features yet.
    fn of_width(features: usize) -> Self {
        Self { x: Array2::zeros((0, features)), classes: Vec::new(), values: Vec::new() }
    }

    /// The rows as the network takes them.
    pub(crate) fn samples(&self) -> Samples<'_> {
        let targets = if self.values.is_empty() {
            Targets::Classes(&self.classes)
        } else {
            Targets::Values(&self.values)
        };
        Samples { x: self.x.view(), targets, weights: None }
    }

    pub(crate) fn len(&self) -> usize {
        self.x.nrows()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// One symbol's bars, cut to the window: nothing outside it is in reach of what follows.
pub(crate) struct SymbolBars {
    pub(crate) base: Bars,
    pub(crate) others: Vec<Bars>,
}

impl SymbolBars {
    pub(crate) fn features(&self) -> FeatureBars<'_> {
        FeatureBars { base: &self.base, others: &self.others }
    }
}

/// Everything training needs.
pub(crate) struct Gathered {
    pub(crate) train: Part,
    pub(crate) validation: Part,
    pub(crate) test: Part,
    pub(crate) purged: usize,
    pub(crate) scaling: Scaling,
    pub(crate) warnings: Vec<String>,
    /// The first symbol's bars, its rows and the base bars of its test rows: for trading on them.
    pub(crate) first: (SymbolBars, FeatureMatrix, Vec<usize>),
}

impl Gathered {
    /// Features of a row.
    pub(crate) fn width(&self) -> usize {
        self.train.x.ncols()
    }

    pub(crate) fn rows(&self) -> [usize; 3] {
        [self.train.len(), self.validation.len(), self.test.len()]
    }
}

/// One symbol on its way to rows.
struct Prepared {
    bars: SymbolBars,
    labels: LabelSet,
    split: Split,
}

pub(crate) fn gather(services: &Services, spec: &TrainingSpec) -> Result<Gathered, Fault> {
    let strategy = &spec.strategy;
    let mut symbols = Vec::new();
    for symbol in &strategy.training_data.symbols {
        symbols.push(prepare(services, spec, symbol)?);
    }
    let training: Vec<TrainingBars<'_>> =
        symbols.iter().map(|s| TrainingBars { bars: s.bars.features(), train: &s.split.train }).collect();
    let scaling = features::fit_scaling(strategy, &training).map_err(Fault::input)?;
    pool(strategy, symbols, scaling)
}

fn prepare(services: &Services, spec: &TrainingSpec, symbol: &Symbol) -> Result<Prepared, Fault> {
    let strategy = &spec.strategy;
    let base_timeframe = strategy.training_data.base_timeframe;
    let of = |timeframe: Timeframe| -> Result<Bars, Fault> {
        let pinned = spec.data.iter().find(|d| d.symbol == *symbol && d.timeframe == timeframe);
        let pinned =
            pinned.ok_or_else(|| Fault::input(format!("the job names no data for {symbol} {timeframe}")))?;
        let series = services.bars(pinned)?;
        Ok(series.slice(series.window(&spec.window)))
    };
    let slower = strategy.training_data.timeframes.iter().filter(|t| **t != base_timeframe);
    let bars =
        SymbolBars { base: of(base_timeframe)?, others: slower.map(|t| of(*t)).collect::<Result<_, _>>()? };
    let first_bar = features::warm_up(strategy, &bars.features()).map_err(Fault::input)?;
    let labels = labels::make(&strategy.training.labels, strategy.decisions.output_format, &bars.base)
        .map_err(Fault::input)?;
    let labelled = labels.bars();
    let usable = first_bar.max(labelled.start).min(labelled.end)..labelled.end;
    let required = strategy.training_data.history_required as usize;
    if usable.len() < required {
        return Err(Fault::input(format!(
            "{symbol} {base_timeframe} has {} usable bars in {} after warm-up and unresolved labels, \
             training_data.history_required asks for {required}: import a longer history or widen dev",
            usable.len(),
            spec.window
        )));
    }
    let split = split::purged(usable.clone(), labels.ends(usable), &strategy.training.data_split, 0)
        .map_err(|e| Fault::input(format!("{symbol} {base_timeframe}: {e}")))?;
    Ok(Prepared { bars, labels, split })
}

fn pool(strategy: &Strategy, symbols: Vec<Prepared>, scaling: Scaling) -> Result<Gathered, Fault> {
    let [mut train, mut validation, mut test] = [(); 3].map(|()| Part::of_width(strategy.features().len()));
    let (mut purged, mut first) = (0, None);
    for symbol in symbols {
        let matrix = features::build(strategy, &symbol.bars.features(), &scaling).map_err(Fault::input)?;
        purged += symbol.split.purged;
        take(&mut train, &matrix, &symbol.labels, &symbol.split.train)?;
        take(&mut validation, &matrix, &symbol.labels, &symbol.split.validation)?;
        take(&mut test, &matrix, &symbol.labels, &symbol.split.test)?;
        if first.is_none() {
            first = Some((symbol.bars, matrix, symbol.split.test));
        }
    }
    let first = first.ok_or_else(|| Fault::input("the strategy names no symbol"))?;
    variety::admit(&train)?;
    let mut warnings: Vec<String> =
        strategy.check().map_err(Fault::input)?.iter().map(ToString::to_string).collect();
    warnings.extend(variety::warnings(&train, [&validation, &test]));
    Ok(Gathered { train, validation, test, purged, scaling, warnings, first })
}

fn take(part: &mut Part, matrix: &FeatureMatrix, labels: &LabelSet, bars: &[usize]) -> Result<(), Fault> {
    for &bar in bars {
        let Some(row) = matrix.row_of_bar(bar) else { continue };
        part.x.push_row(row).map_err(Fault::input)?;
        match &labels.targets {
            labels::Targets::Classes(classes) => part.classes.push(classes[bar - labels.start] as u8),
            labels::Targets::Values(values) => part.values.push(values[bar - labels.start]),
        }
    }
    Ok(())
}
