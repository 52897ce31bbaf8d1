//! A campaign: how far its cycles came, why each of the others died, what was accepted, what it cost and what is left.

use ktrdr_chart::{Axis, Cell, Form, Height, Hue, Layer, Plane, Shape, Table, Unit};
use ktrdr_domain::closing::Closing;
use ktrdr_domain::gate::GateVerdict;
use ktrdr_domain::name::{CampaignName, StrategyName};
use ktrdr_domain::{OperationId, Span, Symbol, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use crate::bands::Band;
use crate::document::{Block, Document, Fact, Section, Weight};
use crate::figures::{cell, count, counted, date, dates, decimals, number, percent};
use crate::words;

/// A campaign with everything that is told of it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct CampaignPage {
    /// Its name.
    pub campaign: CampaignName,
    /// When its first cycle was submitted.
    pub begun_at: Timestamp,
    /// Cycles submitted so far.
    pub cycles: u64,
    /// How many of them have not ended.
    pub unfinished: u64,
    /// How far they came, the widest step first.
    pub funnel: Vec<FunnelStep>,
    /// What stopped the others, the commonest first: code, cycles.
    pub stopped_by: Vec<(String, u64)>,
    /// What it came to when it closed, oldest first; none before that.
    pub closings: Vec<Closing>,
    /// What it spent.
    pub spent: Vec<Spent>,
    /// The exam that its cycles sit; `None` where no cycle's row is left.
    pub exam: Option<ExamWindow>,
    /// What each design did on dev, in the order of cycles.
    pub designs: Vec<Design>,
    /// What the designs would have earned on dev, from the least to the most of them; `None` of fewer than three.
    pub growth: Option<Band>,
    /// What picking the best of the examined designs is worth; `None` where there is nothing to pick from.
    pub choice: Option<Choice>,
}

/// Cycles that came so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FunnelStep {
    /// How far.
    pub step: String,
    /// How many.
    pub cycles: u64,
}

/// What was spent of something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Spent {
    /// Of what, or on what.
    pub name: String,
    /// How much, with its unit.
    pub amount: String,
}

/// The window that cycles are examined on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExamWindow {
    /// The instrument.
    pub symbol: Symbol,
    /// The window.
    pub gate: Span,
    /// Looks at it so far, by anyone.
    pub looks: u64,
    /// Looks after which research on it ends.
    pub looks_max: u64,
}

/// Picking the best of several designs by one half of their exam, looked at on the other half: combinatorially symmetric
/// cross-validation (Bailey, Borwein, López de Prado & Zhu 2015).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Choice {
    /// Designs to pick from.
    pub designs: u64,
    /// Ways to choose the half that is picked by.
    pub ways: u64,
    /// PBO: share of them in which the one that was picked is no better than the middle of all on the other half.
    pub overfitted: f64,
    /// Share of them in which it loses there.
    pub loses: f64,
}

/// One design.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Design {
    /// Its cycle.
    pub cycle: OperationId,
    /// The cycle's number in the campaign.
    pub number: u32,
    /// Its name.
    pub strategy: StrategyName,
    /// Net return on dev, as a fraction.
    pub dev_return: Option<f64>,
    /// Annualised Sharpe ratio on dev beyond the market.
    pub dev_active_sharpe: Option<f64>,
    /// How often chance does as well there.
    pub dev_null_p: Option<f64>,
    /// What stopped it; `None`: nothing did.
    pub stopped_by: Option<String>,
}

impl CampaignPage {
    /// What it says.
    #[must_use]
    pub fn document(&self) -> Document {
        let mut document = Document {
            title: format!("Campaign {}", self.campaign),
            lead: format!("{} since {}", counted(self.cycles, "cycle"), date(self.begun_at)),
            colophon:
                "Verdicts of single exams are provisional; what counts is what was accepted at the close."
                    .into(),
            ..Document::default()
        };
        self.outcome(&mut document);
        document.add(self.how_far());
        document.add(self.candidates());
        document.add(self.on_dev());
        document.add(self.means());
        document
    }

    fn accepted(&self) -> u64 {
        self.closings.iter().map(Closing::accepted).sum()
    }

    fn outcome(&self, document: &mut Document) {
        if self.unfinished > 0 {
            let title =
                format!("{} of {} still run or wait", count(self.unfinished), counted(self.cycles, "cycle"));
            document.notice(
                Weight::Plain,
                title,
                "Nothing is decided before all have ended and the campaign is closed.",
            );
        } else if self.closings.is_empty() {
            let text = "Every cycle has ended; the orchestrator closes the campaign next. Until then verdicts are provisional.";
            document.notice(Weight::Plain, "Not closed yet", text);
        } else if self.accepted() > 0 {
            let text =
                "With every look counted, and false discoveries on this window controlled across campaigns.";
            document.notice(
                Weight::Good,
                format!(
                    "{} accepted",
                    counted(self.accepted(), "strategy").replace("strategys", "strategies")
                ),
                text,
            );
        } else {
            let text = "That is what honest research mostly finds. What each cycle died of stands below.";
            document.notice(Weight::Bad, "Nothing was accepted", text);
        }
    }

