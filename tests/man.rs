//! Pages of the manual: one for each command, which the tools that show them read without a complaint.

use std::process::Command;

use crate::world::{World, shown};

#[test]
fn every_command_has_a_page_that_is_read_without_a_complaint() {
    let world = World::new();
    let folder = world.path("man/man1");
    let pages = world.json(&["man", "--out", folder.to_str().unwrap()])["pages"].clone();
    let pages: Vec<&str> = pages.as_array().unwrap().iter().map(|page| page.as_str().unwrap()).collect();
    assert!(pages.len() > 60, "{pages:?}");
    for name in ["ktrdr.1", "ktrdr-operations-list.1", "ktrdr-top.1"] {
        assert!(pages.iter().any(|page| page.ends_with(&format!("/{name}"))), "{name}");
    }
    for page in pages {
        let text = std::fs::read_to_string(page).unwrap();
        assert!(
            text.contains(".TH ") && text.contains(".SH NAME") && text.contains(".SH SYNOPSIS"),
            "{page}"
        );
        let typeset =
            Command::new("groff").args(["-K", "utf8", "-man", "-Tutf8", "-ww", "-z", page]).output();
        match typeset {
            Ok(said) => assert!(said.status.success() && said.stderr.is_empty(), "{page}\n{}", shown(&said)),
            Err(_) => eprintln!("groff is not here: {page} was not typeset"),
        }
    }
}
