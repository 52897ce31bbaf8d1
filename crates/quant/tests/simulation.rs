//! How the account behaves: order of events, stops, limits, ruin, and what must hold for any bars and targets.

#![allow(clippy::unwrap_used)]

use ktrdr_domain::report::backtest::{Direction, ExitReason, Trade};
use ktrdr_domain::trading::{Account, Costs, Exits, Sizing};
use ktrdr_quant::Bars;
use ktrdr_quant::simulate::{self, Run, SimulateError, Simulation, Target, trades_sha256};
use proptest::prelude::*;

type Ohlc = (f64, f64, f64, f64);

fn hourly(prices: &[Ohlc]) -> Bars {
    let mut bars = Bars::with_capacity("TEST".parse().unwrap(), "1h".parse().unwrap(), prices.len());
    for (i, (open, high, low, close)) in prices.iter().enumerate() {
        bars.time.push(i as i64 * 3_600);
        bars.open.push(*open);
        bars.high.push(*high);
        bars.low.push(*low);
        bars.close.push(*close);
        bars.volume.push(0.0);
    }
    bars
}

const FREE: Costs = Costs {
    commission_rate: 0.0,
    spread: 0.0,
    slippage_rate: 0.0,
    financing_long_per_day: 0.0,
    financing_short_per_day: 0.0,
};

/// One unit, no costs.
fn one_unit() -> Account {
    Account {
        initial_capital: 1_000.0,
        sizing: Sizing::FixedUnits(1.0),
        fractional_units: true,
        costs: FREE,
        exits: Exits::default(),
    }
}

fn trade_all(prices: &[Ohlc], targets: &[Target], account: &Account) -> Run {
    simulate::run(&hourly(prices), 0..prices.len(), targets, account).unwrap()
}

fn exits(trades: &[Trade]) -> Vec<(f64, ExitReason, u32)> {
    trades.iter().map(|t| (t.exit_price, t.exit_reason, t.bars_held)).collect()
}

const FLAT: Ohlc = (100.0, 101.0, 99.0, 100.0);

#[test]
fn what_is_wanted_at_the_last_close_is_not_filled() {
    let run = trade_all(&[FLAT; 3], &[0, 0, 1], &one_unit());
    assert!(run.trades.is_empty());
    assert_eq!(run.equity, [1_000.0; 3]);
}

#[test]
fn only_the_range_is_traded() {
    let bars = hourly(&[FLAT, FLAT, (200.0, 200.0, 200.0, 210.0), (220.0, 220.0, 220.0, 230.0), FLAT]);
    let run = simulate::run(&bars, 2..4, &[1, 0], &one_unit()).unwrap();
    assert_eq!(run.equity, [1_000.0, 1_010.0]);
    assert_eq!(exits(&run.trades), [(230.0, ExitReason::EndOfData, 1)]);
}

#[test]
fn a_stop_acts_in_the_bar_of_the_entry_and_pays_costs_like_any_fill() {
    let costs = Costs { slippage_rate: 0.01, spread: 0.5, ..FREE };
    let account = Account { costs, exits: Exits { stop_loss: Some(0.1), ..Exits::default() }, ..one_unit() };
    let run = trade_all(&[FLAT, (100.0, 100.0, 80.0, 95.0), FLAT, FLAT], &[1; 4], &account);
    let stop: f64 = (100.0 * 1.01 + 0.25) * 0.9;
    let [(price, reason, bars_held)] = exits(&run.trades)[..] else { panic!("{:?}", run.trades) };
    assert!((price - (stop * 0.99 - 0.25)).abs() < 1e-9, "{price}");
    assert_eq!((reason, bars_held), (ExitReason::StopLoss, 1));
}

#[test]
fn a_stopped_position_is_entered_again_only_after_the_target_has_changed() {
    let account = Account { exits: Exits { stop_loss: Some(0.1), ..Exits::default() }, ..one_unit() };
    let crash = (100.0, 100.0, 85.0, 100.0);
    let bars = [FLAT, FLAT, crash, FLAT, FLAT, FLAT, FLAT];
    let run = trade_all(&bars, &[1, 1, 1, 1, 0, 1, 1], &account);
    assert_eq!(
        exits(&run.trades),
        [(90.0, ExitReason::StopLoss, 2), (100.0, ExitReason::EndOfData, 1)],
        "still long at bars 3 and 4, flat at 5, long again at 6"
    );
}

