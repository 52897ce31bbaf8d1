"""Writes first_values.json beside this file: what TA-Lib makes of the first bars at which each indicator has a value.

A second opinion beside make_indicators.py, from code that shares nothing with ours, where mistakes in starting an
average show: its first five values, on random bars, on a steady rise, a steady fall, and on prices that never move.
Indicators that TA-Lib does not have are put together from its moving averages, sums and extremes. Where it follows
another convention than ours, OURS says which, and the value comes from the definition instead.
Made with Python 3.11, TA-Lib 0.8.2, numpy 2.4.6:  python3 make_first_values.py
"""

import json
import pathlib

import numpy as np
import talib

BARS = 60
STARTS = 5


def random_bars():
    golden = json.loads(pathlib.Path(__file__).with_name("indicators.json").read_text())["bars"]
    return {name: np.array(values[:BARS]) for name, values in golden.items()}


def steady(step, volume):
    i = np.arange(BARS, dtype=float) * step
    ohlc = {"open": 99.5 + i, "high": 101 + i, "low": 99 + i, "close": 100 + i}
    return ohlc | {"volume": np.full(BARS, volume)}


def still():
    return {name: np.full(BARS, 100.1) for name in ("open", "high", "low", "close")} | {"volume": np.full(BARS, 700.0)}


MARKETS = {"random": random_bars(), "rise": steady(1.0, 700.0), "fall": steady(-1.0, 700.0), "still": still()}


def indicators(m):
    o, h, l, c, v = (m[name] for name in ("open", "high", "low", "close", "volume"))
    tr = talib.TRANGE(h, l, c)
    atr = lambda p: np.concatenate([[np.nan], talib.SMA(tr[1:], p)])
    typical = talib.TYPPRICE(h, l, c)

    def macd(fast, slow, signal):
        # talib.MACD would start the fast average together with the slow one
        line = talib.EMA(c, fast) - talib.EMA(c, slow)
        average = np.full(BARS, np.nan)
        average[slow - 1 :] = talib.EMA(line[slow - 1 :], signal)
        return [line, average, line - average]

    def bands(p, k):
        # TA-Lib divides by p, we by p - 1
        return talib.BBANDS(c, p, k * np.sqrt(p / (p - 1)), k * np.sqrt(p / (p - 1)))

    upper, middle, lower = bands(9, 1.5)
    return [
        ({"type": "sma", "params": {"period": 20}}, [talib.SMA(c, 20)]),
        ({"type": "ema", "params": {"period": 20}}, [talib.EMA(c, 20)]),
        ({"type": "ema", "source": "high", "params": {"period": 1}}, [h]),
        ({"type": "wma", "params": {"period": 20}}, [talib.WMA(c, 20)]),
        ({"type": "rsi", "params": {"period": 14}}, [talib.RSI(c, 14)]),
        ({"type": "macd", "params": {}}, macd(12, 26, 9)),
        ({"type": "stochastic", "params": {}}, talib.STOCH(h, l, c, 14, 3, 0, 3, 0)),
        ({"type": "williamsr", "params": {"period": 14}}, [talib.WILLR(h, l, c, 14)]),
        ({"type": "roc", "params": {"period": 10}}, [talib.ROC(c, 10)]),
        ({"type": "momentum", "params": {"period": 10}}, [talib.MOM(c, 10)]),
        ({"type": "cci", "params": {"period": 20}}, [talib.CCI(h, l, c, 20)]),
        ({"type": "adx", "params": {"period": 14}}, [f(h, l, c, 14) for f in (talib.ADX, talib.PLUS_DI, talib.MINUS_DI)]),
        ({"type": "aroon", "params": {"period": 14}}, [*reversed(talib.AROON(h, l, 14)), talib.AROONOSC(h, l, 14)]),
        ({"type": "aroon", "params": {"period": 2}}, [*reversed(talib.AROON(h, l, 2)), talib.AROONOSC(h, l, 2)]),
        ({"type": "atr", "params": {"period": 14}}, [atr(14)]),
        ({"type": "bollingerbands", "params": {"period": 20, "multiplier": 2.0}}, bands(20, 2.0)),
        ({"type": "bollingerbandwidth", "params": {"period": 9, "multiplier": 1.5}}, [(upper - lower) / middle]),
        (
            {"type": "keltnerchannels", "params": {}},
            [talib.EMA(c, 20) + 2 * atr(10), talib.EMA(c, 20) + 0 * atr(10), talib.EMA(c, 20) - 2 * atr(10)],
        ),
        (
            {"type": "donchianchannels", "params": {}},
            [talib.MAX(h, 20), (talib.MAX(h, 20) + talib.MIN(l, 20)) / 2, talib.MIN(l, 20)],
        ),
        ({"type": "distancefromma", "params": {}}, [100 * (c / talib.SMA(c, 20) - 1)]),
        ({"type": "distancefromma", "params": {"ma_type": 1.0}}, [100 * (c / talib.EMA(c, 20) - 1)]),
        # ours starts at 0, TA-Lib at the first bar's volume: the level says nothing
        ({"type": "obv"}, [talib.OBV(c, v) - v[0]]),
        ({"type": "vwap", "params": {}}, [talib.SUM(typical * v, 20) / talib.SUM(v, 20)]),
        ({"type": "mfi", "params": {"period": 14}}, [talib.MFI(h, l, c, v, 14)]),
        ({"type": "volumeratio", "params": {"period": 20}}, [v / talib.SMA(v, 20)]),
        ({"type": "jumps", "params": {"window": 20, "threshold": 1.0}}, [jumps(c, 24, 1.0, 20)]),
        # 1970-01-01 00:00 UTC was 19:00 in New York: the second hour of a day, before which no day and no week has ended
        ({"type": "tradingday", "params": {}}, [0 * c, 0 * c, (2.0 + np.arange(BARS)) % 24 + 1, 0 * c]),
    ]


