"""The same targets through ktrdr, backtesting.py and backtrader, trade by trade."""

import json
import os
import random
import subprocess
import sys
import tempfile
import warnings
from datetime import datetime, timedelta, timezone
from pathlib import Path

import backtrader
import pandas
from backtesting import Backtest, Strategy

warnings.filterwarnings("ignore")

BARS = 2_400
# Bars after those that are traded, so that the vault stays shut.
AFTER = 600
UNITS = 1_000
CAPITAL = 1_000_000.0
COMMISSION = 0.0001
CENT = 0.01
SEEDS = range(1, 6)


def market(seed):
    """Hourly bars of a walk whose opens gap away from the closes before, with prices in cents."""
    dice, price, rows = random.Random(seed), 100.0, []
    time = datetime(2020, 1, 6, tzinfo=timezone.utc)
    while len(rows) < BARS + AFTER:
        opened = round(price * (1 + dice.gauss(0, 0.0005)), 2)
        closed = round(opened * (1 + dice.gauss(0, 0.002)), 2)
        high = round(max(opened, closed) + abs(dice.gauss(0, 0.1)), 2)
        low = round(min(opened, closed) - abs(dice.gauss(0, 0.1)), 2)
        if time.weekday() < 5:
            rows.append((time, opened, high, low, closed))
            price = closed
        time += timedelta(hours=1)
    index = pandas.DatetimeIndex([row[0].replace(tzinfo=None) for row in rows])
    columns = ["Open", "High", "Low", "Close"]
    bars = pandas.DataFrame([row[1:] for row in rows], index=index, columns=columns)
    bars["Volume"] = 0
    return bars


def targets(seed):
    """A target at each close: -1, 0 or 1 for a while. Flat at both ends, where the engines differ."""
    dice, wanted, now = random.Random(1_000 + seed), [], 0
    for bar in range(BARS):
        if dice.random() < 0.1:
            now = dice.choice([-1, 0, 1])
        wanted.append(now if 10 <= bar < BARS - 10 else 0)
    return wanted


def by_ktrdr(program, bars, wanted, slippage):
    stamps = [time.strftime("%Y-%m-%dT%H:%M:%SZ") for time in bars.index]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KTRDR_")}
    with tempfile.TemporaryDirectory() as workspace:
        run = lambda *arguments: json.loads(subprocess.run(
            [program, "--workspace", workspace, "--output", "json", *arguments],
            check=True, stdout=subprocess.PIPE, env=environment,
        ).stdout)
        prices, signals = Path(workspace) / "prices.csv", Path(workspace) / "signals.csv"
        rows = (f"{stamp},{row.Open},{row.High},{row.Low},{row.Close},0\n"
                for stamp, row in zip(stamps, bars.itertuples()))
        prices.write_text("timestamp,open,high,low,close,volume\n" + "".join(rows))
        signals.write_text("timestamp,target\n" + "".join(f"{s},{t}\n" for s, t in zip(stamps, wanted)))
        series = ["--symbol", "TEST", "--timeframe", "1h"]
        run("data", "import", str(prices), *series)
        report = run(
            "backtest", "signals", "--local", *series, "--signals", str(signals),
            "--start-date", stamps[0], "--end-date", stamps[BARS], "--open-vault", "compared bar by bar",
            "--units", str(UNITS), "--initial-capital", str(CAPITAL),
            "--commission-rate", str(COMMISSION), "--slippage-rate", str(slippage), "--spread", "0",
        )
    return [trade["net_pnl"] for trade in report["trades"]], CAPITAL + report["metrics"]["total_return"]


def by_backtesting(bars, wanted, slippage):
    class Follow(Strategy):
        def init(self):
            self.now = 0

        def next(self):
            target = wanted[len(self.data) - 1]
            if target != self.now:
                self.position.close()
                if target > 0:
                    self.buy(size=UNITS)
                if target < 0:
                    self.sell(size=UNITS)
                self.now = target

    # Its `spread` is a share of the price that only entries pay.
    test = Backtest(bars[:BARS], Follow, cash=CAPITAL, commission=COMMISSION, spread=slippage)
    result = test.run()
    trades = result["_trades"].sort_values("ExitBar")
    # Its exits lack the slippage, and the commission on that.
    side = trades["Size"].apply(lambda size: 1 if size > 0 else -1)
    exits = UNITS * trades["ExitPrice"] * slippage
    explained = -exits + COMMISSION * exits * side
    net = trades["PnL"] + explained
    return list(net), result["Equity Final [$]"] + explained.sum(), explained.sum()


def by_backtrader(bars, wanted, slippage):
    class Follow(backtrader.Strategy):
        def __init__(self):
            self.now, self.closed = 0, []

        def next(self):
            target = wanted[len(self.data) - 1]
            if target != self.now:
                self.order_target_size(target=target * UNITS)
                self.now = target

        def notify_trade(self, trade):
            if trade.isclosed:
                self.closed.append(trade.pnlcomm)

    engine = backtrader.Cerebro(stdstats=False)
    engine.adddata(backtrader.feeds.PandasData(
        dataname=bars[:BARS], timeframe=backtrader.TimeFrame.Minutes, compression=60))
    engine.addstrategy(Follow)
    engine.broker.setcash(CAPITAL)
    engine.broker.setcommission(commission=COMMISSION)
    # Slipped fills may lie outside of the bar, as ktrdr's do.
    engine.broker.set_slippage_perc(slippage, slip_open=True, slip_match=True, slip_out=True)
    strategy = engine.run()[0]
    return strategy.closed, engine.broker.getvalue()


def compare(program, seed, slippage):
    bars, wanted = market(seed), targets(seed)
    ours, equity = by_ktrdr(program, bars, wanted, slippage)
    others = {"backtrader": (*by_backtrader(bars, wanted, slippage), 0.0),
              "backtesting.py": by_backtesting(bars, wanted, slippage)}
    agreed = True
    for name, (theirs, theirs_equity, explained) in others.items():
        same_count = len(theirs) == len(ours)
        worst = max((abs(a - b) for a, b in zip(ours, theirs)), default=0.0)
        apart = abs(equity - theirs_equity)
        print(f"| {seed} | {slippage * 1e4:g} bp | {name} | {len(ours)} | {len(theirs)} | {equity:.2f} "
              f"| {explained:.2f} | {worst:.1e} | {apart:.1e} |")
        agreed &= same_count and worst < CENT / 2 and apart < CENT / 2
    return agreed


def main():
    print("| seed | slippage | engine | trades of ktrdr | of the engine | final equity of ktrdr "
          "| by another rule | worst trade apart | equity apart |")
    print("|---:|---:|---|---:|---:|---:|---:|---:|---:|")
    agreed = [compare(sys.argv[1], seed, slippage) for slippage in (0.0, 0.00005) for seed in SEEDS]
    sys.exit(0 if all(agreed) else "the engines do not agree to the cent")


main()