#[test]
fn a_gap_through_the_stop_fills_at_the_open_and_does_not_count_the_bar() {
    let account = Account { exits: Exits { stop_loss: Some(0.1), ..Exits::default() }, ..one_unit() };
    let gap = (70.0, 75.0, 65.0, 72.0);
    let run = trade_all(&[FLAT, FLAT, gap, FLAT], &[1; 4], &account);
    assert_eq!(exits(&run.trades), [(70.0, ExitReason::StopLoss, 1)]);
    let run = trade_all(&[FLAT, FLAT, (130.0, 135.0, 120.0, 125.0), FLAT], &[-1; 4], &account);
    assert_eq!(exits(&run.trades), [(130.0, ExitReason::StopLoss, 1)]);
}

#[test]
fn a_target_that_the_open_has_passed_fills_at_the_open_whatever_the_bar_does_later() {
    let exits_of = |side: Target, bar: Ohlc| {
        let both = Exits { stop_loss: Some(0.1), take_profit: Some(0.2), ..Exits::default() };
        let run = trade_all(&[FLAT, FLAT, bar, FLAT], &[side; 4], &Account { exits: both, ..one_unit() });
        (exits(&run.trades), run.equity[2])
    };
    use ExitReason::{StopLoss, TakeProfit};
    assert_eq!(exits_of(1, (125.0, 126.0, 85.0, 90.0)), (vec![(125.0, TakeProfit, 1)], 1_025.0));
    assert_eq!(exits_of(-1, (75.0, 115.0, 74.0, 110.0)), (vec![(75.0, TakeProfit, 1)], 1_025.0));
    assert_eq!(exits_of(1, (80.0, 125.0, 79.0, 124.0)), (vec![(80.0, StopLoss, 1)], 980.0));
    assert_eq!(exits_of(-1, (120.0, 121.0, 75.0, 76.0)), (vec![(120.0, StopLoss, 1)], 980.0));
    // From inside both levels nobody knows the way: the stop.
    assert_eq!(exits_of(1, (100.0, 126.0, 85.0, 90.0)), (vec![(90.0, StopLoss, 2)], 990.0));
    assert_eq!(exits_of(-1, (100.0, 126.0, 75.0, 90.0)).0[0].1, StopLoss);
}

#[test]
fn a_target_is_a_limit_order_and_pays_commission_alone() {
    let costs = Costs { slippage_rate: 0.01, spread: 0.5, commission_rate: 0.001, ..FREE };
    let account =
        Account { costs, exits: Exits { take_profit: Some(0.2), ..Exits::default() }, ..one_unit() };
    let touched = |side, bar| {
        let run = trade_all(&[FLAT, FLAT, bar, FLAT], &[side; 4], &account);
        let [trade] = run.trades[..] else { panic!("{:?}", run.trades) };
        assert_eq!(trade.exit_reason, ExitReason::TakeProfit);
        assert!((trade.commission - 0.001 * (trade.entry_price + trade.exit_price)).abs() < 1e-12);
        (trade.entry_price, trade.exit_price)
    };
    let (bought, sold) = touched(1, (119.0, 130.0, 118.0, 119.0));
    assert_eq!(sold, bought * 1.2);
    assert_eq!(touched(1, (140.0, 141.0, 118.0, 119.0)).1, 140.0);
    let (sold, bought) = touched(-1, (81.0, 82.0, 70.0, 81.0));
    assert_eq!(bought, sold * 0.8);
    assert_eq!(touched(-1, (60.0, 82.0, 59.0, 81.0)).1, 60.0);
}

