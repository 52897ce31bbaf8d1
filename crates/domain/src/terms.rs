//! The one language in which lists are filtered, in addresses and on the command line:
//! `status=failed,running&type!=probe&error~timeout`.
//!
//! Terms are joined by `&`, and all of them must hold. `=` means one of the values, `!=` none of them; `~` means that one of the
//! texts is part of it, `!~` that none is. What the language itself uses is written as in addresses, such as `%2C` for a comma.

use std::fmt;

use crate::excerpt::excerpt;

/// Longest filter, in bytes; most terms of one, most values of a term.
pub const BYTES_MAX: usize = 4096;
const TERMS_MAX: usize = 16;
const VALUES_MAX: usize = 32;

/// One condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// What it is about.
    pub field: String,
    /// Whether none of the values may apply.
    pub is_negated: bool,
    /// Whether the values are parts of a text, and not the whole.
    pub is_partial: bool,
    /// The values: one at least.
    pub values: Vec<String>,
}

/// Text that is no filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the filter {at:?} {why}; write status=failed,running&type!=probe&error~timeout")]
pub struct BadFilter {
    /// The part that is wrong.
    pub at: String,
    /// Why.
    pub why: String,
}

fn refuse<T>(at: &str, why: impl Into<String>) -> Result<T, BadFilter> {
    Err(BadFilter { at: excerpt(at), why: why.into() })
}

/// Reads a filter; an empty text has no terms.
///
/// # Errors
/// What is wrong, and where.
pub fn read(text: &str) -> Result<Vec<Term>, BadFilter> {
    if text.len() > BYTES_MAX {
        return refuse(text, format!("has more than {BYTES_MAX} bytes"));
    }
    let terms: Vec<Term> =
        text.split('&').filter(|term| !term.is_empty()).map(term).collect::<Result<_, _>>()?;
    if terms.len() > TERMS_MAX {
        return refuse(text, format!("has more than {TERMS_MAX} terms"));
    }
    Ok(terms)
}

fn term(text: &str) -> Result<Term, BadFilter> {
    let Some(at) = text.find(['=', '~']) else { return refuse(text, "has no = or ~") };
    let (left, right) = text.split_at(at);
    // A client that builds addresses from names and values writes `error~=timeout`.
    let is_partial = right.starts_with('~');
    let right = right.strip_prefix("~=").unwrap_or(&right[1..]);
    let name = decoded(left)?;
    let (field, is_negated) = match name.strip_suffix('!') {
        Some(field) => (field.to_owned(), true),
        None => (name, false),
    };
    let is_name = !field.is_empty() && field.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if !is_name {
        return refuse(text, "does not begin with the name of a field");
    }
    let values: Vec<String> = right.split(',').map(decoded).collect::<Result<_, _>>()?;
    if values.len() > VALUES_MAX {
        return refuse(text, format!("has more than {VALUES_MAX} values"));
    }
    if values.iter().any(String::is_empty) {
        return refuse(text, "has an empty value");
    }
    Ok(Term { field, is_negated, is_partial, values })
}

/// A part of an address as the text that it stands for.
fn decoded(text: &str) -> Result<String, BadFilter> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digits = [rest.next().unwrap_or_default(), rest.next().unwrap_or_default()];
                let digits =
                    std::str::from_utf8(&digits).ok().filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
                match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
                    Some(byte) => byte,
                    None => return refuse(text, "has a % without two hexadecimal digits"),
                }
            }
            other => other,
        });
    }
    String::from_utf8(bytes).or_else(|_| refuse(text, "is not UTF-8"))
}

/// As it is read.
impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (not, op) = (if self.is_negated { "!" } else { "" }, if self.is_partial { "~" } else { "=" });
        let values: Vec<String> = self.values.iter().map(|value| encoded(value)).collect();
        write!(f, "{}{not}{op}{}", self.field, values.join(","))
    }
}

fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/' | b':');
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}
