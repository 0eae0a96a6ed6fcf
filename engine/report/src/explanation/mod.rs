//! An explanation of one resource: for people, and as JSON.

mod json;
mod pretty;

pub use json::{EXPLAIN_SCHEMA_VERSION, json};
pub use pretty::pretty;

use tagpol_explain::resource::{About, CheckExplanation, Explanation, TagExplanation};

/// The selected tags: all, or the requested one.
fn tags(explanation: &Explanation, about: Option<About>) -> Vec<&TagExplanation> {
    let tags = (0u32..).zip(&explanation.tags);
    let selected = tags.filter(|(id, _)| match about {
        None => true,
        Some(About::Tag(tag)) => tag.0 == *id,
        Some(About::Policy(_) | About::Check(_)) => false,
    });
    selected.map(|(_, explained)| explained).collect()
}

/// The selected checks: the requested ones, else all.
fn checks(explanation: &Explanation, about: Option<About>) -> Vec<&CheckExplanation> {
    let selected = explanation.checks.iter().filter(|explained| match about {
        None => true,
        Some(About::Tag(_)) => false,
        Some(About::Policy(policy)) => explained.at.0 == policy,
        Some(About::Check(check)) => explained.at == check,
    });
    selected.collect()
}