#[test]
fn a_position_whose_costs_reach_beyond_its_stop_is_stopped_where_it_was_entered() {
    let costs = Costs { slippage_rate: 0.02, ..FREE };
    let account = Account { costs, exits: Exits { stop_loss: Some(0.01), ..Exits::default() }, ..one_unit() };
    for side in [1, -1] {
        let run = trade_all(&[FLAT; 4], &[side; 4], &account);
        let [trade] = run.trades[..] else { panic!("{:?}", run.trades) };
        assert_eq!((trade.exit_reason, trade.bars_held), (ExitReason::StopLoss, 0));
        assert_eq!(trade.entry_time, trade.exit_time);
        assert!((trade.gross_pnl + 4.0).abs() < 1e-9, "both sides' slippage: {}", trade.gross_pnl);
    }
}

#[test]
fn a_trade_that_earned_nothing_earned_no_negative_zero() {
    let run = trade_all(&[FLAT; 4], &[-1, 0, 0, 0], &one_unit());
    let [trade] = run.trades[..] else { panic!("{:?}", run.trades) };
    assert!([trade.gross_pnl, trade.net_pnl].iter().all(|pnl| *pnl == 0.0 && pnl.is_sign_positive()));
}

#[test]
fn an_order_at_the_open_comes_before_the_stops_of_that_bar() {
    let account = Account { exits: Exits { stop_loss: Some(0.1), ..Exits::default() }, ..one_unit() };
    let run = trade_all(&[FLAT, FLAT, (95.0, 96.0, 50.0, 60.0), FLAT], &[1, 0, 0, 0], &account);
    assert_eq!(exits(&run.trades), [(95.0, ExitReason::Signal, 1)]);
}

#[test]
fn a_position_is_closed_at_the_open_after_its_longest_time() {
    let account = Account { exits: Exits { max_holding_bars: Some(2), ..Exits::default() }, ..one_unit() };
    let run = trade_all(&[FLAT; 6], &[1; 6], &account);
    assert_eq!(exits(&run.trades), [(100.0, ExitReason::MaxHolding, 2)]);
    assert_eq!(run.bars_in_market, 2);
}

#[test]
fn whole_units_that_come_to_none_are_no_trade_but_a_warning() {
    let account = Account { sizing: Sizing::FixedFraction(0.05), fractional_units: false, ..one_unit() };
    let run = trade_all(&[FLAT; 4], &[1, -1, 0, 0], &account);
    assert!(run.trades.is_empty());
    assert_eq!((run.unfilled_orders, run.warnings().len()), (2, 1));
}

#[test]
fn everything_bet_is_never_more_than_there_is() {
    let costs = Costs { commission_rate: 0.001, spread: 0.1, slippage_rate: 0.001, ..FREE };
    let account = Account { sizing: Sizing::AllIn, costs, ..one_unit() };
    let run = trade_all(&[FLAT, FLAT, FLAT], &[1, 1, 0], &account);
    let [trade] = run.trades[..] else { panic!("{:?}", run.trades) };
    let paid = trade.units * trade.entry_price * 1.001;
    assert!(paid <= 1_000.0 + 1e-9 && paid > 999.999_999, "{paid}");
}

#[test]
fn ruin_closes_the_account_for_good() {
    let account = Account { sizing: Sizing::FixedUnits(100.0), ..one_unit() };
    let squeeze = (100.0, 112.0, 100.0, 112.0);
    let run = trade_all(&[FLAT, squeeze, FLAT, FLAT, FLAT], &[-1, 1, 1, 0, 1], &account);
    assert_eq!(exits(&run.trades), [(112.0, ExitReason::Ruin, 1)]);
    assert_eq!(run.equity, [1_000.0, -200.0, -200.0, -200.0, -200.0]);
    assert_eq!(run.ruined_at, Some(1));
    assert!(run.warnings()[0].contains("ruined"));
}

