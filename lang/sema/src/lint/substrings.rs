//! Parts of names that are parts of other words too: `contains "prod"` is true of `preprod`.

use regex_syntax::hir::{Hir, HirKind};

use super::Lint;
use super::sites::{Site, walk};
use crate::codes::Code;
use crate::formats;
use crate::hir::{self, Expr, NodeId};
use crate::program::{Attr, Pred, Regex, TextOp, Value};

/// Words that people look for in names, and longer words that hold them.
const TRAPS: &[(&str, &[&str])] = &[
    ("ai", &["email", "domain", "chain"]),
    ("api", &["rapid", "capital", "therapist"]),
    ("app", &["mapping", "wrapper", "happy", "apparel"]),
    ("auth", &["author", "authentic"]),
    ("ci", &["pricing", "decision", "circle"]),
    ("core", &["score", "encore", "coreference"]),
    ("data", &["metadata", "database"]),
    ("db", &["sandbox", "feedback"]),
    ("demo", &["demographics", "democracy"]),
    ("dev", &["device", "development", "nondev"]),
    ("dr", &["driver", "address", "drain"]),
    ("eng", &["engine", "messenger", "challenge"]),
    ("hr", &["three", "threshold", "chrome"]),
    ("int", &["print", "maintenance", "interface"]),
    ("it", &["audit", "monitor", "item"]),
    ("lab", &["label", "collaboration"]),
    ("live", &["delivery", "olive", "liver"]),
    ("log", &["catalog", "blog", "login"]),
    ("main", &["domain", "maintenance", "remainder"]),
    ("ml", &["html", "xml"]),
    ("ops", &["props", "drops"]),
    ("prd", &["preprd", "nonprd"]),
    ("pre", &["compress", "spreadsheet", "press"]),
    ("prod", &["preprod", "nonprod", "product", "reproducer"]),
    ("production", &["preproduction", "nonproduction"]),
    ("qa", &["preqa", "nonqa"]),
    ("sit", &["website", "composite", "sitemap"]),
    ("stable", &["unstable"]),
    ("stag", &["instagram", "postage", "stagnant"]),
    ("stage", &["backstage", "hostage"]),
    ("staging", &["prestaging", "nonstaging"]),
    ("stg", &["prestg", "nonstg"]),
    ("temp", &["template", "temperature", "attempt"]),
    ("test", &["latest", "contest", "testimonial"]),
    ("uat", &["graduate", "evaluate"]),
    ("web", &["webhook", "cobweb"]),
];

/// How many examples a message gives.
const EXAMPLES: usize = 3;

/// Whether a name holds a text, but not as a word of its own: `preprod-api` and `prod`. The text
/// compares as `contains` does, the words as `has word` does.
pub fn suspects(name: &str, word: &str) -> bool {
    let folded = word.to_lowercase();
    name.contains(word) && !formats::words(name).contains(&folded)
}

impl Lint<'_> {
    pub(super) fn substrings(&mut self, site: Site<'_>) {
        walk(site.expr, site.pred, &mut |expr, pred| {
            let Expr::Text { op_id, op, operand, .. } = expr else { return };
            match pred {
                Pred::Text { op: test, value, patterns } if is_a_name(value) => {
                    let sought =
                        patterns.iter().filter_map(|pattern| sought(*test, pattern)).collect::<Vec<_>>();
                    // A word may stand anywhere, so that `has word` would be true of names that do not begin with it.
                    let is_narrower =
                        *test == TextOp::Contains && patterns.iter().all(|pattern| is_word(pattern));
                    self.substring(*op_id, op, operand, &sought, is_narrower);
                }
                Pred::Matches { value, regex, whole } if is_a_name(value) => {
                    self.substring(*op_id, op, operand, &sought_by_regex(regex, *whole), false);
                }
                _ => {}
            }
        });
    }

    fn substring(&mut self, op_id: NodeId, op: &str, operand: &hir::Value, sought: &[Sought], fixable: bool) {
        let Some((word, examples)) = sought.iter().find_map(|sought| Some((&sought.text, examples(sought)?)))
        else {
            return;
        };
        let found = list(&examples);
        let message = match operand {
            hir::Value::Text(text) => format!("`{op} \"{}\"` is also true of {found}", text.value),
            hir::Value::Regex(regex) => format!("`{op} /{}/` is also true of {found}", regex.pattern),
            _ => format!("`{op}` finds `{word}` also in {found}"),
        };
        let mut draft = self
            .draft(Code::L0001, operand.id(), message)
            .help(format!("compare whole words: `has word \"{}\"`", word.to_lowercase()));
        if fixable {
            draft = draft.fix_at(self.anchor(op_id), "has word");
        }
        self.report(draft);
    }
}

