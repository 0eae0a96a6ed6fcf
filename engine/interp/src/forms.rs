//! The types of tags and the forms of text.

use tagpol_sema::formats;
use tagpol_sema::program::{Format, TagType};

use super::patterns::Patterns;

impl Patterns {
    /// Whether the text is a value of the type, exactly as it is.
    ///
    /// An empty text may be a value of plain `text` only, whatever an expression or an enumeration says.
    pub(super) fn is_valid(&self, ty: &TagType, text: &str) -> bool {
        if text.is_empty() {
            return *ty == TagType::Text;
        }
        match ty {
            TagType::Text => true,
            TagType::Matching(regex) => self.whole(&regex.pattern, regex.ignore_case).is_match(text),
            TagType::OneOf(members) => members.iter().any(|member| member == text),
            TagType::Email => self.has_form(Format::Email, text),
            TagType::Date => self.has_form(Format::Date, text),
            TagType::Number => self.has_form(Format::Number, text),
            TagType::Bool => text == "true" || text == "false",
            TagType::Url => self.has_form(Format::Url, text),
            TagType::Duration => self.has_form(Format::Duration, text),
        }
    }

    /// Whether the text has the form, exactly as it is.
    pub(super) fn has_form(&self, format: Format, text: &str) -> bool {
        match format {
            Format::Email => self.whole(formats::EMAIL, false).is_match(text),
            Format::Date => formats::is_date(text),
            Format::Number => self.whole(formats::NUMBER, false).is_match(text),
            Format::Url => self.whole(formats::URL, false).is_match(text),
            Format::Duration => self.whole(formats::DURATION, true).is_match(text),
        }
    }
}
