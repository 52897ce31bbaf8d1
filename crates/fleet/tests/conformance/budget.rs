//! The budget: accounts that are exact, whoever says what how often.

use std::time::Duration;

use ktrdr_domain::Money;
use ktrdr_domain::budget::{Balance, Cost, Exhausted, Limit, Limits, Measure, Scope};
use ktrdr_domain::day::Day;
use ktrdr_fabric::budget::{
    BATCH_RESERVED_FOR, CALL_RESERVED_FOR, COST_MAX, CallId, Payers, RESERVED_FOR_MAX, Reservation, Reserved,
    admit,
};
use ktrdr_fabric::store::StoreError;

use crate::world::{World, id};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);

pub(crate) fn cost(micro_dollars: u64) -> Cost {
    Cost { money: Money::micro_dollars(micro_dollars), tokens: micro_dollars / 10, machine_ms: 0 }
}

fn call(n: u32) -> CallId {
    CallId::of(&id("a"), 1, n)
}

/// The campaign `fx`, and its cycle.
fn payers() -> Payers {
    Payers { utc_offset_s: 0, campaign: Some("fx".parse().unwrap()), cycle: Some(id("r")) }
}

fn wish(n: u32, worst: u64) -> Reservation {
    Reservation { call: call(n), payers: payers(), worst: cost(worst), lasts: MINUTE }
}

fn money(micro_dollars: u64) -> Limit {
    Limit { money: Some(Money::micro_dollars(micro_dollars)), ..Limit::default() }
}

const NO_LIMITS: Limits = Limits {
    day: Limit { money: None, tokens: None, machine_ms: None },
    campaign: Limit { money: None, tokens: None, machine_ms: None },
    cycle: Limit { money: None, tokens: None, machine_ms: None },
};

fn balance(spent: u64, reserved: u64) -> Balance {
    Balance { spent: cost(spent), reserved: cost(reserved), allowed: None }
}

impl World {
    async fn reserve(&self, wish: &Reservation, limits: &Limits) -> Reserved {
        self.budget.reserve(wish, limits).await.unwrap()
    }

    async fn refusal(&self, wish: &Reservation, limits: &Limits) -> Exhausted {
        match self.reserve(wish, limits).await {
            Reserved::Refused(exhausted) => exhausted,
            other => panic!("{other:?}"),
        }
    }

    /// Of the day on which this is asked, of the campaign and of its cycle: the same in all three.
    async fn all_accounts(&self) -> Balance {
        let day = self.budget.today(0).await.unwrap();
        let scopes: Vec<Scope> =
            payers().accounts(day, &NO_LIMITS).into_iter().map(|(scope, _)| scope).collect();
        let balances = self.budget.balances(&scopes).await.unwrap();
        assert!(balances.len() == 3 && balances.iter().all(|one| *one == balances[0]), "{balances:?}");
        balances[0]
    }

    async fn account(&self, scope: Scope) -> Balance {
        self.budget.balances(&[scope]).await.unwrap()[0]
    }
}

pub(crate) async fn the_worst_case_is_set_aside_and_what_it_cost_is_paid(w: World) {
    assert_eq!(w.all_accounts().await, Balance::default());
    assert_eq!(w.reserve(&wish(0, 500), &NO_LIMITS).await, Reserved::Granted);
    assert_eq!(w.reserve(&wish(1, 70), &NO_LIMITS).await, Reserved::Granted);
    assert_eq!(w.all_accounts().await, balance(0, 570));
    w.budget.settle(&call(0), cost(120)).await.unwrap();
    assert_eq!(w.all_accounts().await, balance(120, 70));
    w.budget.settle(&call(1), Cost::ZERO).await.unwrap();
    assert_eq!(w.all_accounts().await, balance(120, 0));
    let other = Scope::Campaign("other".parse().unwrap());
    assert_eq!(w.account(other).await, Balance::default());
}

pub(crate) async fn what_is_held_is_known_until_it_is_settled_or_lapses(w: World) {
    let held = async |limit| w.budget.held(limit).await.unwrap();
    assert!(held(9).await.is_empty());
    for (n, minutes) in [(0, 3), (1, 1), (2, 2)] {
        let wish = Reservation { lasts: MINUTE * minutes, ..wish(n, 10) };
        assert_eq!(w.reserve(&wish, &NO_LIMITS).await, Reserved::Granted);
    }
    assert_eq!(held(9).await, [call(1), call(2), call(0)]);
    assert_eq!(held(1).await, [call(1)]);
    assert_eq!(call(7).attempt(), Some((id("a"), 1)));
    w.budget.settle(&call(2), cost(4)).await.unwrap();
    assert_eq!(held(9).await, [call(1), call(0)]);
    w.pass(MINUTE);
    assert_eq!(w.budget.lapse().await.unwrap(), 1);
    assert_eq!(held(9).await, [call(0)]);
}