def jumps(c, half_life, threshold, window):
    change = talib.ROCP(c, 1)
    usual = np.sqrt(np.concatenate([[np.nan], talib.SMA(change**2, window)[:-1]]))
    beyond = np.clip(np.abs(change) / np.where(usual > 1e-12, usual, np.inf) - threshold, 0, 10) * np.sign(change)
    out = np.full(BARS, np.nan)
    for t in range(window + 1, BARS):
        out[t] = beyond[t] + (0 if t == window + 1 else out[t - 1] * 2 ** (-1 / half_life))
    return out


def wilder(x, p):
    out = [np.mean(x[:p])]
    for value in x[p:]:
        out.append((out[-1] * (p - 1) + value) / p)
    return np.array(out)


def wilders_adx(m, p):
    """Wilder's own sheet: averages start from p changes, the ADX from p indices; TA-Lib takes p - 1 changes."""
    h, l, c = m["high"], m["low"], m["close"]
    rise, fall = np.diff(h), -np.diff(l)
    tr = wilder(np.maximum(h[1:], c[:-1]) - np.minimum(l[1:], c[:-1]), p)
    plus = 100 * wilder(np.where((rise > fall) & (rise > 0), rise, 0.0), p) / tr
    minus = 100 * wilder(np.where((fall > rise) & (fall > 0), fall, 0.0), p) / tr
    strength = wilder(100 * np.abs(plus - minus) / (plus + minus), p)
    pad = lambda x: np.concatenate([np.full(BARS - len(x), np.nan), x])
    return [pad(strength), pad(plus), pad(minus)]


# Where nothing moves, TA-Lib says 0; ours is the middle of the scale.
OURS = {
    ("random", "adx"): lambda m, outputs: wilders_adx(m, 14),
    ("still", "rsi"): lambda m, outputs: [0 * outputs[0] + 50],
    ("still", "stochastic"): lambda m, outputs: [0 * o + 50 for o in outputs],
    ("still", "williamsr"): lambda m, outputs: [0 * outputs[0] - 50],
    ("still", "mfi"): lambda m, outputs: [0 * outputs[0] + 50],
}


def case(market, spec, outputs):
    known = OURS.get((market, spec["type"]), lambda m, o: o)(MARKETS[market], [np.asarray(o) for o in outputs])
    first = max(int(np.argmax(np.isfinite(o))) for o in known)
    starts = [[float(f"{x:.12g}") + 0.0 for x in o[first : first + STARTS]] for o in known]
    return {"market": market, "spec": spec, "first": first, "outputs": starts}


cases = [case(market, *named) for market, bars in MARKETS.items() for named in indicators(bars)]
markets = {name: {field: values.tolist() for field, values in bars.items()} for name, bars in MARKETS.items()}
text = json.dumps({"markets": markets, "cases": cases}).replace('{"market"', '\n{"market"').replace('"cases"', '\n"cases"')
pathlib.Path(__file__).with_name("first_values.json").write_text(text + "\n")
