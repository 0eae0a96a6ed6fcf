//! What the evaluation of a resource needs.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use tagpol_eval::{
    CHARGES, Compiled, DIALECT, Fields, Options, ProjectHistory, RELATION, RunError, SUBJECTS, Tables,
    compile_for_snapshot, read, read_related,
};
use tagpol_interp as interp;
use tagpol_inventory::Snapshot;
use tagpol_plan::Overlays;
use tagpol_plan::sql::{resources, serving};
use tagpol_sema::program::Program;
use tagpol_session::{Access, Attached, ColumnType, Decimal, LoadValue, Store, StoreOptions};
use tagpol_state::{
    Action, Change, CurrentDecision, Page, Prediction, StateError, StateReader, StateStore, TagOf,
};

use crate::contents::FirstSeenKind;
use crate::error::DataError;
use crate::generation::Generation;

/// Decisions or predictions of a resource that are read at a time.
const PAGE: usize = 1_000;

/// A snapshot that is kept open, and what else the evaluation of a resource needs.
#[derive(Debug)]
pub(super) struct Knowledge {
    store: Store,
    snapshot: Snapshot,
    options: Options,
    /// What the interpreter needs for any resource.
    interp: interp::Options,
    /// What finds related resources. None: the program reads nothing of them.
    compiled: Option<Compiled>,
}

/// What is known of some resources.
pub(super) struct Known {
    /// The options of the interpreter, for these resources.
    pub(super) options: interp::Options,
    /// By place.
    pub(super) resources: BTreeMap<u64, interp::Row>,
    /// What is charged for them, by number.
    pub(super) subjects: BTreeMap<u64, interp::Row>,
    /// By resource and tag.
    pub(super) confidences: BTreeMap<(String, String), f64>,
    decided: Vec<(u64, CurrentDecision)>,
    predicted: Vec<(u64, Prediction)>,
}

impl Knowledge {
    pub(super) fn open(
        generation: &Generation,
        program: &Program,
        snapshot: Snapshot,
        options: Options,
    ) -> Result<Self, DataError> {
        let attached = Attached {
            file: generation.database_file(),
            name: serving::DATABASE.to_owned(),
            access: Access::Read,
        };
        let store = Store::in_memory(&StoreOptions {
            threads: options.threads,
            temp_dir: options.temp_dir.clone(),
            files: snapshot.database_files().into(),
            attached: vec![attached],
            ..StoreOptions::default()
        })?;
        store.open_snapshot(&snapshot.resources_path(), RELATION)?;
        if let Some(paths) = snapshot.charges_paths() {
            store.open_charges(paths.each_ref().map(|path| path.as_path()), [SUBJECTS, CHARGES])?;
        }
        let compiled = compile_for_snapshot(program, &snapshot, &options, Overlays::default())?;
        let mut tables = Tables::default();
        tables.read(program, &compiled.plan)?;
        let currency = snapshot.manifest().currency.clone();
        let interp = interp::Options {
            now: compiled.plan.now,
            rates: currency.as_ref().map(|ours| options.rates.fractions_in(ours)).unwrap_or_default(),
            currency,
            tables: tables.by_key(program),
            text_limit: options.text_limit,
            ..interp::Options::default()
        };
        let compiled = compiled.plan.related.is_some().then_some(compiled);
        Ok(Self { store, snapshot, options, interp, compiled })
    }

    pub(super) fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    pub(super) fn has_relations(&self) -> bool {
        self.compiled.is_some()
    }

    /// Finds related resources again, with what is decided now. Returns the ids of those for which something else is
    /// found than in the generation.
    pub(super) fn related_since(&mut self, program: &Program) -> Result<Vec<String>, DataError> {
        if self.compiled.is_none() {
            return Ok(Vec::new());
        }
        let history = ProjectHistory::for_options(&self.options, &self.store)?;
        let compiled = compile_for_snapshot(program, &self.snapshot, &self.options, history.overlays)?;
        Tables::default().load(program, &compiled.plan, &self.store)?;
        for statement in compiled.script.related() {
            self.store.execute(statement)?;
        }
        self.compiled = Some(compiled);
        let mut ids = Vec::new();
        read(&self.store, "related resources", &serving::related_since(), |row| {
            ids.extend(row.text("id"));
            Ok::<(), RunError>(())
        })?;
        Ok(ids)
    }

