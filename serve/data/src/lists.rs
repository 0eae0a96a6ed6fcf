//! Pages, totals, facets and exports of resources.

use tagpol_eval::{DIALECT, RunError, read};
use tagpol_plan::ir::Origin;
use tagpol_plan::sql::serving::{self, Order, Rows, SortKey, TextAttribute, ValueColumn};
use tagpol_sema::program::{Severity, Source};
use tagpol_session::{Decimal, Store};

use crate::cursor::Cursor;
use crate::error::DataError;
use crate::filter::{Filter, fingerprint};
use crate::generation::{Generation, View};
use crate::query::{self, MOST_OFFSET, MOST_ROWS, Page, Query, Similar};
use crate::rows::{self, Compliance, Resource};

/// Names that are suggested if nothing is found.
const SIMILAR: u64 = 5;

/// Values of a facet that are counted.
const FACET_VALUES: u64 = 100;

/// Rows of a batch of an export.
const BATCH: u64 = 2_000;

/// What the resources of a filter come to.
#[derive(Debug, Clone, PartialEq)]
pub struct Totals {
    /// How many there are.
    pub resources: u64,
    /// What they cost a month; None if no cost is known.
    pub cost: Option<Decimal>,
    /// The same without credits.
    pub spend: Option<Decimal>,
    /// Resources with an open finding.
    pub violating: u64,
    /// What these cost, without credits.
    pub cost_violating: Option<Decimal>,
}

/// How often each value of something occurs among the resources of a filter, whatever the filter says about that itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Facet {
    /// What it counts.
    pub of: FacetOf,
    /// The values, the most frequent first.
    pub values: Vec<FacetValue>,
    /// Whether there are more values.
    pub more: bool,
}

/// What a facet counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FacetOf {
    /// Values of a tag.
    Tag(String),
    /// `provider`, `account`, `region`, `type` or `source`.
    Attribute(String),
    /// Compliance: `violating`, `pending`, `compliant`, `out_of_scope`.
    Compliance,
    /// Severities of open findings.
    Severity,
    /// Policies with open findings.
    Policy,
    /// Sources of tags.
    Source,
}

/// A value of a facet.
#[derive(Debug, Clone, PartialEq)]
pub struct FacetValue {
    /// The value; None if it is missing.
    pub value: Option<String>,
    /// Resources that have it.
    pub resources: u64,
    /// What they cost a month; None if no cost is known.
    pub cost: Option<Decimal>,
}

impl FacetOf {
    /// Reads the name of a facet: `compliance`, `severity`, `policy`, `tag-source`, an attribute, or a tag (`tag:NAME` if an
    /// attribute has the same name).
    ///
    /// # Errors
    /// [`DataError::UnknownName`].
    pub fn parse(name: &str, generation: &Generation) -> Result<Self, DataError> {
        Ok(match name {
            "compliance" => Self::Compliance,
            "severity" => Self::Severity,
            "policy" => Self::Policy,
            "tag-source" => Self::Source,
            name if query::attribute(name).is_ok() => Self::Attribute(name.to_owned()),
            name => {
                let tag = name.strip_prefix("tag:").unwrap_or(name);
                query::tag(generation.contents(), tag)?;
                Self::Tag(tag.to_owned())
            }
        })
    }
}

