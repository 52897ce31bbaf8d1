//! The course of an operation: what its rows said of its progress, one after the other.

use serde_json::Value;

/// Deciding comes before the bars that are counted, and storing after them: a twentieth of the whole each.
const BESIDE_THE_ITEMS: f64 = 5.0;

/// One word of progress.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    pub(super) percentage: f64,
    pub(super) items_done: u64,
    pub(super) items_total: Option<u64>,
    pub(super) step: String,
    /// Names of its figures.
    pub(super) figures: Vec<String>,
}

/// What rows said, each word once.
pub(super) struct Course(pub(super) Vec<Step>);

impl Course {
    pub(super) fn of<'a>(rows: impl IntoIterator<Item = &'a Value>) -> Self {
        let mut steps: Vec<Step> = rows.into_iter().filter_map(step).collect();
        steps.dedup();
        Self(steps)
    }

    /// Percentages and items only grow, they agree, and the end is all of it. How many words there were.
    pub(super) fn is_sound_and_whole(&self) -> usize {
        for pair in self.0.windows(2) {
            let [before, after] = pair else { unreachable!() };
            assert!(
                after.percentage >= before.percentage && after.items_done >= before.items_done,
                "{before:?}, then {after:?}"
            );
        }
        for step in &self.0 {
            let Some(total) = step.items_total else { continue };
            let share = 100.0 * step.items_done as f64 / total as f64;
            assert!(
                (share - step.percentage).abs() <= BESIDE_THE_ITEMS,
                "{step:?}: {share:.1} % of the items"
            );
        }
        let last = self.0.last().expect("some progress was told");
        assert_eq!((last.percentage, Some(last.items_done)), (100.0, last.items_total), "{last:?}");
        self.0.len()
    }

    /// Percentages for people, about a dozen of them.
    pub(super) fn words(&self) -> String {
        let (every, last) = (self.0.len().div_ceil(12).max(1), self.0.len().saturating_sub(1));
        let some = self.0.iter().enumerate().filter(|(index, _)| index % every == 0 || *index == last);
        let shown: Vec<String> = some.map(|(_, step)| format!("{:.0}", step.percentage)).collect();
        format!("{} %", shown.join(" → "))
    }
}

fn step(row: &Value) -> Option<Step> {
    let progress = row["progress"].as_object()?;
    let figures = progress.get("figures").and_then(Value::as_array).into_iter().flatten();
    Some(Step {
        percentage: progress["percentage"].as_f64()?,
        items_done: progress["items_done"].as_u64()?,
        items_total: progress["items_total"].as_u64(),
        step: progress["step"].as_str()?.to_owned(),
        figures: figures.filter_map(|pair| Some(pair[0].as_str()?.to_owned())).collect(),
    })
}
