//! "Did you mean": the closest of some words.

/// Returns the candidate that the word is most probably a misspelling of.
///
/// The distance counts insertions, deletions, replacements and swaps of neighbors, regardless of
/// case; at most a third of the longer word may differ, and one character of a short one. Of equals
/// the first in order wins. Where none is that close, the only one that the word abbreviates.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let folded = word.to_lowercase();
    let length = folded.chars().count();
    let mut best: Option<(usize, &str)> = None;
    let mut longer = Vec::new();
    for candidate in candidates.into_iter().filter(|candidate| *candidate != word) {
        let candidate_length = candidate.chars().count();
        let longest = length.max(candidate_length);
        let most = longest.max(3) / 3;
        if length.abs_diff(candidate_length) <= most {
            let distance = strsim::damerau_levenshtein(&folded, &candidate.to_lowercase());
            if distance <= most && distance < longest && best.is_none_or(|(least, _)| distance < least) {
                best = Some((distance, candidate));
            }
        } else if length >= SHORTEST_ABBREVIATION && candidate_length > length {
            longer.push(candidate);
        }
    }
    best.map(|(_, candidate)| candidate).or_else(|| {
        let mut abbreviated =
            longer.into_iter().filter(|candidate| candidate.to_lowercase().starts_with(&folded));
        abbreviated.next().filter(|_| abbreviated.next().is_none())
    })
}

/// `dev` is short for `development`; shorter words begin too many others.
const SHORTEST_ABBREVIATION: usize = 3;

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn closest_word() {
        let words = ["require", "forbid", "severity", "for"];
        assert_eq!(closest("requrie", words), Some("require"));
        assert_eq!(closest("Severity", words), Some("severity"));
        assert_eq!(closest("fro", words), Some("for"));
        assert_eq!(closest("banana", words), None);
        assert_eq!(closest("x", words), None);
        assert_eq!(closest("z", ["p"]), None);
        assert_eq!(closest("fo", ["for", "of"]), Some("for"));
    }

    #[test]
    fn abbreviations() {
        let words = ["production", "staging", "development", "devices"];
        assert_eq!(closest("prod", words), Some("production"));
        assert_eq!(closest("Stag", words), Some("staging"));
        assert_eq!(closest("dev", words), None);
        assert_eq!(closest("st", words), None);
    }
}
