//! Random orders of everything that orchestrators do with a budget, against an oracle that keeps the books by hand.
//!
//! Several spenders share a day, two campaigns and a few cycles. Each reserves, makes its call, settles; each may die before
//! the call, after it, or before it hears an answer, say everything again, be slow, or come back after its time was over. One
//! seed is one order. Checked after each step, in every account:
//!
//! - spent and reserved together never pass a limit, not by a micro-dollar;
//! - what is spent is what was settled, and the worst case of what was left behind: never less than the vendor's bill;
//! - whoever is refused would have passed a limit; in the end nothing is reserved.
//!
//! `KTRDR_SEED=<seed>` replays the one that a failure names.

mod books;
mod broken;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ktrdr_domain::Money;
use ktrdr_domain::budget::{Cost, Limit, Limits, Scope};
use ktrdr_domain::day::Day;
use ktrdr_fabric::budget::{Budget, CallId, Payers, Reservation, Reserved};

use crate::budget::cost;
use crate::dice::Dice;
use crate::world::{World, id};

use books::{Books, Entry};
use broken::{Broken, Mutant};

const SPENDERS: usize = 4;
const STEPS: u64 = 100;
const SEEDS: u64 = 40;
const LASTS: Duration = Duration::from_secs(60);
const LIMITS: [u64; 3] = [3_000, 1_600, 900];

fn limits() -> Limits {
    let limit = |micro| Limit { money: Some(Money::micro_dollars(micro)), ..Limit::default() };
    let [day, campaign, cycle] = LIMITS.map(limit);
    Limits { day, campaign, cycle }
}

/// What one spender is doing.
#[derive(Clone)]
struct Doing {
    wish: Reservation,
    is_granted: bool,
    is_made: bool,
    actual: Cost,
}

struct Play {
    budget: Arc<dyn Budget>,
    books: Books,
    spenders: [Option<Doing>; SPENDERS],
    /// Those who were taken for dead, and may come back.
    gone: Vec<Doing>,
    next_call: u32,
    /// Part of every name: no two plays share one.
    name: String,
    happened: HashMap<&'static str, u32>,
}

impl Play {
    fn scopes(&self, payers: &Payers) -> Vec<Scope> {
        payers.accounts(self.books.day, &limits()).into_iter().map(|(scope, _)| scope).collect()
    }

    fn count(&mut self, what: &'static str) {
        *self.happened.entry(what).or_default() += 1;
    }

    fn new_wish(&mut self, dice: &mut Dice) -> Doing {
        self.next_call += 1;
        let (name, cycle) = (&self.name, dice.within(0..4));
        let payers = Payers {
            utc_offset_s: 0,
            campaign: Some(format!("{name}-{}", cycle % 2).parse().unwrap()),
            cycle: Some(id(&format!("{name}_{cycle}"))),
        };
        let worst = dice.within(1..400);
        let wish = Reservation {
            call: CallId::of(&id(name), 1, self.next_call),
            payers,
            worst: cost(worst),
            lasts: LASTS,
        };
        Doing { wish, is_granted: false, is_made: false, actual: cost(dice.within(0..worst + 1)) }
    }

    async fn step(&mut self, w: &World, dice: &mut Dice) -> Result<(), String> {
        let passes = Duration::from_millis(dice.within(0..8_000));
        w.pass(passes);
        self.books.now_ms += milliseconds(passes);
        if dice.percent(15) && !self.gone.is_empty() {
            let at = dice.index(self.gone.len());
            let back = self.gone.swap_remove(at);
            self.count("one came back");
            return self.settle(&back).await;
        }
        let who = dice.index(SPENDERS);
        let doing = match self.spenders[who].take() {
            Some(doing) => doing,
            None => self.new_wish(dice),
        };
        if dice.percent(10) {
            self.count("one died");
            if dice.percent(50) && doing.is_granted {
                self.gone.push(doing);
            }
            return Ok(());
        }
        self.spenders[who] = self.go_on(doing, dice).await?;
        Ok(())
    }

