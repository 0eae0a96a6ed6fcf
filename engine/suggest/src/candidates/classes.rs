//! The values of a target that can be suggested, numbered.

use rustc_hash::FxHashMap;

use crate::features::resource::fold;

/// Resources that must have a value for it to become a class: a value that occurs once teaches nothing.
pub(crate) const MIN_RESOURCES: u32 = 2;

/// The most classes of a target; the most frequent values are kept.
const MAX_CLASSES: usize = 2000;

/// The values of a target, numbered from 1 in descending order of frequency. Class 0 means "none of these".
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Classes {
    values: Vec<String>,
    counts: Vec<u32>,
    /// Classes by the folded value.
    folded: FxHashMap<String, u32>,
}

impl Classes {
    /// Numbers the values of resources.
    pub(crate) fn of<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let mut counts: FxHashMap<&str, u32> = FxHashMap::default();
        for value in values {
            *counts.entry(value).or_default() += 1;
        }
        let mut counts: Vec<(&str, u32)> =
            counts.into_iter().filter(|(_, count)| *count >= MIN_RESOURCES).collect();
        counts.sort_unstable_by_key(|(value, count)| (std::cmp::Reverse(*count), *value));
        counts.truncate(MAX_CLASSES);
        Self::from_entries(counts.into_iter().map(|(value, count)| (value.to_owned(), count)))
    }

    /// Restores classes from what [`Self::entries`] returned.
    pub(crate) fn from_entries(entries: impl Iterator<Item = (String, u32)>) -> Self {
        let (values, counts): (Vec<String>, Vec<u32>) = entries.unzip();
        let mut folded = FxHashMap::default();
        for (class, value) in (1..).zip(&values) {
            folded.entry(fold(value)).or_insert(class);
        }
        Self { values, counts, folded }
    }

    /// Returns the number of classes, with class 0.
    pub(crate) fn len(&self) -> usize {
        self.values.len() + 1
    }

    /// Returns the value of a class; None for class 0 and for numbers without a class.
    pub(crate) fn value(&self, class: u32) -> Option<&str> {
        self.values.get((class as usize).checked_sub(1)?).map(String::as_str)
    }

    /// Returns the class of a value, in any spelling; 0 if it has none.
    pub(crate) fn class(&self, value: &str) -> u32 {
        self.folded.get(&fold(value)).copied().unwrap_or_default()
    }

    /// Returns how many resources have the value of a class; 0 for class 0.
    pub(crate) fn count(&self, class: u32) -> u32 {
        (class as usize).checked_sub(1).and_then(|at| self.counts.get(at)).copied().unwrap_or_default()
    }

    /// Returns the values with their counts, in the order of the classes from 1.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, u32)> {
        self.values.iter().map(String::as_str).zip(self.counts.iter().copied())
    }
}
