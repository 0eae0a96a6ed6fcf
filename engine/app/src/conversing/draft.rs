//! Items that were proposed in a conversation: what of them may be shown.
//!
//! A model writes them, so every text in them is foreign until it is known: names of the policies, plain words, values behind
//! aliases or of the inventory, numbers of the question or of the facts. Everything else rejects the whole draft, comments
//! are left out, and only policies, rules and definitions are allowed: nothing that names a file.

use std::collections::BTreeSet;

use tagpol_advise::conversation::{Draft, Vocabulary, is_plain};
use tagpol_sema::pretty::quoted;
use tagpol_sema::program::Attr;
use tagpol_syntax::{SyntaxKind, SyntaxToken, parse};

/// Bytes of a draft.
const LONGEST: usize = 4_000;

/// Returns the text of a draft with the values that its aliases stand for, formatted.
///
/// # Errors
/// Why it may not be shown. Contains nothing of it.
pub fn checked_draft(draft: &Draft<'_>, vocabulary: &Vocabulary) -> Result<String, &'static str> {
    if draft.text.len() > LONGEST {
        return Err("it is too long");
    }
    let parsed = parse(draft.text);
    if !parsed.errors().is_empty() {
        return Err("it is not in the language");
    }
    let items: Vec<SyntaxKind> = parsed.root().children().map(|item| item.kind()).collect();
    let allowed = [SyntaxKind::PolicyItem, SyntaxKind::RuleItem, SyntaxKind::DefineItem];
    if items.is_empty() || !items.iter().all(|kind| allowed.contains(kind)) {
        return Err("it contains something else than policies, rules and definitions");
    }
    let known = Known::new(vocabulary);
    let mut text = String::new();
    for token in parsed.root().descendants_with_tokens().filter_map(|element| element.into_token()) {
        text.push_str(&known.token(&token, draft)?);
    }
    // The values behind aliases are texts of strings again, so that it parses as before.
    let parsed = parse(&text);
    if !parsed.errors().is_empty() {
        return Err("it is not in the language");
    }
    Ok(tagpol_fmt::format(&parsed))
}

/// The texts that a draft may contain, in small letters.
struct Known {
    names: BTreeSet<String>,
    values: BTreeSet<String>,
}

impl Known {
    fn new(vocabulary: &Vocabulary) -> Self {
        let filter = &vocabulary.filter;
        let fields = filter.tags.iter().chain(&filter.attributes);
        let values = fields.clone().flat_map(|(_, values)| values).map(|value| value.to_lowercase());
        let fields = fields.map(|(name, _)| name.to_lowercase());
        let names = vocabulary.names.iter().map(|name| name.to_lowercase()).chain(fields);
        let attributes = Attr::ALL.into_iter().map(|attr| attr.as_str().to_owned());
        let words =
            ["resource", "native", "aws", "azure", "gcp", "word", "critical", "high", "medium", "low"]
                .map(str::to_owned);
        Self { names: names.chain(attributes).chain(words).collect(), values: values.collect() }
    }

    /// Returns a token as it is shown.
    fn token(&self, token: &SyntaxToken, draft: &Draft<'_>) -> Result<String, &'static str> {
        let text = token.text();
        match token.kind() {
            // A comment can say anything.
            SyntaxKind::Comment => Ok(String::new()),
            SyntaxKind::Whitespace => Ok(if text.contains('\n') { "\n" } else { " " }.to_owned()),
            SyntaxKind::Keyword
            | SyntaxKind::Punct
            | SyntaxKind::Operator
            | SyntaxKind::Unit
            | SyntaxKind::Bool => Ok(text.to_owned()),
            SyntaxKind::Name if self.is_name(text) => Ok(text.to_owned()),
            SyntaxKind::Name => match (draft.value_of)(text) {
                Some(value) => Ok(quoted(&value)),
                None => Err("it has a name that is neither one of the policies nor made of plain words"),
            },
            SyntaxKind::String => self.string(text, draft),
            SyntaxKind::Number | SyntaxKind::Date => {
                let digits = text.replace('_', "");
                let is_known = digits.split('-').all(|number| (draft.has_number)(number));
                if is_known {
                    Ok(text.to_owned())
                } else {
                    Err("it has a number that neither the question nor its facts have")
                }
            }
            _ => Err("it has a text that cannot be checked"),
        }
    }

    fn is_name(&self, name: &str) -> bool {
        let is_currency = || name.len() == 3 && name.chars().all(|c| c.is_ascii_uppercase());
        self.names.contains(&name.to_lowercase()) || is_currency() || is_plain(name)
    }

    fn string(&self, text: &str, draft: &Draft<'_>) -> Result<String, &'static str> {
        let content = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
        if let Some(value) = (draft.value_of)(content) {
            return Ok(quoted(&value));
        }
        let small = content.to_lowercase();
        let is_known = self.values.contains(&small) || self.names.contains(&small) || is_plain(content);
        // What is escaped or put in is not a plain word, and a value with such characters has an alias.
        let is_simple = !content.contains(['\\', '{', '}']);
        if is_known && is_simple {
            Ok(text.to_owned())
        } else {
            Err("it has a text that neither the policies nor the inventory have")
        }
    }
}
