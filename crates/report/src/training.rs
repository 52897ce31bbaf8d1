//! A training: did it learn anything, what does it answer, how sure is it, by which inputs, and what would it have earned on dev?

mod importance;

use ktrdr_chart::{Axis, Cell, Form, Height, Hue, Layer, Plane, Table, Unit};
use ktrdr_domain::OperationId;
use ktrdr_domain::gate::{GatePolicy, GateVerdict};
use ktrdr_domain::report::{TrainingReport, TrainingSheet};
use schemars::JsonSchema;
use serde::Serialize;

use crate::backtest::curves;
use crate::document::{Block, Document, Fact, Section, Weight};
use crate::figures::{count, counted, dates, decimals, number, percent};
use crate::words;

/// Classes as they are told.
const CLASSES: [&str; 3] = ["BUY", "HOLD", "SELL"];

/// A training with everything that is told of it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct TrainingPage {
    /// The training.
    pub operation: OperationId,
    /// What it reported.
    #[serde(flatten)]
    pub training: TrainingReport,
    /// What the configured gate says of it.
    pub verdict: GateVerdict,
    /// What it asked.
    pub gates: GatePolicy,
    /// What charts are drawn from; `None` where its job left none.
    pub sheet: Option<TrainingSheet>,
}

impl TrainingPage {
    /// What it says.
    #[must_use]
    pub fn document(&self) -> Document {
        let training = &self.training;
        let symbols: Vec<String> = training.symbols.iter().map(ToString::to_string).collect();
        let mut document = Document {
            title: format!("Training of {}", training.model.strategy),
            lead: format!(
                "models/{} · {} · learned from {}",
                training.model,
                symbols.join(", "),
                dates(&training.window)
            ),
            colophon: format!("{} · trained on {}", self.operation, training.trained_on),
            ..Document::default()
        };
        if training.synthetic {
            document.notice(Weight::Plain, "GENERATED BARS", "No market ever traded like this.");
        }
        match &self.verdict {
            GateVerdict::Passed => {
                document.notice(
                    Weight::Good,
                    "Passes the training gate",
                    "It may sit an exam. That proves nothing yet.",
                );
            }
            GateVerdict::Failed { code, figures } => {
                document.notice(Weight::Bad, "Fails the training gate", words::sentence(code, figures));
            }
        }
        for warning in &training.warnings {
            document.notice(Weight::Plain, "Warning", warning.clone());
        }
        document.add(self.learning());
        document.add(self.answers());
        document.add(importance::section(self.sheet.as_ref()));
        document.add(self.dev());
        document
    }

    fn learning(&self) -> Section {
        let training = &self.training;
        let epochs = |of: fn(&ktrdr_domain::report::EpochRecord) -> Option<f64>| -> Vec<(f64, f64)> {
            training.history.iter().filter_map(|epoch| Some((f64::from(epoch.epoch), of(epoch)?))).collect()
        };
        let mut layers =
            vec![Layer::new("training rows", Hue::Series(0), Form::Line(epochs(|e| Some(e.train_loss))))];
        let validation = epochs(|epoch| epoch.validation_loss);
        if !validation.is_empty() {
            layers.push(Layer::new("validation rows", Hue::Series(1), Form::Line(validation)));
        }
        layers.push(Layer::new("kept", Hue::Muted, Form::Upright(f64::from(training.best_epoch))));
        if let Some(baseline) = training.test.baseline_loss {
            layers.push(Layer::new("knows the class shares only", Hue::Muted, Form::Level(baseline)));
        }
        let losses = Plane {
            title: "Loss".into(),
            about: format!(
                "Mean loss by epoch; the weights of epoch {} of {} were kept.",
                training.best_epoch, training.epochs_trained
            ),
            x: Axis::of("epoch", Unit::Number),
            y: Axis::of("mean loss", Unit::Number),
            layers,
            height: Height::High,
        };
        let [train, validation, test] = training.rows.map(|rows| count(rows as u64));
        let on_test = &training.test;
        let facts = vec![
            Fact::new(
                "test loss",
                decimals(on_test.loss, 4),
                format!("knowing the class shares only: {}", decimals(on_test.baseline_loss, 4)),
            ),
            Fact::new(
                "test accuracy",
                percent(on_test.accuracy),
                format!("always the commonest class: {}", percent(on_test.baseline_accuracy)),
            ),
            Fact::new("precision", percent(on_test.precision), "by the classes' shares"),
            Fact::new("F1", percent(on_test.f1), "by the classes' shares"),
            Fact::new(
                "rows",
                train,
                format!("to fit; {validation} to stop, {test} to judge, {} purged", training.rows_purged),
            ),
            Fact::new(
                "network",
                count(training.parameter_count as u64),
                format!("parameters, {}", counted(training.feature_count as u64, "input")),
            ),
        ];
        Section::new("Learning", vec![Block::Chart(losses), Block::Facts(facts)])
    }