impl Generation {
    /// Returns a page of resources.
    ///
    /// # Errors
    /// [`DataError::UnknownName`], [`DataError::Condition`], [`DataError::OtherPolicies`], [`DataError::TooManyRows`], those
    /// of cursors; [`DataError::Busy`], [`DataError::TooSlow`].
    pub fn page(&self, query: &Query) -> Result<Page, DataError> {
        let contents = self.contents();
        if query.limit > MOST_ROWS {
            return Err(DataError::TooManyRows { asked: query.limit, most: MOST_ROWS });
        }
        if query.offset > MOST_OFFSET {
            return Err(DataError::TooFar { asked: query.offset, most: MOST_OFFSET });
        }
        let key = query.sort.by.key(contents)?;
        let tags: Vec<usize> = match &query.tags {
            Some(names) => names.iter().map(|name| query::tag(contents, name)).collect::<Result<_, _>>()?,
            None => (0..contents.tags.len()).collect(),
        };
        let question = fingerprint(&format!("{} {:?}", query.filter.fingerprint(), query.sort));
        let after =
            query.after.as_ref().map(|bytes| Cursor::read(bytes, &contents.id, &question)).transpose()?;
        let position = after.map(|cursor| cursor.position());
        let order =
            Order { key: &key, reverse: query.sort.reverse, after: position.as_ref(), offset: query.offset };
        self.ask(|view| {
            let filter = view.filter(&query.filter)?;
            // One more tells whether there is another page.
            let sql = serving::page(&filter, view.what(), Some(&tags), &order, query.limit + 1, DIALECT);
            let mut found = view.all("page", &sql, |row| {
                let resource = rows::resource(row, &tags)?;
                Ok((resource, row.text("sort_value")))
            })?;
            let more = u64::try_from(found.len()).is_ok_and(|count| count > query.limit);
            if more {
                found.pop();
            }
            let last = found.last().filter(|_| more).map(|(resource, value)| Cursor {
                generation: contents.id.clone(),
                question: question.clone(),
                value: value.clone(),
                place: resource.place,
            });
            let (total, cost) = match query.total {
                true => view.one("count", &serving::counts(&filter, view.what(), DIALECT), |row| {
                    Ok((Some(row.count("resources")?), row.money("cost")))
                })?,
                false => (None, None),
            };
            let rows: Vec<Resource> = found.into_iter().map(|(resource, _)| resource).collect();
            let is_lost = rows.is_empty() && query.after.is_none() && query.offset == 0;
            let similar = if is_lost { similar(view, &query.filter)? } else { Vec::new() };
            Ok(Page { rows, total, cost, next: last.map(|cursor| cursor.bytes()), similar })
        })
    }

    /// Returns the resources at some places, with all tags.
    pub(crate) fn at_places(&self, places: &[u64]) -> Result<Vec<Resource>, DataError> {
        let tags: Vec<usize> = (0..self.contents().tags.len()).collect();
        self.ask(|view| {
            let sql = serving::at_places(places, &tags, view.what());
            view.all("resources", &sql, |row| rows::resource(row, &tags))
        })
    }

    /// Returns what the resources of a filter come to.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn totals(&self, filter: &Filter) -> Result<Totals, DataError> {
        self.ask(|view| {
            let filter = view.filter(filter)?;
            view.one("totals", &serving::counts(&filter, view.what(), DIALECT), |row| {
                Ok(Totals {
                    resources: row.count("resources")?,
                    cost: row.money("cost"),
                    spend: row.money("spend"),
                    violating: row.count("violating")?,
                    cost_violating: row.money("cost_violating"),
                })
            })
        })
    }

    /// Returns facets of the resources of a filter, in the order of `of`.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn facets(&self, filter: &Filter, of: &[FacetOf]) -> Result<Vec<Facet>, DataError> {
        self.ask(|view| {
            let mut found: Vec<Facet> =
                of.iter().map(|of| Facet { of: of.clone(), values: Vec::new(), more: false }).collect();
            // Facets for which the same part of the filter does not count are read together.
            let mut groups: Vec<(Filter, Vec<usize>)> = Vec::new();
            for (at, of) in of.iter().enumerate() {
                let without = filter.without(of);
                match groups.iter_mut().find(|(filter, _)| *filter == without) {
                    Some((_, facets)) => facets.push(at),
                    None => groups.push((without, vec![at])),
                }
            }
            for (filter, facets) in groups {
                count_values(view, &filter, &facets, &mut found)?;
                count_others(view, &filter, &facets, &mut found)?;
            }
            Ok(found)
        })
    }

    /// Begins an export of exactly the resources of a filter, the most expensive first, as they are now: what is decided
    /// meanwhile changes nothing of it.
    ///
    /// # Errors
    /// As [`Self::page`].
    pub fn export(&self, filter: &Filter) -> Result<Export, DataError> {
        let rows = self.rows();
        let store = self.open_session()?;
        store.begin()?;
        let filter = filter.prepare(self.contents(), rows, &store)?;
        Ok(Export { generation: self.clone(), store, filter, rows, after: None, is_done: false })
    }
}

