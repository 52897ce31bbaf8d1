//! Numbers as labels: as many digits as tell neighbouring ticks apart, thousands grouped, zero without a sign.

/// What an axis counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unit {
    /// Numbers as they are.
    #[default]
    Number,
    /// Fractions, shown as percentages.
    Percent,
    /// Unix seconds, shown as dates in UTC.
    Time,
}

/// A tick's label where ticks are `step` apart.
#[must_use]
pub fn of(value: f64, step: f64, unit: Unit) -> String {
    let (value, step, sign) = match unit {
        Unit::Percent => (value * 100.0, step * 100.0, " %"),
        Unit::Number | Unit::Time => (value, step, ""),
    };
    if value.abs() >= 1e12 || (step.abs() < 1e-6 && step != 0.0) {
        return format!("{value:.1e}{sign}");
    }
    let decimals = (-step.abs().log10() - 1e-9).ceil().clamp(0.0, 7.0) as usize;
    format!("{}{sign}", grouped(value, decimals))
}

/// With so many decimals and a comma between thousands; the minus is a real one.
#[must_use]
pub fn grouped(value: f64, decimals: usize) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    let size = format!("{:.decimals$}", value.abs());
    let (whole, rest) = size.split_once('.').map_or((size.as_str(), ""), |(whole, rest)| (whole, rest));
    let groups: Vec<&str> =
        whole.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    let is_zero = !size.bytes().any(|digit| matches!(digit, b'1'..=b'9'));
    let minus = if value < 0.0 && !is_zero { "−" } else { "" };
    let point = if rest.is_empty() { "" } else { "." };
    format!("{minus}{}{point}{rest}", groups.join(","))
}
