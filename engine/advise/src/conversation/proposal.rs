//! A policy that follows from the words of a question, without a model.

use crate::filter;

use super::question::Question;
use super::tools::Vocabulary;

/// Words that ask for a tag in a policy: what stands behind them is required.
const REQUIRES: [&str; 4] = ["requires", "require", "requiring", "needs"];

/// Words that end what is required, and begin where.
const WHERE: [&str; 6] = ["on", "for", "in", "of", "where", "when"];

/// Returns a policy that requires the tags which a question names, where it names them. None if it asks for none.
pub(super) fn policy(question: &Question, raw: &str, vocabulary: &Vocabulary) -> Option<String> {
    if !question.asks_for_policy() {
        return None;
    }
    let words: Vec<&str> = raw.split_whitespace().collect();
    let is = |word: &str, list: &[&str]| list.contains(&word.to_lowercase().as_str());
    let start = words.iter().position(|word| is(word, &REQUIRES))? + 1;
    let rest = words.get(start..)?;
    let end = rest.iter().position(|word| is(word, &WHERE)).unwrap_or(rest.len());
    let (required, scope) = rest.split_at(end);
    let tags = tags(&required.join(" "), vocabulary);
    if tags.is_empty() {
        return None;
    }
    let scope = filter::read(&scope.join(" "), &vocabulary.filter).condition;
    // The severity is for a person to decide; a policy cannot be without one.
    let mut text = format!("policy require-{} {{\n  severity medium\n", tags.join("-and-"));
    if let Some(scope) = scope {
        text.push_str(&format!("  for resource where {scope}\n"));
    }
    for tag in &tags {
        text.push_str(&format!("  require {tag}\n"));
    }
    Some(text + "}\n")
}

/// Returns the tags that words name, in the order of the policies.
fn tags<'v>(words: &str, vocabulary: &'v Vocabulary) -> Vec<&'v str> {
    let fold = |text: &str| text.to_lowercase().replace(['-', '_', ' '], "");
    let words: Vec<String> = words
        .split(|c: char| c.is_whitespace() || ",;.?!\"'`()".contains(c))
        .filter(|word| !word.is_empty())
        .map(fold)
        .collect();
    let is_named = |name: &str| {
        let name = fold(name);
        words.contains(&name) || words.windows(2).any(|pair| pair.concat() == name)
    };
    vocabulary.filter.tags.iter().map(|(name, _)| name.as_str()).filter(|name| is_named(name)).collect()
}
