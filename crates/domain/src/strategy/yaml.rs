//! YAML text to a tree. One document; no anchors, aliases or tags, so nothing in it can multiply or act.

use granit_parser::{ErrorKind, Event, Parser, ScalarStyle, ScanError, Span, options};

use super::diagnostic::Diagnostic;
use super::node::{Content, DEPTH_MAX, Entry, NODES_MAX, Node};

/// Largest file accepted, in bytes; a long strategy has a tenth of it.
pub(super) const TEXT_BYTES_MAX: usize = 256 * 1024;

/// The tree of a file, or the fault that kept it from being one.
pub(super) fn parse(text: &str) -> Result<Node, Diagnostic> {
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("the file has {} bytes", text.len());
        return Err(refusal(None, &message, &format!("keep it within {TEXT_BYTES_MAX} bytes")));
    }
    let mut tree = Tree::default();
    let options = options! { flow_nesting_limit: DEPTH_MAX, block_nesting_limit: DEPTH_MAX };
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) = event.map_err(|e| fault(&e))?;
        tree.take(event, &span)?;
    }
    tree.root.ok_or_else(|| refusal(Some(1), "the file is empty", "write a strategy, starting with `name:`"))
}

/// The tree under construction.
#[derive(Default)]
struct Tree {
    root: Option<Node>,
    open: Vec<Open>,
    nodes: usize,
}

/// A list or map whose end has not come yet.
struct Open {
    line: Option<u32>,
    content: Content,
    /// The key that waits for its value, in a map.
    key: Option<(String, Option<u32>)>,
}

impl Tree {
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Diagnostic> {
        let line = line_of(span);
        match event {
            Event::DocumentStart(..) if self.root.is_some() => {
                Err(refusal(line, "a second document starts here", "keep one strategy per file"))
            }
            Event::Scalar(text, style, anchor, tag) => {
                refuse_extras(line, anchor, tag.is_some())?;
                let quoted = style != ScalarStyle::Plain;
                self.add(Node { line, content: Content::Scalar { text: text.into_owned(), quoted } })
            }
            Event::SequenceStart(_, anchor, tag) => {
                refuse_extras(line, anchor, tag.is_some())?;
                self.start(line, Content::List(Vec::new()))
            }
            Event::MappingStart(_, anchor, tag) => {
                refuse_extras(line, anchor, tag.is_some())?;
                self.start(line, Content::Map(Vec::new()))
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(done) => self.add(Node { line: done.line, content: done.content }),
                None => Ok(()),
            },
            Event::Alias(_) => refuse_extras(line, 1, false),
            _ => Ok(()),
        }
    }

    fn start(&mut self, line: Option<u32>, content: Content) -> Result<(), Diagnostic> {
        if self.open.len() == DEPTH_MAX {
            return Err(too_deep(line));
        }
        self.open.push(Open { line, content, key: None });
        Ok(())
    }

    fn add(&mut self, node: Node) -> Result<(), Diagnostic> {
        self.nodes += 1;
        if self.nodes > NODES_MAX {
            let message = format!("the file has more than {NODES_MAX} values");
            return Err(refusal(node.line, &message, "split it into several strategies"));
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open { content: Content::List(items), .. }) => items.push(node),
            Some(Open { content: Content::Map(entries), key, .. }) => match key.take() {
                Some((key, line)) => entries.push(Entry { key, line, node }),
                None => *key = Some(key_of(node)?),
            },
            Some(Open { content: Content::Scalar { .. }, .. }) => {}
        }
        Ok(())
    }
}

fn key_of(node: Node) -> Result<(String, Option<u32>), Diagnostic> {
    match node.content {
        Content::Scalar { text, .. } => Ok((text, node.line)),
        _ => Err(refusal(node.line, "a list or map is used as a key", "use text as key")),
    }
}

fn refuse_extras(line: Option<u32>, anchor: usize, tagged: bool) -> Result<(), Diagnostic> {
    if anchor != 0 {
        return Err(refusal(
            line,
            "anchors and aliases (&, *) are not read",
            "write the value out where it is used",
        ));
    }
    if tagged {
        return Err(refusal(line, "tags (!) are not read", "remove the tag"));
    }
    Ok(())
}

fn line_of(span: &Span) -> Option<u32> {
    u32::try_from(span.start.line()).ok()
}

/// What kept the text from being read on.
fn fault(error: &ScanError) -> Diagnostic {
    let line = u32::try_from(error.marker().line()).ok();
    if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
        return too_deep(line);
    }
    let message = format!("this is not YAML: {}", error.info());
    refusal(line, &message, "check indentation, colons and brackets here")
}

fn too_deep(line: Option<u32>) -> Diagnostic {
    let message = format!("lists and maps are nested deeper than {DEPTH_MAX}");
    refusal(line, &message, "a strategy needs no more than five levels")
}

fn refusal(line: Option<u32>, message: &str, fix: &str) -> Diagnostic {
    Diagnostic { path: String::new(), line, message: message.to_owned(), fix: fix.to_owned() }
}
