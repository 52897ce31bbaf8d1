//! Puts tables between two marks of a page, and leaves the rest of it alone.

use std::fs;
use std::path::Path;

const BEGIN: &str = "<!-- written by scripts/evidence: begin -->";
const END: &str = "<!-- written by scripts/evidence: end -->";

/// Writes them into the page.
pub(super) fn publish(page: &Path, tables: &str) {
    let text = fs::read_to_string(page).unwrap_or_else(|e| panic!("{}: {e}", page.display()));
    let text = replaced(&text, tables).unwrap_or_else(|| panic!("{} has no place for them", page.display()));
    exchange(page, text.as_bytes());
}

/// Puts another file in the place of one, in one step.
pub(super) fn exchange(file: &Path, bytes: &[u8]) {
    let part = file.with_extension("part");
    fs::create_dir_all(file.parent().expect("a file is in a folder")).expect("its folder can be made");
    fs::write(&part, bytes).and_then(|()| fs::rename(&part, file)).expect("the file can be written");
}

fn replaced(text: &str, tables: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", tables.trim()))
}

#[test]
fn only_what_is_between_the_marks_changes() {
    let page = format!("above\n{BEGIN}\nold\n{END}\nbelow\n");
    let once = replaced(&page, "new\n").unwrap();
    assert_eq!(once, format!("above\n{BEGIN}\n\nnew\n\n{END}\nbelow\n"));
    assert_eq!(replaced(&once, "new").unwrap(), once);
    assert_eq!(replaced("a page without a place", "new"), None);
}

#[test]
fn the_page_of_the_project_has_a_place() {
    assert!(replaced(include_str!("../../docs/evidence.md"), "").is_some());
}