    /// The next thing it does; what it is doing afterwards.
    async fn go_on(&mut self, mut doing: Doing, dice: &mut Dice) -> Result<Option<Doing>, String> {
        if !doing.is_granted {
            doing.is_granted = self.reserve(&doing).await?;
            return Ok(doing.is_granted.then_some(doing));
        }
        if dice.percent(20) {
            self.count("a wish was repeated");
            self.reserve(&doing).await?;
            return Ok(Some(doing));
        }
        if !doing.is_made {
            doing.is_made = true;
            if let Some(entry) = self.books.calls.get_mut(doing.wish.call.as_str()) {
                entry.bill = doing.actual;
            }
            return Ok(Some(doing));
        }
        self.settle(&doing).await?;
        if dice.percent(20) {
            self.count("a settlement was repeated");
            self.settle(&doing).await?;
        }
        Ok(None)
    }

    /// Whether it is granted; what the engine says must be what the books say.
    async fn reserve(&mut self, doing: &Doing) -> Result<bool, String> {
        let wish = &doing.wish;
        self.books.lapse();
        let answer = self.budget.reserve(wish, &limits()).await.map_err(|e| e.to_string())?;
        let known = self.books.calls.get(wish.call.as_str());
        let expected = match known {
            Some(entry) if entry.paid.is_none() => Ok(true),
            Some(_) => Ok(false),
            None => {
                let accounts = wish.payers.accounts(self.books.day, &limits());
                let refused = |(scope, limit): &(Scope, Limit)| {
                    self.books.balance(scope).admit(scope, limit, &wish.worst).err()
                };
                accounts.iter().find_map(refused).map_or(Ok(true), Err)
            }
        };
        let agrees = match (&answer, &expected) {
            (Reserved::Granted, Ok(true)) | (Reserved::Over, Ok(false)) => true,
            (Reserved::Refused(said), Err(should)) => said == should,
            _ => false,
        };
        if !agrees {
            return Err(format!("{answer:?} instead of {expected:?}"));
        }
        match answer {
            Reserved::Refused(_) => self.count("one was refused"),
            Reserved::Over => self.count("a call was over"),
            Reserved::Granted => self.count("one was granted"),
        }
        if answer == Reserved::Granted {
            let until_ms = self.books.now_ms + milliseconds(wish.lasts);
            let (scopes, worst) = (self.scopes(&wish.payers), wish.worst);
            let new = Entry { scopes, worst, until_ms, paid: None, is_settled: false, bill: Cost::ZERO };
            self.books.calls.entry(wish.call.to_string()).or_insert(new);
        }
        Ok(answer == Reserved::Granted)
    }

    async fn settle(&mut self, doing: &Doing) -> Result<(), String> {
        self.books.lapse();
        let cost = if doing.is_made { doing.actual } else { Cost::ZERO };
        self.budget.settle(&doing.wish.call, cost).await.map_err(|e| e.to_string())?;
        let entry = self.books.calls.get_mut(doing.wish.call.as_str()).unwrap();
        if !entry.is_settled {
            let is_late = entry.paid.is_some();
            (entry.paid, entry.is_settled) = (Some(cost), true);
            self.count(if is_late { "one settled late" } else { "one settled" });
        }
        Ok(())
    }

    /// Every account against the books.
    async fn audit(&mut self) -> Result<(), String> {
        if self.books.lapse() {
            self.budget.lapse().await.map_err(|e| e.to_string())?;
        }
        let mut scopes: Vec<Scope> = self.books.calls.values().flat_map(|call| call.scopes.clone()).collect();
        scopes.sort_by_key(ToString::to_string);
        scopes.dedup();
        let balances = self.budget.balances(&scopes).await.map_err(|e| e.to_string())?;
        for (scope, found) in scopes.iter().zip(balances) {
            let limit = match scope {
                Scope::Day(_) => LIMITS[0],
                Scope::Campaign(_) => LIMITS[1],
                Scope::Cycle(_) => LIMITS[2],
            };
            let bill = self.books.bill(scope);
            if found.total().money.in_micro_dollars() > limit {
                return Err(format!("the {scope} is overdrawn: {found:?} of {limit}"));
            }
            if found.spent.plus(found.reserved).money < bill.money {
                return Err(format!("the {scope} counts too little: {found:?} of a bill of {bill:?}"));
            }
            if found != self.books.balance(scope) {
                return Err(format!(
                    "the {scope} has {found:?} and should have {:?}",
                    self.books.balance(scope)
                ));
            }
        }
        Ok(())
    }

