//! Keys, values and resources that occur.

use tagpol_plan::sql::staged::TAGGED;
use tagpol_sema::Validity;
use tagpol_sema::program::{Attr, Program};
use tagpol_session::{Decimal, quote_identifier, quote_text};

use super::Live;
use crate::compile::RELATION;
use crate::error::RunError;
use crate::rows::Fields;

/// Values that are reported of one subject.
const TOLD: u64 = 500;

/// Native keys whose spend is reported, the most frequent.
const COSTED_KEYS: usize = 64;

/// Columns of [`Resource`]s in queries.
pub(super) const COLUMNS: usize = 7;

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
        self.read(&format!("SELECT sum(monthly_cost) FROM {RELATION}"), |row| {
            cost = row.money(0);
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
        let columns = keys.iter().take(COSTED_KEYS).filter_map(|key| key.column.as_ref());
        let sums: Vec<String> = columns
            .map(|column| {
                format!("sum(monthly_cost) FILTER (WHERE {} IS NOT NULL)", quote_identifier(column))
            })
            .collect();
        let mut costs = Vec::new();
        if !sums.is_empty() {
            self.read(&format!("SELECT {} FROM {RELATION}", sums.join(", ")), |row| {
                costs.extend((0..sums.len()).map(|at| row.money(at)));
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
                    Some(column) => self.distinct(column, RELATION, "false"),
                    None => Ok(Values::default()),
                }
            }
            Subject::Native(key) => {
                let known = self.snapshot.manifest().keys.iter().find(|known| known.key == *key);
                let Some(known) = known else { return Ok(Values::default()) };
                let column = match &known.column {
                    Some(column) => quote_identifier(column),
                    None => format!("tags[{}]", quote_text(key)),
                };
                self.distinct(&column, RELATION, "false")
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
        let native = tagpol_plan::ir::Origin::source_code(tagpol_sema::program::Source::Native);
        let (value, source) = (quote_identifier(value), quote_identifier(source));
        let mut values =
            self.distinct(&value, TAGGED, &format!("coalesce(bool_or({source} = {native}), false)"))?;
        let validity = Validity::of(&tag.ty);
        for value in &mut values.top {
            value.unmapped = value.unmapped && !validity.holds(&value.value.text);
        }
        Ok(values)
    }

    /// Counts the values of a column, the most frequent first.
    fn distinct(&self, column: &str, relation: &str, mark: &str) -> Result<Values, RunError> {
        let mut values = Values::default();
        let sql = format!(
            "SELECT value, resources, cost, mark, CAST(sum(resources) OVER () AS BIGINT) FROM (\
             SELECT {column} AS value, count(*) AS resources, sum(monthly_cost) AS cost, {mark} AS mark \
             FROM {relation} WHERE {column} IS NOT NULL GROUP BY 1\
             ) ORDER BY resources DESC, value LIMIT {}",
            TOLD + 1
        );
        self.read(&sql, |row| {
            values.present = row.count(4)?;
            if values.top.len() as u64 == TOLD {
                values.more = true;
                return Ok(());
            }
            let value =
                Value { text: row.text(0).unwrap_or_default(), count: row.count(1)?, cost: row.money(2) };
            values.top.push(TagValue { value, unmapped: row.truth(3) });
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
        let text = quote_text(&text.to_lowercase());
        let mut found = Vec::new();
        let sql = format!(
            "SELECT id, name, type, provider, account, region, monthly_cost FROM {RELATION} \
             WHERE contains(lower(id), {text}) OR contains(lower(name), {text}) \
             ORDER BY coalesce(contains(lower(name), {text}), false) DESC, monthly_cost DESC NULLS LAST, id \
             LIMIT {limit}"
        );
        self.read(&sql, |row| {
            found.push(resource(row));
            Ok(())
        })?;
        Ok(found)
    }

    fn read(
        &self,
        sql: &str,
        mut f: impl FnMut(&Fields<'_>) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        self.store.for_each(sql, |row| f(&Fields { row, query: "values" }))
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
        id: row.text(0).unwrap_or_default(),
        name: row.text(1),
        ty: row.text(2),
        provider: row.text(3),
        account: row.text(4),
        region: row.text(5),
        cost: row.money(6),
    }
}
