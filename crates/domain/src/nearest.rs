//! What somebody meant who wrote a name that is not known.

/// Names less alike than this are not each other's slips.
const LIKENESS_MIN: f64 = 0.75;

/// Characters that are looked at: names are short, what is typed need not be.
const CHARACTERS_MAX: usize = 64;

/// From this many characters on, two slips are taken for a slip; of a shorter name one.
const LONG_NAME: usize = 6;

/// The known name that is most like a word, if any is; case does not matter.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: String = word.chars().take(CHARACTERS_MAX).collect::<String>().to_lowercase();
    let alike = known.into_iter().map(|name| (strsim::jaro_winkler(&name.to_lowercase(), &word), name));
    let nearest = alike.filter(|(likeness, _)| *likeness > LIKENESS_MIN).max_by(|a, b| a.0.total_cmp(&b.0));
    nearest.map(|(_, name)| name)
}

/// The same as the end of a sentence, `; did you mean EURUSD?`, or nothing.
#[must_use]
pub fn meant<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map_or_else(String::new, |name| format!("; did you mean {name}?"))
}

/// The known name that a word is a slip of, if it is one: for names that may as well be somebody else's.
#[must_use]
pub fn slip_of<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let nearest = known.into_iter().min_by_key(|meant| slips(meant, word))?;
    let slips_max = if nearest.len() < LONG_NAME { 1 } else { 2 };
    (slips(nearest, word) <= slips_max).then_some(nearest)
}

/// How many characters were mistyped, left out, doubled or exchanged; case counts for nothing.
#[must_use]
pub fn slips(meant: &str, typed: &str) -> usize {
    strsim::osa_distance(&meant.to_lowercase(), &typed.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_from_another_name() {
        let known = ["EURUSD", "GBPUSD", "fx_pullback", "trend"];
        let found =
            ["EURUSDD", "eurusd", "fx_pulback", "tren", "AAPL", "", "\u{7}"].map(|word| nearest(word, known));
        assert_eq!(
            found,
            [Some("EURUSD"), Some("EURUSD"), Some("fx_pullback"), Some("trend"), None, None, None]
        );
        assert_eq!(meant("EURUDS", known), "; did you mean EURUSD?");
        assert_eq!(meant("AAPL", known), "");
        let strict = ["EURSUD", "EURSDU", "tren", "tern", "tarnd"].map(|word| slip_of(word, known));
        assert_eq!(strict, [Some("EURUSD"), Some("EURUSD"), Some("trend"), None, None]);
        assert_eq!([slips("ENGINE", "engnie"), slips("ENGINE", "ENGINE")], [1, 0]);
        assert_eq!(nearest(&"x".repeat(1 << 20), known), None);
    }
}
