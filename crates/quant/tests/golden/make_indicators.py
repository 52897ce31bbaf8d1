"""Writes indicators.json beside this file: bars and, for each case, what pandas and numpy make of them.

Independent of the Rust code on purpose: windows are sliced or rolled by pandas, nothing is shared.
Made with Python 3.11, pandas 3.1.1, numpy 2.4.6:  python3 make_indicators.py
Values before an indicator has warmed up are not compared; null stands for NaN.
"""

import json
import pathlib

import numpy as np
import pandas as pd

BARS = 200


def lcg(seed):
    """Knuth's MMIX generator; uniform numbers in [0, 1) from the top 53 bits."""
    state = seed
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield (state >> 11) / 2**53


def make_bars():
    u = lcg(2024)
    rows, close = [], 100.0
    for i in range(BARS):
        open_ = round(close + (next(u) - 0.5) * 0.2, 4)
        close = round(open_ * (1 + (next(u) - 0.5) * 0.03), 4)
        high = round(max(open_, close) + next(u) * 0.6, 4)
        low = round(min(open_, close) - next(u) * 0.6, 4)
        volume = 0.0 if 60 <= i < 66 else float(round(next(u) * 5000))
        if 100 <= i < 124:  # a market that stands still
            open_ = high = low = close = rows[99]["close"]
        rows.append({"open": open_, "high": high, "low": low, "close": close, "volume": volume})
    return pd.DataFrame(rows)


df = make_bars()
O, H, L, C, V = (df[k] for k in ("open", "high", "low", "close", "volume"))
TP = (H + L + C) / 3
TR = pd.concat([H - L, (H - C.shift()).abs(), (L - C.shift()).abs()], axis=1).max(axis=1, skipna=False)


def seeded(x, p, alpha):
    """A recursive average of the valid values of x that starts from the mean of the first p of them."""
    valid = x.dropna()
    start = pd.Series([valid[:p].mean()], index=[valid.index[p - 1]])
    return pd.concat([start, valid[p:]]).ewm(alpha=alpha, adjust=False).mean().reindex(x.index)


def ema(x, span):
    return seeded(x, span, 2 / (span + 1))


def wilder(x, p):
    return seeded(x, p, 1 / p)


def wma(x, p):
    w = np.arange(1, p + 1)
    return x.rolling(p).apply(lambda v: (v * w).sum() / w.sum(), raw=True)


def rsi(x, p):
    d = x.diff().to_numpy()
    up, down = np.where(d > 0, d, 0.0), np.where(d < 0, -d, 0.0)
    out = np.full(len(x), np.nan)
    g, l = up[1 : p + 1].mean(), down[1 : p + 1].mean()
    for t in range(p, len(x)):
        if t > p:
            g, l = (g * (p - 1) + up[t]) / p, (l * (p - 1) + down[t]) / p
        out[t] = (50.0 if g == 0 else 100.0) if l == 0 else 100 - 100 / (1 + g / l)
    return pd.Series(out)


def rolling_range(p):
    return H.rolling(p).max(), L.rolling(p).min()


def stochastic(k, smooth, d):
    hh, ll = rolling_range(k)
    raw = ((C - ll) / (hh - ll) * 100).where(hh != ll, 50.0)
    pk = raw.rolling(smooth).mean()
    return [pk, pk.rolling(d).mean()]


def williams(p):
    hh, ll = rolling_range(p)
    return (-100 * (hh - C) / (hh - ll)).where(hh != ll, -50.0)


def cci(p):
    out = []
    for t in range(BARS):
        w = TP.to_numpy()[max(0, t - p + 1) : t + 1]
        mad = np.abs(w - w.mean()).mean()
        out.append((w[-1] - w.mean()) / (0.015 * mad) if mad > 1e-12 else 0.0)
    return pd.Series(out)


def adx(p):
    up, down = H.diff(), -L.diff()
    plus = up.where((up > down) & (up > 0), 0.0)
    minus = down.where((down > up) & (down > 0), 0.0)
    tr = wilder(TR, p)
    # the first bar has no movement, as it has no true range
    dip, dim = 100 * wilder(plus[1:], p) / tr, 100 * wilder(minus[1:], p) / tr
    dx = (100 * (dip - dim).abs() / (dip + dim)).where(dip + dim != 0, 0.0).where(tr.notna())
    return [wilder(dx, p), dip, dim]


