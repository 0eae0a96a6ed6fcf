//! Names of generated items.

use std::collections::BTreeSet;

use tagpol_sema::formats::fold_key;

/// Words of expressions, which need backticks to be names.
const RESERVED: [&str; 6] = ["and", "else", "in", "is", "not", "or"];

/// Words that begin items and statements. At the end of a statement they would begin the next one.
const STATEMENT_WORDS: &str = " allocate apply at because control coverage default define escalate example exempt expect \
    fill for forbid from given goal grace importance infer key keys list map normalize otherwise policy relation remediate \
    require rule set severity split suggest table tag test to transform until use when ";

/// Characters that a generated name has at most, before a number that makes it unique.
const MAX_LENGTH: usize = 60;

/// Writes a name, in backticks if it is a word of expressions.
pub(crate) fn name(name: &str) -> String {
    if RESERVED.contains(&name) { format!("`{name}`") } else { name.to_owned() }
}

/// Writes a name at the end of a statement, as in `expect violation POLICY/CHECK for GIVEN`.
pub(crate) fn last_name(text: &str) -> String {
    if STATEMENT_WORDS.contains(&format!(" {text} ")) { format!("`{text}`") } else { name(text) }
}

/// Turns a foreign name into one of the language: `CostCenter` and `cost_center` become `cost-center`.
///
/// A name of which nothing is left becomes the given one.
pub(crate) fn kebab(text: &str, fallback: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::new();
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| chars.get(before)).copied();
        let after = chars.get(at + 1).copied();
        let starts_word = c.is_ascii_uppercase()
            && before.is_some_and(|before| {
                before.is_ascii_lowercase()
                    || before.is_ascii_digit()
                    || (before.is_ascii_uppercase() && after.is_some_and(|after| after.is_ascii_lowercase()))
            });
        if (starts_word || !c.is_ascii_alphanumeric()) && !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
        if c.is_ascii_alphanumeric() {
            out.push(c.to_ascii_lowercase());
        }
        if out.len() >= MAX_LENGTH {
            break;
        }
    }
    let out = out.trim_matches('-');
    match out.chars().next() {
        Some(c) if c.is_ascii_lowercase() => out.to_owned(),
        Some(_) => format!("{fallback}-{out}"),
        None => fallback.to_owned(),
    }
}

/// Turns the key of a tag into the name of a tag that reads it: the name has the letters and digits of the key.
/// None: no name of the language is a spelling of the key, for example of one that begins with a digit.
pub(crate) fn tag_name(key: &str) -> Option<String> {
    let candidate = kebab(key, "tag");
    (fold_key(&candidate) == fold_key(key)).then_some(candidate)
}

/// Providers that generated conditions name. In `resource.provider == aws` a tag of that name would be meant instead.
pub(crate) const PROVIDERS: [&str; 6] = ["aws", "azure", "gcp", "oci", "openstack", "tencentcloud"];

/// Relations of the standard library that generated policies use.
const RELATIONS: [&str; 2] = ["azure-resource-group", "azure-subscription"];

/// The names that are taken.
#[derive(Debug, Default)]
pub(crate) struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// Returns the names of a project, where those of providers and of the standard library are taken.
    pub(crate) fn of_project() -> Self {
        let reserved = PROVIDERS.iter().chain(&RELATIONS).map(|name| (*name).to_owned());
        Self { taken: reserved.collect() }
    }

    /// Returns the name, or the name with the first number that is free.
    pub(crate) fn unique(&mut self, wanted: &str) -> String {
        let mut candidate = wanted.to_owned();
        let mut number = 2;
        while !self.taken.insert(candidate.clone()) {
            candidate = format!("{wanted}-{number}");
            number += 1;
        }
        candidate
    }

    /// Takes the name if it is free.
    pub(crate) fn take(&mut self, name: &str) -> bool {
        self.taken.insert(name.to_owned())
    }
}
