//! Keys, values and resources that occur.

use tagpol_plan::ir::Origin;
use tagpol_plan::sql::resources::{self, ValueColumn};
use tagpol_plan::sql::staged::TAGGED;
use tagpol_sema::Validity;
use tagpol_sema::program::{Attr, Program, Source};
use tagpol_session::Decimal;

use super::Live;
use crate::compile::{DIALECT, RELATION};
use crate::error::RunError;
use crate::rows::{Fields, read};

/// Values that are reported of one subject.
const TOLD: u64 = 500;

/// Native keys whose spend is reported, the most frequent.
const COSTED_KEYS: usize = 64;

/// What values are asked of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// An attribute, as it is written in policies.
    Attribute(String),
    /// A native key, spelled exactly so.
    Native(String),
    /// A virtual tag.
    Tag(String),
}

/// A value that occurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The value.
    pub text: String,
    /// How many resources have it.
    pub count: u64,
    /// Their monthly cost; None if no cost is known.
    pub cost: Option<Decimal>,
}

/// A value of a virtual tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagValue {
    /// The value.
    pub value: Value,
    /// Whether it stands for nothing that the tag's type knows, and came from a native key so: no
    /// `normalize` maps it.
    pub unmapped: bool,
}

/// The values of one subject.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Values {
    /// How many resources have one.
    pub present: u64,
    /// The most frequent, in this order.
    pub top: Vec<TagValue>,
    /// Whether there are more.
    pub more: bool,
}

/// A resource, in a few words.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct Resource {
    pub id: String,
    pub name: Option<String>,
    pub ty: Option<String>,
    pub provider: Option<String>,
    pub account: Option<String>,
    pub region: Option<String>,
    pub cost: Option<Decimal>,
}

/// A resource with an open finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violating {
    /// The resource.
    pub resource: Resource,
    /// Ids of the checks that found something.
    pub checks: Vec<String>,
}

impl Live {
    /// Returns the monthly cost of all resources; None if no cost is known.
    ///
    /// # Errors
    /// The database's.
    pub fn total_cost(&self) -> Result<Option<Decimal>, RunError> {
        let mut cost = None;
        self.read(&resources::total_cost(RELATION, DIALECT), |row| {
            cost = row.money("cost");
            Ok(())
        })?;
        Ok(cost)
    }

    /// Returns the native keys that occur, the most frequent first, with what the resources that have one
    /// of the most frequent cost.
    ///
    /// # Errors
    /// The database's.
    pub fn keys(&self) -> Result<Vec<Value>, RunError> {
        let mut keys: Vec<_> = self.snapshot.manifest().keys.iter().collect();
        keys.sort_by_key(|key| std::cmp::Reverse(key.count));
        let columns = keys.iter().take(COSTED_KEYS).filter_map(|key| key.column.as_deref());
        let columns: Vec<&str> = columns.collect();
        let mut costs = Vec::new();
        if !columns.is_empty() {
            self.read(&resources::costs_with(RELATION, &columns, DIALECT), |row| {
                costs.extend((0..columns.len()).map(|at| row.money(&format!("cost_{at}"))));
                Ok(())
            })?;
        }
        let mut costs = costs.into_iter();
        let value = |(at, key): (usize, &&tagpol_inventory::KeyCount)| Value {
            text: key.key.clone(),
            count: key.count,
            cost: if at < COSTED_KEYS && key.column.is_some() { costs.next().flatten() } else { None },
        };
        Ok(keys.iter().enumerate().map(value).collect())
    }

    /// Returns the values of a subject; none if there is no such thing. Those of tags are what the
    /// program makes of them.
    ///
    /// # Errors
    /// As [`crate::evaluate`].
    pub fn values(&mut self, program: &Program, subject: &Subject) -> Result<Values, RunError> {
        match subject {
            Subject::Tag(name) => self.tag_values(program, name),
            Subject::Attribute(name) => {
                match Attr::ALL.into_iter().find(|attr| attr.as_str() == name).and_then(column_of) {
                    Some(column) => self.distinct(RELATION, ValueColumn::Column(column)),
                    None => Ok(Values::default()),
                }
            }
            Subject::Native(key) => {
                let known = self.snapshot.manifest().keys.iter().find(|known| known.key == *key);
                let Some(known) = known else { return Ok(Values::default()) };
                let column = known.column.as_deref().map_or(ValueColumn::NativeKey(key), ValueColumn::Column);
                self.distinct(RELATION, column)
            }
        }
    }

