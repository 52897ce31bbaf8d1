//! How many different things a number of trials really are: near-copies of one strategy are one idea.

/// Groups `items` of which each pair within a group has at least this `similarity`: agglomerative clustering with complete
/// linkage, most similar pair first, which is stopped where the next merger would join a pair below `least`.
///
/// Returns for each item the index of the first item of its group. `similarity(i, j)` must be symmetric; what is not
/// a number counts as not similar. Ties are broken by the order of the items, so that the answer is always the same.
#[must_use]
pub fn complete_linkage(items: usize, least: f64, similarity: impl Fn(usize, usize) -> f64) -> Vec<usize> {
    // The least similarity between members of two groups; one row per group, that of its first item.
    let mut between = vec![f64::NEG_INFINITY; items * items];
    for i in 0..items {
        for j in 0..i {
            let value = similarity(i, j);
            let value = if value.is_nan() { f64::NEG_INFINITY } else { value };
            between[i * items + j] = value;
            between[j * items + i] = value;
        }
    }
    let mut first_of: Vec<usize> = (0..items).collect();
    let mut alive: Vec<usize> = (0..items).collect();
    let mut chain: Vec<usize> = Vec::new();
    // Nearest-neighbour chain: two groups that are each other's nearest are merged in every order of merging.
    while alive.len() > 1 {
        let top = *chain.last().unwrap_or(&alive[0]);
        if chain.is_empty() {
            chain.push(top);
        }
        let before = chain.len().checked_sub(2).map(|at| chain[at]);
        let nearest = nearest(&alive, top, before, |other| between[top * items + other]);
        let Some((other, _)) = nearest.filter(|(_, value)| *value >= least) else {
            // Nothing can join this group any more.
            alive.retain(|&group| group != top);
            chain.clear();
            continue;
        };
        if before != Some(other) {
            chain.push(other);
            continue;
        }
        chain.truncate(chain.len() - 2);
        let (kept, gone) = (top.min(other), top.max(other));
        for &group in &alive {
            let least = between[kept * items + group].min(between[gone * items + group]);
            between[kept * items + group] = least;
            between[group * items + kept] = least;
        }
        first_of.iter_mut().filter(|first| **first == gone).for_each(|first| *first = kept);
        alive.retain(|&group| group != gone);
    }
    first_of
}

/// The group most similar to `top`; of equals the one before it on the chain, then the first.
fn nearest(
    alive: &[usize],
    top: usize,
    before: Option<usize>,
    similarity: impl Fn(usize) -> f64,
) -> Option<(usize, f64)> {
    let start = before.map(|group| (group, similarity(group)));
    alive.iter().filter(|group| **group != top).fold(start, |best, &group| {
        let value = similarity(group);
        match best {
            Some((_, most)) if most >= value => best,
            _ => Some((group, value)),
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Similarity of points on a line.
    fn close(points: &[f64]) -> impl Fn(usize, usize) -> f64 + '_ {
        |i, j| 1.0 - (points[i] - points[j]).abs()
    }

    #[test]
    fn near_copies_are_one_and_a_chain_of_them_is_not() {
        let points = [0.0, 0.01, 0.5, 0.02, 0.51];
        assert_eq!(complete_linkage(5, 0.95, close(&points)), [0, 0, 2, 0, 2]);
        // Each is near its neighbour, but the ends are far from each other.
        let chain = [0.0, 0.04, 0.08, 0.12];
        let groups = complete_linkage(4, 0.95, close(&chain));
        assert_eq!(groups, [0, 0, 2, 2]);
    }

    #[test]
    fn nothing_one_and_strangers() {
        assert!(complete_linkage(0, 0.95, |_, _| 1.0).is_empty());
        assert_eq!(complete_linkage(1, 0.95, |_, _| 1.0), [0]);
        assert_eq!(complete_linkage(3, 0.95, |_, _| f64::NAN), [0, 1, 2]);
        assert_eq!(complete_linkage(3, 0.95, |_, _| 1.0), [0, 0, 0]);
    }

    proptest! {
        #[test]
        fn all_pairs_of_a_group_are_similar_and_no_two_groups_could_be_one(
            points in prop::collection::vec(0.0..1.0_f64, 1..40),
        ) {
            let similarity = close(&points);
            let groups = complete_linkage(points.len(), 0.95, &similarity);
            let members = |first: usize| (0..points.len()).filter(|&i| groups[i] == first).collect::<Vec<_>>();
            let firsts: Vec<usize> = (0..points.len()).filter(|&i| groups[i] == i).collect();
            let all_similar = |items: &[usize]| items.iter().all(|&i| items.iter().all(|&j| similarity(i, j) >= 0.95));
            for &first in &firsts {
                prop_assert!(all_similar(&members(first)));
                for &other in firsts.iter().filter(|other| **other != first) {
                    let together: Vec<usize> = [members(first), members(other)].concat();
                    prop_assert!(!all_similar(&together), "{groups:?} {points:?}");
                }
            }
        }
    }
}
