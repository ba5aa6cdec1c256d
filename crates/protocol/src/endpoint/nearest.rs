//! The nearest right word to a mistyped one, for messages that say "did you mean".
//!
//! It does not know any vocabulary: schemes, option names and configuration keys are handed in.

/// The candidate that `word` was most likely meant to be, or `None` when nothing is near enough.
///
/// Counted are insertions, deletions, replacements and swaps of neighbours, without regard to
/// ASCII case. Near enough is one change for each three letters, at least one. Of candidates that
/// are equally near the first is given.
///
/// ```
/// use lariat_protocol::endpoint::nearest;
///
/// assert_eq!(nearest("tpc", &["tls", "tcp"]), Some("tcp"));
/// assert_eq!(nearest("gopher", &["tls", "tcp"]), None);
/// ```
pub fn nearest<'a>(word: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let word = lower_case(word);
    candidates
        .iter()
        .filter_map(|candidate| {
            let target = lower_case(candidate);
            let longest = word.len().max(target.len());
            let allowed = (longest / 3).max(1);
            // The difference in length alone is a lower bound, which keeps a hostile word of
            // thousands of letters from being compared at all.
            if word.len().abs_diff(target.len()) > allowed {
                return None;
            }
            let distance = edit_distance(&word, &target);
            (distance <= allowed && distance < longest).then_some((distance, *candidate))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

fn lower_case(word: &str) -> Vec<char> {
    word.chars()
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

/// The optimal string alignment distance: Levenshtein's, with a swap of neighbours as one change.
fn edit_distance(left: &[char], right: &[char]) -> usize {
    let mut before_previous = vec![0; right.len() + 1];
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (row, letter) in left.iter().enumerate() {
        let mut current = vec![row + 1; right.len() + 1];
        for (column, other) in right.iter().enumerate() {
            let replaced = previous[column] + usize::from(letter != other);
            let mut best = replaced
                .min(previous[column + 1] + 1)
                .min(current[column] + 1);
            if row > 0 && column > 0 && *letter == right[column - 1] && left[row - 1] == *other {
                best = best.min(before_previous[column - 1] + 1);
            }
            current[column + 1] = best;
        }
        before_previous = std::mem::replace(&mut previous, current);
    }
    previous[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(left: &str, right: &str) -> usize {
        edit_distance(&lower_case(left), &lower_case(right))
    }

    #[test]
    fn counts_each_kind_of_change_once() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("cert", "cert"), 0);
        assert_eq!(distance("crt", "cert"), 1);
        assert_eq!(distance("certs", "cert"), 1);
        assert_eq!(distance("carts", "certs"), 1);
        assert_eq!(distance("tpc", "tcp"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn gives_the_nearest_and_nothing_that_is_far() {
        let words = ["cert", "key", "ca", "client_ca", "client_cert"];
        assert_eq!(nearest("client-ca", &words), Some("client_ca"));
        assert_eq!(nearest("CERT", &words), Some("cert"));
        assert_eq!(nearest("keys", &words), Some("key"));
        assert_eq!(nearest("colour", &words), None);
        assert_eq!(nearest("", &words), None);
        assert_eq!(
            nearest("x", &["y"]),
            None,
            "one letter is not a typing error"
        );
        assert_eq!(nearest(&"k".repeat(4000), &words), None);
    }

    #[test]
    fn takes_the_first_of_equals() {
        assert_eq!(nearest("bat", &["cat", "hat"]), Some("cat"));
    }
}
