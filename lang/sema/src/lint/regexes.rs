//! Regular expressions that match everything or nothing.

use super::Lint;
use super::logic::automaton::{Language, Search, search};
use super::logic::text::matches_something;
use super::sites::{Site, walk};
use crate::codes::Code;
use crate::hir::{Body, Expr, Item, PatternLit, RegexLit, TypeExpr, Value as Operand};
use crate::program::{Pred, Regex};

impl Lint<'_> {
    /// Returns whether there is one in a condition.
    pub(super) fn regexes_of(&mut self, site: Site<'_>) -> bool {
        let mut found = false;
        walk(site.expr, site.pred, &mut |expr, pred| {
            if let (Expr::Text { operand: Operand::Regex(literal), .. }, Pred::Matches { regex, whole, .. }) =
                (expr, pred)
            {
                found |= self.regex(literal, regex, *whole, true);
            }
        });
        found
    }

    pub(super) fn regexes(&mut self, item: &Item) {
        match &item.body {
            Body::Tag(tag) => {
                if let Some(TypeExpr::Matching(literal)) = &tag.ty
                    && let Ok(regex) = crate::regex::check(&literal.pattern, &literal.flags)
                {
                    self.regex(literal, &regex, true, true);
                }
            }
            Body::Normalize(normalize) => {
                // There, an expression that matches everything is how the rest is caught.
                for pattern in normalize.maps.iter().flat_map(|arm| &arm.patterns) {
                    if let PatternLit::Regex(literal) = pattern
                        && let Ok(regex) = crate::regex::check(&literal.pattern, &literal.flags)
                    {
                        self.regex(literal, &regex, true, false);
                    }
                }
            }
            _ => {}
        }
    }

    fn regex(&mut self, literal: &RegexLit, regex: &Regex, whole: bool, everything: bool) -> bool {
        let language = Language::new(crate::regex::translated(regex));
        let language = if whole { language } else { language.within(true, true) };
        let one_line = Language::new(".*");
        let (what, help) =
            if !matches_something(regex) && search(std::slice::from_ref(&language), &[]) == Search::Nothing {
                ("nothing", "`^` and `$` are the ends of the text: there is nothing before or after them")
            } else if everything
                && is_likely_all(regex, whole)
                && search(&[one_line], &[language]) == Search::Nothing
            {
                ("everything", "use `is set` if any value is fine, or write the form that is expected")
            } else {
                return false;
            };
        let message = format!("`/{}/` matches {what}", literal.pattern);
        let draft = self.draft(Code::L0014, literal.id, message).help(help);
        self.report(draft);
        true
    }
}

/// Whether an expression matches two texts that have little in common, which few do.
fn is_likely_all(regex: &Regex, whole: bool) -> bool {
    let may_be_empty =
        regex_syntax::parse(&regex.pattern).is_ok_and(|hir| hir.properties().minimum_len() == Some(0));
    may_be_empty
        && crate::regex::compile(regex, whole)
            .is_ok_and(|regex| regex.is_match("") && regex.is_match("\u{e9}~ Z9"))
}
