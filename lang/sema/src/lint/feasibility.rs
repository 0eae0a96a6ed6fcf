//! Which tags and values the clouds can hold.
//!
//! | | name | value |
//! |---|---|---|
//! | AWS | 128 characters: letters, digits, spaces and `_.:/=+-@`; not `aws:…` | 256 of the same |
//! | Azure | 512 characters but `<>%&\?/`; 128 on storage accounts | 256 characters |
//! | GCP | 63 characters: lower-case letters, digits, `_` and `-`; a letter first | 63 of the same |

use super::logic::automaton::{Language, Search, search};
use super::logic::text::type_bounds;
use crate::program::TagType;
use crate::validity::is_valid_text;

/// A cloud that tags can be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are clear")]
pub enum Cloud {
    Aws,
    Azure,
    Gcp,
}

/// Whether a cloud can hold a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Feasibility {
    /// It can: this value is valid for the tag and legal in the cloud.
    Possible(String),
    /// It cannot, for this reason, to be read after "since".
    Impossible(String),
    /// That is not known: the tag's expression is too large.
    Unknown,
}

impl Cloud {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Aws, Self::Azure, Self::Gcp];

    /// Returns the name that `resource.provider` has for it.
    pub fn provider(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Azure => "azure",
            Self::Gcp => "gcp",
        }
    }

    /// Returns why a tag may not have a name there, to be read after "since". None: it may.
    pub fn wrong_name(self, name: &str) -> Option<String> {
        let length = name.chars().count();
        let longest = match self {
            Self::Aws => 128,
            Self::Azure => 512,
            Self::Gcp => 63,
        };
        if length == 0 || length > longest {
            return Some(format!("names have 1 to {longest} characters there"));
        }
        let folded = name.to_lowercase();
        match self {
            Self::Aws if folded.starts_with("aws:") => {
                Some("names beginning with `aws:` are reserved".to_owned())
            }
            Self::Gcp if !name.starts_with(char::is_alphabetic) => {
                Some("names begin with a lower-case letter there".to_owned())
            }
            Self::Azure if name.contains(['<', '>', '%', '&', '\\', '?', '/']) => {
                Some("names there cannot contain `<>%&\\?/`".to_owned())
            }
            Self::Aws | Self::Gcp if !self.is_of_alphabet(name) => {
                Some(format!("names have only {} there", self.alphabet()))
            }
            _ => None,
        }
    }

    /// Returns why a text is not a legal value there, to be read after "since". None: it is one.
    pub fn wrong_value(self, value: &str) -> Option<String> {
        if !self.is_of_alphabet(value) {
            return Some(format!("values have only {} there", self.alphabet()));
        }
        let longest = self.longest_value();
        (value.chars().count() > longest).then(|| format!("values have at most {longest} characters there"))
    }

    fn is_of_alphabet(self, text: &str) -> bool {
        let inside = [self.values(), Language::literal(text)];
        search(&inside, &[]) != Search::Nothing
    }

    fn longest_value(self) -> usize {
        match self {
            Self::Aws | Self::Azure => 256,
            Self::Gcp => 63,
        }
    }

    /// The characters of values in words.
    fn alphabet(self) -> &'static str {
        match self {
            Self::Aws => "letters, digits, spaces and `_.:/=+-@`",
            Self::Azure => "characters",
            Self::Gcp => "lower-case letters, digits, `_` and `-`",
        }
    }

    /// The texts made of those characters, of any length.
    fn values(self) -> Language {
        match self {
            Self::Aws => Language::new(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*"),
            Self::Azure => Language::any(),
            Self::Gcp => Language::new(r"[\p{Ll}\p{Lo}\p{N}_-]*"),
        }
    }
}