    fn tag_values(&mut self, program: &Program, name: &str) -> Result<Values, RunError> {
        let Some(tag) = program.tags.iter().find(|tag| tag.name == name) else {
            return Ok(Values::default());
        };
        self.keep_tags(program)?;
        let tagged = self.tagged.as_ref();
        let at = tagged.and_then(|tagged| tagged.names.iter().position(|other| other == name));
        let columns = at.and_then(|at| tagged?.kept.tags.get(at));
        let Some((value, source)) = columns else { return Ok(Values::default()) };
        let native = Origin::source_code(Source::Native);
        let mut values = self.distinct(TAGGED, ValueColumn::Tag { value, source, native })?;
        let validity = Validity::of(&tag.ty);
        for value in &mut values.top {
            value.unmapped = value.unmapped && !validity.holds(&value.value.text);
        }
        Ok(values)
    }

    /// Counts the values of a column, the most frequent first.
    fn distinct(&self, relation: &str, column: ValueColumn<'_>) -> Result<Values, RunError> {
        let mut values = Values::default();
        self.read(&resources::values(relation, column, TOLD + 1, DIALECT), |row| {
            values.present = row.count("present")?;
            if values.top.len() as u64 == TOLD {
                values.more = true;
                return Ok(());
            }
            let value = Value {
                text: row.text("value").unwrap_or_default(),
                count: row.count("resources")?,
                cost: row.money("cost"),
            };
            values.top.push(TagValue { value, unmapped: row.truth("is_native") });
            Ok(())
        })?;
        Ok(values)
    }

    /// Returns the most expensive resources with an open finding of a policy. None if there is no such policy.
    ///
    /// # Errors
    /// As [`crate::evaluate`].
    pub fn violations(
        &mut self,
        program: &Program,
        policy: &str,
        limit: u64,
    ) -> Result<Option<Vec<Violating>>, RunError> {
        let Some(at) = program.policies.iter().position(|other| other.name == policy) else {
            return Ok(None);
        };
        let mut found = Vec::new();
        self.violations_of(program, at, limit, |row, checks| {
            found.push(Violating { resource: resource(row), checks });
        })?;
        Ok(Some(found))
    }

    /// Returns resources whose id or name has a text in it, those whose name has it first.
    ///
    /// # Errors
    /// The database's.
    pub fn resources(&self, text: &str, limit: u64) -> Result<Vec<Resource>, RunError> {
        let mut found = Vec::new();
        self.read(&resources::containing(RELATION, text, limit, DIALECT), |row| {
            found.push(resource(row));
            Ok(())
        })?;
        Ok(found)
    }

    fn read(&self, sql: &str, f: impl FnMut(&Fields<'_>) -> Result<(), RunError>) -> Result<(), RunError> {
        read(&self.store, "values", sql, f)
    }
}

/// The column of an attribute that has values to choose from.
fn column_of(attr: Attr) -> Option<&'static str> {
    match attr {
        Attr::Id => Some("id"),
        Attr::Name => Some("name"),
        Attr::Type => Some("type"),
        Attr::Provider => Some("provider"),
        Attr::Account => Some("account"),
        Attr::Region => Some("region"),
        Attr::Source => Some("source"),
        _ => None,
    }
}

fn resource(row: &Fields<'_>) -> Resource {
    Resource {
        id: row.text("id").unwrap_or_default(),
        name: row.text("name"),
        ty: row.text("type"),
        provider: row.text("provider"),
        account: row.text("account"),
        region: row.text("region"),
        cost: row.money("monthly_cost"),
    }
}
