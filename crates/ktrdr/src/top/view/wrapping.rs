//! Text that is longer than a line: wrapped at spaces, or cut where the cut can be seen.

use ratatui::text::{Line, Span};

/// How many lines a text takes when it is wrapped at spaces.
pub(super) fn lines_of(text: &str, width: u16) -> u16 {
    let width = usize::from(width).max(1);
    let lines: usize = text.lines().map(|line| lines_of_one(line, width)).sum();
    u16::try_from(lines.max(1)).unwrap_or(u16::MAX)
}

fn lines_of_one(line: &str, width: usize) -> usize {
    let (mut lines, mut column) = (1, 0);
    for word in line.split(' ') {
        let wide = Span::raw(word).width();
        if column > 0 && column + 1 + wide > width {
            (lines, column) = (lines + 1, wide);
        } else {
            column += usize::from(column > 0) + wide;
        }
        // A word that is longer than a line goes on in the next one.
        while column > width {
            (lines, column) = (lines + 1, column - width);
        }
    }
    lines
}

/// A line that is no wider; of a longer one the beginning, with a sign that there is more.
pub(super) fn cut(line: Line<'static>, width: u16) -> Line<'static> {
    let width = usize::from(width);
    if line.width() <= width {
        return line;
    }
    let mut left = width.saturating_sub(1);
    let mut spans = Vec::new();
    for span in line.spans {
        let mut text = String::new();
        for c in span.content.chars() {
            let wide = Span::raw(c.to_string()).width();
            if wide > left {
                break;
            }
            left -= wide;
            text.push(c);
        }
        let is_whole = text.len() == span.content.len();
        spans.push(Span::styled(text, span.style));
        if !is_whole {
            break;
        }
    }
    spans.push(Span::styled("…", spans.last().map(|span| span.style).unwrap_or_default()));
    Line { spans, ..Line::default().style(line.style) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_takes_as_many_lines_as_it_needs() {
        assert_eq!(lines_of("", 10), 1);
        assert_eq!(lines_of("ten chars.", 10), 1);
        assert_eq!(lines_of("ten chars. more", 10), 2);
        assert_eq!(lines_of("a word of elevenchars", 10), 3);
        assert_eq!(lines_of("one\ntwo", 10), 2);
        assert_eq!(lines_of(&"x".repeat(25), 10), 3);
        assert_eq!(lines_of("anything", 0), 8);
    }

    #[test]
    fn what_is_cut_says_so() {
        let cut = |text: &'static str, width| cut(Line::from(text), width).to_string();
        assert_eq!((cut("whole", 5), cut("longer", 5)), ("whole".into(), "long…".into()));
        assert_eq!((cut("日本語", 4), cut("x", 0)), ("日…".into(), "…".into()));
        let two = Line::from(vec![Span::raw("ab"), Span::raw("cdef")]);
        assert_eq!(super::cut(two, 4).to_string(), "abc…");
    }
}