#[test]
fn what_can_not_be_simulated_is_refused_with_the_reason() {
    let bars = hourly(&[FLAT; 4]);
    let refused = |range, targets: &[Target], account: Account| {
        simulate::run(&bars, range, targets, &account).unwrap_err()
    };
    assert!(matches!(refused(0..5, &[0; 5], one_unit()), SimulateError::Range { bars: 4, .. }));
    assert!(matches!(refused(2..2, &[], one_unit()), SimulateError::Range { .. }));
    assert!(matches!(refused(0..4, &[0; 3], one_unit()), SimulateError::TargetCount { targets: 3, bars: 4 }));
    assert!(matches!(refused(0..4, &[0, 2, 0, 0], one_unit()), SimulateError::Target { bar: 1, value: 2 }));
    let broke = Account { initial_capital: 0.0, ..one_unit() };
    assert!(matches!(refused(0..4, &[0; 4], broke), SimulateError::Account(_)));
    let endless = Account { exits: Exits { max_holding_bars: Some(0), ..Exits::default() }, ..one_unit() };
    assert!(refused(0..4, &[0; 4], endless).to_string().contains("max_holding_bars"));
    let wide = Account { costs: Costs { spread: 250.0, ..FREE }, ..one_unit() };
    assert!(matches!(refused(0..4, &[-1; 4], wide), SimulateError::Spread { .. }));
    let mut broken = bars.clone();
    broken.close[2] = f64::NAN;
    let error = simulate::run(&broken, 0..4, &[1; 4], &one_unit()).unwrap_err();
    assert!(matches!(error, SimulateError::NotFinite { time } if time.0 == 7_200));
}

/// A market that opens near its last close and moves by up to 5 % inside a bar.
fn market(bars_max: usize) -> impl Strategy<Value = (Bars, Vec<Target>)> {
    let moves =
        prop::collection::vec((-0.02..0.02_f64, -0.05..0.05_f64, 0.0..0.03_f64, 0.0..0.03_f64), 2..bars_max);
    moves.prop_flat_map(|moves| {
        let mut price = 100.0;
        let prices: Vec<Ohlc> = moves
            .iter()
            .map(|(gap, body, up, down)| {
                let open = price * (1.0 + gap);
                price = open * (1.0 + body);
                (open, open.max(price) * (1.0 + up), open.min(price) * (1.0 - down), price)
            })
            .collect();
        let targets = prop::collection::vec(-1..=1_i8, prices.len());
        (Just(hourly(&prices)), targets)
    })
}

fn accounts() -> impl Strategy<Value = Account> {
    let sizing = prop_oneof![
        (0.05..=1.0_f64).prop_map(Sizing::FixedFraction),
        Just(Sizing::AllIn),
        (0.1..30.0_f64).prop_map(Sizing::FixedUnits)
    ];
    let costs = (0.0..0.002_f64, 0.0..0.1_f64, 0.0..0.002_f64, -0.001..0.001_f64, -0.001..0.001_f64);
    let exits =
        (prop::option::of(0.005..0.2_f64), prop::option::of(0.005..0.2_f64), prop::option::of(1..20_u32));
    (sizing, any::<bool>(), costs, exits).prop_map(|(sizing, fractional_units, costs, exits)| Account {
        initial_capital: 10_000.0,
        sizing,
        fractional_units,
        costs: Costs {
            commission_rate: costs.0,
            spread: costs.1,
            slippage_rate: costs.2,
            financing_long_per_day: costs.3,
            financing_short_per_day: costs.4,
        },
        exits: Exits { stop_loss: exits.0, take_profit: exits.1, max_holding_bars: exits.2 },
    })
}

