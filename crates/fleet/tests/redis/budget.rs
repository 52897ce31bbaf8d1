//! The budget on a server that many processes ask: never more than there is, answers that are lost, memory that is full, and
//! what is forgotten in time.

use std::sync::Arc;
use std::time::Duration;

use ktrdr_domain::Money;
use ktrdr_domain::budget::{Cost, Limit, Limits, Scope};
use ktrdr_fabric::budget::{
    Budget, BudgetReader, CallId, Payers, REMEMBERED_FOR, RESERVED_FOR_MAX, Reservation, Reserved,
};
use ktrdr_fabric::store::{Store, StoreError};
use ktrdr_fleet::redis::{RedisOptions, RedisStore};

use crate::proxy::{Fate, Proxy};
use crate::server::RedisServer;
use crate::{id, leaf, store_at};

fn cost(micro_dollars: u64) -> Cost {
    Cost { money: Money::micro_dollars(micro_dollars), ..Cost::ZERO }
}

fn payers() -> Payers {
    Payers { utc_offset_s: 0, campaign: Some("fx".parse().unwrap()), cycle: Some(id("r")) }
}

fn wish(n: u32) -> Reservation {
    let call = CallId::of(&id("a"), 1, n);
    Reservation { call, payers: payers(), worst: cost(30), lasts: Duration::from_secs(600) }
}

fn limits() -> Limits {
    let day = Limit { money: Some(Money::micro_dollars(1_000)), ..Limit::default() };
    Limits { day, ..Limits::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_race_for_what_is_left_never_get_more_than_there_is() {
    let server = RedisServer::start(&[]);
    let stores = [Arc::new(store_at(&server).await), Arc::new(store_at(&server).await)];
    let race: Vec<_> = (0..60)
        .map(|n| {
            let store = Arc::clone(&stores[n as usize % 2]);
            tokio::spawn(async move {
                let granted = store.reserve(&wish(n), &limits()).await.unwrap() == Reserved::Granted;
                if granted && n % 3 == 0 {
                    store.settle(&wish(n).call, cost(30)).await.unwrap();
                }
                granted
            })
        })
        .collect();
    let mut granted = 0;
    for one in race {
        granted += u32::from(one.await.unwrap());
    }
    assert_eq!(granted, 33, "990 of 1000");
}

#[tokio::test]
async fn an_answer_that_was_lost_costs_nothing_twice() {
    let server = RedisServer::start(&[]);
    let proxy = Proxy::to(&server);
    let options = RedisOptions {
        timeout: Duration::from_millis(500),
        ..RedisOptions::new(proxy.url().parse().unwrap())
    };
    let store = RedisStore::open(options).await.unwrap();
    // From here on the server knows the scripts: the answer that is lost is the one that counts.
    store.reserve(&wish(0), &limits()).await.unwrap();
    store.settle(&wish(0).call, cost(10)).await.unwrap();
    store.charge(&CallId::machine_time(&id("x"), 1), &payers(), cost(1)).await.unwrap();
    for (n, fate) in [(1, Fate::AnswerLost), (2, Fate::Silence)] {
        let call = wish(n).call;
        proxy.set_trap(call.as_str(), fate);
        assert_eq!(store.reserve(&wish(n), &limits()).await.unwrap(), Reserved::Granted, "{fate:?}");
        proxy.set_trap(call.as_str(), fate);
        store.settle(&call, cost(10)).await.unwrap();
        let machine = CallId::machine_time(&id("a"), n.into());
        proxy.set_trap(machine.as_str(), fate);
        store.charge(&machine, &payers(), cost(1)).await.unwrap();
    }
    let balance = store.balances(&[Scope::Cycle(id("r"))]).await.unwrap()[0];
    assert_eq!((balance.spent, balance.reserved), (cost(33), Cost::ZERO));
}

#[tokio::test]
async fn on_a_full_server_nothing_new_is_reserved_and_what_is_owed_is_paid() {
    let server = RedisServer::start(&[]);
    let store = store_at(&server).await;
    store.reserve(&wish(0), &limits()).await.unwrap();
    store.submit(leaf("large")).await.unwrap();
    redis::cmd("CONFIG").arg(&["SET", "maxmemory", "1mb"]).exec(&mut server.admin()).unwrap();
    let refused = store.reserve(&wish(1), &limits()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Full(_)), "{refused}");
    store.settle(&wish(0).call, cost(20)).await.unwrap();
    store.charge(&CallId::machine_time(&id("a"), 1), &payers(), cost(5)).await.unwrap();
    let balance = store.balances(&[Scope::Campaign("fx".parse().unwrap())]).await.unwrap()[0];
    assert_eq!((balance.spent, balance.reserved), (cost(25), Cost::ZERO));
}

#[tokio::test]
async fn calls_and_cycles_are_forgotten_in_time_and_no_other_account_nor_what_is_reserved() {
    let server = RedisServer::start(&[]);
    let store = store_at(&server).await;
    for n in 0..2 {
        store.reserve(&wish(n), &limits()).await.unwrap();
    }
    store.settle(&wish(0).call, cost(20)).await.unwrap();
    let day = store.today(0).await.unwrap().0;
    let kept_ms = |key: &str| -> i64 {
        redis::cmd("PTTL").arg(format!("{{ktrdr}}:budget:{key}")).query(&mut server.admin()).unwrap()
    };
    let remembered = i64::try_from(REMEMBERED_FOR.as_millis()).unwrap();
    for forgotten in [format!("call:{}", wish(0).call), "cycle:op_r".to_owned()] {
        let ms = kept_ms(&forgotten);
        assert!((remembered - 60_000..=remembered).contains(&ms), "{forgotten}: {ms}");
    }
    for kept in [format!("call:{}", wish(1).call), format!("day:{day}"), "campaign:fx".into(), "held".into()]
    {
        assert_eq!(kept_ms(&kept), -1, "{kept}");
    }
    assert!(RESERVED_FOR_MAX < REMEMBERED_FOR, "what is reserved is settled before its cycle is forgotten");
}
