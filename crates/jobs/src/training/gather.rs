//! From pinned bars to rows: features and labels per symbol, split by time, purged, pooled.

use std::ops::Range;
use std::rc::Rc;

use ktrdr_domain::job::TrainingSpec;
use ktrdr_domain::report::Learned;
use ktrdr_domain::{Span, Strategy, Symbol, Timeframe};
use ktrdr_neural::{Samples, Targets};
use ktrdr_quant::Bars;
use ktrdr_quant::features::{self, FeatureBars, FeatureMatrix, Scaling, TrainingBars, volume};
use ktrdr_quant::labels::{self, LabelSet};
use ktrdr_quant::split::{self, Split};
use ndarray::Array2;

use super::variety;
use crate::Services;
use crate::fault::Fault;
use crate::foresight;

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

    /// Labels end within the bars, so that nothing was learned from later ones.
    fn learned(&self) -> impl Iterator<Item = Learned> {
        let of = |bars: &Bars| {
            let span = bars.span()?;
            Some(Learned { symbol: bars.symbol.clone(), timeframe: bars.timeframe, span })
        };
        std::iter::once(&self.base).chain(&self.others).filter_map(of)
    }
}

/// Everything training needs.
pub(crate) struct Gathered {
    /// Every symbol; the first one is traded.
    pub(crate) symbols: Vec<Prepared>,
    /// Their rows, as the stored network is fitted, stopped and judged.
    pub(crate) rows: Rows,
    pub(crate) purged: usize,
    pub(crate) warnings: Vec<String>,
}

impl Gathered {
    /// From the first bar in reach to the last one's close; `None` without any.
    pub(crate) fn span(&self) -> Option<Span> {
        let spans = || self.symbols.iter().filter_map(|symbol| symbol.bars.base.span());
        let (start, end) = (spans().map(|span| span.start).min()?, spans().map(|span| span.end).max()?);
        Some(Span { start, end })
    }

    /// Every stretch of bars that was in reach.
    pub(crate) fn learned(&self) -> Vec<Learned> {
        self.symbols.iter().flat_map(|symbol| symbol.bars.learned()).collect()
    }
}

/// One symbol on its way to rows.
pub(crate) struct Prepared {
    pub(crate) bars: SymbolBars,
    pub(crate) labels: LabelSet,
    /// Bars with features and a label.
    pub(crate) usable: Range<usize>,
    pub(crate) split: Split,
}

impl Prepared {
    /// Labels and splits a market, as long as there is enough of it.
    pub(crate) fn new(strategy: &Strategy, bars: SymbolBars) -> Result<Self, Fault> {
        let series = format!("{} {}", bars.base.symbol, bars.base.timeframe);
        let first_bar = features::warm_up(strategy, &bars.features()).map_err(Fault::input)?;
        let labels = labels::make(&strategy.training.labels, strategy.decisions.output_format, &bars.base)
            .map_err(Fault::input)?;
        let labelled = labels.bars();
        let usable = first_bar.max(labelled.start).min(labelled.end)..labelled.end;
        let required = strategy.training_data.history_required as usize;
        if usable.len() < required {
            return Err(Fault::input(format!(
                "{series} has {} usable bars of {} after warm-up and unresolved labels, \
                 training_data.history_required asks for {required}: import a longer history or widen dev",
                usable.len(),
                bars.base.len()
            )));
        }
        let ends = labels.ends(usable.clone());
        let split = split::purged(usable.clone(), ends, &strategy.training.data_split, 0)
            .map_err(|e| Fault::input(format!("{series}: {e}")))?;
        Ok(Self { bars, labels, usable, split })
    }

    /// Drops rows for fitting and stopping whose label reaches `time` or beyond: another symbol is judged from then on, and
    /// markets move together.
    pub(crate) fn forget_from(&mut self, time: i64) {
        let (labels, base) = (&self.labels, &self.bars.base);
        let known = |bar: &usize| base.time[labels.end[bar - labels.start]] < time;
        for part in [&mut self.split.train, &mut self.split.validation] {
            let before = part.len();
            part.retain(known);
            self.split.purged += before - part.len();
        }
    }
}

/// Rows of every symbol together, scaled by those that fit the network.
pub(crate) struct Rows {
    pub(crate) train: Part,
    pub(crate) validation: Part,
    pub(crate) test: Part,
    pub(crate) scaling: Scaling,
    /// All features of each symbol, scaled alike.
    pub(crate) features: Rc<[FeatureMatrix]>,
}

