//! A small line of figures, as blocks.

const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Blocks of a line, at most.
pub(crate) const COLUMNS: usize = 48;

/// Values as blocks from the lowest to the highest, each the last of its part; what is no number is left out.
pub(crate) fn line(values: &[f64]) -> String {
    let values: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    let (least, most) = values.iter().fold((f64::MAX, f64::MIN), |(a, b), &v| (a.min(v), b.max(v)));
    let columns = values.len().min(COLUMNS);
    let last_of = |column: usize| values[(column + 1) * values.len() / columns - 1];
    let block = |value: f64| match most - least {
        range if range > 0.0 => BLOCKS[(((value - least) / range * 8.0) as usize).min(7)],
        _ => BLOCKS[3],
    };
    (0..columns).map(|column| block(last_of(column))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_from_the_lowest_to_the_highest() {
        assert_eq!(line(&[1.0, 2.0, f64::NAN, 3.0, 8.0]), "▁▂▃█");
        assert_eq!(line(&[5.0, 5.0]), "▄▄");
        let rising: Vec<f64> = (0..10_000).map(f64::from).collect();
        let drawn: Vec<char> = line(&rising).chars().collect();
        assert_eq!((drawn.len(), drawn[0], drawn[COLUMNS - 1]), (COLUMNS, '▁', '█'));
        assert_eq!(line(&[]), "");
    }
}
