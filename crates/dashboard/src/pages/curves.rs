//! Curves of what is measured while it goes on, and of all of it afterwards.

use ktrdr_app::metrics::Reading;
use ktrdr_chart::{Axis, Form, Height, Hue, Layer, Markup, Plane, Unit};

/// Loss by epoch, and how often the network is right.
pub(crate) fn of_training(readings: &[Reading]) -> Vec<Markup> {
    let losses = vec![
        layer(readings, "training rows", "loss", Hue::Series(0)),
        layer(readings, "validation rows", "val loss", Hue::Series(1)),
    ];
    let loss = Plane {
        title: "Loss".into(),
        about: "Mean loss by epoch, as far as it has come.".into(),
        x: Axis::of("epoch", Unit::Number),
        y: Axis::of("mean loss", Unit::Number),
        layers: losses.into_iter().flatten().collect(),
        height: Height::Middle,
    };
    drawn(&loss).into_iter().collect()
}

/// Equity by bar, and trades closed so far.
pub(crate) fn of_backtest(readings: &[Reading]) -> Vec<Markup> {
    let layers = layer(readings, "equity", "equity", Hue::Series(0));
    let layers = layers.or_else(|| layer(readings, "earned", "pnl", Hue::Series(0)));
    let equity = Plane {
        title: "Equity".into(),
        about: "Money in the account by bar, or what closed trades have earned so far.".into(),
        x: if readings.iter().any(|reading| reading.time.is_some()) {
            Axis::time()
        } else {
            Axis::of("bar", Unit::Number)
        },
        y: Axis::of("account currency", Unit::Number),
        layers: layers.into_iter().collect(),
        height: Height::Middle,
    };
    drawn(&equity).into_iter().collect()
}

/// A figure by item, or by time where that is known; nothing where there are not two of it.
fn layer(readings: &[Reading], name: &str, figure: &str, hue: Hue) -> Option<Layer> {
    let x = |reading: &Reading| reading.time.map_or(reading.item as f64, |time| time.0 as f64);
    let points: Vec<(f64, f64)> =
        readings.iter().filter_map(|reading| Some((x(reading), *reading.figures.get(figure)?))).collect();
    (points.len() > 1).then(|| Layer::new(name, hue, Form::Line(points)))
}

fn drawn(plane: &Plane) -> Option<Markup> {
    (!plane.layers.is_empty()).then(|| plane.figure())
}