def aroon(p):
    age = lambda w, extreme: np.argmax((w == extreme)[::-1])
    up = H.rolling(p + 1).apply(lambda w: 100 * (p - age(w, w.max())) / p, raw=True)
    down = L.rolling(p + 1).apply(lambda w: 100 * (p - age(w, w.min())) / p, raw=True)
    return [up, down, up - down]


def bands(x, p, m):
    mid, sd = x.rolling(p).mean(), np.array([x[max(0, t - p + 1) : t + 1].std() for t in range(BARS)])
    return [mid + m * sd, mid, mid - m * sd]


def width(x, p, m):
    u, mid, l = bands(x, p, m)
    return (u - l) / mid


def keltner(p, atr_p, m):
    mid, atr = ema(C, p), TR.rolling(atr_p).mean()
    return [mid + m * atr, mid, mid - m * atr]


def donchian(p):
    u, l = rolling_range(p)
    return [u, (u + l) / 2, l]


def distance(x, p, exponential):
    ma = ema(x, p) if exponential else x.rolling(p).mean()
    return 100 * (x - ma) / ma


def macd(x, fast, slow, signal):
    line = ema(x, fast) - ema(x, slow)
    return [line, ema(line, signal), line - ema(line, signal)]


def obv():
    return (np.sign(C.diff()).fillna(0) * V).cumsum()


def vwap(price, p):
    pv, v = np.array([[(price * V)[t - p + 1 : t + 1].sum(), V[t - p + 1 : t + 1].sum()] if t >= p - 1 else [np.nan, 0] for t in range(BARS)]).T
    return pd.Series(np.where(v > 0, pv / np.where(v > 0, v, 1), np.nan)).ffill()


def mfi(p):
    flow, change = (TP * V).to_numpy(), TP.diff().to_numpy()
    out = np.full(BARS, np.nan)
    for t in range(p, BARS):
        f, c = flow[t - p + 1 : t + 1], change[t - p + 1 : t + 1]
        pos, neg = f[c > 0].sum(), f[c < 0].sum()
        out[t] = 50.0 if pos == neg == 0 else 100.0 if neg == 0 else 100 - 100 / (1 + pos / neg)
    return pd.Series(out)


def volume_ratio(p):
    mean = V.rolling(p).apply(lambda w: w.mean(), raw=True)
    return (V / mean).where(mean > 1e-10, 1.0)


def jumps(p, threshold, window):
    change = C / C.shift() - 1
    usual = (change**2).shift().rolling(window).apply(lambda w: np.sqrt(np.mean(w)), raw=True)
    out, left = np.full(BARS, np.nan), 0.0
    for t in range(window + 1, BARS):
        r, s = change[t], usual[t]
        jump = 0.0 if s < 1e-12 else np.sign(r) * min(max(abs(r) / s - threshold, 0), 10)
        left = left * 0.5 ** (1 / p) + jump
        out[t] = left
    return pd.Series(out)


def trading_day(days, utc=False, after=0, by=24):
    opens = pd.date_range("1970-01-01", periods=BARS, freq="h", tz="UTC")
    new_york = opens.tz_convert("America/New_York").tz_localize(None) + pd.Timedelta(hours=7)
    wall = opens.tz_localize(None) if utc else new_york
    day = pd.Series(wall.date)
    ends = C.groupby(day).last()
    week = pd.Series((wall + pd.Timedelta(days=1)).to_period("W-SUN").start_time)
    week_ends = C.groupby(week).last()
    previous, today, this_week = [], [], []
    for t in range(BARS):
        known = ends[ends.index < day[t]]
        previous.append(100 * (known.iloc[-1] / known.iloc[-1 - days] - 1) if len(known) > days else 0.0)
        today.append(100 * (C[t] / known.iloc[-1] - 1) if len(known) else 0.0)
        weeks = week_ends[week_ends.index < week[t]]
        this_week.append(100 * (C[t] / weeks.iloc[-1] - 1) if len(weeks) else 0.0)
    hour = pd.Series(wall.hour + 1.0)
    heard = (hour > after) & (hour <= by) if after < by else (hour > after) | (hour <= by)
    previous, today, this_week = (pd.Series(x).where(heard, 0.0) for x in (previous, today, this_week))
    return [previous, today, hour, this_week]