impl Rows {
    /// Features of a row.
    pub(crate) fn width(&self) -> usize {
        self.train.x.ncols()
    }

    pub(crate) fn counts(&self) -> [usize; 3] {
        [self.train.len(), self.validation.len(), self.test.len()]
    }
}

pub(crate) fn gather(services: &Services, spec: &TrainingSpec) -> Result<Gathered, Fault> {
    let strategy = &spec.strategy;
    let mut symbols = Vec::new();
    for symbol in &strategy.training_data.symbols {
        symbols.push(prepare(services, spec, symbol)?);
    }
    together(strategy, symbols)
}

/// At least one symbol, the traded one first.
pub(crate) fn together(strategy: &Strategy, mut symbols: Vec<Prepared>) -> Result<Gathered, Fault> {
    let (first, others) =
        symbols.split_first_mut().ok_or_else(|| Fault::input("the strategy names no symbol"))?;
    if let Some(&judged_from) = first.split.test.first() {
        others.iter_mut().for_each(|other| other.forget_from(first.bars.base.time[judged_from]));
    }
    let splits: Vec<Split> = symbols.iter().map(|s| s.split.clone()).collect();
    let rows = pool(strategy, &symbols, &splits, None)?;
    let mut warnings: Vec<String> =
        strategy.check().map_err(Fault::input)?.iter().map(ToString::to_string).collect();
    warnings.extend(symbols.iter().flat_map(|symbol| {
        let bars = std::iter::once(&symbol.bars.base).chain(&symbol.bars.others);
        bars.filter_map(|bars| volume::missing(strategy, bars)).collect::<Vec<_>>()
    }));
    warnings.extend(variety::warnings(&rows.train, [&rows.validation, &rows.test]));
    let purged = splits.iter().map(|split| split.purged).sum();
    Ok(Gathered { symbols, rows, purged, warnings })
}

fn prepare(services: &Services, spec: &TrainingSpec, symbol: &Symbol) -> Result<Prepared, Fault> {
    let base_timeframe = spec.strategy.training_data.base_timeframe;
    let of = |timeframe: Timeframe| -> Result<Bars, Fault> {
        let pinned = spec.data.iter().find(|d| d.symbol == *symbol && d.timeframe == timeframe);
        let pinned =
            pinned.ok_or_else(|| Fault::input(format!("the job names no data for {symbol} {timeframe}")))?;
        let series = services.bars(pinned)?;
        Ok(series.slice(series.window(&spec.window)))
    };
    let slower = spec.strategy.training_data.timeframes.iter().filter(|t| **t != base_timeframe);
    let bars =
        SymbolBars { base: of(base_timeframe)?, others: slower.map(|t| of(*t)).collect::<Result<_, _>>()? };
    foresight::refuse_early_stamps(&bars.base, &bars.others)?;
    foresight::refuse_columns(&bars.base, &bars.others)?;
    Prepared::new(&spec.strategy, bars)
}

/// The rows of these splits, one for each symbol. Features that are known with the same scales are not computed again.
pub(crate) fn pool(
    strategy: &Strategy,
    symbols: &[Prepared],
    splits: &[Split],
    known: Option<&Rows>,
) -> Result<Rows, Fault> {
    let fitted: Vec<TrainingBars<'_>> = symbols
        .iter()
        .zip(splits)
        .map(|(symbol, split)| TrainingBars { bars: symbol.bars.features(), train: &split.train })
        .collect();
    let scaling = features::fit_scaling(strategy, &fitted).map_err(Fault::input)?;
    let [mut train, mut validation, mut test] = [(); 3].map(|()| Part::of_width(strategy.features().len()));
    let features: Rc<[FeatureMatrix]> = match known {
        Some(known) if known.scaling == scaling => Rc::clone(&known.features),
        _ => symbols
            .iter()
            .map(|symbol| features::build(strategy, &symbol.bars.features(), &scaling).map_err(Fault::input))
            .collect::<Result<_, _>>()?,
    };
    for ((symbol, split), matrix) in symbols.iter().zip(splits).zip(features.iter()) {
        take(&mut train, matrix, &symbol.labels, &split.train)?;
        take(&mut validation, matrix, &symbol.labels, &split.validation)?;
        take(&mut test, matrix, &symbol.labels, &split.test)?;
    }
    variety::admit(&train)?;
    Ok(Rows { train, validation, test, scaling, features })
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
