//! The givens of tests as resources, sorted into inventories.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tagpol_interp::{Options, Row};
use tagpol_inventory::Resource;
use tagpol_plan::{Layout, lower};
use tagpol_sema::program::{Attr, Given, Program, Test, Value};

/// One `given` of one test, as the engine reads it.
#[derive(Debug, Clone)]
pub(super) struct Case {
    /// Index in [`Program::tests`].
    pub(super) test: usize,
    /// Index in [`Test::givens`].
    pub(super) given: usize,
    /// The resource.
    pub(super) row: Row,
    /// Clock and currency.
    pub(super) options: Arc<Options>,
    /// All resources of the inventory that it is a part of.
    pub(super) inventory: Arc<Vec<Row>>,
}

/// Native keys that an inventory may have, where a single given does not have more. A plan grows with
/// the spellings of keys, and tests of a taxonomy have them all: several small plans are faster.
const MOST_KEYS: usize = 32;

/// Cases that can share an inventory.
pub(super) struct Batch<'a> {
    pub(super) now: DateTime<Utc>,
    pub(super) currency: Option<String>,
    ids: BTreeSet<String>,
    keys: BTreeSet<&'a str>,
    pub(super) members: Vec<Member<'a>>,
    /// The only test whose cases it takes, since they may be related. None: any.
    only: Option<usize>,
}

impl<'a> Batch<'a> {
    fn new(now: DateTime<Utc>, currency: Option<String>, only: Option<usize>) -> Self {
        Self { only, now, currency, ids: BTreeSet::new(), keys: BTreeSet::new(), members: Vec::new() }
    }

    fn admits(&self, now: DateTime<Utc>, currency: Option<&String>, member: &Member<'_>) -> bool {
        let more = member.keys().filter(|key| !self.keys.contains(key)).count();
        self.now == now
            && self.currency.as_ref() == currency
            && !self.ids.contains(&member.id())
            && match self.only {
                Some(test) => test == member.test,
                None => more == 0 || self.keys.len() + more <= MOST_KEYS,
            }
    }

    fn add(&mut self, member: Member<'a>) {
        self.ids.insert(member.id());
        self.keys.extend(member.keys());
        self.members.push(member);
    }
}

/// A given that is to become a case.
pub(super) struct Member<'a> {
    /// Index in [`Program::tests`].
    pub(super) test: usize,
    /// Index in [`Test::givens`].
    pub(super) at: usize,
    given: &'a Given,
}

/// Sorts the givens of the tests that are wanted into as few inventories as possible.
pub(super) fn batches(
    program: &Program,
    now: DateTime<Utc>,
    wanted: impl Fn(&Test) -> bool,
) -> Vec<Batch<'_>> {
    let tests: Vec<(usize, &Test)> =
        program.tests.iter().enumerate().filter(|(_, test)| wanted(test)).collect();
    let usual = usual_currency(program, now, &tests);
    let are_related = program.reads_relations();
    let mut batches: Vec<Batch<'_>> = Vec::new();
    for (index, test) in tests {
        for (at, given) in test.givens.iter().enumerate() {
            let member = Member { test: index, at, given };
            let currency = given.monthly_cost.as_ref().map(|(_, unit)| unit).or(usual.as_ref());
            let now = test.at.unwrap_or(now);
            match batches.iter_mut().find(|batch| batch.admits(now, currency, &member)) {
                Some(batch) => batch.add(member),
                None => {
                    let mut batch = Batch::new(now, currency.cloned(), are_related.then_some(index));
                    batch.add(member);
                    batches.push(batch);
                }
            }
        }
    }
    batches
}

/// The currency for givens without a cost, to which it makes no difference: one that other givens
/// have, so that they share an inventory, and that the program does not contradict.
fn usual_currency(program: &Program, now: DateTime<Utc>, tests: &[(usize, &Test)]) -> Option<String> {
    let givens = tests.iter().flat_map(|(_, test)| &test.givens);
    let units: BTreeSet<&String> =
        givens.filter_map(|given| given.monthly_cost.as_ref().map(|(_, unit)| unit)).collect();
    let agrees = |unit: &&String| {
        let layout = Layout { currency: Some((*unit).clone()), ..Layout::generic() };
        lower(program, &layout, &tagpol_plan::Request::at(now)).is_ok()
    };
    units.into_iter().find(agrees).cloned()
}

impl<'a> Member<'a> {
    fn keys(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.given.tags.iter().map(|(key, _)| key.as_str())
    }

    /// Its own id, or one that no other given has.
    pub(super) fn id(&self) -> String {
        self.attr(Attr::Id).unwrap_or_else(|| format!("test-{}-given-{}", self.test, self.at))
    }

    fn attr(&self, wanted: Attr) -> Option<String> {
        self.given.attrs.iter().find(|(attr, _)| *attr == wanted).map(|(_, text)| text.clone())
    }

    pub(super) fn resource(&self) -> Resource {
        Resource {
            id: self.id(),
            name: self.attr(Attr::Name),
            type_: self.attr(Attr::Type),
            provider: self.attr(Attr::Provider),
            account: self.attr(Attr::Account),
            region: self.attr(Attr::Region),
            source: self.attr(Attr::Source),
            created: self.given.created,
            monthly_cost: self.given.monthly_cost.as_ref().map(|(amount, _)| *amount),
            meta: meta(&self.given.meta),
            tags: self.given.tags.clone(),
            unknown: tagpol_inventory::UnknownTags::default(),
        }
    }

    /// Makes it a case. `resource` is what the inventory made of it.
    pub(super) fn case(&self, row: Row, options: &Arc<Options>, inventory: &Arc<Vec<Row>>) -> Case {
        let (options, inventory) = (Arc::clone(options), Arc::clone(inventory));
        Case { test: self.test, given: self.at, row, options, inventory }
    }
}

/// Returns a resource as the reference evaluator wants it.
pub(super) fn row(resource: Resource) -> Row {
    Row {
        id: resource.id,
        name: resource.name,
        type_: resource.type_,
        provider: resource.provider,
        account: resource.account,
        region: resource.region,
        source: resource.source,
        created: resource.created,
        monthly_cost: resource.monthly_cost,
        meta: resource.meta,
        tags: resource.tags,
        unknown_keys: resource.unknown.keys,
        unknown_tags: resource.unknown.others,
        charge: None,
    }
}

/// Returns the provider's own JSON that holds these fields: objects in objects along their paths. None where
/// there are no fields.
fn meta(fields: &[(String, Value)]) -> Option<String> {
    if fields.is_empty() {
        return None;
    }
    let mut object = serde_json::Map::new();
    for (path, value) in fields {
        let value = match value {
            Value::Bool(truth) => serde_json::Value::Bool(*truth),
            Value::Number(number) => serde_json::from_str(&number.to_string()).unwrap_or_default(),
            Value::Text(text) => serde_json::Value::String(text.clone()),
            _ => serde_json::Value::Null,
        };
        let mut inner = &mut object;
        let mut names = path.split('.').peekable();
        while let Some(name) = names.next() {
            if names.peek().is_none() {
                inner.insert(name.to_owned(), value);
                break;
            }
            let next = inner.entry(name).or_insert_with(|| serde_json::Map::new().into());
            // The checker refuses a path that leads through the value of another.
            let Some(next) = next.as_object_mut() else { break };
            inner = next;
        }
    }
    Some(serde_json::Value::Object(object).to_string())
}