CASES = [
    ({"type": "sma", "params": {"period": 20}}, [C.rolling(20).mean()]),
    ({"type": "sma", "source": "volume", "params": {"period": 7}}, [V.rolling(7).mean()]),
    ({"type": "ema", "params": {"period": 20}}, [ema(C, 20)]),
    ({"type": "ema", "source": "high", "params": {"period": 5}}, [ema(H, 5)]),
    ({"type": "wma", "params": {"period": 20}}, [wma(C, 20)]),
    ({"type": "wma", "source": "open", "params": {"period": 3}}, [wma(O, 3)]),
    ({"type": "rsi", "params": {"period": 14}}, [rsi(C, 14)]),
    ({"type": "rsi", "params": {"period": 5}}, [rsi(C, 5)]),
    ({"type": "macd", "params": {}}, macd(C, 12, 26, 9)),
    ({"type": "stochastic", "params": {}}, stochastic(14, 3, 3)),
    ({"type": "stochastic", "params": {"k_period": 5, "smooth_k": 1, "d_period": 4}}, stochastic(5, 1, 4)),
    ({"type": "williamsr", "params": {"period": 14}}, [williams(14)]),
    ({"type": "roc", "params": {"period": 10}}, [100 * (C / C.shift(10) - 1)]),
    ({"type": "momentum", "params": {"period": 10}}, [C - C.shift(10)]),
    ({"type": "cci", "params": {"period": 20}}, [cci(20)]),
    ({"type": "cci", "params": {"period": 7}}, [cci(7)]),
    ({"type": "adx", "params": {"period": 14}}, adx(14)),
    ({"type": "aroon", "params": {"period": 14}}, aroon(14)),
    ({"type": "atr", "params": {"period": 14}}, [TR.rolling(14).apply(lambda w: w.mean(), raw=True)]),
    ({"type": "bollingerbands", "params": {}}, bands(C, 20, 2.0)),
    ({"type": "bollingerbandwidth", "params": {"period": 9, "multiplier": 1.5}}, [width(C, 9, 1.5)]),
    ({"type": "keltnerchannels", "params": {}}, keltner(20, 10, 2.0)),
    ({"type": "donchianchannels", "params": {}}, donchian(20)),
    ({"type": "distancefromma", "params": {}}, [distance(C, 20, False)]),
    ({"type": "distancefromma", "params": {"period": 50, "ma_type": 1.0}}, [distance(C, 50, True)]),
    ({"type": "obv"}, [obv()]),
    ({"type": "vwap", "params": {}}, [vwap(TP, 20)]),
    ({"type": "vwap", "params": {"period": 4, "use_typical_price": 0.0}}, [vwap(C, 4)]),
    ({"type": "mfi", "params": {"period": 14}}, [mfi(14)]),
    ({"type": "mfi", "params": {"period": 4}}, [mfi(4)]),
    ({"type": "volumeratio", "params": {"period": 20}}, [volume_ratio(20)]),
    ({"type": "volumeratio", "params": {"period": 4}}, [volume_ratio(4)]),
    ({"type": "jumps", "params": {"window": 20}}, [jumps(24, 2, 20)]),
    ({"type": "jumps", "params": {"period": 3, "threshold": 1.25, "window": 11}}, [jumps(3, 1.25, 11)]),
    ({"type": "tradingday", "params": {}}, trading_day(1)),
    ({"type": "tradingday", "params": {"days": 3}}, trading_day(3)),
    ({"type": "tradingday", "params": {"days": 2, "utc": 1.0}}, trading_day(2, utc=True)),
    ({"type": "tradingday", "params": {"from": 7, "until": 15}}, trading_day(1, after=7, by=15)),
    ({"type": "tradingday", "params": {"utc": 1.0, "from": 20, "until": 3}}, trading_day(1, utc=True, after=20, by=3)),
]


def numbers(series):
    return [None if not np.isfinite(x) else float(f"{x:.12g}") for x in series]


golden = {
    "bars": {k: df[k].tolist() for k in df},
    "cases": [{"spec": spec, "outputs": [numbers(o) for o in outputs]} for spec, outputs in CASES],
}
path = pathlib.Path(__file__).with_name("indicators.json")
text = json.dumps(golden).replace('{"spec"', '\n{"spec"').replace('"cases"', '\n"cases"')
path.write_text(text + "\n")
