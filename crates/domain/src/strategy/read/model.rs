//! The `model` and `training` sections.

use crate::strategy::cursor::{Cursor, MapReader};
use crate::strategy::diagnostic::Diagnostics;
use crate::strategy::field::{
    BATCH_SIZE, DROPOUT, EARLY_STOPPING, EPOCHS, GRADIENT_CLIP, HIDDEN_LAYERS_MAX, HUBER_DELTA, LABELS,
    LEARNING_RATE, LOSSES, SCHEDULERS, SHARES, UNITS, Variant, WEIGHT_DECAY,
};
use crate::strategy::network::{Activation, ClassWeights, EarlyStopping, Loss, Scheduler};
use crate::strategy::{Architecture, DataSplit, Labels, Optimisation, Training};

/// `{type: mlp, architecture: {hidden_layers, activation, dropout}}`
pub(super) fn architecture(cursor: &Cursor<'_>, out: &mut Diagnostics) -> Option<Architecture> {
    let mut model = cursor.map_reader(out, "model")?;
    if let Some(kind) = model.get("type")
        && let Some(text) = kind.text(out).filter(|text| !text.eq_ignore_ascii_case("mlp"))
    {
        kind.no_such_word(out, text, &["mlp"]);
    }
    let architecture = model.need(out, "architecture");
    model.finish(out);
    let mut map = architecture?.map_reader(out, "architecture")?;
    let hidden_layers = map.need(out, "hidden_layers").and_then(|p| units(&p, out));
    let activation = map.word(out, "activation", Activation::default());
    let dropout = map.number(out, &DROPOUT);
    map.finish(out);
    Some(Architecture { hidden_layers: hidden_layers?, activation: activation?, dropout: dropout? as f32 })
}

fn units(cursor: &Cursor<'_>, out: &mut Diagnostics) -> Option<Vec<usize>> {
    let layers = cursor.items(out, HIDDEN_LAYERS_MAX)?;
    let units: Vec<_> = layers.iter().map(|p| p.number(out, &UNITS).map(|n| n as usize)).collect();
    units.into_iter().collect()
}

/// Labels, split and optimisation, side by side.
pub(super) fn training(cursor: &Cursor<'_>, out: &mut Diagnostics) -> Option<Training> {
    let mut map = cursor.map_reader(out, "training")?;
    let labels = map.need(out, "labels").and_then(|p| labels(&p, out));
    let data_split = map.get("data_split").map_or(Some(DataSplit::default()), |p| data_split(&p, out));
    let optimisation = optimisation(&mut map, out);
    map.finish(out);
    Some(Training { labels: labels?, data_split: data_split?, optimisation: optimisation? })
}

fn labels(cursor: &Cursor<'_>, out: &mut Diagnostics) -> Option<Labels> {
    let mut map = cursor.map_reader(out, "labels")?;
    let (word, numbers) = chosen(&mut map, "source", LABELS, out)?;
    map.finish(out);
    match (word, numbers.as_slice()) {
        ("triple_barrier", &[barrier, horizon, span]) => {
            Some(Labels::TripleBarrier { barrier, horizon: horizon as u32, volatility_span: span as u32 })
        }
        ("forward_return", &[horizon, threshold]) => {
            Some(Labels::ForwardReturn { horizon: horizon as u32, threshold })
        }
        ("zigzag", &[threshold]) => Some(Labels::Zigzag { threshold }),
        _ => None,
    }
}

fn data_split(cursor: &Cursor<'_>, out: &mut Diagnostics) -> Option<DataSplit> {
    let mut map = cursor.map_reader(out, "data_split")?;
    let shares = map.numbers(out, &SHARES);
    map.finish(out);
    let &[train, validation, test] = shares?.as_slice() else { return None };
    let sum: f64 = train + validation + test;
    if (sum - 1.0).abs() > 1e-6 {
        let sum = (sum * 1e6).round() / 1e6;
        cursor.error(out, format!("the shares sum to {sum}"), "let train, validation and test sum to 1");
    }
    Some(DataSplit { train, validation, test })
}

fn optimisation(map: &mut MapReader<'_>, out: &mut Diagnostics) -> Option<Optimisation> {
    let epochs = map.count(out, &EPOCHS);
    let batch_size = map.number(out, &BATCH_SIZE);
    let learning_rate = map.number(out, &LEARNING_RATE);
    let optimizer = map.word(out, "optimizer", Optimisation::default().optimizer);
    let weight_decay = map.number(out, &WEIGHT_DECAY);
    let lr_scheduler = map.get("lr_scheduler").map_or(Some(Scheduler::default()), |p| scheduler(&p, out));
    let gradient_clip = match map.get(GRADIENT_CLIP.key) {
        Some(cursor) if cursor.is_off() => Some(None),
        Some(cursor) => cursor.number(out, &GRADIENT_CLIP).map(Some),
        None => Some(Optimisation::default().gradient_clip),
    };
    let early_stopping =
        map.get("early_stopping").map_or(Some(Some(EarlyStopping::default())), |p| early_stopping(&p, out));
    let loss = loss(map, out);
    let class_weights = map.word(out, "class_weights", ClassWeights::default());
    Some(Optimisation {
        epochs: epochs?,
        batch_size: batch_size? as usize,
        learning_rate: learning_rate?,
        optimizer: optimizer?,
        weight_decay: weight_decay?,
        lr_scheduler: lr_scheduler?,
        gradient_clip: gradient_clip?,
        early_stopping: early_stopping?,
        loss: loss?,
        class_weights: class_weights?,
    })
}

