//! Conditions that a cloud can test about a request, as data.

/// A condition about the request that makes a resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Guard {
    /// Always or never.
    Const(bool),
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Test(Test),
}

/// A single test of a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Test {
    /// A native tag with this key is there.
    Key(Key),
    /// It is there, and its value matches.
    Value(Key, Matcher),
    /// An attribute is there, and matches.
    Attribute(Attribute, Matcher),
    /// All spellings of a key are this one.
    Spelling(String),
}

/// The key of a native tag.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) text: String,
    /// Whether keys that differ in case are meant too.
    pub(crate) any_case: bool,
}

/// An attribute of the resource that is made. Providers and, except in Azure, types are known while guards are compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Attribute {
    Account,
    Name,
    Region,
    Type,
}

/// What a text is compared with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Matcher {
    pub(crate) form: Form,
    /// Any of them.
    pub(crate) texts: Vec<String>,
    pub(crate) any_case: bool,
}

/// How texts are compared. All refer to the whole text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    Equal,
    /// `*` is any text, `?` any character.
    Glob,
    Regex,
}

impl Guard {
    pub(crate) fn not(self) -> Self {
        match self {
            Self::Const(truth) => Self::Const(!truth),
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// Joins parts by `and` (`or`), without constants, repeated parts, and groups in groups of their kind.
    pub(crate) fn join(parts: Vec<Self>, all: bool) -> Self {
        let mut kept: Vec<Self> = Vec::new();
        for part in parts {
            let inner = match part {
                Self::Const(truth) if truth != all => return Self::Const(truth),
                Self::Const(_) => continue,
                Self::All(inner) if all => inner,
                Self::Any(inner) if !all => inner,
                other => vec![other],
            };
            for part in inner {
                if !kept.contains(&part) {
                    kept.push(part);
                }
            }
        }
        match kept.len() {
            0 => Self::Const(all),
            1 => kept.swap_remove(0),
            _ if all => Self::All(kept),
            _ => Self::Any(kept),
        }
    }

    /// Returns how many parts there are.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Const(_) | Self::Test(_) => 1,
            Self::Not(inner) => 1 + inner.size(),
            Self::All(parts) | Self::Any(parts) => 1 + parts.iter().map(Self::size).sum::<usize>(),
        }
    }

    /// Moves negations down to the tests.
    pub(crate) fn pushed_down(&self) -> Self {
        self.pushed(false)
    }

    fn pushed(&self, negated: bool) -> Self {
        let each = |parts: &[Self]| parts.iter().map(|part| part.pushed(negated)).collect();
        match self {
            Self::Const(truth) => Self::Const(*truth != negated),
            Self::All(parts) => Self::join(each(parts), !negated),
            Self::Any(parts) => Self::join(each(parts), negated),
            Self::Not(inner) => inner.pushed(!negated),
            Self::Test(test) if negated => Self::Not(Box::new(Self::Test(test.clone()))),
            Self::Test(test) => Self::Test(test.clone()),
        }
    }

    /// Returns alternatives of which each is a list of tests that must all come out as given. None: there are more than
    /// `limit`.
    pub(crate) fn alternatives(&self, limit: usize) -> Option<Vec<Vec<(Test, bool)>>> {
        fn expand(guard: &Guard, limit: usize) -> Option<Vec<Vec<(Test, bool)>>> {
            match guard {
                Guard::Const(true) => Some(vec![Vec::new()]),
                Guard::Const(false) => Some(Vec::new()),
                Guard::Test(test) => Some(vec![vec![(test.clone(), true)]]),
                Guard::Not(inner) => match &**inner {
                    Guard::Test(test) => Some(vec![vec![(test.clone(), false)]]),
                    other => expand(&other.pushed(true), limit),
                },
                Guard::Any(parts) => {
                    let mut found = Vec::new();
                    for part in parts {
                        found.extend(expand(part, limit)?);
                        if found.len() > limit {
                            return None;
                        }
                    }
                    Some(found)
                }
                Guard::All(parts) => {
                    let mut found = vec![Vec::new()];
                    for part in parts {
                        let alternatives = expand(part, limit)?;
                        if found.len() * alternatives.len() > limit {
                            return None;
                        }
                        let joined = |one: &Vec<(Test, bool)>| {
                            let with = |more: &Vec<(Test, bool)>| {
                                let mut all = one.clone();
                                all.extend(more.iter().filter(|test| !one.contains(test)).cloned());
                                all
                            };
                            alternatives.iter().map(with).collect::<Vec<_>>()
                        };
                        found = found.iter().flat_map(joined).collect();
                    }
                    Some(found)
                }
            }
        }
        expand(&self.pushed_down(), limit)
    }
}

impl Key {
    /// A key in exactly this spelling.
    pub(crate) fn exact(text: &str) -> Self {
        Self { text: text.to_owned(), any_case: false }
    }

    /// A key in any case.
    pub(crate) fn any_case(text: &str) -> Self {
        Self { text: text.to_owned(), any_case: true }
    }
}

impl Attribute {
    /// Returns the name after `resource.`.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Name => "name",
            Self::Region => "region",
            Self::Type => "type",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Guard {
        Guard::Test(Test::Key(Key::exact(text)))
    }

    #[test]
    fn constants_and_nested_groups_are_joined() {
        let all = |parts| Guard::join(parts, true);
        assert_eq!(all(vec![Guard::Const(true), key("a"), key("a")]), key("a"));
        assert_eq!(all(vec![Guard::Const(false), key("a")]), Guard::Const(false));
        assert_eq!(
            all(vec![all(vec![key("a"), key("b")]), key("c")]),
            Guard::All(vec![key("a"), key("b"), key("c")])
        );
        assert_eq!(Guard::join(Vec::new(), false), Guard::Const(false));
    }

    #[test]
    fn alternatives_are_conjunctions() {
        // not (a and (b or not c)) = not a, or not b and c
        let guard = Guard::All(vec![key("a"), Guard::Any(vec![key("b"), key("c").not()])]).not();
        let test = |text: &str| Test::Key(Key::exact(text));
        let expected = vec![vec![(test("a"), false)], vec![(test("b"), false), (test("c"), true)]];
        assert_eq!(guard.alternatives(8), Some(expected));
        let both = Guard::All(vec![Guard::Any(vec![key("a"), key("b")]); 1]);
        assert_eq!(both.alternatives(1), None);
    }
}
