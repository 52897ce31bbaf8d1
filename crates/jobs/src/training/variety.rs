//! Whether the targets leave anything to learn.

use ktrdr_domain::strategy::label::Class;

use super::gather::Part;
use crate::fault::Fault;

/// Refuses training rows that are all labelled alike: a network that always says the same would be right about each,
/// lose nothing, and know nothing.
pub(super) fn admit(train: &Part) -> Result<(), Fault> {
    let alike = match (train.classes.as_slice(), train.values.as_slice()) {
        ([first, rest @ ..], _) if rest.iter().all(|class| class == first) => {
            Class::ALL.get(usize::from(*first)).map(|class| format!("are labelled {}", name(*class)))
        }
        ([], [first, rest @ ..]) if rest.iter().all(|value| value == first) => {
            Some(format!("have the same target, {}", first + 0.0))
        }
        _ => None,
    };
    alike.map_or(Ok(()), |alike| {
        Err(Fault::input(format!(
            "all {} training rows {alike}: there is nothing to tell apart; change training.labels (a smaller threshold \
             or barrier, another horizon) or train on a stretch in which prices move",
            train.len()
        )))
    })
}

/// Classes that come later and never in training: no network can have learned them.
pub(super) fn warnings(train: &Part, later: [&Part; 2]) -> Vec<String> {
    let comes = |part: &Part, class: Class| part.classes.contains(&(class as u8));
    let unseen = |class: &Class| !comes(train, *class) && later.iter().any(|part| comes(part, *class));
    let warning = |class| {
        format!(
            "no training row is labelled {}, which comes later: it can not be learned, and its baseline is undefined",
            name(class)
        )
    };
    Class::ALL.into_iter().filter(unseen).map(warning).collect()
}

fn name(class: Class) -> String {
    format!("{class:?}").to_uppercase()
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    /// Rows without features: only their targets are looked at.
    fn part(classes: &[u8], values: &[f32]) -> Part {
        let rows = classes.len().max(values.len());
        Part { x: Array2::zeros((rows, 0)), classes: classes.to_vec(), values: values.to_vec() }
    }

    fn classes(classes: &[u8]) -> Part {
        part(classes, &[])
    }

    #[test]
    fn rows_of_one_class_or_one_value_teach_nothing() {
        let said = |part: &Part| match admit(part) {
            Err(Fault::BadInput(said)) => said,
            other => panic!("{other:?}"),
        };
        assert!(said(&classes(&[1, 1, 1])).contains("all 3 training rows are labelled HOLD"));
        let values = part(&[], &[-0.0, 0.0]);
        assert!(said(&values).contains("have the same target, 0:"));
        assert!(admit(&classes(&[1, 1, 2])).is_ok());
        assert!(admit(&part(&[], &[0.0, 0.1])).is_ok());
    }

    #[test]
    fn a_class_that_comes_only_later_is_warned_of() {
        let (both, sells) = (classes(&[0, 1]), classes(&[1, 2]));
        let said = warnings(&both, [&both, &sells]);
        assert!(matches!(said.as_slice(), [one] if one.contains("labelled SELL")), "{said:?}");
        assert!(warnings(&sells, [&sells, &sells]).is_empty());
    }
}
