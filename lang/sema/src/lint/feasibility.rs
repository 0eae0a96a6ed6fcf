//! Whether the clouds can hold some valid value of a tag, by the limits in [`crate::clouds`].

use super::logic::automaton::{Language, Search, search};
use super::logic::text::type_bounds;
use crate::clouds::Cloud;
use crate::program::TagType;
use crate::validity::is_valid_text;

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

/// The texts made of the characters of a cloud's values, of any length.
fn values(cloud: Cloud) -> Language {
    match cloud {
        Cloud::Aws => Language::new(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*"),
        Cloud::Azure => Language::any(),
        Cloud::Gcp => Language::new(r"[\p{Ll}\p{Lo}\p{N}_-]*"),
    }
}

/// Returns whether a cloud can hold some value of a tag.
pub fn feasible(cloud: Cloud, name: &str, ty: &TagType) -> Feasibility {
    if let Some(reason) = cloud.wrong_name(name) {
        return Feasibility::Impossible(reason);
    }
    let bounds = type_bounds(ty);
    let legal = |language: &Language| [language.clone(), values(cloud)];
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
    fn the_language_of_values_agrees_with_the_limits() {
        let texts =
            ["", "a", "Ab 9", "é", "É", "ß", "x@y.z", "a_b-c", "a#b", "\u{a0}", "٣", "²", "a\n", "漢"];
        for cloud in Cloud::ALL {
            for text in texts {
                let inside = search(&[values(cloud), Language::literal(text)], &[]) != Search::Nothing;
                assert_eq!(cloud.wrong_value(text).is_none(), inside, "{cloud:?} {text:?}");
            }
        }
    }
}
