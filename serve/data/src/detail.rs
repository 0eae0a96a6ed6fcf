//! All there is of one resource.

use chrono::{DateTime, Utc};
use tagpol_eval::DIALECT;
use tagpol_plan::sql::serving;
use tagpol_sema::program::Source;

use crate::error::DataError;
use crate::generation::{Generation, View};
use crate::rows::{self, Decided, ResourceDetail, Suggestion};

/// Something that happened to a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it was first seen: the clock of a generation.
    pub at: DateTime<Utc>,
    /// Key of the resource.
    pub key: String,
    /// What happened.
    pub what: EventKind,
}

/// What happened to a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// It is in the inventory since then.
    Appeared,
    /// A tag has another value since then.
    Changed {
        /// Name of the tag.
        tag: String,
        /// The value before; None: it was missing.
        old: Option<String>,
        /// The value since then; None: it is missing.
        new: Option<String>,
        /// Where the new value came from.
        source: Option<Source>,
    },
}

impl Generation {
    /// Returns all there is of a resource, by its id or its key.
    ///
    /// # Errors
    /// [`DataError::UnknownResource`]; [`DataError::Busy`], [`DataError::TooSlow`].
    pub fn resource(&self, id_or_key: &str) -> Result<ResourceDetail, DataError> {
        self.ask(|view| {
            let place = view.place_of(id_or_key)?;
            let all: Vec<usize> = (0..view.contents.tags.len()).collect();
            let (resource, checks) =
                view.one("a resource", &serving::at_place(place, view.what()), |row| {
                    Ok((rows::resource(row, &all)?, rows::checks(row, view.contents)?))
                })?;
            let suggestions = suggestions(view, place)?;
            let has = |suggested: &Suggestion| {
                let tag = view.contents.tag(&suggested.tag).and_then(|at| resource.tags.get(at));
                tag.is_none_or(|tag| tag.value.as_ref() == Some(&suggested.value))
            };
            let suggestions = suggestions.into_iter().filter(|suggested| !has(suggested)).collect();
            let events = events(view, &resource.key)?;
            let times = all.iter().map(|tag| self.times(view, *tag, &events)).collect();
            Ok(ResourceDetail { decided: decided(view, place)?, times, resource, checks, suggestions })
        })
    }

    /// Returns what generations saw happen to a resource, the oldest first. Decisions are in the state store.
    ///
    /// # Errors
    /// As [`Self::resource`].
    pub fn events(&self, id_or_key: &str) -> Result<Vec<Event>, DataError> {
        self.ask(|view| {
            let place = view.place_of(id_or_key)?;
            let key = view.one("a resource", &serving::at_place(place, view.what()), |row| {
                Ok(row.text("key").unwrap_or_default())
            })?;
            events(view, &key)
        })
    }

    /// Returns what generations saw happen last to any resource, the newest first.
    ///
    /// # Errors
    /// [`DataError::Busy`], [`DataError::TooSlow`].
    pub fn newest_events(&self, limit: u64) -> Result<Vec<Event>, DataError> {
        self.ask(|view| view.all("changes", &serving::newest_changes(limit), event))
    }

    /// Since when a tag has a value at all, and since when it has this one, as far as generations saw it.
    fn times(&self, view: &View<'_>, tag: usize, events: &[Event]) -> (DateTime<Utc>, DateTime<Utc>) {
        let first = DateTime::from_timestamp_micros(view.contents.compared_since).unwrap_or_default();
        let appeared =
            events.iter().find(|event| event.what == EventKind::Appeared).map_or(first, |event| event.at);
        let name = view.contents.tags.get(tag).map(|tag| tag.name.as_str());
        let (mut created, mut updated) = (appeared, appeared);
        for event in events {
            let EventKind::Changed { tag, old, .. } = &event.what else { continue };
            if Some(tag.as_str()) == name {
                updated = event.at;
                if old.is_none() {
                    created = event.at;
                }
            }
        }
        (created, updated)
    }
}

fn decided(view: &View<'_>, place: u64) -> Result<Vec<Decided>, DataError> {
    view.all("decisions", &serving::decisions_of(place), |row| {
        Ok(Decided {
            tag: row.text("tag").unwrap_or_default(),
            at: row.time("made_at").unwrap_or_default(),
            actor: row.text("actor").unwrap_or_default(),
            note: row.text("note"),
        })
    })
}

fn suggestions(view: &View<'_>, place: u64) -> Result<Vec<Suggestion>, DataError> {
    view.all("suggestions", &serving::suggestions_of(place), |row| {
        let (tag, value) = (row.text("tag").unwrap_or_default(), row.text("value").unwrap_or_default());
        Ok(Suggestion { tag, value, confidence: row.number("confidence").unwrap_or_default() })
    })
}

fn events(view: &View<'_>, key: &str) -> Result<Vec<Event>, DataError> {
    view.all("changes", &serving::changes_of(key, DIALECT), event)
}

fn event(row: &tagpol_eval::Fields<'_>) -> Result<Event, tagpol_eval::RunError> {
    let key = row.text("key").unwrap_or_default();
    let (at, tag) = (row.time("changed_at").unwrap_or_default(), row.text("tag"));
    let (old, new, source) = (row.text("old_value"), row.text("new_value"), row.source("source")?);
    let what = tag.map_or(EventKind::Appeared, |tag| EventKind::Changed { tag, old, new, source });
    Ok(Event { at, key, what })
}