/// Whether a value is a name that people chose: types, regions and ids follow a scheme.
fn is_a_name(value: &Value) -> bool {
    match value {
        Value::Attr(attr) => *attr == Attr::Name,
        Value::Tag(_) | Value::NativeTag(_) | Value::Native(_) => true,
        Value::Call(_, values) | Value::Template(values) => values.iter().any(is_a_name),
        Value::Extract(value, _) => is_a_name(value),
        _ => false,
    }
}

fn is_word(text: &str) -> bool {
    matches!(formats::words(text).as_slice(), [word] if *word == formats::lower(text))
}

/// A text that is looked for, and whether more may stand on either side of it.
struct Sought {
    text: String,
    before: bool,
    after: bool,
}

/// What a test of text looks for.
fn sought(op: TextOp, pattern: &str) -> Option<Sought> {
    let (text, before, after) = match op {
        TextOp::Contains => (pattern, true, true),
        TextOp::StartsWith => (pattern, false, true),
        TextOp::EndsWith => (pattern, true, false),
        TextOp::HasWord => return None,
        TextOp::Like => (pattern.trim_matches('*'), pattern.starts_with('*'), pattern.ends_with('*')),
    };
    (before || after).then(|| Sought { text: text.to_owned(), before, after })
}

/// What an expression looks for, if that is one of some texts: `/prod|dev/`, `/.*prod.*/`.
fn sought_by_regex(regex: &Regex, whole: bool) -> Vec<Sought> {
    let Ok(hir) = regex_syntax::parse(&regex.pattern) else { return Vec::new() };
    let hir = within_groups(&hir);
    let parts = match hir.kind() {
        HirKind::Alternation(parts) => parts.as_slice(),
        _ => std::slice::from_ref(hir),
    };
    parts.iter().filter_map(|part| sought_by_part(part, whole)).collect()
}

fn sought_by_part(part: &Hir, whole: bool) -> Option<Sought> {
    let parts = match part.kind() {
        HirKind::Concat(parts) => parts.as_slice(),
        _ => std::slice::from_ref(part),
    };
    let (before, parts) = match parts {
        [first, rest @ ..] if is_any(first) => (true, rest),
        _ => (!whole, parts),
    };
    let (after, parts) = match parts {
        [rest @ .., last] if is_any(last) => (true, rest),
        _ => (!whole, parts),
    };
    let [only] = parts else { return None };
    let HirKind::Literal(literal) = within_groups(only).kind() else { return None };
    let text = std::str::from_utf8(&literal.0).ok()?;
    (before || after).then(|| Sought { text: text.to_owned(), before, after })
}

/// What stands in parentheses, where all of the expression does.
fn within_groups(mut hir: &Hir) -> &Hir {
    while let HirKind::Capture(group) = hir.kind() {
        hir = &group.sub;
    }
    hir
}

/// Whether an expression is `.*`.
fn is_any(hir: &Hir) -> bool {
    matches!(hir.kind(), HirKind::Repetition(repetition)
        if repetition.min == 0 && repetition.max.is_none() && *repetition.sub == Hir::dot(regex_syntax::hir::Dot::AnyCharExceptLF))
}

/// Longer words in which a text is found, spelt in its case. None where none is known.
fn examples(sought: &Sought) -> Option<Vec<String>> {
    let folded = sought.text.to_ascii_lowercase();
    let (word, longer) = TRAPS.iter().find(|(word, _)| *word == folded)?;
    let is_upper = sought.text.chars().all(|c| c.is_ascii_uppercase());
    if !is_upper && sought.text != folded {
        return None;
    }
    let found = longer.iter().filter(|longer| {
        (sought.before || longer.starts_with(word)) && (sought.after || longer.ends_with(word))
    });
    let spelt = found.map(|longer| if is_upper { longer.to_ascii_uppercase() } else { (*longer).to_owned() });
    let found: Vec<String> = spelt.take(EXAMPLES).collect();
    (!found.is_empty()).then_some(found)
}

/// `` `a`, `b` and `c` ``
fn list(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [most @ .., last] if !most.is_empty() => format!("{} and {last}", most.join(", ")),
        _ => quoted.join(""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_example_holds_its_word_and_not_as_a_word() {
        for (word, longer) in TRAPS {
            assert!(!longer.is_empty(), "{word}");
            for longer in *longer {
                assert!(suspects(longer, word), "{longer} and {word}");
            }
        }
        assert!(TRAPS.is_sorted_by_key(|(word, _)| word));
    }

    #[test]
    fn suspects_hold_the_text_within_a_word() {
        for (name, word) in [("preprod-api", "prod"), ("PRODUCT", "PROD"), ("latest-images", "test")] {
            assert!(suspects(name, word), "{name}");
        }
        for (name, word) in
            [("web-prod-01", "prod"), ("WebProdApi", "Prod"), ("web", "prod"), ("prod", "prod")]
        {
            assert!(!suspects(name, word), "{name}");
        }
    }
}
