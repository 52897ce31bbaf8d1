//! Codes of gates and of stops, in words.

use ktrdr_domain::glossary;

/// What a gate said, as a sentence with its code and figures.
pub(crate) fn sentence(code: &str, figures: &str) -> String {
    match of_code(code) {
        unknown if unknown == code => format!("{code} ({figures})."),
        words => format!("{}: {code} ({figures}).", upper_first(words)),
    }
}

/// As the beginning of a sentence, or as a title.
pub(crate) fn upper_first(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// What stopped something, for people who do not know the code.
pub(crate) fn of_code(code: &str) -> &str {
    glossary::find(code).map_or(code, |entry| entry.meaning)
}