    /// Reads what is known of some resources now. Ids of no resource are left out.
    pub(super) fn about(
        &self,
        generation: &Generation,
        program: &Program,
        state: &StateStore,
        ids: &[String],
    ) -> Result<Known, DataError> {
        let mut places = BTreeMap::new();
        let sql = serving::places_of_ids(ids.iter().map(String::as_str), DIALECT);
        read(&self.store, "places", &sql, |row| {
            places.insert(row.text("id").unwrap_or_default(), row.count("place")?);
            Ok::<(), RunError>(())
        })?;
        let has_unknown = self.snapshot.manifest().counts.unknown > 0;
        let sql = resources::whole(RELATION, places.keys().map(String::as_str), has_unknown, DIALECT);
        let mut found = BTreeMap::new();
        read(&self.store, "resources", &sql, |row| {
            let native = native(row, has_unknown)?;
            found.extend(places.get(&native.id).map(|place| (*place, native)));
            Ok::<(), RunError>(())
        })?;
        let mut known = Known {
            options: self.interp.clone(),
            resources: found,
            subjects: self.subjects(places.keys().map(String::as_str))?,
            confidences: BTreeMap::new(),
            decided: Vec::new(),
            predicted: Vec::new(),
        };
        state.read::<_, StateError>(|state| {
            for (place, native) in &known.resources {
                let decided = decisions_of(state, &native.id)?;
                known.decided.extend(decided.into_iter().map(|one| (*place, one)));
                let predicted = predictions_of(state, &native.id)?;
                known.predicted.extend(predicted.into_iter().map(|one| (*place, one)));
            }
            Ok(())
        })?;
        known.fill_overlays();
        known.options.overlays.first_seen = self.first_seen(generation, program, &known.resources)?;
        if let Some(compiled) = &self.compiled {
            for native in known.resources.values() {
                read_related(compiled, &self.store, &native.id, &mut known.options.related)?;
            }
        }
        Ok(known)
    }

    /// Reads what is charged for some resources.
    fn subjects<'a>(
        &self,
        ids: impl Iterator<Item = &'a str>,
    ) -> Result<BTreeMap<u64, interp::Row>, DataError> {
        let mut found = BTreeMap::new();
        if self.snapshot.manifest().charges.is_none() {
            return Ok(found);
        }
        read(&self.store, "subjects", &resources::whole_subjects(SUBJECTS, ids, DIALECT), |row| {
            let number = row.count("subject")?;
            let charge = interp::Charge {
                service: row.text("service"),
                category: row.text("category"),
                billing_account: row.text("billing_account"),
            };
            found.insert(number, interp::Row { charge: Some(charge), ..native(row, false)? });
            Ok::<(), RunError>(())
        })?;
        Ok(found)
    }

    /// When findings of resources first appeared, as the generation read it.
    fn first_seen(
        &self,
        generation: &Generation,
        program: &Program,
        resources: &BTreeMap<u64, interp::Row>,
    ) -> Result<interp::FirstSeen, DataError> {
        match generation.contents().first_seen {
            FirstSeenKind::NotKept => return Ok(interp::FirstSeen::NotKept),
            FirstSeenKind::FirstRun => return Ok(interp::FirstSeen::FirstRun),
            FirstSeenKind::Recorded => {}
        }
        let policies: BTreeSet<&str> = program.policies.iter().map(|policy| policy.name.as_str()).collect();
        let mut times: BTreeMap<(String, String, String), DateTime<Utc>> = BTreeMap::new();
        for (place, native) in resources {
            read(&self.store, "first seen", &serving::first_seen_of(*place), |row| {
                let check = row.text("policy").zip(row.text("check_id"));
                let check = check.filter(|(policy, _)| policies.contains(policy.as_str()));
                let key = check.map(|(policy, check)| (policy, check, native.id.clone()));
                times.extend(key.zip(row.time("since")));
                Ok::<(), RunError>(())
            })?;
        }
        Ok(interp::FirstSeen::At(times))
    }
}

impl Known {
    /// Returns the decisions that apply to the resources.
    pub(super) fn decisions(&self) -> impl Iterator<Item = &CurrentDecision> {
        self.decided.iter().map(|(_, decision)| decision)
    }

    /// Takes a change for made.
    pub(super) fn suppose(&mut self, change: &Change) {
        let key = (change.resource.clone(), change.tag.clone());
        let overlays = &mut self.options.overlays;
        match (change.action, &change.value) {
            (Action::Set | Action::Confirm, Some(value)) => drop(overlays.decided.insert(key, value.clone())),
            (Action::Set | Action::Confirm | Action::Unset, _) => drop(overlays.decided.remove(&key)),
            (Action::Reject, rejected) => {
                if overlays.predicted.get(&key).map(|(value, _)| value) == rejected.as_ref() {
                    overlays.predicted.remove(&key);
                }
            }
        }
    }