proptest! {
    #[test]
    fn the_account_ends_with_what_it_had_plus_every_trade((bars, targets) in market(120), account in accounts()) {
        let run = simulate::run(&bars, 0..bars.len(), &targets, &account).unwrap();
        let net: f64 = run.trades.iter().map(|t| t.net_pnl).sum();
        prop_assert!((run.equity[bars.len() - 1] - (10_000.0 + net)).abs() < 1e-6);
        let held: u64 = run.trades.iter().map(|t| u64::from(t.bars_held)).sum();
        prop_assert!(run.bars_in_market <= held && held <= bars.len() as u64);
        for t in &run.trades {
            prop_assert!(t.units > 0.0 && t.entry_time <= t.exit_time);
            prop_assert!((t.gross_pnl - t.commission - t.financing - t.net_pnl).abs() < 1e-9);
        }
    }

    #[test]
    fn the_future_changes_nothing_before_it((bars, targets) in market(80), account in accounts(), cut in 0.0..1.0_f64) {
        let cut = 1 + (cut * (bars.len() - 1) as f64) as usize;
        let whole = simulate::run(&bars, 0..bars.len(), &targets, &account).unwrap();
        let past = simulate::run(&bars, 0..cut, &targets[..cut], &account).unwrap();
        // The last bar of the shorter run pays for closing what the longer one still holds.
        prop_assert_eq!(&past.equity[..cut - 1], &whole.equity[..cut - 1]);
        let closed = |run: &Run| {
            let last = bars.time[cut - 1];
            run.trades.iter().copied().filter(|t| t.exit_time.0 < last).collect::<Vec<_>>()
        };
        prop_assert_eq!(trades_sha256(&closed(&past)), trades_sha256(&closed(&whole)));
    }

    #[test]
    fn steps_of_any_size_lead_to_the_same_run((bars, targets) in market(80), account in accounts(), step in 1..30_usize) {
        let whole = simulate::run(&bars, 0..bars.len(), &targets, &account).unwrap();
        let mut simulation = Simulation::new(&bars, 0..bars.len(), &targets, &account).unwrap();
        while !simulation.is_done() {
            simulation.advance(step).unwrap();
        }
        prop_assert_eq!(simulation.trades(), &whole.trades[..]);
        prop_assert_eq!(simulation.finish().unwrap(), whole);
    }

    #[test]
    fn costs_only_ever_cost((bars, targets) in market(80), commission in 0.0..0.01_f64, spread in 0.0..1.0_f64, slippage in 0.0..0.01_f64) {
        let free = Account { initial_capital: 1e6, ..one_unit() };
        let costs = Costs { commission_rate: commission, spread, slippage_rate: slippage, ..FREE };
        let dear = Account { costs, ..free };
        let run = |account| simulate::run(&bars, 0..bars.len(), &targets, account).unwrap();
        let (free, dear) = (run(&free), run(&dear));
        prop_assert!(dear.equity.iter().zip(&free.equity).all(|(dear, free)| *dear <= free + 1e-6));
        prop_assert!((dear.pnl_before_costs - free.pnl_before_costs).abs() < 1e-6);
    }

    #[test]
    fn a_limit_never_fills_worse_than_its_price_and_a_stop_never_better((bars, targets) in market(120), account in accounts()) {
        let run = simulate::run(&bars, 0..bars.len(), &targets, &account).unwrap();
        for t in &run.trades {
            let side = if t.direction == Direction::Long { 1.0 } else { -1.0 };
            let level = |fraction: f64| t.entry_price * (1.0 + side * fraction);
            let beyond = |level: f64| side * (t.exit_price - level);
            match t.exit_reason {
                ExitReason::TakeProfit => prop_assert!(beyond(level(account.exits.take_profit.unwrap())) >= 0.0),
                ExitReason::StopLoss => prop_assert!(beyond(level(-account.exits.stop_loss.unwrap())) <= 0.0),
                _ => {}
            }
        }
    }

    #[test]
    fn the_mirrored_bet_has_the_mirrored_result_without_costs((bars, targets) in market(80)) {
        let account = Account { initial_capital: 1e6, ..one_unit() };
        let opposite: Vec<Target> = targets.iter().map(|t| -t).collect();
        let gain = |targets: &[Target]| {
            simulate::run(&bars, 0..bars.len(), targets, &account).unwrap().equity[bars.len() - 1] - 1e6
        };
        prop_assert!((gain(&targets) + gain(&opposite)).abs() < 1e-6);
    }
}

#[test]
fn bars_of_zero_and_below_are_not_traded_and_the_others_are() {
    let negative = (1.0, 1.0, -40.32, -37.63);
    let bars = hourly(&[FLAT, FLAT, FLAT, negative, FLAT]);
    let refused = simulate::run(&bars, 1..5, &[0, 1, 0, 0], &one_unit()).unwrap_err();
    assert!(matches!(refused, SimulateError::NotAboveZero { price: -40.32, .. }), "{refused}");
    assert!(refused.to_string().contains("1970-01-01T03:00:00Z"), "{refused}");
    assert!(simulate::run(&bars, 0..3, &[0, 1, 0], &one_unit()).is_ok());
}
