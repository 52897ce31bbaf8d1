//! What holds of every chart, whatever numbers and texts come in.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use ktrdr_chart::decimate::one_per_cell;
use ktrdr_chart::scale::Scale;
use ktrdr_chart::{
    Axis, Cell, Form, Height, Hue, Layer, Markup, Plane, Shape, Table, Unit, decimate, label, time,
};
use proptest::prelude::*;

/// Numbers of every kind: undefined and huge ones, too.
fn any_number() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => -1e6..1e6,
        1 => prop::num::f64::ANY,
        1 => Just(f64::NAN),
        1 => prop_oneof![Just(f64::INFINITY), Just(f64::NEG_INFINITY), Just(f64::MAX), Just(-0.0)],
    ]
}

fn points() -> impl Strategy<Value = Vec<(f64, f64)>> {
    prop::collection::vec(any_number(), 0..3_000)
        .prop_map(|ys| ys.into_iter().enumerate().map(|(x, y)| (x as f64, y)).collect())
}

fn everything(points: &[(f64, f64)], word: &str) -> Plane {
    let band = |(x, y): &(f64, f64)| (*x, *y, y + 1.0);
    let first = points.first().map_or(f64::NAN, |point| point.1);
    let layer = |hue, form| Layer::new(word, hue, form).ending(word);
    Plane {
        title: word.to_owned(),
        about: word.to_owned(),
        x: Axis::of(word, Unit::Time),
        y: Axis::of(word, Unit::Percent).showing(0.0),
        layers: vec![
            layer(Hue::Series(7), Form::Line(points.to_vec())),
            layer(Hue::Loss, Form::Area(points.to_vec(), 0.0)),
            layer(Hue::Muted, Form::Band(points.iter().map(band).collect())),
            layer(Hue::Gain, Form::Columns(points.iter().map(band).collect())),
            layer(Hue::Series(0), Form::Marks(Shape::Up, points.to_vec())),
            layer(Hue::Series(1), Form::Upright(first)),
            layer(Hue::Series(1), Form::Level(first)),
        ],
        height: Height::Middle,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_thinned_line_keeps_the_ends_and_what_each_column_reaches(points in points(), columns in 1usize..200) {
        let kept = decimate(&points, columns);
        let drawn: Vec<(f64, f64)> = points.iter().copied().filter(|p| p.1.abs() < 1e300).collect();
        prop_assert!(kept.len() <= 2 * columns + 2 || kept.len() == drawn.len());
        prop_assert!(kept.windows(2).all(|pair| pair[0].0 <= pair[1].0), "in their order");
        prop_assert!(kept.iter().all(|point| drawn.contains(point)), "nothing is invented");
        prop_assert_eq!((kept.first(), kept.last()), (drawn.first(), drawn.last()));
        if let (Some(first), Some(last)) = (drawn.first(), drawn.last()) {
            let scale = Scale::over([first.0, last.0]);
            let column = |x: f64| ((scale.share(x) * columns as f64) as usize).min(columns - 1);
            for part in drawn.chunk_by(|a, b| column(a.0) == column(b.0)) {
                let there = |y: f64| kept.iter().any(|k| column(k.0) == column(part[0].0) && k.1 == y);
                let lowest = part.iter().map(|p| p.1).fold(f64::INFINITY, f64::min);
                let highest = part.iter().map(|p| p.1).fold(f64::NEG_INFINITY, f64::max);
                prop_assert!(there(lowest) && there(highest));
            }
        }
    }

    #[test]
    fn marks_are_bounded_and_none_is_invented(points in points()) {
        let kept = one_per_cell(&points, 20, 10);
        prop_assert!(kept.len() <= 200);
        prop_assert!(kept.iter().all(|point| points.contains(point)));
    }

    #[test]
    fn ticks_are_round_few_and_on_the_scale(from in -1e9..1e9f64, length in 1e-6..1e9f64, wanted in 2usize..10) {
        let scale = Scale { from, to: from + length };
        let (ticks, step) = (scale.ticks(wanted), scale.step(wanted));
        let digit = step / 10f64.powf(step.log10().floor() );
        prop_assert!([1.0, 2.0, 5.0, 10.0].iter().any(|round| (digit - round).abs() < 1e-6), "{step}");
        prop_assert!(ticks.len() <= 2 * wanted + 1);
        prop_assert!(ticks.iter().all(|x| *x >= from - step * 1e-6 && *x <= scale.to + step * 1e-6));
        prop_assert!(ticks.windows(2).all(|pair| pair[1] > pair[0]));
    }

    #[test]
    fn dates_are_few_ascending_and_on_the_scale(from in -2e9..4e9f64, length in 60.0..3e9f64) {
        let scale = Scale { from, to: from + length };
        let ticks = time::ticks(scale, 8);
        prop_assert!(ticks.len() <= 9);
        prop_assert!(ticks.iter().all(|(x, _)| (from..=scale.to).contains(x)));
        prop_assert!(ticks.windows(2).all(|pair| pair[1].0 > pair[0].0));
    }

    #[test]
    fn no_numbers_break_a_chart_and_its_size_is_bounded(points in points()) {
        let drawn = everything(&points, "a").figure().into_string();
        prop_assert!(!drawn.contains("NaN") && !drawn.contains("inf"));
        prop_assert!(drawn.len() < 400_000, "{}", drawn.len());
    }

    #[test]
    fn texts_stay_texts(word in "[\\PC<>&\"']{1,40}") {
        let tags = |markup: Markup| markup.as_str().matches('<').count();
        let charts = [word.as_str(), "a"].map(|word| tags(everything(&[(0.0, 1.0)], word).figure()));
        prop_assert_eq!(charts[0], charts[1]);
        let table = |word: &str| Table::new(word, [word]).row(vec![Cell::number(word).toned(0.5)]).html();
        prop_assert_eq!(tags(table(&word)), tags(table("a")));
    }
}

#[test]
fn years_and_months_are_named_where_they_begin() {
    let at = |date: &str| date.parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp() as f64;
    let names = |from, to| {
        let ticks = time::ticks(Scale { from: at(from), to: at(to) }, 9);
        ticks.into_iter().map(|(_, name)| name).collect::<Vec<_>>()
    };
    let years = names("2015-03-01T00:00:00Z", "2020-06-01T00:00:00Z");
    assert_eq!(years, ["2016", "2017", "2018", "2019", "2020"]);
    let months = names("2019-11-20T00:00:00Z", "2020-03-05T00:00:00Z");
    assert_eq!(months, ["Dec", "2020", "Feb", "Mar"]);
    let hours = names("2020-01-01T20:00:00Z", "2020-01-02T03:00:00Z");
    assert_eq!(hours, ["20:00", "21:00", "22:00", "23:00", "Jan 2", "01:00", "02:00", "03:00"]);
}

#[test]
fn labels_have_the_digits_that_tell_ticks_apart() {
    assert_eq!(label::of(-0.05, 0.05, Unit::Percent), "−5 %");
    assert_eq!(label::of(12_500.0, 2_500.0, Unit::Number), "12,500");
    assert_eq!(label::of(0.000_2, 0.000_1, Unit::Number), "0.0002");
    assert_eq!(label::of(-0.0, 0.5, Unit::Number), "0.0");
    assert_eq!(label::grouped(-0.004, 2), "0.00");
    assert_eq!(label::grouped(f64::NAN, 2), "–");
}

#[test]
fn a_long_line_is_small() {
    let points: Vec<(f64, f64)> = (0..100_000).map(|x| (f64::from(x), f64::from(x % 977))).collect();
    let line = Layer::new("", Hue::Series(0), Form::Line(points));
    let plane = Plane { layers: vec![line], ..everything(&[], "a") };
    assert!(plane.figure().as_str().len() < 20_000);
}
