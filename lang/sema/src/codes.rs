//! The catalog of diagnostics: one line a code, one page of documentation a code.

use crate::diagnostic::Level;

macro_rules! codes {
    ($($code:ident $level:ident $title:literal,)* ; $($lint:ident $name:literal $lint_title:literal,)*) => {
        /// A stable code of a diagnostic.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "`title` and the page of documentation say what each is")]
        pub enum Code {
            $($code,)*
            $($lint,)*
        }

        impl Code {
            /// All codes in order.
            pub const ALL: &[Self] = &[$(Self::$code,)* $(Self::$lint,)*];

            /// The codes of lints, in order.
            pub const LINTS: &[Self] = &[$(Self::$lint,)*];

            /// Returns the code as it is written: `E0012`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => stringify!($code),)*
                    $(Self::$lint => stringify!($lint),)*
                }
            }

            /// Returns what it is about, in one line.
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$code => $title,)*
                    $(Self::$lint => $lint_title,)*
                }
            }

            /// Returns the name of a lint, by which it is allowed or made an error:
            /// `substring-trap`. None for what is always an error.
            pub fn lint_name(self) -> Option<&'static str> {
                match self {
                    $(Self::$lint => Some($name),)*
                    _ => None,
                }
            }

            /// Returns how bad it is, unless the project says otherwise.
            pub fn level(self) -> Level {
                match self {
                    $(Self::$code => Level::$level,)*
                    $(Self::$lint => Level::Warning,)*
                }
            }

            /// Returns its page of documentation, Markdown with a wrong and a right example.
            pub fn page(self) -> &'static str {
                match self {
                    $(Self::$code => include_str!(concat!("../codes/", stringify!($code), ".md")),)*
                    $(Self::$lint => include_str!(concat!("../codes/", stringify!($lint), ".md")),)*
                }
            }
        }
    };
}

codes! {
    E0001 Error "text that does not fit the grammar",
    E0002 Error "a block without its closing brace",
    E0003 Error "a string without its closing quote",
    E0004 Error "an operator of another language",
    E0005 Error "something nested too deeply",
    E0006 Error "an unknown escape",
    E0010 Error "a name that is not defined",
    E0011 Error "a name defined twice",
    E0012 Error "a value outside the tag's type",
    E0013 Error "an attribute that resources do not have",
    E0014 Error "a name of the wrong kind",
    E0015 Error "a name that is not kebab-case",
    E0016 Error "an unknown module, or a name that it does not have",
    E0020 Error "operands with types that do not match",
    E0021 Error "an unknown type",
    E0022 Error "a regular expression that cannot be used",
    E0023 Error "an unknown unit",
    E0024 Error "a literal without a meaning",
    E0025 Error "an unknown function, or wrong arguments",
    E0026 Error "an unknown test after `is`",
    E0027 Error "a word that `has word` can never find",
    E0030 Error "tags that depend on each other in a cycle",
    E0031 Error "a `fill` that reads its own tag",
    E0032 Error "predicates that define each other in a cycle",
    E0033 Error "a `normalize` with a scope that reads virtual tags",
    E0034 Error "a rule that reads the source of a value",
    E0040 Error "a statement that is missing",
    E0041 Error "a statement written twice",
    E0042 Error "two checks of one policy with the same identity",
    E0043 Error "a check without an identity",
    E0044 Error "an unknown policy, check, rule or given",
    E0045 Error "an unknown word",
    E0046 Error "a remedy without a check",
    E0047 Error "shares that do not add up to 100%",
    E0048 Error "statements that exclude each other",
    E0049 Error "an argument that does not fit its parameter",
    E0050 Error "a table that does not match its file",
    E0051 Error "a key that a tag cannot be written under",
    ;
    L0001 "substring-trap" "a part of a name that other words contain too",
    L0002 "missing-inequality" "a `!=` with a value that may be missing",
    L0003 "constant-condition" "a condition that is always or never true",
    L0004 "rule-never-fires" "a rule that never gives its value",
    L0005 "empty-scope" "an empty scope",
    L0006 "fixed-check" "a check that always or never passes",
    L0007 "contradicting-policies" "policies that no resource can pass together",
    L0008 "rule-breaks-policy" "a rule with a value that fails a policy",
    L0009 "unreached-pattern" "a pattern of a map that no value reaches",
    L0010 "conflicting-maps" "two maps that turn one spelling into different values",
    L0011 "expired-exemption" "an expired waiver",
    L0012 "idle-exemption" "a waiver that waives nothing",
    L0013 "broad-exemption" "a waiver for every resource in the policy's scope",
    L0014 "trivial-regex" "a regular expression that matches everything or nothing",
    L0015 "unknown-provider" "a provider name that no inventory uses",
    L0016 "self-comparison" "a comparison of a value with itself",
    L0017 "duplicate-condition" "a condition written twice",
    L0018 "unused-define" "an unused predicate",
    L0019 "unused-table" "an unused table",
    L0020 "threshold-order" "a model that never suggests",
    L0021 "unwritable-remedy" "a remedy that a cloud does not accept",
    L0022 "unused-allow" "an `@allow` without an effect",
    L0023 "useless-remedy" "a remedy that does not fix",
    L0024 "shadowed-import" "a name that hides one of a module",
    L0025 "unknown-region" "a region that no cloud has",
    L0026 "unknown-type" "a resource type that no cloud has",
    L0027 "dollar-template" "a `$` before the braces of a template",
    L0028 "unused-list" "an unused list",
    L0029 "sql-pattern" "a pattern of SQL behind `like`",
}

impl Code {
    /// Reads a code regardless of case (`e0012`), or the name of a lint (`substring-trap`).
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_code = |code: &Self| {
            code.as_str().eq_ignore_ascii_case(text)
                || code.lint_name().is_some_and(|name| name.eq_ignore_ascii_case(text))
        };
        Self::ALL.iter().copied().find(is_code)
    }

    /// Returns the lint of a name.
    pub fn lint(name: &str) -> Option<Self> {
        Self::LINTS.iter().copied().find(|code| code.lint_name() == Some(name))
    }
}
