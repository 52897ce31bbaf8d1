//! What errors have in common: the words, without what tells one case from another.

/// Stands for whatever tells one case from another.
const SOMETHING: &str = "…";

/// An error without ids, hosts and numbers: the same for all that came to grief in the same way, whichever worker, file or
/// figure it was.
#[must_use]
pub fn fingerprint(error: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    for word in error.split_whitespace() {
        let word = if is_particular(word) { SOMETHING } else { word };
        if word != SOMETHING || words.last() != Some(&SOMETHING) {
            words.push(word);
        }
    }
    words.join(" ")
}

/// Ids and figures have digits in them; addresses, and names of hosts and files, dots or the like between letters.
fn is_particular(word: &str) -> bool {
    let inner = word.trim_matches(|c: char| !c.is_alphanumeric());
    inner.chars().any(|c| c.is_ascii_digit()) || inner.contains(['.', '@', '/', '\\'])
}

#[cfg(test)]
mod tests {
    use super::fingerprint;

    #[test]
    fn the_same_fate_has_the_same_fingerprint_whoever_met_it() {
        let lost = |worker: &str| fingerprint(&format!("its worker {worker} was lost"));
        assert_eq!(lost("box-4711-a0b1c2"), lost("other.example.com-7-ffff"));
        assert_eq!(lost("box-4711-a0b1c2"), "its worker … was lost");
        let at = |host: &str, s: u32| fingerprint(&format!("can not reach {host}: no answer within {s} s"));
        assert_eq!(at("10.0.0.7:5672", 10), at("broker.local:5671", 12));
        assert_eq!(at("[::1]:5672", 10), "can not reach … no answer within … s");
    }

    #[test]
    fn what_differs_in_words_stays_apart() {
        assert_ne!(fingerprint("the disk is full"), fingerprint("the job panicked"));
        assert_eq!(fingerprint(""), "");
        assert_eq!(fingerprint("data/A_1h.csv 12 34 is e.g. wrong."), "… is … wrong.");
    }
}
