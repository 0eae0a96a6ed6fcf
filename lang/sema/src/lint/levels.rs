//! What a project makes of single lints.

use std::collections::BTreeMap;

use crate::codes::Code;
use crate::diagnostic::Level;

/// What a project makes of a lint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LintLevel {
    /// Nothing is reported.
    Allow,
    /// A warning.
    Warn,
    /// An error: nothing is evaluated.
    Error,
}

/// The lints that a project wants at another level than their own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LintLevels(BTreeMap<Code, LintLevel>);

/// The name of a lint that does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownLint {
    /// The name.
    pub name: String,
    /// The lint that was probably meant.
    pub meant: Option<&'static str>,
}

impl LintLevels {
    /// Reads names and levels. The error is a name that no lint has.
    pub fn new<'a>(levels: impl IntoIterator<Item = (&'a str, LintLevel)>) -> Result<Self, UnknownLint> {
        let read = |(name, level)| match Code::lint(name) {
            Some(code) => Ok((code, level)),
            None => Err(UnknownLint { name: name.to_owned(), meant: meant(name) }),
        };
        levels.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Returns the level of a diagnostic. None: it is allowed.
    pub(crate) fn of(&self, code: Code) -> Option<Level> {
        match self.0.get(&code) {
            None => Some(code.level()),
            Some(LintLevel::Allow) => None,
            Some(LintLevel::Warn) => Some(Level::Warning),
            Some(LintLevel::Error) => Some(Level::Error),
        }
    }
}

/// Returns the name of a lint that was probably meant.
pub(crate) fn meant(name: &str) -> Option<&'static str> {
    tagpol_syntax::similar::closest(name, Code::LINTS.iter().filter_map(|code| code.lint_name()))
}
