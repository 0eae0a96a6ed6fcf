//! What the model suggests, over many resources.

use tagpol_eval::DIALECT;
use tagpol_plan::sql::serving;

use crate::cursor::Cursor;
use crate::error::DataError;
use crate::filter::{Filter, fingerprint};
use crate::generation::Generation;
use crate::query::{self, MOST_ROWS};

/// A question about suggestions, the most confident first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SuggestionQuery {
    /// For which resources.
    pub filter: Filter,
    /// For which tag. None: for all.
    pub tag: Option<String>,
    /// The most rows.
    pub limit: u64,
    /// [`SuggestionPage::next`] of the page before. None: the first page.
    pub after: Option<Vec<u8>>,
}

/// A part of a list of suggestions.
#[derive(Debug, Clone, PartialEq)]
pub struct SuggestionPage {
    /// The suggestions.
    pub rows: Vec<SuggestedTag>,
    /// How many there are on all pages.
    pub total: u64,
    /// What [`SuggestionQuery::after`] of the next page is. None: this is the last one.
    pub next: Option<Vec<u8>>,
}

/// A value that the model suggests for a tag that has another one, or none.
#[derive(Debug, Clone, PartialEq)]
pub struct SuggestedTag {
    /// Key of the resource.
    pub key: String,
    /// Id of the resource.
    pub id: String,
    /// Name of the resource.
    pub name: Option<String>,
    /// Name of the tag.
    pub tag: String,
    /// The value.
    pub value: String,
    /// How confident the model is, from 0 to 1.
    pub confidence: f64,
    /// The value that the tag has; None if it is missing.
    pub current: Option<String>,
}

impl Generation {
    /// Returns a page of what the model suggests.
    ///
    /// # Errors
    /// As [`Generation::page`].
    pub fn suggestions(&self, query: &SuggestionQuery) -> Result<SuggestionPage, DataError> {
        let contents = self.contents();
        if query.limit > MOST_ROWS {
            return Err(DataError::TooManyRows { asked: query.limit, most: MOST_ROWS });
        }
        let question = fingerprint(&format!("suggestions {:?} {}", query.tag, query.filter.fingerprint()));
        let after =
            query.after.as_ref().map(|bytes| Cursor::read(bytes, &contents.id, &question)).transpose()?;
        // The value of such a cursor is the confidence and the tag.
        let position = after.as_ref().map(|cursor| {
            let (confidence, tag) = cursor.value.as_deref()?.split_once(' ')?;
            Some((confidence.parse::<f64>().ok().filter(|number| number.is_finite())?, cursor.place, tag))
        });
        let position = position.map(|position| position.ok_or(DataError::NotACursor)).transpose()?;
        let tags: Vec<&str> = contents.tags.iter().map(|tag| tag.name.as_str()).collect();
        if let Some(name) = &query.tag {
            query::tag(contents, name)?;
        }
        let wanted = query.tag.as_deref().map_or_else(|| tags.clone(), |name| vec![name]);
        let names = (tags.as_slice(), wanted.as_slice());
        self.ask(|view| {
            let filter = view.filter(&query.filter)?;
            let sql = serving::suggestion_count(&filter, view.what(), names, DIALECT);
            let total = view.one("suggestions", &sql, |row| row.count("suggestions"))?;
            let sql = serving::suggestions(&filter, view.what(), names, position, query.limit + 1, DIALECT);
            let mut found = view.all("suggestions", &sql, |row| {
                let place = row.count("place")?;
                let (key, id) = (row.text("key").unwrap_or_default(), row.text("id").unwrap_or_default());
                let (name, tag) = (row.text("name"), row.text("tag").unwrap_or_default());
                let value = row.text("value").unwrap_or_default();
                let confidence = row.number("confidence").unwrap_or_default();
                let current = row.text("current");
                Ok((place, SuggestedTag { key, id, name, tag, value, confidence, current }))
            })?;
            let more = u64::try_from(found.len()).is_ok_and(|count| count > query.limit);
            if more {
                found.pop();
            }
            let next = found.last().filter(|_| more).map(|(place, last)| Cursor {
                generation: contents.id.clone(),
                question: question.clone(),
                value: Some(format!("{} {}", last.confidence, last.tag)),
                place: *place,
            });
            let rows = found.into_iter().map(|(_, suggested)| suggested).collect();
            Ok(SuggestionPage { rows, total, next: next.map(|cursor| cursor.bytes()) })
        })
    }
}