    fn how_far(&self) -> Section {
        let bar = |n: u64, of: u64| if of > 0 { n as f64 / of as f64 } else { 0.0 };
        let mut funnel = Table::new("How far the cycles came", ["as far as", "cycles", "of all"]);
        for step in &self.funnel {
            let share = bar(step.cycles, self.cycles);
            funnel.rows.push(vec![
                Cell::words(step.step.clone()),
                Cell::words(count(step.cycles)).barred(share),
                Cell::number(percent(Some(share))),
            ]);
        }
        let mut died = Table::new("What stopped the others", ["code", "cycles", "which means"]);
        let most = self.stopped_by.iter().map(|(_, n)| *n).max().unwrap_or(0);
        for (code, n) in &self.stopped_by {
            died.rows.push(vec![
                Cell::words(code.clone()),
                Cell::words(count(*n)).barred(-bar(*n, most)),
                Cell::words(words::of_code(code)),
            ]);
        }
        let tables = [funnel, died].into_iter().filter(|table| !table.rows.is_empty());
        Section::new("What became of the cycles", tables.map(Block::Table).collect())
    }

    fn candidates(&self) -> Section {
        let head = ["strategy", "verdict", "deflated Sharpe", "p-value", "looks", "exam"];
        let mut table =
            Table::new("Candidates, judged with every look counted when the campaign closed", head);
        for verdict in self.closings.iter().flat_map(|closing| &closing.verdicts) {
            let said = match &verdict.verdict {
                GateVerdict::Passed => Cell::words("accepted").toned(0.5),
                GateVerdict::Failed { code, figures } => {
                    Cell::words(format!("{code} ({figures})")).toned(-0.3)
                }
            };
            table.rows.push(vec![
                Cell::words(verdict.strategy.to_string()),
                said,
                cell(verdict.deflated_sharpe, |x| decimals(x, 3)),
                Cell::number(decimals(Some(verdict.p_value), 3)),
                Cell::number(count(verdict.trials)),
                Cell::words(verdict.exam.to_string()),
            ]);
        }
        let has_any = !table.rows.is_empty();
        Section::new("Candidates", has_any.then_some(Block::Table(table)).into_iter().collect())
    }

    /// Designs by what they did on dev. Nothing of an exam stands here but what stopped a design.
    fn on_dev(&self) -> Section {
        let stopped = |design: &&Design| design.stopped_by.is_some();
        let points = |are_stopped: bool| -> Vec<(f64, f64)> {
            let meant = self.designs.iter().filter(|design| stopped(design) == are_stopped);
            meant.filter_map(|design| Some((f64::from(design.number), design.dev_active_sharpe?))).collect()
        };
        let spread = spread(
            self.designs.iter().filter_map(|d| Some((f64::from(d.number), d.dev_active_sharpe?))).collect(),
        );
        let mut layers = smoothed(&spread.points);
        layers.extend([
            Layer::new("stopped", Hue::Muted, Form::Marks(Shape::Cross, points(true))),
            Layer::new("survived its exam", Hue::Series(0), Form::Marks(Shape::Up, points(false))),
        ]);
        let scatter = Plane {
            title: "Designs on dev".into(),
            about: "Sharpe ratio a year beyond the market, walk-forward on dev, by the cycle's number."
                .into(),
            x: Axis::of("cycle", Unit::Number),
            y: Axis::of("Sharpe ratio a year, beyond the market", Unit::Number).showing(0.0),
            layers,
            height: Height::Middle,
        };
        let head = ["cycle", "strategy", "net on dev", "beyond market", "chance as well", "stopped by"];
        let mut table = Table::new("Every design, in the order of cycles", head);
        for design in &self.designs {
            table.rows.push(vec![
                Cell::words(design.number.to_string()),
                Cell::words(design.strategy.to_string()),
                cell(design.dev_return, percent),
                cell(design.dev_active_sharpe, number),
                cell(design.dev_null_p, percent),
                Cell::words(design.stopped_by.clone().unwrap_or_else(|| "–".into())),
            ]);
        }
        if self.designs.is_empty() {
            return Section::default();
        }
        let facts = spread.facts();
        let facts = (!facts.is_empty()).then_some(Block::Facts(facts));
        let growth = self.growth.as_ref().map(|band| Block::Chart(growth(band)));
        let blocks =
            facts.into_iter().chain([Block::Chart(scatter)]).chain(growth).chain([Block::Table(table)]);
        Section::new("Designs", blocks.collect())
    }