    fn answers(&self) -> Section {
        let mut blocks = Vec::new();
        if let Some(confusion) = self.sheet.as_ref().and_then(|sheet| sheet.confusion) {
            blocks.push(Block::Table(table_of(&confusion)));
        }
        blocks.push(Block::Table(shares(&self.training)));
        let bins = self.sheet.as_ref().map_or(&[][..], |sheet| &sheet.calibration);
        if bins.len() > 1 {
            let said: Vec<(f64, f64)> = bins.iter().map(|bin| (bin.confidence, bin.right)).collect();
            blocks.push(Block::Chart(calibration(said)));
        }
        Section::new("Answers on the test rows", blocks)
    }

    fn dev(&self) -> Section {
        let Some(dev) = &self.training.dev_backtest else { return Section::default() };
        let sheet = self.sheet.as_ref();
        let mut blocks = vec![Block::Words(format!(
            "Traded on the last part of dev in {}, each by a network that had seen nothing of what it traded, as one account, net of \
             costs. A designer may learn from this; it is no exam.",
            counted(dev.blocks.into(), "block")
        ))];
        blocks.extend(
            sheet
                .and_then(|sheet| sheet.dev.as_ref())
                .into_iter()
                .flat_map(|dev_account| curves(dev_account, dev.beta))
                .map(Block::Chart),
        );
        blocks.push(Block::Facts(vec![
            Fact::new("net return", percent(dev.total_return_pct), "after costs"),
            Fact::new("Sharpe ratio", number(dev.sharpe_ratio), "a year, of daily returns"),
            Fact::new("beyond the market", number(dev.active_sharpe_ratio), "Sharpe ratio a year of r − β m"),
            Fact::new(
                "other weeks do as well",
                percent(dev.null_p),
                format!("of {}", counted(dev.null_draws.into(), "draw")),
            ),
            Fact::new("trades", count(dev.total_trades), format!("over {}", counted(dev.bars, "bar"))),
        ]));
        Section::new("Walk-forward on dev", blocks)
    }
}

fn table_of(confusion: &[[u64; 3]; 3]) -> Table {
    let head = std::iter::once("came \\ answered").chain(CLASSES).chain(["right"]);
    let mut table = Table::new("Confusion: rows by the class that came, columns by the class answered", head);
    for (class, (name, row)) in CLASSES.iter().zip(confusion).enumerate() {
        let came = row.iter().sum::<u64>();
        let share = |n: u64| if came > 0 { n as f64 / came as f64 } else { 0.0 };
        let cells = row.iter().enumerate().map(|(answered, n)| {
            let tone = if answered == class { share(*n) } else { -share(*n) };
            Cell::number(count(*n)).toned(tone)
        });
        let right = Cell::number(if came > 0 { percent(Some(share(row[class]))) } else { "–".into() });
        table.rows.push(std::iter::once(Cell::words(*name)).chain(cells).chain([right]).collect());
    }
    table
}

fn shares(training: &TrainingReport) -> Table {
    let mut table = Table::new("How often each class came, and was answered", ["class", "came", "answered"]);
    let test = &training.test;
    for ((name, came), answered) in CLASSES.iter().zip(test.label_shares).zip(test.answer_shares) {
        let share = |x: f64| Cell::words(percent(Some(x))).barred(x);
        table.rows.push(vec![Cell::words(*name), share(came), share(answered)]);
    }
    table
}

fn calibration(said: Vec<(f64, f64)>) -> Plane {
    let ends = said.first().zip(said.last()).map_or((0.0, 1.0), |(first, last)| (first.0, last.0));
    Plane {
        title: "Calibration".into(),
        about: "Answers in tenths by confidence: how sure the network was, and how often it was right. On the dashed line both agree."
            .into(),
        x: Axis::of("confidence of the answer", Unit::Percent),
        y: Axis::of("right", Unit::Percent),
        layers: vec![
            Layer::new("as sure as right", Hue::Muted, Form::Line(vec![(ends.0, ends.0), (ends.1, ends.1)])),
            Layer::new("", Hue::Series(0), Form::Line(said.clone())),
            Layer::new("this network", Hue::Series(0), Form::Marks(ktrdr_chart::Shape::Dot, said)),
        ],
        height: Height::Middle,
    }
}
