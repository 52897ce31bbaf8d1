//! Foreign text made harmless before anybody reads it in a terminal, a log or a file.

/// At most so many characters, without control characters; `…` stands for what was left out.
#[must_use]
pub(crate) fn harmless(text: &str, characters_max: usize) -> String {
    let plain = |c: char| if is_plain(c) { c } else { ' ' };
    let mut short: String = text.chars().take(characters_max).map(plain).collect();
    if text.chars().nth(characters_max).is_some() {
        short.push('…');
    }
    short
}

/// No control character, and none of those that turn the direction of a text or hide in it.
fn is_plain(c: char) -> bool {
    let hides =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    !c.is_control() && !hides
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_turned_text_become_blanks_and_the_length_is_kept() {
        assert_eq!(harmless("a\u{1b}[31mb\nc\u{202e}d", 50), "a [31mb c d");
        assert_eq!(harmless("ääää", 3), "äää…");
        assert_eq!(harmless("ää", 2), "ää");
    }
}
