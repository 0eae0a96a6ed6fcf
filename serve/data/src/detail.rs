//! All there is of resources.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use tagpol_eval::DIALECT;
use tagpol_plan::sql::serving;
use tagpol_sema::program::Source;

use crate::error::DataError;
use crate::generation::{Generation, View};
use crate::rows::{self, CheckRow, Decided, Resource, ResourceDetail, Suggestion};

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
            let found = self.details(view, &[place])?.into_iter().next();
            found.ok_or_else(|| DataError::UnknownResource { name: id_or_key.to_owned() })
        })
    }

    /// Returns all there is of the resources of some keys, in the order of their costs. Keys of no resource are left out.
    ///
    /// # Errors
    /// [`DataError::Busy`], [`DataError::TooSlow`].
    pub fn resources_of_keys(&self, keys: &[String]) -> Result<Vec<ResourceDetail>, DataError> {
        self.ask(|view| {
            let sql = serving::places_of(keys.iter().map(String::as_str), DIALECT);
            let places = view.all("places", &sql, |row| row.count("place"))?;
            self.details(view, &places)
        })
    }

    fn details(&self, view: &View<'_>, places: &[u64]) -> Result<Vec<ResourceDetail>, DataError> {
        let all: Vec<usize> = (0..view.contents.tags.len()).collect();
        let rows = view.all("resources", &serving::whole_at_places(places, view.what()), |row| {
            Ok((rows::resource(row, &all)?, rows::checks(row, view.contents)?))
        })?;
        let mut suggested = by_place(suggestions(view, places)?);
        let mut decided = by_place(decided(view, places)?);
        let mut events: BTreeMap<String, Vec<Event>> = BTreeMap::new();
        for event in changes(view, rows.iter().map(|(resource, _)| resource.key.as_str()))? {
            events.entry(event.key.clone()).or_default().push(event);
        }
        let detail = |(resource, checks): (Resource, Vec<CheckRow>)| {
            let has = |suggested: &Suggestion| {
                let tag = view.contents.tag(&suggested.tag).and_then(|at| resource.tags.get(at));
                tag.is_none_or(|tag| tag.value.as_ref() == Some(&suggested.value))
            };
            let events = events.remove(&resource.key).unwrap_or_default();
            let suggestions = suggested.remove(&resource.place).unwrap_or_default();
            ResourceDetail {
                decided: decided.remove(&resource.place).unwrap_or_default(),
                times: all.iter().map(|tag| self.times(view, *tag, &events)).collect(),
                suggestions: suggestions.into_iter().filter(|suggested| !has(suggested)).collect(),
                checks,
                resource,
            }
        };
        Ok(rows.into_iter().map(detail).collect())
    }

    /// Returns the key of the resource of an id, whether there is one or not.
    ///
    /// # Errors
    /// [`DataError::Busy`], [`DataError::TooSlow`].
    pub fn key_of(&self, id: &str) -> Result<String, DataError> {
        self.ask(|view| {
            view.one("key", &serving::key_of(id, DIALECT), |row| Ok(row.text("key").unwrap_or_default()))
        })
    }

    /// Checks that there is a tag of a name.
    ///
    /// # Errors
    /// [`DataError::UnknownName`].
    pub fn check_tag(&self, name: &str) -> Result<(), DataError> {
        crate::query::tag(self.contents(), name).map(drop)
    }

    /// Returns what generations saw happen to a resource, the oldest first. Decisions are in the state store.
    ///
    /// # Errors
    /// As [`Self::resource`].
    pub fn events(&self, id_or_key: &str) -> Result<Vec<Event>, DataError> {
        self.ask(|view| {
            let place = view.place_of(id_or_key)?;
            let sql = serving::whole_at_places(&[place], view.what());
            let key = view.one("a resource", &sql, |row| Ok(row.text("key").unwrap_or_default()))?;
            changes(view, [key.as_str()])
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

fn by_place<T>(rows: Vec<(u64, T)>) -> BTreeMap<u64, Vec<T>> {
    let mut found: BTreeMap<u64, Vec<T>> = BTreeMap::new();
    for (place, row) in rows {
        found.entry(place).or_default().push(row);
    }
    found
}

fn decided(view: &View<'_>, places: &[u64]) -> Result<Vec<(u64, Decided)>, DataError> {
    view.all("decisions", &serving::decisions_of(places), |row| {
        let decided = Decided {
            tag: row.text("tag").unwrap_or_default(),
            at: row.time("made_at").unwrap_or_default(),
            actor: row.text("actor").unwrap_or_default(),
            note: row.text("note"),
        };
        Ok((row.count("place")?, decided))
    })
}

fn suggestions(view: &View<'_>, places: &[u64]) -> Result<Vec<(u64, Suggestion)>, DataError> {
    view.all("suggestions", &serving::suggestions_of(places), |row| {
        let (tag, value) = (row.text("tag").unwrap_or_default(), row.text("value").unwrap_or_default());
        let confidence = row.number("confidence").unwrap_or_default();
        Ok((row.count("place")?, Suggestion { tag, value, confidence }))
    })
}

fn changes<'a>(view: &View<'_>, keys: impl IntoIterator<Item = &'a str>) -> Result<Vec<Event>, DataError> {
    view.all("changes", &serving::changes_of(keys, DIALECT), event)
}

fn event(row: &tagpol_eval::Fields<'_>) -> Result<Event, tagpol_eval::RunError> {
    let key = row.text("key").unwrap_or_default();
    let (at, tag) = (row.time("changed_at").unwrap_or_default(), row.text("tag"));
    let (old, new, source) = (row.text("old_value"), row.text("new_value"), row.source("source")?);
    let what = tag.map_or(EventKind::Appeared, |tag| EventKind::Changed { tag, old, new, source });
    Ok(Event { at, key, what })
}
