//! What a design costs at the dated prices, by an estimate of tokens: the prompts are the real ones, of a campaign in which much was
//! tried; three bytes make a token, which is on the safe side; what a model thinks is assumed and said. Prints the table of
//! docs/benchmarks.md.

use ktrdr_agent::Usage;
use ktrdr_agent::models::{Lane, Model, Models};
use ktrdr_agent::purse::Spent;
use ktrdr_fake::{Fake, Mind};

use crate::prompts::experienced;
use crate::world::{KEY, World};

/// The fake counts a token for every four bytes.
const BYTES_OF_FAKE_TOKEN: u64 = 4;

/// Here a token is three.
const BYTES_OF_TOKEN: u64 = 3;

/// Tokens that a model is assumed to think in a turn.
const THOUGHT: u64 = 500;

/// Tokens of each turn of one design, as estimated. What a fake answers is as long as what a model writes.
async fn turns(world: &World, index: u32) -> Vec<Usage> {
    let before = world.purse.spent().len();
    world.design(index).await.unwrap();
    let counted = world.purse.spent().split_off(before).into_iter().map(|spent| match spent {
        Some(Spent::Counted(usage, _)) => usage,
        other => panic!("{other:?}"),
    });
    let more = |tokens: u64| (tokens * BYTES_OF_FAKE_TOKEN).div_ceil(BYTES_OF_TOKEN);
    let estimated = |of: Usage| Usage {
        input: more(of.input),
        output: more(of.output) + THOUGHT,
        cache_read: more(of.cache_read),
        cache_write_5m: more(of.cache_write_5m),
        cache_write_1h: more(of.cache_write_1h),
    };
    counted.map(estimated).collect()
}

fn sum(turns: &[Usage]) -> Usage {
    turns.iter().fold(Usage::default(), |mut sum, turn| {
        sum += *turn;
        sum
    })
}

fn dollars(model: &Model, turns: &[Usage]) -> f64 {
    turns.iter().map(|turn| model.cost(turn, Lane::Direct).micro_dollars as f64 / 1e6).sum()
}

#[tokio::test]
async fn a_design_with_a_repair_costs_no_more_than_was_promised() {
    let mut world = experienced().await;
    world.fake = Fake::start(Mind::Clumsy).unwrap().with_key(KEY);
    let (first, sibling) = (turns(&world, 41).await, turns(&world, 42).await);
    eprintln!(
        "| model | design | turns | prompt tokens | of them from the cache | answered | cost | promised |"
    );
    eprintln!("|---|---|---|---|---|---|---|---|");
    let models = Models::built_in().unwrap();
    for (id, promised) in [("claude-sonnet-5-5", 0.05), ("claude-haiku-5-5", 0.005)] {
        let model = models.get(id).unwrap();
        for (which, turns) in [("first of a generation", &first), ("sibling", &sibling)] {
            let (all, cost) = (sum(turns), dollars(model, turns));
            let cached = 100.0 * all.cache_read as f64 / all.prompt() as f64;
            let count = turns.len();
            eprintln!(
                "| {id} | {which} | {count} | {} | {cached:.0} % | {} | ${cost:.4} | ${promised} |",
                all.prompt(),
                all.output
            );
            assert!(cost <= promised, "{id}, {which}: ${cost:.4}");
        }
    }
}