/// An export, which is read batch by batch.
#[derive(Debug)]
pub struct Export {
    generation: Generation,
    store: Store,
    filter: serving::Filter,
    rows: Rows,
    after: Option<serving::Position>,
    is_done: bool,
}

impl Export {
    /// Returns the next resources, with all tags; none at the end.
    ///
    /// # Errors
    /// [`DataError::Run`].
    pub fn next_batch(&mut self) -> Result<Vec<Resource>, DataError> {
        if self.is_done {
            return Ok(Vec::new());
        }
        let shape = self.generation.contents().shape();
        let tags: Vec<usize> = (0..shape.tags).collect();
        let order = Order { key: &SortKey::Cost, reverse: false, after: self.after.as_ref(), offset: 0 };
        let sql = serving::page(&self.filter, (self.rows, shape), Some(&tags), &order, BATCH, DIALECT);
        let mut found = Vec::new();
        read(&self.store, "export", &sql, |row| {
            found.push(rows::resource(row, &tags)?);
            Ok::<(), RunError>(())
        })?;
        self.is_done = u64::try_from(found.len()).is_ok_and(|count| count < BATCH);
        self.after = found
            .last()
            .map(|last| serving::Position { value: Some(last.place.to_string()), place: last.place });
        Ok(found)
    }
}

/// Resources with names like the words that nothing was found for.
fn similar(view: &View<'_>, filter: &Filter) -> Result<Vec<Similar>, DataError> {
    let words = filter.words();
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let sql = serving::similar_names(&words.join(" ").to_lowercase(), view.rows, SIMILAR, DIALECT);
    view.all("similar names", &sql, |row| {
        let (key, id) = (row.text("key").unwrap_or_default(), row.text("id").unwrap_or_default());
        Ok(Similar { key, id, name: row.text("name") })
    })
}

/// Fills the facets of values.
fn count_values(
    view: &View<'_>,
    filter: &Filter,
    facets: &[usize],
    found: &mut [Facet],
) -> Result<(), DataError> {
    let mut columns = Vec::new();
    for &at in facets {
        let column = match found.get(at).map(|facet| &facet.of) {
            Some(FacetOf::Tag(name)) => ValueColumn::Tag(query::tag(view.contents, name)?),
            Some(FacetOf::Attribute(name)) => ValueColumn::Attribute(query::attribute(name)?),
            _ => continue,
        };
        columns.push((at, column));
    }
    if columns.is_empty() {
        return Ok(());
    }
    let filter = view.filter(filter)?;
    let sql = serving::facets(&filter, view.what(), &columns, FACET_VALUES + 1, DIALECT);
    let rows = view.all("facets", &sql, |row| {
        let at = row.index("facet")?;
        let value = row.text("value");
        let (resources, cost) = (row.count("resources")?, row.money("cost"));
        Ok((at, FacetValue { value, resources, cost }))
    })?;
    for (at, value) in rows {
        let Some(facet) = found.get_mut(at) else { continue };
        facet.values.push(value);
    }
    for (at, _) in columns {
        let Some(facet) = found.get_mut(at) else { continue };
        facet.values.sort_by(|a, b| b.resources.cmp(&a.resources).then_with(|| order(a).cmp(&order(b))));
        facet.more = u64::try_from(facet.values.len()).is_ok_and(|count| count > FACET_VALUES);
        facet.values.truncate(usize::try_from(FACET_VALUES).unwrap_or(usize::MAX));
    }
    Ok(())
}

/// What is missing comes last.
fn order(value: &FacetValue) -> (bool, &Option<String>) {
    (value.value.is_none(), &value.value)
}