pub(crate) async fn whatever_is_said_twice_counts_once(w: World) {
    let limits = Limits { day: money(500), ..NO_LIMITS };
    assert_eq!(w.reserve(&wish(0, 500), &limits).await, Reserved::Granted);
    assert_eq!(w.reserve(&wish(0, 900), &limits).await, Reserved::Granted, "the first wish stands");
    assert_eq!(w.all_accounts().await, balance(0, 500));
    w.budget.settle(&call(0), cost(120)).await.unwrap();
    w.budget.settle(&call(0), cost(300)).await.unwrap();
    assert_eq!(w.reserve(&wish(0, 10), &limits).await, Reserved::Over);
    assert_eq!(w.all_accounts().await, balance(120, 0));
}

pub(crate) async fn no_account_is_overdrawn_by_a_micro_dollar(w: World) {
    let limits = Limits { day: money(1_000), campaign: money(900), cycle: money(800) };
    assert_eq!(w.reserve(&wish(0, 300), &limits).await, Reserved::Granted);
    w.budget.settle(&call(0), cost(200)).await.unwrap();
    assert_eq!(w.reserve(&wish(1, 500), &limits).await, Reserved::Granted);
    let refused = w.refusal(&wish(2, 101), &limits).await;
    let expected = Exhausted {
        scope: Scope::Cycle(id("r")),
        measure: Measure::Money,
        limit: 800,
        spent: 200,
        reserved: 500,
        asked: 101,
        renews_at: None,
    };
    assert_eq!(refused, expected);
    let without_cycle = Limits { cycle: Limit::default(), ..limits };
    let of_campaign = w.refusal(&wish(2, 201), &without_cycle).await;
    assert_eq!(of_campaign.scope, Scope::Campaign("fx".parse().unwrap()));
    let of_day = w.refusal(&wish(2, 301), &Limits { campaign: Limit::default(), ..without_cycle }).await;
    assert_eq!(of_day.scope, Scope::Day(w.budget.today(0).await.unwrap()));
    assert_eq!(w.all_accounts().await, balance(200, 500), "a refusal sets nothing aside");
    assert_eq!(w.reserve(&wish(2, 100), &limits).await, Reserved::Granted, "nor does it use up the name");
}

pub(crate) async fn a_campaign_may_spend_what_it_was_allowed_instead_of_what_every_one_may(w: World) {
    let (fx, limits) = ("fx".parse().unwrap(), Limits { campaign: money(100), ..NO_LIMITS });
    w.refusal(&wish(0, 500), &limits).await;
    w.budget.allow(&fx, Money::micro_dollars(900)).await.unwrap();
    assert_eq!(w.reserve(&wish(0, 500), &limits).await, Reserved::Granted);
    w.budget.settle(&call(0), cost(450)).await.unwrap();
    let account = w.account(Scope::Campaign(fx.clone())).await;
    assert_eq!(account, Balance { allowed: Some(Money::micro_dollars(900)), ..balance(450, 0) });
    w.budget.allow(&fx, Money::micro_dollars(400)).await.unwrap();
    let refused = w.refusal(&wish(1, 1), &limits).await;
    assert_eq!((refused.scope, refused.limit, refused.spent), (Scope::Campaign(fx), 400, 450));
    let other = Payers { campaign: Some("other".parse().unwrap()), ..payers() };
    w.refusal(&Reservation { payers: other, ..wish(1, 101) }, &limits).await;
    let tokens = Limit { tokens: Some(50), ..Limit::default() };
    let worst = Cost { money: Money::ZERO, tokens: 6, machine_ms: 0 };
    let of_tokens = Reservation { worst, ..wish(1, 0) };
    let refused = w.refusal(&of_tokens, &Limits { campaign: tokens, ..NO_LIMITS }).await;
    assert_eq!((refused.measure, refused.spent), (Measure::Tokens, 45), "only money is allowed");
}

pub(crate) async fn tokens_and_machine_time_are_limited_like_money(w: World) {
    let ask = |n, tokens, machine_ms| Reservation {
        worst: Cost { money: Money::ZERO, tokens, machine_ms },
        ..wish(n, 0)
    };
    let limits = Limits {
        day: Limit { money: Some(Money::ZERO), tokens: Some(10), machine_ms: Some(20) },
        ..NO_LIMITS
    };
    assert_eq!(w.reserve(&ask(0, 10, 20), &limits).await, Reserved::Granted);
    let measure = async |wish| w.refusal(&wish, &limits).await.measure;
    assert_eq!(measure(ask(1, 1, 0)).await, Measure::Tokens);
    assert_eq!(measure(ask(1, 0, 1)).await, Measure::MachineTime);
    assert_eq!(measure(wish(1, 1)).await, Measure::Money);
    assert_eq!(w.reserve(&ask(1, 0, 0), &limits).await, Reserved::Granted, "it costs nothing");
}

