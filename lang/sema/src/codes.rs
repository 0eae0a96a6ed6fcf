//! The catalogue of diagnostics: one line a code, one page of documentation a code.

use crate::diagnostic::Level;

macro_rules! codes {
    ($($code:ident $level:ident $title:literal,)*) => {
        /// A stable code of a diagnostic.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(missing_docs, reason = "`title` and the page of documentation say what each is")]
        pub enum Code {
            $($code,)*
        }

        impl Code {
            /// All codes in order.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            /// Returns the code as it is written: `E0012`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => stringify!($code),)*
                }
            }

            /// Returns what it is about, in one line.
            pub fn title(self) -> &'static str {
                match self {
                    $(Self::$code => $title,)*
                }
            }

            /// Returns how bad it is.
            pub fn level(self) -> Level {
                match self {
                    $(Self::$code => Level::$level,)*
                }
            }

            /// Returns its page of documentation, Markdown with a wrong and a right example.
            pub fn page(self) -> &'static str {
                match self {
                    $(Self::$code => include_str!(concat!("../codes/", stringify!($code), ".md")),)*
                }
            }
        }
    };
}

codes! {
    E0001 Error "text that has no place in the grammar",
    E0002 Error "a block without its closing brace",
    E0003 Error "a string without its closing quote",
    E0004 Error "an operator of another language",
    E0005 Error "brackets nested too deeply",
    E0006 Error "an escape that stands for nothing",
    E0010 Error "a name that is not defined",
    E0011 Error "a name defined twice",
    E0012 Error "a value outside the tag's type",
    E0013 Error "an attribute that resources do not have",
    E0014 Error "a name of the wrong kind",
    E0015 Error "a name that is not kebab-case",
    E0016 Error "an unknown module, or a name that it does not have",
    E0020 Error "operands whose types do not fit",
    E0021 Error "an unknown type",
    E0022 Error "a regular expression that cannot be used",
    E0023 Error "an unknown unit",
    E0024 Error "a literal that stands for nothing",
    E0025 Error "an unknown function, or wrong arguments",
    E0026 Error "an unknown test after `is`",
    E0027 Error "a word that `has word` can never find",
    E0030 Error "tags that depend on each other in a circle",
    E0031 Error "a `fill` that reads its own tag",
    E0032 Error "predicates that define each other in a circle",
    E0033 Error "a `normalize` whose scope reads virtual tags",
    E0034 Error "a rule that reads where a value came from",
    E0040 Error "a statement that is missing",
    E0041 Error "a statement written twice",
    E0042 Error "two checks of one policy with the same identity",
    E0043 Error "a check without an identity",
    E0044 Error "an unknown policy, check, rule or given",
    E0045 Error "an unknown word",
    E0046 Error "a remedy that no check asks for",
    E0047 Error "shares that do not make a whole",
    E0050 Error "a table that its file does not hold",
}

impl Code {
    /// Reads a code regardless of case: `e0012`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str().eq_ignore_ascii_case(text.trim()))
    }
}