/// Returns whether a cloud can hold some value of a tag.
pub fn feasible(cloud: Cloud, name: &str, ty: &TagType) -> Feasibility {
    if let Some(reason) = cloud.wrong_name(name) {
        return Feasibility::Impossible(reason);
    }
    let bounds = type_bounds(ty);
    let legal = |language: &Language| [language.clone(), cloud.values()];
    let longest = cloud.longest_value();
    if let Some(under) = &bounds.under {
        // A value with something in it tells more than the empty one, where there is one.
        let full = search(&legal(under), &[Language::literal("")]);
        for found in [full, search(&legal(under), &[])] {
            if let Search::Found(value) = found
                && value.chars().count() <= longest
                && is_valid_text(ty, &value)
            {
                return Feasibility::Possible(value);
            }
        }
    }
    match search(&legal(&bounds.over), &[]) {
        Search::Nothing if search(std::slice::from_ref(&bounds.over), &[]) == Search::Nothing => {
            Feasibility::Impossible("it has no valid value at all".to_owned())
        }
        Search::Nothing => Feasibility::Impossible(format!("values have only {} there", cloud.alphabet())),
        // The text found is a shortest one.
        Search::Found(value) if value.chars().count() > longest => {
            Feasibility::Impossible(format!("values have at most {longest} characters there"))
        }
        Search::Found(_) | Search::GaveUp => Feasibility::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::program::Regex;

    fn matching(pattern: &str) -> TagType {
        TagType::Matching(Regex { pattern: pattern.to_owned(), ignore_case: false })
    }

    #[test]
    fn what_a_cloud_can_hold() {
        let one_of = TagType::OneOf(vec!["Production".into(), "R&D".into()]);
        let cases = [
            (TagType::Text, [true, true, true]),
            (TagType::Email, [true, true, false]),
            (TagType::Url, [true, true, false]),
            (TagType::Date, [true, true, true]),
            (TagType::Number, [true, true, true]),
            (TagType::Bool, [true, true, true]),
            (one_of, [true, true, false]),
            (TagType::OneOf(vec!["R&D".into()]), [false, true, false]),
            (matching("[A-Z]{3}-[0-9]{3}"), [true, true, false]),
            (matching("(?:[a-z]|[A-Z]){3}"), [true, true, true]),
            (matching("#[0-9]+"), [false, true, false]),
            (matching("[0-9]{64}"), [true, true, false]),
            (matching("x{300}"), [false, false, false]),
            (matching("é+"), [true, true, true]),
            (matching("a^"), [false, false, false]),
        ];
        for (ty, expected) in cases {
            for (cloud, expected) in Cloud::ALL.into_iter().zip(expected) {
                match feasible(cloud, "some-tag", &ty) {
                    Feasibility::Possible(value) => {
                        assert!(expected, "{cloud:?} {ty:?} {value}");
                        assert!(is_valid_text(&ty, &value) && cloud.wrong_value(&value).is_none(), "{value}");
                        assert!(!value.is_empty(), "{cloud:?} {ty:?}");
                    }
                    Feasibility::Impossible(reason) => assert!(!expected, "{cloud:?} {ty:?} {reason}"),
                    Feasibility::Unknown => panic!("{cloud:?} {ty:?}"),
                }
            }
        }
    }

    #[test]
    fn names_of_tags() {
        let wrong = |name: &str| Cloud::ALL.map(|cloud| cloud.wrong_name(name).is_some());
        assert_eq!(wrong("cost-center"), [false, false, false]);
        assert_eq!(wrong("Cost Center"), [false, false, true]);
        assert_eq!(wrong("aws:name"), [true, false, true]);
        assert_eq!(wrong("1st"), [false, false, true]);
        assert_eq!(wrong("r&d"), [true, true, true]);
        assert_eq!(wrong(&"x".repeat(64)), [false, false, true]);
        assert_eq!(wrong(&"x".repeat(129)), [true, false, true]);
        assert_eq!(wrong(&"x".repeat(513)), [true, true, true]);
        assert_eq!(wrong(""), [true, true, true]);
    }
}
