//! Why something failed: words for people, and the error that they tell of.

use std::error::Error;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

type BoxedError = Box<dyn Error + Send + Sync>;

/// Words, and the error beneath them. It reads as its words, and [`Error::source`] goes on with the error.
#[derive(Debug, Clone)]
pub struct Cause {
    words: String,
    error: Option<Arc<dyn Error + Send + Sync>>,
}

impl Cause {
    /// An error in its own words.
    pub fn of(error: impl Into<BoxedError>) -> Self {
        let error = error.into();
        Self::meaning(error.to_string(), error)
    }

    /// What could not be done, and the words of the error behind it.
    pub fn because(what: impl fmt::Display, error: impl Into<BoxedError>) -> Self {
        let error = error.into();
        Self::meaning(format!("{what}: {error}"), error)
    }

    /// An error in words of ours that say what it means here.
    pub fn meaning(words: impl Into<String>, error: impl Into<BoxedError>) -> Self {
        Self { words: words.into(), error: Some(Arc::from(error.into())) }
    }
}

impl From<String> for Cause {
    fn from(words: String) -> Self {
        Self { words, error: None }
    }
}

impl From<&str> for Cause {
    fn from(words: &str) -> Self {
        words.to_owned().into()
    }
}

impl Deref for Cause {
    type Target = str;
    fn deref(&self) -> &str {
        &self.words
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl Error for Cause {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.as_deref().map(|error| error as _)
    }
}

/// What the errors beneath this one say that it does not say itself, outermost first: nothing is said twice.
#[must_use]
pub fn beneath(error: &dyn Error) -> Vec<String> {
    let mut said = vec![error.to_string()];
    let mut next = error.source();
    while let Some(deeper) = next {
        let words = deeper.to_string();
        let is_new = |before: &String| !letters(before).contains(&letters(&words));
        if said.iter().all(is_new) && !said.iter().any(|before| letters(&words).contains(&letters(before))) {
            said.push(words);
        }
        next = deeper.source();
    }
    said.split_off(1)
}

/// What two texts are compared by: libraries differ in how they set and capitalise the same words.
fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreError;

    #[test]
    fn an_error_keeps_what_it_tells_of_and_no_words_are_said_twice() {
        let disk = || std::io::Error::other("Disk I/O: broken");
        let quoted = StoreError::Files(Cause::because("ktrdr.db", disk()));
        assert_eq!(quoted.to_string(), "the store's files: ktrdr.db: Disk I/O: broken");
        assert!(quoted.source().and_then(Error::source).is_some_and(<dyn Error>::is::<std::io::Error>));
        assert!(beneath(&quoted).is_empty());
        let told = StoreError::Files(Cause::meaning("mend the disk", disk()));
        assert_eq!(beneath(&told), ["Disk I/O: broken"]);
        assert!(beneath(&StoreError::Files("no cause".into())).is_empty());
    }
}