    async fn run_out(&mut self, w: &World, dice: &mut Dice) -> Result<(), String> {
        for _ in 0..STEPS {
            self.step(w, dice).await?;
            self.audit().await?;
        }
        w.pass(LASTS);
        self.books.now_ms += milliseconds(LASTS);
        self.audit().await?;
        let day = Scope::Day(self.books.day);
        let left = self.budget.balances(&[day]).await.map_err(|e| e.to_string())?[0].reserved;
        if left == Cost::ZERO { Ok(()) } else { Err(format!("{left:?} leaked")) }
    }
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap()
}

/// Plays seeds: the first that breaks something, and what; how often what happened.
async fn play(w: &World, mutant: Option<Mutant>) -> (Result<(), String>, HashMap<&'static str, u32>) {
    let seeds = match std::env::var("KTRDR_SEED") {
        Ok(seed) if mutant.is_none() => seed.parse::<u64>().map(|seed| seed..seed + 1).unwrap(),
        _ => 1..SEEDS + 1,
    };
    let mut happened = HashMap::new();
    for seed in seeds {
        // On a day of its own, far from the next.
        let today = next_day(w).await;
        let budget: Arc<dyn Budget> = match mutant {
            None => w.budget.clone(),
            Some(mutant) => Arc::new(Broken::new(w.budget.clone(), mutant)),
        };
        let mut play = Play {
            budget,
            books: Books { now_ms: 0, day: today, calls: HashMap::new() },
            spenders: Default::default(),
            gone: Vec::new(),
            next_call: 0,
            name: format!("{mutant:?}{seed}").to_lowercase().replace(['(', ')'], ""),
            happened: HashMap::new(),
        };
        let end = play.run_out(w, &mut Dice::new(seed)).await;
        play.happened.into_iter().for_each(|(what, times)| *happened.entry(what).or_default() += times);
        if let Err(what) = end {
            return (Err(format!("KTRDR_SEED={seed} replays this: {what}")), happened);
        }
    }
    (Ok(()), happened)
}

/// Lets the clock go to the next day, early in the morning: a play takes minutes.
async fn next_day(w: &World) -> Day {
    let today = w.budget.today(0).await.unwrap();
    while w.budget.today(0).await.unwrap() == today {
        w.pass(Duration::from_secs(3_600));
    }
    w.budget.today(0).await.unwrap()
}

const HAPPENS: [&str; 9] = [
    "one was granted",
    "one was refused",
    "one settled",
    "one settled late",
    "one died",
    "one came back",
    "a call was over",
    "a wish was repeated",
    "a settlement was repeated",
];

pub(crate) async fn no_order_of_calls_overspends_or_leaks(w: World) {
    let (end, happened) = play(&w, None).await;
    end.unwrap();
    let unseen: Vec<_> = HAPPENS.iter().filter(|what| !happened.contains_key(*what)).collect();
    assert!(std::env::var("KTRDR_SEED").is_ok() || unseen.is_empty(), "too tame: {unseen:?} never happened");
}

/// The test of the test: an engine that breaks a rule is found out.
pub(crate) async fn every_broken_rule_is_noticed(w: World) {
    const BALANCE: &str = "should have";
    for (mutant, as_what) in [
        (Mutant::ReservedIsFree, [BALANCE, "counts too little"]),
        (Mutant::NoCycleLimit, ["is overdrawn", "Granted instead of Err(Exhausted { scope: Cycle"]),
        (Mutant::ChecksAndThenActs, ["is overdrawn", "Granted instead of Err(Exhausted"]),
        (Mutant::ReservesTwice, [BALANCE, "is overdrawn"]),
        (Mutant::PaysTwice, [BALANCE, "is overdrawn"]),
        (Mutant::GivesBackWhatLapses, [BALANCE, "counts too little"]),
        (Mutant::NeverLapses, [BALANCE, "leaked"]),
        (Mutant::IgnoresTheLate, [BALANCE, BALANCE]),
    ] {
        let caught = play(&w, Some(mutant)).await.0.expect_err("the mutant lives");
        assert!(as_what.iter().any(|what| caught.contains(what)), "{mutant:?} is caught as {caught}");
    }
}
