//! Decisions that are newer than a generation.
//!
//! A decision re-evaluates its resource with the reference interpreter, and the row lies on top of that of the
//! generation in every answer. Both evaluators agree by test, so that answers are those of a generation that was built
//! after the decision, by the same clock.
//!
//! - `knowledge`: what the evaluation of a resource needs, from the snapshot, the generation and the state store
//! - `row`: what the interpreter says, as a row

mod knowledge;
mod row;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tagpol_app::explanation::resource::{Explanation, explain_evaluated};
use tagpol_eval::{DIALECT, Options, RunError, TextTooLong, read};
use tagpol_interp::{Patterns, Resource};
use tagpol_inventory::Snapshot;
use tagpol_plan::sql::serving;
use tagpol_sema::condition_places::Places;
use tagpol_sema::program::Program;
use tagpol_session::Store;
use tagpol_state::{Change, CurrentDecision, Page, StateError, StateStore};

use crate::error::DataError;
use crate::generation::Generation;
use crate::rows;
use knowledge::Knowledge;

/// Resources that are evaluated together.
const BATCH: usize = 500;

/// Rows of the trail that are read at a time.
const TRAIL: usize = 5_000;

/// Resources that relations may change at once. Beyond, a new generation is faster.
const MOST_RELATED: usize = 5_000;

/// Puts decisions that are newer than a generation on top of it.
#[derive(Debug)]
pub struct Overlay {
    generation: Generation,
    program: Program,
    state: StateStore,
    /// Compiling the expressions of the policies takes longer than evaluating a resource.
    patterns: Patterns,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    knowledge: Knowledge,
    /// Number of the last decision that is shown.
    shown: i64,
}

/// What [`Overlay::catch_up`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaughtUp {
    /// Number of the last decision that is shown now.
    pub decisions: i64,
    /// Ids of the resources whose rows are new: those that were decided about, and those that relations connect with them.
    pub resources: Vec<String>,
}

/// What changes would do to a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Preview {
    /// How it is shown now.
    pub now: rows::Resource,
    /// How it would be.
    pub then: rows::Resource,
}

impl Overlay {
    /// Prepares decisions on top of a generation. Program, snapshot and options must be those that it was built with; the
    /// options name the state store. The clock is that of the generation. The files of the snapshot must stay.
    ///
    /// # Errors
    /// [`DataError::OtherPolicies`], [`DataError::NoState`]; what is wrong with the snapshot or the state.
    pub fn open(
        generation: Generation,
        program: Program,
        snapshot: Snapshot,
        options: &Options,
    ) -> Result<Self, DataError> {
        let contents = generation.contents();
        let is_same =
            tagpol_eval::program_hash(&program) == contents.program && snapshot.id() == contents.snapshot;
        if !is_same {
            return Err(DataError::OtherPolicies { generation: contents.id.clone() });
        }
        let Some(state) = options.state.clone() else { return Err(DataError::NoState) };
        let shown = contents.decisions;
        // The folder for what does not fit in memory may go with who opened the inventory.
        let options = Options { now: contents.clock(), temp_dir: None, ..options.clone() };
        let knowledge = Knowledge::open(&generation, &program, snapshot, options)?;
        Ok(Self {
            generation,
            program,
            state,
            patterns: Patterns::default(),
            inner: Mutex::new(Inner { knowledge, shown }),
        })
    }

    /// Returns the generation, which shows the decisions that have been caught up with.
    pub fn generation(&self) -> &Generation {
        &self.generation
    }

