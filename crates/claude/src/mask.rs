//! What a masked model is told in place of what would let it recognise a market: no symbol, no date, no price. What it may know
//! is how long the window is, how far prices move as a share of themselves, and what trading costs in the same measure.

use ktrdr_domain::lesson::Lesson;
use ktrdr_domain::strategy::FuzzySet;
use ktrdr_domain::strategy::fuzzy::Membership;
use ktrdr_domain::{Strategy, StrategyName, Symbol};

/// The symbol that stands for the instrument.
const SYMBOL: &str = "MASKED";

/// What the largest price in a strategy's fuzzy sets becomes; the others keep their ratios to it.
const LARGEST: f64 = 100.0;

/// Said before everything else.
pub(crate) const NOTICE: &str = "The instrument is masked: its symbol, its dates and the level of its prices are hidden, so that you \
reason from what is measured here and not from what you remember of a market. Write MASKED where a symbol belongs, and read indicators \
in price units only as raw inputs with a normalization. Do not guess which market it is.";

/// The symbol as a model writes it.
pub(crate) fn symbol(real: &Symbol, masked: bool) -> Symbol {
    if masked { SYMBOL.parse().unwrap_or_else(|_| real.clone()) } else { real.clone() }
}

/// The id of a fuzzy set whose members are prices, if there is one.
pub(crate) fn set_of_prices(strategy: &Strategy) -> Option<&str> {
    strategy.fuzzy_sets.iter().find(|(_, set)| is_of_prices(strategy, set)).map(|(id, _)| id.as_str())
}

fn is_of_prices(strategy: &Strategy, set: &FuzzySet) -> bool {
    strategy.indicators.get(&set.indicator.id).is_some_and(|spec| spec.kind.definition().in_price_units)
}

/// The same lesson without a word that somebody wrote freely: names and hypotheses may say what is hidden.
pub(crate) fn lesson(lesson: &Lesson) -> Lesson {
    Lesson { strategy: strategy(&lesson.strategy), ..lesson.clone() }
}

/// The same strategy under a name that says nothing, on no instrument and at no date.
pub(crate) fn strategy(real: &Strategy) -> Strategy {
    let mut masked = real.clone();
    let name: Option<StrategyName> = format!("tried_{}", real.content_sha256().short()).parse().ok();
    masked.name = name.unwrap_or(masked.name);
    (masked.description, masked.hypothesis) = (None, None);
    masked.training_data.symbols =
        real.training_data.symbols.iter().take(1).map(|s| symbol(s, true)).collect();
    (masked.training_data.start_date, masked.training_data.end_date) = (None, None);
    hide_prices(&mut masked, real);
    masked
}

fn hide_prices(masked: &mut Strategy, real: &Strategy) {
    let of_prices = |set: &FuzzySet| is_of_prices(real, set);
    let members = real.fuzzy_sets.values().filter(|set| of_prices(set)).flat_map(|set| set.members.values());
    let largest = members.map(largest).fold(0.0, f64::max);
    if largest > 0.0 {
        let sets = masked.fuzzy_sets.values_mut().filter(|set| of_prices(set));
        let members = sets.flat_map(|set| set.members.values_mut());
        members.for_each(|member| *member = scaled(*member, LARGEST / largest));
    }
}

/// The largest price that a membership function names.
fn largest(member: &Membership) -> f64 {
    let prices: &[f64] = match member {
        Membership::Triangular(prices) => prices,
        Membership::Trapezoidal(prices) => prices,
        Membership::Gaussian(prices) => prices,
        Membership::Sigmoid([centre, _]) => &[*centre],
    };
    prices.iter().map(|price| price.abs()).fold(0.0, f64::max)
}

fn scaled(member: Membership, by: f64) -> Membership {
    match member {
        Membership::Triangular(prices) => Membership::Triangular(prices.map(|price| price * by)),
        Membership::Trapezoidal(prices) => Membership::Trapezoidal(prices.map(|price| price * by)),
        Membership::Gaussian(prices) => Membership::Gaussian(prices.map(|price| price * by)),
        Membership::Sigmoid([centre, slope]) => Membership::Sigmoid([centre * by, slope / by]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_prices() -> Strategy {
        let text =
            crate::design::EXAMPLE.replace(r#""type":"rsi","period":14"#, r#""type":"sma","period":14"#);
        let text = text
            .replace("why it might work", "EURUSD fell in 2015")
            .replace("stretched_pullback", "eurusd_2015");
        serde_json::from_str(&text.replace("\"SYMBOL\"", "\"EURUSD\"")).unwrap()
    }

    #[test]
    fn nothing_of_a_strategy_tells_which_market_it_was_made_for() {
        let real = of_prices();
        assert_eq!(set_of_prices(&real), Some("momentum"));
        let told = serde_json::to_string(&strategy(&real)).unwrap().to_lowercase();
        assert!(!told.contains("eurusd") && !told.contains("2015"), "{told}");
        assert_eq!(strategy(&real).training_data.symbols, ["MASKED".parse().unwrap()]);
    }

    #[test]
    fn prices_keep_their_ratios_and_lose_their_level() {
        let mut real = of_prices();
        let mut dear = real.clone();
        let members = |s: &mut Strategy, by| {
            s.fuzzy_sets["momentum"].members.values_mut().for_each(|m| *m = scaled(*m, by));
        };
        members(&mut dear, 1_024.0);
        members(&mut real, 1.0);
        assert_eq!(strategy(&real).fuzzy_sets, strategy(&dear).fuzzy_sets);
        let highest =
            strategy(&real).fuzzy_sets["momentum"].members.values().map(largest).fold(0.0, f64::max);
        assert!((highest - LARGEST).abs() < 1e-9, "{highest}");
    }
}