    fn fill_overlays(&mut self) {
        let overlays = &mut self.options.overlays;
        for (_, decision) in &self.decided {
            let key = (decision.resource.clone(), decision.tag.clone());
            overlays.decided.insert(key, decision.value.clone());
        }
        for (_, prediction) in &self.predicted {
            let key = (prediction.resource.clone(), prediction.tag.clone());
            // As a text, so that it can be compared as a decimal number.
            let confidence = prediction.confidence.to_string().parse();
            if let Ok(confidence) = confidence {
                overlays.predicted.insert(key.clone(), (prediction.value.clone(), confidence));
            }
            self.confidences.insert(key, prediction.confidence);
        }
    }

    /// Makes the relations of what is decided and suggested for the resources.
    pub(super) fn stage(&self, writer: &Store) -> Result<(), DataError> {
        let text = ColumnType::Text;
        let columns = [
            ("place", ColumnType::Int),
            ("tag", text),
            ("value", text),
            ("made_at", ColumnType::Int),
            ("actor", text),
            ("note", text),
        ];
        writer.load::<DataError>(serving::STAGED_DECIDED, &columns, |loader| {
            for (place, one) in &self.decided {
                loader.push(&[
                    LoadValue::Int(i64::try_from(*place).unwrap_or(i64::MAX)),
                    LoadValue::Text(&one.tag),
                    LoadValue::Text(&one.value),
                    LoadValue::Int(one.at.timestamp_micros()),
                    LoadValue::Text(&one.actor),
                    one.note.as_deref().map_or(LoadValue::Null, LoadValue::Text),
                ])?;
            }
            Ok(())
        })?;
        let columns =
            [("place", ColumnType::Int), ("tag", text), ("value", text), ("confidence", ColumnType::Double)];
        writer.load::<DataError>(serving::STAGED_SUGGESTED, &columns, |loader| {
            for (place, one) in &self.predicted {
                loader.push(&[
                    LoadValue::Int(i64::try_from(*place).unwrap_or(i64::MAX)),
                    LoadValue::Text(&one.tag),
                    LoadValue::Text(&one.value),
                    LoadValue::Double(one.confidence),
                ])?;
            }
            Ok(())
        })
    }
}

/// Reads what is decided about a resource.
fn decisions_of(state: &mut dyn StateReader, resource: &str) -> Result<Vec<CurrentDecision>, StateError> {
    of_resource(resource, |page| state.decisions(page), |one| TagOf::new(&one.resource, &one.tag))
}

/// Reads what the model predicts for a resource.
fn predictions_of(state: &mut dyn StateReader, resource: &str) -> Result<Vec<Prediction>, StateError> {
    of_resource(resource, |page| state.predictions(page), |one| TagOf::new(&one.resource, &one.tag))
}

/// Reads the rows of a resource from a list that is ordered by resource and tag.
fn of_resource<T>(
    resource: &str,
    mut page: impl FnMut(Page<TagOf>) -> Result<Vec<T>, StateError>,
    key: impl Fn(&T) -> TagOf,
) -> Result<Vec<T>, StateError> {
    // No tag has an empty name.
    let mut after = TagOf::new(resource, "");
    let mut found = Vec::new();
    loop {
        let rows = page(Page::after(after.clone(), PAGE))?;
        let count = rows.len();
        for row in rows {
            after = key(&row);
            if after.resource != resource {
                return Ok(found);
            }
            found.push(row);
        }
        if count < PAGE {
            return Ok(found);
        }
    }
}

/// Reads a resource of the snapshot.
fn native(row: &Fields<'_>, has_unknown: bool) -> Result<interp::Row, RunError> {
    let json = |text: Option<String>| serde_json::from_str(&text.unwrap_or_else(|| "{}".to_owned()));
    let tags: BTreeMap<String, String> =
        json(row.text("tags")).map_err(|error| row.unexpected(&format!("tags that are no JSON: {error}")))?;
    let mut found = interp::Row {
        id: row.text("id").unwrap_or_default(),
        name: row.text("name"),
        type_: row.text("type"),
        provider: row.text("provider"),
        account: row.text("account"),
        region: row.text("region"),
        source: row.text("source"),
        meta: row.text("meta"),
        created: row.time("created"),
        monthly_cost: row.money("monthly_cost").and_then(exact),
        tags: tags.into_iter().collect(),
        ..interp::Row::default()
    };
    if has_unknown {
        let keys: Result<Vec<String>, _> =
            serde_json::from_str(&row.text("unknown_keys").unwrap_or_else(|| "[]".to_owned()));
        found.unknown_keys =
            keys.map_err(|error| row.unexpected(&format!("keys that are no JSON: {error}")))?;
        found.unknown_tags = row.truth("unknown_tags");
    }
    Ok(found)
}

fn exact(decimal: Decimal) -> Option<rust_decimal::Decimal> {
    let amount = rust_decimal::Decimal::try_from_i128_with_scale(decimal.unscaled, u32::from(decimal.scale));
    amount.ok().map(|amount| amount.normalize())
}