/// `cosine`, or `{type: step, step_size: 10, gamma: 0.5}`
fn scheduler(cursor: &Cursor<'_>, out: &mut Diagnostics) -> Option<Scheduler> {
    match variant(cursor, SCHEDULERS, out)? {
        ("constant", _) => Some(Scheduler::Constant),
        ("step", n) => Some(Scheduler::Step { step_size: *n.first()? as u32, gamma: *n.get(1)? }),
        ("exponential", n) => Some(Scheduler::Exponential { gamma: *n.first()? }),
        ("cosine", _) => Some(Scheduler::Cosine),
        ("reduce_on_plateau", n) => {
            Some(Scheduler::ReduceOnPlateau { factor: *n.first()?, patience: *n.get(1)? as u32 })
        }
        _ => None,
    }
}

/// `false`, `true`, or `{enabled, patience, min_delta}`
fn early_stopping(cursor: &Cursor<'_>, out: &mut Diagnostics) -> Option<Option<EarlyStopping>> {
    if !cursor.is_map() {
        return cursor.flag(out).map(|on| on.then(EarlyStopping::default));
    }
    let mut map = cursor.map_reader(out, "early_stopping")?;
    let enabled = map.flag(out, "enabled", true);
    let numbers = map.numbers(out, &EARLY_STOPPING);
    map.finish(out);
    let &[patience, min_delta] = numbers?.as_slice() else { return None };
    Some(enabled?.then_some(EarlyStopping { patience: patience as u32, min_delta }))
}

/// `mse`, `{type: huber, delta: 0.01}`, or `huber` with `huber_delta` beside it.
fn loss(map: &mut MapReader<'_>, out: &mut Diagnostics) -> Option<Option<Loss>> {
    let beside = map.get("huber_delta");
    let Some(cursor) = map.get("loss") else {
        if let Some(cursor) = beside {
            cursor.error(out, "there is no loss it could belong to", "add `loss: huber`");
        }
        return Some(None);
    };
    let loss = match variant(&cursor, LOSSES, out)? {
        ("cross_entropy", _) => Loss::CrossEntropy,
        ("huber", n) => Loss::Huber { delta: *n.first()? },
        ("mse", _) => Loss::Mse,
        _ => return None,
    };
    match (beside, loss) {
        (Some(beside), Loss::Huber { .. }) if !cursor.is_map() => {
            beside.number(out, &HUBER_DELTA).map(|delta| Some(Loss::Huber { delta }))
        }
        (Some(beside), _) => {
            beside.error(
                out,
                "it only stands beside `loss: huber`",
                "remove it, or write {type: huber, delta: …}",
            );
            None
        }
        (None, loss) => Some(Some(loss)),
    }
}

/// A choice written as its word alone, or as a map with `type` and its numbers.
fn variant(
    cursor: &Cursor<'_>,
    variants: &'static [Variant],
    out: &mut Diagnostics,
) -> Option<(&'static str, Vec<f64>)> {
    if cursor.is_map() {
        let mut map = cursor.map_reader(out, "variant")?;
        let chosen = chosen(&mut map, "type", variants, out)?;
        map.finish(out);
        return Some(chosen);
    }
    let variant = one_of(cursor, variants, out)?;
    let defaults: Vec<Option<f64>> = variant.fields.iter().map(|f| f.default).collect();
    Some((variant.word, defaults.into_iter().collect::<Option<_>>()?))
}

/// The variant named by `key`, and its numbers in the order of its fields.
fn chosen(
    map: &mut MapReader<'_>,
    key: &'static str,
    variants: &'static [Variant],
    out: &mut Diagnostics,
) -> Option<(&'static str, Vec<f64>)> {
    let cursor = map.need(out, key)?;
    let variant = one_of(&cursor, variants, out)?;
    map.numbers(out, variant.fields).map(|numbers| (variant.word, numbers))
}

fn one_of(
    cursor: &Cursor<'_>,
    variants: &'static [Variant],
    out: &mut Diagnostics,
) -> Option<&'static Variant> {
    let text = cursor.text(out)?;
    let variant = variants.iter().find(|f| f.word.eq_ignore_ascii_case(text));
    if variant.is_none() {
        let words: Vec<&str> = variants.iter().map(|f| f.word).collect();
        cursor.no_such_word(out, text, &words);
    }
    variant
}