    fn means(&self) -> Section {
        let mut facts: Vec<Fact> =
            self.spent.iter().map(|spent| Fact::new(spent.name.clone(), spent.amount.clone(), "")).collect();
        if let Some(choice) = &self.choice {
            let note = format!(
                "PBO: the best of {} on one half of the exam is no better than the middle of them on the other half, in so many of \
                 {} ways to halve it; it loses there in {}",
                counted(choice.designs, "examined design"),
                count(choice.ways),
                percent(Some(choice.loses))
            );
            facts.push(Fact::new("overfitted choice", percent(Some(choice.overfitted)), note));
        }
        if let Some(exam) = &self.exam {
            let left = exam.looks_max.saturating_sub(exam.looks);
            let note = format!("of {} at the gate of {}, {}", exam.looks_max, exam.symbol, dates(&exam.gate));
            facts.push(Fact::new("looks left", count(left), note));
        }
        if let Some(test) = self.closings.iter().flat_map(|closing| &closing.tests).next_back() {
            let note = format!(
                "for all tests to come on this window; the next has to meet {}",
                decimals(Some(test.next_level), 5)
            );
            facts.push(Fact::new("alpha left", decimals(Some(test.alpha_left), 5), note));
        }
        Section::new(
            "What it took, and what is left",
            facts.is_empty().then(Vec::new).unwrap_or_else(|| vec![Block::Facts(facts)]),
        )
    }
}

/// What the designs earned on dev, as one band.
fn growth(band: &Band) -> Plane {
    Plane {
        title: "Growth on dev".into(),
        about: format!(
            "Walk-forward on dev, net of costs: from the least to the most of {}, and the middle. Each design is trained once, with one \
             seed: the band is that of different designs, not of seeds.",
            counted(band.accounts, "design")
        ),
        x: Axis::time(),
        y: Axis::of("since the start", Unit::Percent).showing(0.0),
        layers: band.layers("designs", Hue::Series(0)).into(),
        height: Height::Middle,
    }
}

/// Designs over which a curve is smoothed, and how many there have to be for one.
const SMOOTHED_OVER: usize = 9;
const SMOOTHED_FROM: usize = 20;

/// What a figure of many designs spans.
struct Spread {
    /// By the cycle's number, in its order.
    points: Vec<(f64, f64)>,
    /// From the least to the most.
    sorted: Vec<f64>,
}

fn spread(mut points: Vec<(f64, f64)>) -> Spread {
    points.retain(|point| point.1.is_finite());
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut sorted: Vec<f64> = points.iter().map(|point| point.1).collect();
    sorted.sort_by(f64::total_cmp);
    Spread { points, sorted }
}

impl Spread {
    fn facts(&self) -> Vec<Fact> {
        let (Some(least), Some(most)) = (self.sorted.first(), self.sorted.last()) else { return Vec::new() };
        let at = |share: f64| self.sorted[((self.sorted.len() - 1) as f64 * share).round() as usize];
        let note = "Sharpe ratio a year beyond the market, on dev";
        vec![
            Fact::new("least of all designs", number(Some(*least)), note),
            Fact::new(
                "middle",
                number(Some(at(0.5))),
                format!("half of them from {} to {}", number(Some(at(0.25))), number(Some(at(0.75)))),
            ),
            Fact::new("most", number(Some(*most)), "the best of many is lucky: the exam tells"),
        ]
    }
}

/// The middle and the span of neighbouring designs, behind the designs themselves.
fn smoothed(points: &[(f64, f64)]) -> Vec<Layer> {
    if points.len() < SMOOTHED_FROM {
        return Vec::new();
    }
    let (mut middle, mut band) = (Vec::new(), Vec::new());
    for neighbours in points.windows(SMOOTHED_OVER) {
        let x = neighbours[SMOOTHED_OVER / 2].0;
        let mut ys: Vec<f64> = neighbours.iter().map(|point| point.1).collect();
        ys.sort_by(f64::total_cmp);
        middle.push((x, ys[SMOOTHED_OVER / 2]));
        band.push((x, ys[0], ys[SMOOTHED_OVER - 1]));
    }
    vec![
        Layer::new("span of nine neighbours", Hue::Series(2), Form::Band(band)),
        Layer::new("their middle", Hue::Series(2), Form::Line(middle)),
    ]
}
