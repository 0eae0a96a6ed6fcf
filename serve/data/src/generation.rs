//! An open generation.

use std::sync::Arc;
use std::time::Duration;

use tagpol_eval::{DIALECT, Fields, RunError, read};
use tagpol_plan::sql::serving::{self, Filter, Order, Rows};
use tagpol_session::{Access, Attached, CancelToken, Limits, Store, StoreOptions};

use crate::contents::Contents;
use crate::error::DataError;
use crate::folder::{DATABASE_FILE, Generations};
use crate::query::{self, MOST_ROWS, Page, Query};
use crate::rows::{self, Decided, ResourceDetail, Suggestion};
use crate::sessions::Sessions;

/// How a generation is opened.
#[derive(Debug, Clone, Copy)]
pub struct OpenOptions {
    /// Questions that are answered at the same time; more wait.
    pub sessions: usize,
    /// Threads of all questions together. None: one for each core.
    pub threads: Option<usize>,
    /// Bytes of memory of the database. None: 80% of the machine's.
    pub memory: Option<u64>,
    /// The longest time that a question may take, with waiting.
    pub patience: Duration,
}

impl Default for OpenOptions {
    /// Four questions of at most 5 seconds, and 256 MiB.
    fn default() -> Self {
        Self { sessions: 4, threads: None, memory: Some(256 << 20), patience: Duration::from_secs(5) }
    }
}

/// An open generation, which answers questions of several threads at once. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Generation {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    contents: Contents,
    sessions: Sessions,
    patience: Duration,
}

impl Generation {
    /// Opens a generation.
    ///
    /// # Errors
    /// [`DataError::UnknownGeneration`], [`DataError::Damaged`].
    pub fn open(generations: &Generations, id: &str, options: &OpenOptions) -> Result<Self, DataError> {
        let folder = generations.existing(id)?;
        let contents = generations.contents(id)?;
        let file = folder.join(DATABASE_FILE);
        let damaged = |error: &dyn std::fmt::Display| DataError::Damaged {
            folder: folder.clone(),
            reason: error.to_string(),
        };
        let first = Store::in_memory(&StoreOptions {
            threads: options.threads,
            limits: Limits { memory: options.memory, timeout: None },
            attached: vec![Attached { file, name: serving::DATABASE.to_owned(), access: Access::Read }],
            ..StoreOptions::default()
        })
        .map_err(|error| damaged(&error))?;
        for statement in serving::prepare_overlay(DIALECT) {
            first.execute(&statement).map_err(|error| damaged(&error))?;
        }
        let mut stores = Vec::new();
        for _ in 1..options.sessions.max(1) {
            stores.push(first.another_session()?);
        }
        stores.push(first);
        let shared = Shared { contents, sessions: Sessions::new(stores), patience: options.patience };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Returns what the generation says about itself.
    pub fn contents(&self) -> &Contents {
        &self.shared.contents
    }

    /// Returns a page of resources.
    ///
    /// # Errors
    /// [`DataError::UnknownName`], [`DataError::TooManyRows`]; [`DataError::Busy`], [`DataError::TooSlow`].
    pub fn page(&self, query: &Query) -> Result<Page, DataError> {
        let contents = self.contents();
        if query.limit > MOST_ROWS {
            return Err(DataError::TooManyRows { asked: query.limit, most: MOST_ROWS });
        }
        let key = query.sort.by.key(contents)?;
        let tags: Vec<usize> = match &query.tags {
            Some(names) => names.iter().map(|name| query::tag(contents, name)).collect::<Result<_, _>>()?,
            None => (0..contents.tags.len()).collect(),
        };
        let filter = Filter::default();
        let order = Order { key: &key, reverse: query.sort.reverse, after: None };
        let (rows, shape) = (Rows::Generation, contents.shape());
        let sql = serving::page(&filter, (rows, shape), Some(&tags), &order, query.limit, DIALECT);
        self.ask(|store| {
            let mut found = Vec::new();
            read(store, "page", &sql, |row| {
                found.push(rows::resource(row, &tags)?);
                Ok(())
            })?;
            let total = match query.total {
                true => {
                    Some(one(store, "count", &serving::counts(&filter, (rows, shape), DIALECT), |row| {
                        row.count("resources")
                    })?)
                }
                false => None,
            };
            Ok(Page { rows: found, total })
        })
    }

    /// Returns all there is of a resource, by its id or its key.
    ///
    /// # Errors
    /// [`DataError::UnknownResource`]; [`DataError::Busy`], [`DataError::TooSlow`].
    pub fn resource(&self, id_or_key: &str) -> Result<ResourceDetail, DataError> {
        let contents = self.contents();
        self.ask(|store| {
            let unknown = || DataError::UnknownResource { name: id_or_key.to_owned() };
            let place = place_of(store, id_or_key)?.ok_or_else(unknown)?;
            let all: Vec<usize> = (0..contents.tags.len()).collect();
            let sql = serving::at_place(place, (Rows::Generation, contents.shape()));
            let (resource, checks) = one(store, "a resource", &sql, |row| {
                Ok((rows::resource(row, &all)?, rows::checks(row, contents)?))
            })?;
            let mut decided = Vec::new();
            read(store, "decisions", &serving::decisions_of(place), |row| {
                decided.push(Decided {
                    tag: row.text("tag").unwrap_or_default(),
                    at: row.time("made_at").unwrap_or_default(),
                    actor: row.text("actor").unwrap_or_default(),
                    note: row.text("note"),
                });
                Ok(())
            })?;
            let mut suggestions = Vec::new();
            read(store, "suggestions", &serving::suggestions_of(place), |row| {
                let (tag, value) =
                    (row.text("tag").unwrap_or_default(), row.text("value").unwrap_or_default());
                let confidence = row.number("confidence").unwrap_or_default();
                suggestions.push(Suggestion { tag, value, confidence });
                Ok(())
            })?;
            let has = |suggested: &Suggestion| {
                let tag = contents.tag(&suggested.tag).and_then(|at| resource.tags.get(at));
                tag.is_none_or(|tag| tag.value.as_ref() == Some(&suggested.value))
            };
            suggestions.retain(|suggested| !has(suggested));
            Ok(ResourceDetail { resource, decided, checks, suggestions })
        })
    }

    /// Asks the database, when it is this question's turn.
    fn ask<T>(&self, f: impl FnOnce(&Store) -> Result<T, DataError>) -> Result<T, DataError> {
        let token = CancelToken::with_timeout(self.shared.patience);
        self.shared.sessions.with(&token, f)
    }
}

/// Returns the place of a resource, by its id or its key.
fn place_of(store: &Store, id_or_key: &str) -> Result<Option<u64>, DataError> {
    let of_id = one(store, "key", &serving::key_of(id_or_key, DIALECT), |row| Ok(row.text("key")))?;
    let keys = [of_id.as_deref(), Some(id_or_key)].into_iter().flatten();
    let mut found = None;
    read(store, "places", &serving::places_of(keys, DIALECT), |row| {
        // An id that looks like a key of another resource is an id.
        if found.is_none() || row.text("key") == of_id {
            found = Some(row.count("place")?);
        }
        Ok(())
    })?;
    Ok(found)
}

/// Reads a query that returns one row.
fn one<T>(
    store: &Store,
    query: &'static str,
    sql: &str,
    f: impl Fn(&Fields<'_>) -> Result<T, RunError>,
) -> Result<T, DataError> {
    let mut found = None;
    read(store, query, sql, |row| {
        found = Some(f(row)?);
        Ok(())
    })?;
    found.ok_or_else(|| DataError::Run(RunError::Answer { query, reason: "no row".to_owned() }))
}