/// Fills the facets that no column has.
fn count_others(
    view: &View<'_>,
    filter: &Filter,
    facets: &[usize],
    found: &mut [Facet],
) -> Result<(), DataError> {
    let is_other = |of: &FacetOf| !matches!(of, FacetOf::Tag(_) | FacetOf::Attribute(_));
    if !facets.iter().filter_map(|at| found.get(*at)).any(|facet| is_other(&facet.of)) {
        return Ok(());
    }
    let contents = view.contents;
    let of_policy = |policy: usize| {
        let checks = contents.checks.iter().enumerate().filter(move |(_, check)| check.policy == policy);
        checks.map(|(at, _)| at).collect::<Vec<usize>>()
    };
    let policies: Vec<Vec<usize>> = (0..contents.policies.len()).map(of_policy).collect();
    let sources = Source::ALL.map(Origin::source_code);
    let filter = view.filter(filter)?;
    let sql = serving::tallies(&filter, view.what(), &policies, &sources, DIALECT);
    let names = |of: &FacetOf| -> Vec<(String, String)> {
        match of {
            FacetOf::Compliance => {
                let name = |one: Compliance| (one.as_str().to_owned(), format!("compliance_{}", one.code()));
                Compliance::ALL.map(name).into()
            }
            FacetOf::Severity => {
                let name =
                    |(at, one): (usize, &Severity)| (one.as_str().to_owned(), format!("severity_{at}"));
                Severity::ALL.iter().enumerate().map(name).collect()
            }
            FacetOf::Policy => (contents.policies.iter().enumerate())
                .map(|(at, policy)| (policy.name.clone(), format!("policy_{at}")))
                .collect(),
            FacetOf::Source => {
                let column = |one: Source| format!("source_{}", Origin::source_code(one));
                Source::ALL.map(|one| (one.as_str().to_owned(), column(one))).into()
            }
            FacetOf::Tag(_) | FacetOf::Attribute(_) => Vec::new(),
        }
    };
    let wanted: Vec<(usize, Vec<(String, String)>)> =
        facets.iter().filter_map(|at| Some((*at, names(&found.get(*at)?.of)))).collect();
    let counted = view.one("facets", &sql, |row| {
        let mut counted = Vec::new();
        for (at, names) in &wanted {
            for (name, column) in names {
                let resources = row.count(column)?;
                let cost = row.money(&format!("{column}_cost"));
                counted.push((*at, FacetValue { value: Some(name.clone()), resources, cost }));
            }
        }
        Ok(counted)
    })?;
    for (at, value) in counted.into_iter().filter(|(_, value)| value.resources > 0) {
        if let Some(facet) = found.get_mut(at) {
            facet.values.push(value);
        }
    }
    Ok(())
}

impl Filter {
    /// Returns the filter without its part about what a facet counts.
    fn without(&self, of: &FacetOf) -> Self {
        let mut filter = self.clone();
        match of {
            FacetOf::Tag(name) => filter.tags.retain(|(tag, _)| tag != name),
            FacetOf::Attribute(name) => filter.attributes.retain(|(attribute, _)| attribute != name),
            FacetOf::Compliance => filter.compliance.clear(),
            FacetOf::Severity => filter.severities.clear(),
            FacetOf::Policy => filter.policies.clear(),
            FacetOf::Source => filter.sources.clear(),
        }
        filter
    }
}

/// Names of all facets of a generation: attributes, compliance, severity, policy, sources, and each tag.
pub fn all_facets(generation: &Generation) -> Vec<FacetOf> {
    let attributes = TextAttribute::ALL.map(|attribute| FacetOf::Attribute(attribute.as_str().to_owned()));
    let others = [FacetOf::Compliance, FacetOf::Severity, FacetOf::Policy, FacetOf::Source];
    let tags = generation.contents().tags.iter().map(|tag| FacetOf::Tag(tag.name.clone()));
    attributes.into_iter().chain(others).chain(tags).collect()
}