pub(crate) async fn of_those_that_race_for_what_is_left_as_many_get_it_as_it_is_enough_for(w: World) {
    let limits = Limits { campaign: money(1_000), ..NO_LIMITS };
    let race: Vec<_> = (0..40)
        .map(|n| {
            let budget = w.budget.clone();
            tokio::spawn(async move { budget.reserve(&wish(n, 90), &limits).await.unwrap() })
        })
        .collect();
    let mut granted = 0;
    for one in race {
        granted += usize::from(one.await.unwrap() == Reserved::Granted);
    }
    assert_eq!(granted, 11);
    assert_eq!(w.all_accounts().await.reserved.money, Money::micro_dollars(990));
}

pub(crate) async fn a_reservation_whose_time_is_over_is_paid_at_its_worst_case(w: World) {
    w.reserve(&wish(0, 500), &NO_LIMITS).await;
    w.pass(MINUTE - Duration::from_millis(1));
    assert_eq!(w.budget.lapse().await.unwrap(), 0);
    assert_eq!(w.all_accounts().await, balance(0, 500));
    w.pass(Duration::from_millis(1));
    assert_eq!(w.budget.lapse().await.unwrap(), 1);
    assert_eq!(w.all_accounts().await, balance(500, 0));
    assert_eq!(w.reserve(&wish(0, 500), &NO_LIMITS).await, Reserved::Over);
    assert_eq!(w.budget.lapse().await.unwrap(), 0);
    // Its holder was only slow, and knows what it did cost.
    w.budget.settle(&call(0), cost(120)).await.unwrap();
    w.budget.settle(&call(0), cost(90)).await.unwrap();
    assert_eq!(w.all_accounts().await, balance(120, 0));
}

pub(crate) async fn who_reserves_next_finds_paid_what_was_left_behind(w: World) {
    let limits = Limits { campaign: money(1_000), ..NO_LIMITS };
    for n in 0..10 {
        assert_eq!(w.reserve(&wish(n, 100), &limits).await, Reserved::Granted);
    }
    w.pass(MINUTE);
    let refused = w.refusal(&wish(10, 1), &limits).await;
    assert_eq!((refused.spent, refused.reserved), (1_000, 0), "what may have been spent is not spent again");
}

pub(crate) async fn what_is_reserved_for_a_batch_outlives_what_is_reserved_for_a_call(w: World) {
    let for_long = |n, lasts| Reservation { lasts, ..wish(n, 500) };
    assert_eq!(w.reserve(&for_long(0, CALL_RESERVED_FOR), &NO_LIMITS).await, Reserved::Granted);
    assert_eq!(w.reserve(&for_long(1, BATCH_RESERVED_FOR), &NO_LIMITS).await, Reserved::Granted);
    let (first, payers) = (w.budget.today(0).await.unwrap(), payers());
    let day = Scope::Day(first);
    w.pass(CALL_RESERVED_FOR);
    assert_eq!(w.budget.lapse().await.unwrap(), 1, "whoever made the call is gone");
    assert_eq!(w.account(day.clone()).await, balance(500, 500), "the batch goes on");
    // A batch takes a day, and whoever reads it may be somebody else.
    w.pass(DAY + MINUTE * 120 - CALL_RESERVED_FOR);
    assert_eq!(w.budget.lapse().await.unwrap(), 0);
    assert_eq!(w.budget.held(9).await.unwrap(), [call(1)]);
    w.budget.settle(&call(1), cost(120)).await.unwrap();
    assert_eq!(w.account(day).await, balance(620, 0), "it costs what it did, on its own day");
    let campaign = Scope::Campaign(payers.campaign.unwrap());
    assert_eq!(w.account(campaign).await, balance(620, 0));
    w.pass(BATCH_RESERVED_FOR);
    assert_eq!(w.budget.lapse().await.unwrap(), 0, "nothing is left to be paid");
}

