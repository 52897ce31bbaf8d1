//! A whole backtest worked by hand: signals, fixed units, every cost on both sides, long, short, a reversal, a weekend
//! of financing and the forced close. Nothing here uses the program's own arithmetic.

#![allow(clippy::unwrap_used)]

use ktrdr_domain::report::backtest::{Direction, ExitReason};
use ktrdr_domain::trading::{Account, Costs, Exits, Sizing};
use ktrdr_quant::data::calendar::{Calendar, TradingWeek};
use ktrdr_quant::{Bars, metrics, signals, simulate};

/// 2018-01-04, a Thursday.
const THURSDAY: i64 = 1_515_024_000;
const DAY: i64 = 86_400;

/// Six daily bars, Thursday to Thursday, as (day, open, high, low, close).
const BARS: [(i64, f64, f64, f64, f64); 6] = [
    (0, 100.0, 101.0, 99.0, 100.0),
    (1, 102.0, 105.0, 101.0, 104.0),
    (4, 103.0, 107.0, 102.0, 106.0),
    (5, 108.0, 109.0, 103.0, 104.0),
    (6, 105.0, 106.0, 100.0, 101.0),
    (7, 99.0, 100.0, 97.0, 98.0),
];

const SIGNALS: &[u8] = b"timestamp,target\n\
    2018-01-04T00:00:00Z,1\n\
    2018-01-08T00:00:00Z,-1\n";

const COSTS: Costs = Costs {
    commission_rate: 0.001,
    spread: 0.2,
    slippage_rate: 0.0005,
    financing_long_per_day: 0.0002,
    financing_short_per_day: 0.0001,
};

fn bars() -> Bars {
    let mut bars = Bars::with_capacity("TEST".parse().unwrap(), "1d".parse().unwrap(), 6);
    for (day, open, high, low, close) in BARS {
        bars.time.push(THURSDAY + day * DAY);
        bars.open.push(open);
        bars.high.push(high);
        bars.low.push(low);
        bars.close.push(close);
        bars.volume.push(0.0);
    }
    bars
}

fn account() -> Account {
    Account {
        initial_capital: 10_000.0,
        sizing: Sizing::FixedUnits(10.0),
        fractional_units: true,
        costs: COSTS,
        exits: Exits::default(),
    }
}

#[track_caller]
fn assert_close(found: f64, by_hand: f64) {
    assert!((found - by_hand).abs() < 1e-9 * (1.0 + by_hand.abs()), "{found}, by hand {by_hand}");
}

#[test]
fn trades_equity_and_figures_agree_with_hand_arithmetic() {
    let bars = bars();
    let targets = signals::align(&bars, 0..6, &signals::read(SIGNALS).unwrap()).unwrap();
    let run = simulate::run(&bars, 0..6, &targets, &account()).unwrap();

    // Friday's open: buy 10 at 102 × 1.0005 + 0.1.
    let bought = 102.151;
    let bought_commission = 1.021_51;
    // Friday to Monday are three days on 10 × 104, Monday to Tuesday one day on 10 × 106.
    let long_financing = 0.624 + 0.212;
    // Tuesday's open: sell 10 at 108 × 0.9995 − 0.1 to close, and 10 more to go short.
    let sold = 107.846;
    let sold_commission = 1.078_46;
    // Tuesday to Wednesday one day on 10 × 104, Wednesday to Thursday one day on 10 × 101.
    let short_financing = 0.104 + 0.101;
    // Thursday's close: buy 10 back at 98 × 1.0005 + 0.1.
    let covered = 98.149;
    let covered_commission = 0.981_49;

    let [long, short] = run.trades.as_slice() else { panic!("{:?}", run.trades) };
    assert_eq!((long.direction, long.exit_reason, long.bars_held), (Direction::Long, ExitReason::Signal, 2));
    assert_eq!(
        (short.direction, short.exit_reason, short.bars_held),
        (Direction::Short, ExitReason::EndOfData, 3)
    );
    assert_eq!([long.entry_time.0, long.exit_time.0], [THURSDAY + DAY, THURSDAY + 5 * DAY]);
    assert_eq!([short.entry_time.0, short.exit_time.0], [THURSDAY + 5 * DAY, THURSDAY + 7 * DAY]);
    for (found, by_hand) in [
        (long.units, 10.0),
        (long.entry_price, bought),
        (long.exit_price, sold),
        (long.commission, bought_commission + sold_commission),
        (long.financing, long_financing),
        (long.gross_pnl, 56.95),
        (long.net_pnl, 56.95 - 2.099_97 - 0.836),
        (short.units, 10.0),
        (short.entry_price, sold),
        (short.exit_price, covered),
        (short.commission, sold_commission + covered_commission),
        (short.financing, short_financing),
        (short.gross_pnl, 96.97),
        (short.net_pnl, 96.97 - 2.059_95 - 0.205),
    ] {
        assert_close(found, by_hand);
    }

    let equity = [
        10_000.0,
        10_000.0 - 1_021.51 - 1.021_51 + 1_040.0,
        10_000.0 - 1_021.51 - 1.021_51 - 0.624 + 1_060.0,
        10_054.014_03 + 1_078.46 - 1.078_46 - 1_040.0,
        10_054.014_03 + 1_078.46 - 1.078_46 - 0.104 - 1_010.0,
        10_148.719_08,
    ];
    for (found, by_hand) in run.equity.iter().zip(equity) {
        assert_close(*found, by_hand);
    }
    assert_eq!(run.bars_in_market, 5);
    assert_close(run.traded_value, 1_021.51 + 2.0 * 1_078.46 + 981.49);
    // Without any cost: 102 to 108, then 108 down to 98.
    assert_close(run.pnl_before_costs, 60.0 + 100.0);

    let calendar = Calendar { days_per_year: 260.0, bars_per_year: 260.0, week: TradingWeek::MondayToFriday };
    let (figures, _) = metrics::compute(&run, &bars, 0..6, 10_000.0, Some(&calendar));
    let years = 8.0 / 365.25;
    for (found, by_hand) in [
        (figures.total_return, 148.719_08),
        (figures.total_return_pct, 0.014_871_908),
        (figures.cagr, 1.014_871_908_f64.powf(1.0 / years) - 1.0),
        (figures.win_rate, 1.0),
        (figures.expectancy, 74.359_54),
        (figures.avg_holding_bars, 2.5),
        (figures.exposure, 5.0 / 6.0),
        (figures.turnover, 4_159.92 / (equity.iter().sum::<f64>() / 6.0) / years),
        (figures.break_even_cost_bps, 160.0 / 4_159.92 * 10_000.0),
        (figures.max_drawdown, 0.0),
    ] {
        match found {
            Some(found) => assert_close(found, by_hand),
            None => panic!("undefined, by hand {by_hand}"),
        }
    }
    // Daily returns, of which the first is nothing and none is negative.
    let r: Vec<f64> = equity.windows(2).map(|pair| pair[1] / pair[0] - 1.0).collect();
    let mean = r.iter().sum::<f64>() / 6.0;
    let squares = mean * mean + r.iter().map(|r| (r - mean) * (r - mean)).sum::<f64>();
    assert_close(figures.sharpe_ratio.unwrap(), mean / (squares / 5.0).sqrt() * 260.0_f64.sqrt());
    assert_eq!((figures.sortino_ratio, figures.profit_factor, figures.calmar_ratio), (None, None, None));
}
