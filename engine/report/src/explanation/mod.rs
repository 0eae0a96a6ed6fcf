//! An explanation of one resource: for people, and as JSON.

mod json;
mod pretty;

pub use json::{EXPLAIN_SCHEMA_VERSION, json};
pub use pretty::pretty;

use tagpol_explain::resource::{About, CheckStory, Explanation, TagStory};

/// The tags that are told; all, or the one that was asked about.
fn tags(explanation: &Explanation, about: Option<About>) -> Vec<&TagStory> {
    let tags = (0u32..).zip(&explanation.tags);
    let told = tags.filter(|(id, _)| match about {
        None => true,
        Some(About::Tag(tag)) => tag.0 == *id,
        Some(About::Policy(_) | About::Check(_)) => false,
    });
    told.map(|(_, story)| story).collect()
}

/// The checks that are told: those that were asked about, else all.
fn checks(explanation: &Explanation, about: Option<About>) -> Vec<&CheckStory> {
    let told = explanation.checks.iter().filter(|story| match about {
        None => true,
        Some(About::Tag(_)) => false,
        Some(About::Policy(policy)) => story.at.0 == policy,
        Some(About::Check(check)) => story.at == check,
    });
    told.collect()
}