pub(crate) async fn a_call_belongs_to_the_day_on_which_it_was_reserved(w: World) {
    let limits = Limits { day: money(500), ..NO_LIMITS };
    let long = Reservation { lasts: DAY * 2, ..wish(0, 500) };
    let first = w.budget.today(0).await.unwrap();
    assert_eq!(w.reserve(&long, &limits).await, Reserved::Granted);
    w.refusal(&wish(1, 1), &limits).await;
    w.pass(DAY);
    assert_eq!(w.budget.today(0).await.unwrap(), Day(first.0 + 1));
    assert_eq!(w.reserve(&wish(1, 500), &limits).await, Reserved::Granted, "a new day, a new limit");
    w.budget.settle(&call(0), cost(450)).await.unwrap();
    assert_eq!(w.account(Scope::Day(first)).await, balance(450, 0));
    assert_eq!(w.account(Scope::Day(Day(first.0 + 1))).await, balance(0, 500));
}

/// It is 02:55 in UTC.
pub(crate) async fn days_begin_where_they_are_counted(w: World) {
    let limits = Limits { day: money(500), ..NO_LIMITS };
    let utc = w.budget.today(0).await.unwrap();
    let in_new_york = Payers { utc_offset_s: -5 * 3_600, ..payers() };
    assert_eq!(w.budget.today(-5 * 3_600).await.unwrap(), Day(utc.0 - 1));
    let there = |n| Reservation { payers: in_new_york.clone(), ..wish(n, 500) };
    assert_eq!(w.reserve(&there(0), &limits).await, Reserved::Granted);
    w.refusal(&there(1), &limits).await;
    assert_eq!(w.account(Scope::Day(Day(utc.0 - 1))).await, balance(0, 500));
    assert_eq!(w.account(Scope::Day(utc)).await, Balance::default());
}

pub(crate) async fn what_was_spent_already_is_paid_once_whatever_the_limits_say(w: World) {
    let limits = Limits { day: money(100), ..NO_LIMITS };
    let machine = CallId::machine_time(&id("a"), 1);
    for _ in 0..2 {
        w.budget.charge(&machine, &payers(), cost(300)).await.unwrap();
    }
    assert_eq!(w.all_accounts().await, balance(300, 0));
    let refused = w.refusal(&wish(0, 1), &limits).await;
    assert_eq!((refused.limit, refused.spent), (100, 300));
    let of_a_second_attempt = CallId::machine_time(&id("a"), 2);
    let alone = Payers::default();
    w.budget.charge(&of_a_second_attempt, &alone, cost(20)).await.unwrap();
    assert_eq!(w.account(Scope::Day(w.budget.today(0).await.unwrap())).await, balance(320, 0));
    assert_eq!(w.account(Scope::Cycle(id("r"))).await, balance(300, 0));
}

pub(crate) async fn what_cost_more_than_was_set_aside_is_paid_whole(w: World) {
    w.reserve(&wish(0, 100), &NO_LIMITS).await;
    w.budget.settle(&call(0), cost(250)).await.unwrap();
    assert_eq!(w.all_accounts().await, balance(250, 0));
}

pub(crate) async fn whether_something_may_begin_is_told_without_setting_anything_aside(w: World) {
    let limits = Limits { campaign: money(500), ..NO_LIMITS };
    let one = Cost { money: Money::micro_dollars(1), ..Cost::ZERO };
    let may = async || admit(&*w.budget, &payers(), &limits, &one).await.unwrap();
    assert_eq!(may().await, None);
    w.reserve(&wish(0, 500), &limits).await;
    let refused = may().await.unwrap();
    assert_eq!((refused.scope, refused.reserved), (Scope::Campaign("fx".parse().unwrap()), 500));
    w.budget.settle(&call(0), cost(499)).await.unwrap();
    assert_eq!(may().await, None);
    assert_eq!(w.all_accounts().await, balance(499, 0));
}

pub(crate) async fn costs_that_can_not_be_are_refused(w: World) {
    let invalid =
        |answer: Result<(), StoreError>| assert!(matches!(answer, Err(StoreError::Invalid(_))), "{answer:?}");
    invalid(w.budget.settle(&call(0), cost(1)).await);
    invalid(w.budget.reserve(&wish(0, COST_MAX + 1), &NO_LIMITS).await.map(|_| ()));
    invalid(w.budget.charge(&call(0), &payers(), cost(COST_MAX + 1)).await);
    let endless = Reservation { lasts: RESERVED_FOR_MAX + MINUTE, ..wish(0, 1) };
    invalid(w.budget.reserve(&endless, &NO_LIMITS).await.map(|_| ()));
    assert_eq!(w.reserve(&wish(1, COST_MAX), &NO_LIMITS).await, Reserved::Granted);
    invalid(w.budget.settle(&call(1), cost(COST_MAX + 1)).await);
    assert_eq!(w.all_accounts().await, balance(0, COST_MAX), "to the last digit");
}