    /// Returns the number of the last decision that is shown.
    pub fn decisions(&self) -> i64 {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).shown
    }

    /// Shows all decisions that the state store has by now. What was shown before stays if it fails, and the next call
    /// begins where this one began.
    ///
    /// # Errors
    /// [`DataError::TooManyChanges`]: build a new generation; [`DataError::State`], [`DataError::Run`].
    pub fn catch_up(&self) -> Result<CaughtUp, DataError> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, decided) = self.decided_after(inner.shown)?;
        if decided.is_empty() {
            return Ok(CaughtUp { decisions: inner.shown, resources: Vec::new() });
        }
        let related = inner.knowledge.related_since(&self.program)?;
        if related.len() > MOST_RELATED {
            return Err(DataError::TooManyChanges { resources: related.len() });
        }
        let mut ids = decided;
        if inner.knowledge.has_relations() {
            ids.extend(related);
            // What relations found for them before may no longer be what they find.
            ids.extend(self.overlaid()?);
        }
        let ids: Vec<String> = ids.into_iter().collect();
        let mut shown = Vec::new();
        for some in ids.chunks(BATCH) {
            shown.extend(self.show(&mut inner.knowledge, some)?);
        }
        inner.shown = last;
        Ok(CaughtUp { decisions: last, resources: shown })
    }

    /// Returns what changes would do, without making them: of each resource that exists how it is shown now, and how it would
    /// be. What relations would pass on to others is not in it.
    ///
    /// # Errors
    /// [`DataError::State`], [`DataError::Run`]; [`DataError::Busy`], [`DataError::TooSlow`].
    pub fn preview(&self, changes: &[Change]) -> Result<Vec<Preview>, DataError> {
        let ids: BTreeSet<&str> = changes.iter().map(|change| change.resource.as_str()).collect();
        let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
        let contents = self.generation.contents();
        let mut previews = Vec::new();
        for some in ids.chunks(BATCH) {
            let mut known = {
                let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
                inner.knowledge.about(&self.generation, &self.program, &self.state, some)?
            };
            changes.iter().for_each(|change| known.suppose(change));
            let places: Vec<u64> = known.resources.keys().copied().collect();
            for now in self.generation.at_places(&places)? {
                let Some(native) = known.resources.get(&now.place) else { continue };
                let resource = Resource::evaluated(&self.program, &known.options, &self.patterns, native);
                let then = row::shown(&now, &resource, contents, &known.confidences);
                previews.push(Preview { now, then });
            }
        }
        Ok(previews)
    }

    /// Explains a resource, with everything that is decided about it by now. `places` are those of the program's conditions.
    ///
    /// # Errors
    /// [`DataError::UnknownResource`]; [`DataError::State`], [`DataError::Run`].
    pub fn explain(&self, id: &str, places: &Places) -> Result<Explanation, DataError> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let known = inner.knowledge.about(&self.generation, &self.program, &self.state, &[id.to_owned()])?;
        let row = known.resources.values().next();
        let row = row.ok_or_else(|| DataError::UnknownResource { name: id.to_owned() })?;
        let resource = Resource::evaluated(&self.program, &known.options, &self.patterns, row);
        let decisions: Vec<CurrentDecision> = known.decisions().cloned().collect();
        Ok(explain_evaluated(&resource, row, places, &decisions, inner.knowledge.snapshot()))
    }

    /// Returns the number of the last decision, and the resources of those after a number.
    fn decided_after(&self, shown: i64) -> Result<(i64, BTreeSet<String>), DataError> {
        let mut last = shown;
        let mut resources = BTreeSet::new();
        self.state.read::<_, StateError>(|state| {
            loop {
                let trail = state.trail(None, Page::after(last, TRAIL))?;
                let count = trail.len();
                for decision in trail {
                    last = decision.seq;
                    resources.insert(decision.resource);
                }
                if count < TRAIL {
                    return Ok(());
                }
            }
        })?;
        Ok((last, resources))
    }

    fn overlaid(&self) -> Result<Vec<String>, DataError> {
        self.generation.with_writer(|writer| {
            let mut ids = Vec::new();
            read(writer, "overlay", &serving::overlay_ids(), |row| {
                ids.extend(row.text("id"));
                Ok::<(), RunError>(())
            })?;
            Ok(ids)
        })
    }

    /// Evaluates resources and puts their rows into the overlay. Returns the ids of those that exist.
    fn show(&self, knowledge: &mut Knowledge, ids: &[String]) -> Result<Vec<String>, DataError> {
        let known = knowledge.about(&self.generation, &self.program, &self.state, ids)?;
        let contents = self.generation.contents();
        let mut rows = Vec::new();
        for (place, native) in &known.resources {
            let resource = Resource::evaluated(&self.program, &known.options, &self.patterns, native);
            let row = row::row(*place, &resource, contents, &known.confidences);
            if let Some(text) = resource.too_long() {
                let (resource, limit) = (native.id.clone(), known.options.text_limit);
                return Err(RunError::TextTooLong(TextTooLong { text, resource, limit }).into());
            }
            rows.push(row);
        }
        let mut subjects = Vec::new();
        for (number, native) in &known.subjects {
            let subject = Resource::evaluated(&self.program, &known.options, &self.patterns, native);
            subjects.push(row::subject_row(*number, &subject));
        }
        self.generation.with_writer(|writer| self.write(writer, &rows, &subjects, &known))?;
        Ok(known.resources.into_values().map(|native| native.id).collect())
    }

    fn write(
        &self,
        writer: &Store,
        rows: &[row::StagedRow],
        subjects: &[row::StagedRow],
        known: &knowledge::Known,
    ) -> Result<(), DataError> {
        let contents = self.generation.contents();
        let shape = contents.shape();
        row::stage(writer, shape, rows)?;
        known.stage(writer)?;
        let mut statements = serving::apply(shape, DIALECT);
        if contents.has_charges {
            row::stage_subjects(writer, shape, subjects)?;
            statements.extend(serving::apply_subjects(shape));
        }
        writer.execute_together(&statements)?;
        let mut size = 0;
        read(writer, "overlay", &serving::overlay_size(), |row| {
            size = row.count("resources")?;
            Ok::<(), RunError>(())
        })?;
        self.generation.changed(size);
        Ok(())
    }
}
