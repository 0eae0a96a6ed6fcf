//! A text that a regular expression matches, as a person would make one up.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Characters of an example; what needs more gets none.
const LONGEST: usize = 256;

/// Returns a text that an expression matches as a whole: letters and digits count up (`ABC-123`), and
/// what may be left out is left out. None if the expression asks for more than a simple text tells;
/// where it looks around, the text may not match after all.
pub(super) fn example(pattern: &str) -> Option<String> {
    let hir = regex_syntax::parse(pattern).ok()?;
    let mut writer = Writer { text: String::new(), written: 0 };
    writer.write(&hir)?;
    Some(writer.text)
}

struct Writer {
    text: String,
    /// Characters of classes that were written, which the next one counts on from.
    written: u32,
}

impl Writer {
    fn write(&mut self, hir: &Hir) -> Option<()> {
        if self.text.len() > LONGEST {
            return None;
        }
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => Some(()),
            HirKind::Literal(literal) => {
                self.text.push_str(std::str::from_utf8(&literal.0).ok()?);
                self.written = 0;
                Some(())
            }
            HirKind::Class(class) => self.class(class),
            HirKind::Repetition(repetition) => {
                (0..repetition.min).try_for_each(|_| self.write(&repetition.sub))
            }
            HirKind::Capture(capture) => self.write(&capture.sub),
            HirKind::Concat(parts) => parts.iter().try_for_each(|part| self.write(part)),
            HirKind::Alternation(parts) => self.write(parts.first()?),
        }
    }

    fn class(&mut self, class: &Class) -> Option<()> {
        let has = |c: char| match class {
            Class::Unicode(class) => class.iter().any(|range| range.start() <= c && c <= range.end()),
            Class::Bytes(class) => u8::try_from(c)
                .is_ok_and(|byte| class.iter().any(|range| range.start() <= byte && byte <= range.end())),
        };
        let usual: Vec<char> = ('a'..='z').chain('A'..='Z').filter(|c| has(*c)).collect();
        let usual =
            if usual.is_empty() { ('1'..='9').chain(['0']).filter(|c| has(*c)).collect() } else { usual };
        // Where small and capital letters fit, the small ones do.
        let usual: Vec<char> = match usual.iter().position(char::is_ascii_uppercase) {
            Some(at) if at > 0 => usual.into_iter().take(at).collect(),
            _ => usual,
        };
        let next = match usual.len() {
            0 => (' '..='~').find(|c| has(*c))?,
            length => *usual.get(self.written as usize % length)?,
        };
        self.written += 1;
        self.text.push(next);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::example;

    #[test]
    fn examples_look_made_up_by_a_person() {
        for (pattern, expected) in [
            ("[A-Z]{3}-[0-9]{3}", "ABC-123"),
            ("JIRA-[0-9]{4,}", "JIRA-1234"),
            ("^cc-[0-9a-f]{2}$", "cc-ab"),
            ("(?:gold|silver)(-plus)?", "gold"),
            ("[A-Za-z]+@company\\.com", "a@company.com"),
            ("[^a-zA-Z0-9]", " "),
            ("", ""),
        ] {
            assert_eq!(example(pattern).as_deref(), Some(expected), "{pattern}");
            assert!(is_matched(pattern, expected), "{pattern}");
        }
        assert_eq!(example("a{1000}"), None);
        assert_eq!(example("("), None);
    }

    fn is_matched(pattern: &str, text: &str) -> bool {
        let whole = tagpol_sema::program::Regex { pattern: pattern.to_owned(), ignore_case: false };
        tagpol_sema::regex::compile(&whole, true).is_ok_and(|regex| regex.is_match(text))
    }
}
