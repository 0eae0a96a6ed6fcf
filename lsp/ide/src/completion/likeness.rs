//! How well a spelling fits a value, and a native key a tag, by their words alone.

use std::collections::BTreeSet;

use tagpol_sema::formats::{fold_key, words};
use tagpol_syntax::similar::closest;

/// A value of an enumeration with the spellings that are known of it.
#[derive(Debug, Default)]
pub(super) struct Meaning {
    pub(super) value: String,
    pub(super) spellings: BTreeSet<String>,
}

/// Returns how well a spelling fits a value: 0 if not at all.
pub(super) fn fit(written: &str, meaning: &Meaning) -> u8 {
    let written = written.trim().to_lowercase();
    if meaning.value.to_lowercase() == written || meaning.spellings.contains(&written) {
        return 5;
    }
    let best = words(&written).iter().map(|word| fit_of_word(word, meaning)).max().unwrap_or_default();
    if best > 0 {
        return best;
    }
    u8::from(closest(&written, [meaning.value.as_str()]).is_some())
}

fn fit_of_word(word: &str, meaning: &Meaning) -> u8 {
    let value = words(&meaning.value);
    if value.iter().any(|own| own == word) || meaning.spellings.contains(word) {
        return 4;
    }
    match () {
        () if value.iter().any(|own| word.len() > 2 && own.starts_with(word)) => 3,
        () if value.iter().any(|own| abbreviates(word, own)) => 2,
        () => u8::from(closest(word, value.iter().map(String::as_str)).is_some()),
    }
}

/// Whether a word has some letters of another in their order, with the first and without most vowels: `prd`.
fn abbreviates(word: &str, whole: &str) -> bool {
    let mut left = whole.chars();
    word.len() > 2
        && word.chars().next() == whole.chars().next()
        && word.chars().all(|wanted| left.any(|found| found == wanted))
}

/// Returns how well each of several values fits some spellings, the best fit of each spelling counting.
pub(super) fn fits(written: &[String], meanings: &[Meaning]) -> Vec<u8> {
    let fit_of_all =
        |meaning: &Meaning| written.iter().map(|text| fit(text, meaning)).max().unwrap_or_default();
    meanings.iter().map(fit_of_all).collect()
}

/// Returns whether a spelling is meant for a value: 2 if it fits no other as well, 0 if it fits another better.
pub(super) fn is_meant(written: &str, target: &str, meanings: &[Meaning]) -> u64 {
    let own = meanings.iter().filter(|one| one.value == target).map(|one| fit(written, one)).max();
    let others = meanings.iter().filter(|one| one.value != target).map(|one| fit(written, one)).max();
    let (own, others) = (own.unwrap_or_default(), others.unwrap_or_default());
    match own.cmp(&others) {
        std::cmp::Ordering::Greater => 2,
        std::cmp::Ordering::Equal => 1,
        std::cmp::Ordering::Less => 0,
    }
}

/// Returns how well a native key fits a tag, in hundredths.
pub(super) fn key_fit(key: &str, tag: &str, known: &BTreeSet<String>) -> u64 {
    let folded = fold_key(key);
    if folded == fold_key(tag) {
        return 100;
    }
    if known.contains(&folded) {
        return 90;
    }
    let (of_key, of_tag) = (words(key), words(tag));
    let same = |word: &String| of_tag.iter().any(|own| is_same(word, own));
    let shared = of_key.iter().filter(|word| same(word)).count();
    let most = of_key.len().max(of_tag.len()).max(1);
    let share = 80 * shared as u64 / most as u64;
    if share == 0 && closest(&folded, [fold_key(tag).as_str()]).is_some() { 40 } else { share }
}

fn is_same(word: &str, own: &str) -> bool {
    let shorter = word.len().min(own.len());
    word == own || (shorter > 2 && (own.starts_with(word) || word.starts_with(own))) || abbreviates(word, own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meanings() -> Vec<Meaning> {
        let meaning = |value: &str, spellings: &[&str]| Meaning {
            value: value.to_owned(),
            spellings: spellings.iter().map(|text| (*text).to_owned()).collect(),
        };
        vec![meaning("production", &["live"]), meaning("staging", &["uat"]), meaning("test", &[])]
    }

    fn best(written: &str) -> Option<String> {
        let meanings = meanings();
        let fits = fits(&[written.to_owned()], &meanings);
        let most = fits.iter().max().filter(|most| **most > 0)?;
        fits.iter().position(|fit| fit == most).map(|at| meanings[at].value.clone())
    }

    #[test]
    fn spellings() {
        for (written, value) in [
            ("ccms-ebs-test", Some("test")),
            ("Production EU", Some("production")),
            ("live-eu", Some("production")),
            ("prd", Some("production")),
            ("prodution", Some("production")),
            ("uat2", Some("staging")),
            ("STG", Some("staging")),
            ("sandbox", None),
        ] {
            assert_eq!(best(written).as_deref(), value, "{written}");
        }
        assert_eq!(is_meant("ccms-ebs-test", "production", &meanings()), 0);
        assert_eq!(is_meant("prd", "production", &meanings()), 2);
        assert_eq!(is_meant("blue", "production", &meanings()), 1);
    }

    #[test]
    fn keys() {
        let fit = |key: &str, tag: &str| key_fit(key, tag, &BTreeSet::from(["contact".to_owned()]));
        assert_eq!(fit("CostCenter", "cost-center"), 100);
        assert_eq!(fit("Contact", "owner"), 90);
        assert!(fit("DataClass", "data-classification") > fit("Data", "data-classification"));
        assert!(fit("team-name", "team") > fit("name", "team"));
        assert_eq!(fit("Owner", "environment"), 0);
    }
}
