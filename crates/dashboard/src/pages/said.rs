//! What a page says of the deed before it: one of these sentences and no other, since anybody may write an address.

use crate::ask::Words;

const SENTENCES: &[(&str, &str)] = &[
    ("cancelled", "It is cancelled."),
    ("asked", "It was asked to stop."),
    ("late", "It had ended before."),
    ("retried", "This is the new one."),
    ("dismissed", "It is no longer among the dead letters; its row stays."),
    ("paused", "Nobody takes these jobs until they are resumed; what runs goes on."),
    ("resumed", "These jobs are taken again."),
    ("unchanged", "It was so before."),
    ("draining", "It takes nothing new, and ends when its jobs have."),
    ("triggered", "The cycle has begun."),
    ("schedule_paused", "Its ticks are skipped, and say so, until it is resumed."),
    ("schedule_resumed", "It begins nights again."),
    ("created", "The schedule is made."),
    ("begun", "A night begins."),
    ("backfilled", "What was skipped runs now, one after the other."),
    ("deleted", "The schedule is gone; its records stay."),
    ("decided", "Your word is kept."),
];

/// The sentence that an address names.
pub(crate) fn of(query: &str) -> Option<String> {
    let said = Words::read(query);
    let word = said.word("said")?;
    let sentence = SENTENCES.iter().find(|(known, _)| *known == word);
    sentence.map(|(_, sentence)| (*sentence).to_owned()).or_else(|| of_group(word))
}

/// What is said of a group that was acted on.
pub(crate) fn group(done: usize, of: usize) -> String {
    format!("group-{done}-{of}")
}

fn of_group(word: &str) -> Option<String> {
    let (done, of) = word.strip_prefix("group-")?.split_once('-')?;
    let (done, of): (u32, u32) = (done.parse().ok()?, of.parse().ok()?);
    let left = of.checked_sub(done)?;
    Some(match left {
        0 => format!("It is done with all {of}."),
        _ => format!(
            "It is done with {done} of {of}; {left} had to be left alone, and the audit log says why."
        ),
    })
}

/// An address that has one said.
pub(crate) fn at(place: &str, word: &str) -> String {
    let place = without(place);
    let sign = if place.contains('?') { '&' } else { '?' };
    format!("{place}{sign}said={word}")
}

/// An address without what it has said.
pub(crate) fn without(place: &str) -> String {
    let (path, query) = place.split_once('?').unwrap_or((place, ""));
    let rest: Vec<&str> =
        query.split('&').filter(|term| !term.is_empty() && !term.starts_with("said=")).collect();
    if rest.is_empty() { path.to_owned() } else { format!("{path}?{}", rest.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_sentences_are_said_and_each_once() {
        assert_eq!(
            of("said=paused&x=1"),
            Some("Nobody takes these jobs until they are resumed; what runs goes on.".to_owned())
        );
        assert_eq!(of("said=<script>"), None);
        assert_eq!(at("/queues?said=paused", "resumed"), "/queues?said=resumed");
        let place = at("/operations?status=failed", &group(4, 11));
        assert_eq!(place, "/operations?status=failed&said=group-4-11");
        assert!(of("said=group-4-11").is_some_and(|said| said.contains("4 of 11; 7 had")));
        assert_eq!((of("said=group-5-4"), of("said=group-x-4")), (None, None));
    }
}
