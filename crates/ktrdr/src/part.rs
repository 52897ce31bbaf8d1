//! Parts of lists. One that does not show all of its list says so.

use serde::Serialize;

use crate::cli::OutputForm;
use crate::describe::thousands;
use crate::exit::CliError;
use crate::screen::Screen;

/// A part of a list.
pub(crate) struct Part<'a, T> {
    /// The entries that are shown.
    pub(crate) entries: &'a [T],
    /// Where the next part begins, if there may be one.
    pub(crate) next: Option<u64>,
    /// How many there are in all.
    pub(crate) total: u64,
}

impl<T: Serialize> Part<'_, T> {
    /// Answers with it: in JSON it stands in a document that says how much it is.
    pub(crate) fn answer(
        &self,
        screen: &Screen,
        document: &impl Serialize,
        text: impl FnOnce(&Screen),
    ) -> Result<(), CliError> {
        if screen.form == OutputForm::Json {
            return screen.answer(document, |_| ());
        }
        screen.list_in(document, self.entries, text)?;
        if let Some(words) = self.missing() {
            screen.cut(self.entries.len() as u64, self.total, &words);
        }
        Ok(())
    }

    /// What to say when this is not all.
    fn missing(&self) -> Option<String> {
        let shown = self.entries.len() as u64;
        (shown < self.total).then(|| {
            let (shown, total) = (thousands(shown), thousands(self.total));
            match self.next {
                Some(next) => {
                    format!("showing {shown} of {total}: --after {next} goes on, --limit shows up to 1,000 at once")
                }
                None => format!("showing the last {shown} of {total}: without --after the latest are shown"),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Part;

    #[test]
    fn a_part_says_that_it_is_one_and_a_whole_list_does_not() {
        let part = |next, total| Part { entries: &[(), ()], next, total }.missing();
        assert_eq!(part(None, 2), None);
        assert!(part(Some(7), 1234).unwrap().starts_with("showing 2 of 1,234: --after 7 "));
        assert!(part(None, 1234).unwrap().contains("the last 2 of 1,234"));
    }
}
