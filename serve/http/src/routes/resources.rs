//! Lists of resources, and single ones.

use axum::http::header;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use tagpol_app::state::{Decision, StateError};
use tagpol_sema::program::Source;
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_data::{
    Contents, EventKind, Facet, FacetOf, Page, Query, ResourceDetail, Sort, SortBy, all_facets,
};
use tagpol_sink::csv::Writer;
use tagpol_syntax::similar::closest;
use utoipa::{IntoParams, ToSchema};

use super::filter::Selection;
use super::names::Names;
use super::shapes::{self, ResourceRow, ResourceTags};
use crate::cursor;
use crate::endpoint::{Call, NoQuery, Reply, Route};
use crate::host::Serving;
use crate::identity::is_away;
use crate::permission::{Export, Permission, ReadTags};
use crate::problem::{Failure, data_failure, failure_in};
use crate::security::percent_encoded;
use crate::timestamp::Timestamp;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::read("/api/v1/resources", ("listResources", "Returns a page of resources", &[200, 304]), list),
        Route::read(
            "/api/v1/resources/{id}",
            ("getResource", "Returns a resource with its tags, findings and suggestions", &[200, 304]),
            detail,
        ),
        Route::read(
            "/api/v1/resources/{id}/virtual-tags",
            ("getVirtualTags", "Returns the virtual tags of a resource", &[200, 304]),
            detail,
        ),
        Route::read(
            "/api/v1/resources/{id}/timeline",
            ("getTimeline", "Returns what happened to a resource, the newest first", &[200]),
            timeline,
        ),
        Route::read(
            "/api/v1/facets",
            ("facets", "Counts the values of tags and attributes", &[200, 304]),
            facets,
        ),
        Route::read(
            "/api/v1/exports",
            ("export", "Exports exactly the resources of a filter", &[200]),
            export,
        ),
    ]
}

/// Which resources, in which order.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    /// Words; each is somewhere in the name, the id or the values of tags, regardless of case.
    pub(crate) q: Option<String>,
    /// A condition of the language, such as `environment == production and resource.monthly-cost > 500 USD`.
    pub(crate) r#where: Option<String>,
    /// Any of `violating`, `pending`, `compliant`, `out_of_scope`, separated by commas.
    pub(crate) compliance: Option<String>,
    /// An open finding of any of these policies; `POLICY/CHECK` means one check.
    pub(crate) policy: Option<String>,
    /// An open finding of any of `critical`, `high`, `medium`, `low`.
    pub(crate) severity: Option<String>,
    /// A tag from any of these sources: `decided`, `rule_based`, `inferred`, `native`, `default`.
    pub(crate) source: Option<String>,
    /// What the resources are ordered by: `cost`, `id`, `name`, `created`, `open`, `compliance`, an attribute such as
    /// `region`, or `tag:NAME`; with `-` in front the other end comes first.
    pub(crate) sort: Option<String>,
    /// Only these tags, by their names, separated by commas. If omitted, all.
    pub(crate) fields: Option<String>,
    /// Where the page begins: `next` of the page before.
    pub(crate) cursor: Option<String>,
    /// Rows before the page, at most 2,000,000, in place of `cursor`. For a scroll bar that jumps: each of these rows takes
    /// time, while a cursor takes none.
    #[param(maximum = 2_000_000)]
    pub(crate) offset: Option<u64>,
    /// Most resources of the page: 1 to 500.
    #[param(minimum = 1, maximum = 500)]
    pub(crate) limit: Option<u64>,
    /// `exact` or `none`: whether all are counted, and their costs summed up.
    pub(crate) count: Option<String>,
}

/// A page of resources.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResourcePage {
    /// The resources.
    items: Vec<ResourceRow>,
    /// How many there are on all pages. Null: they were not counted.
    total: Option<u64>,
    /// What those on all pages cost a month, as an exact decimal number. Null: unknown, or they were not counted.
    monthly_cost: Option<String>,
    /// The cursor of the next page. Null: this is the last one.
    next: Option<String>,
    /// If words were searched for and nothing was found: resources with similar names.
    similar: Vec<SimilarResource>,
    /// The evaluation that was read.
    generation: String,
    /// The number of the last decision that is shown.
    decisions: i64,
    /// The currency of the costs.
    currency: Option<String>,
}

/// A resource with a similar name.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SimilarResource {
    /// The short name in addresses.
    key: String,
    /// The id in its cloud.
    resource_id: String,
    /// Its name.
    resource_name: Option<String>,
}

/// Reads a page, and returns the cursor of the next one.
///
/// # Errors
/// What is wrong with the request.
pub(crate) fn read_page(
    call: &Call<'_, ReadTags>,
    serving: &Serving,
    query: ListQuery,
) -> Result<(Page, Option<String>), Failure> {
    let invalid = |detail: &str, parameter| {
        ApiError::new(Code::InvalidRequest, detail.to_owned()).in_parameter(parameter)
    };
    if query.offset.is_some() && query.cursor.is_some() {
        return Err(invalid("a page begins at a `cursor` or at an `offset`, not at both", "offset").into());
    }
    let limit = query.limit.unwrap_or(50);
    if limit == 0 {
        return Err(invalid("a page has at least one row", "limit").into());
    }
    let total = match query.count.as_deref() {
        None | Some("exact") => true,
        Some("none") => false,
        Some(_) => return Err(invalid("`count` is `exact` or `none`", "count").into()),
    };
    let ListQuery { q, r#where, compliance, policy, severity, source, .. } = query;
    let filter = Selection { q, r#where, compliance, policy, severity, source }.read(serving)?;
    let key = &call.app.master_key;
    let list = format!("resources {}", filter.fingerprint());
    let after: Option<String> = cursor::decode(key, &list, query.cursor.as_deref())?;
    let fields: Option<Vec<String>> =
        query.fields.map(|names| names.split(',').map(|name| name.trim().to_owned()).collect());
    check_fields(fields.as_deref().unwrap_or_default(), serving.generation.contents())?;
    let question = Query {
        filter,
        sort: sort(query.sort.as_deref())?,
        limit,
        after: after.and_then(|after| URL_SAFE_NO_PAD.decode(after).ok()),
        offset: query.offset.unwrap_or(0),
        total,
        tags: fields,
    };
    let page = serving.generation.page(&question).map_err(|error| failure_in(error, "sort"))?;
    let next = page.next.as_ref().map(|after| cursor::encode(key, &list, URL_SAFE_NO_PAD.encode(after)));
    Ok((page, next))
}

fn list(call: &Call<'_, ReadTags>, query: ListQuery) -> Result<Reply<ResourcePage>, Failure> {
    let serving = call.project()?.serving()?;
    let version = serving.version();
    let (page, next) = read_page(call, &serving, query)?;
    let contents = serving.generation.contents();
    let link = next.as_deref().map(|next| link_to(call, next));
    let similar = page.similar.into_iter().map(|one| SimilarResource {
        key: one.key,
        resource_id: one.id,
        resource_name: one.name,
    });
    let reply = Reply::ok(ResourcePage {
        items: page.rows.into_iter().map(|row| shapes::row(row, contents)).collect(),
        total: page.total,
        monthly_cost: page.cost.map(|cost| cost.to_string()),
        next,
        similar: similar.collect(),
        generation: contents.id.clone(),
        decisions: serving.decisions(),
        currency: contents.currency.clone(),
    })
    .etag(&version);
    Ok(match link {
        Some(link) => reply.header(header::LINK, link),
        None => reply,
    })
}

/// Checks that all fields are tags.
fn check_fields(fields: &[String], contents: &Contents) -> Result<(), ApiError> {
    let Some(unknown) = fields.iter().find(|name| contents.tag(name).is_none()) else { return Ok(()) };
    let names = contents.tags.iter().map(|tag| tag.name.as_str());
    Err(ApiError::new(Code::InvalidRequest, format!("there is no tag `{unknown}`"))
        .in_parameter("fields")
        .meant(closest(unknown, names)))
}

/// Returns the header that links to the next page.
fn link_to<P: Permission>(call: &Call<'_, P>, next: &str) -> String {
    let uri = &call.request.uri;
    let others = uri.query().unwrap_or_default().split('&');
    let others = others
        .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor=") && !pair.starts_with("offset="))
        .map(str::to_owned);
    let pairs: Vec<String> = others.chain([format!("cursor={}", percent_encoded(next))]).collect();
    format!("<{}?{}>; rel=\"next\"", uri.path(), pairs.join("&"))
}

fn sort(text: Option<&str>) -> Result<Sort, ApiError> {
    let Some(text) = text else { return Ok(Sort::default()) };
    let (name, reverse) = text.strip_prefix('-').map_or((text, false), |name| (name, true));
    let by = match name {
        "cost" => SortBy::Cost,
        "id" => SortBy::Id,
        "name" => SortBy::Name,
        "created" => SortBy::Created,
        "open" => SortBy::Open,
        "compliance" => SortBy::Compliance,
        "" => return Err(ApiError::new(Code::InvalidRequest, "the order is empty").in_parameter("sort")),
        other => match other.strip_prefix("tag:") {
            Some(tag) => SortBy::Tag(tag.to_owned()),
            None => SortBy::Attribute(other.to_owned()),
        },
    };
    Ok(Sort { by, reverse })
}

fn detail(call: &Call<'_, ReadTags>, _: NoQuery) -> Result<Reply<ResourceTags>, Failure> {
    let serving = call.project()?.serving()?;
    let version = serving.version();
    let (found, trail, names) = find(call, &serving, call.path("id"))?;
    let trail = (trail.as_slice(), &names);
    Ok(Reply::ok(shapes::resource(&found, trail, &serving)).etag(&version))
}

/// Returns a resource by its id or its key, the decisions about it, and the names of those who made them.
fn find<P: Permission>(
    call: &Call<'_, P>,
    serving: &Serving,
    id_or_key: &str,
) -> Result<(ResourceDetail, Vec<Decision>, Names), Failure> {
    let found = serving.generation.resource(id_or_key).map_err(data_failure)?;
    let scope = call.project()?.scope();
    let id = &found.resource.id;
    let trail = call.app.database.read::<_, StateError>(&scope, |r| {
        let trail = r.state().whole_trail(Some(id))?;
        let names = Names::read(r, trail.iter().map(|decision| decision.actor.as_str()))?;
        Ok((trail, names))
    });
    let (trail, names) = match trail {
        // Without the database, who decided is not shown.
        Err(error) if is_away(&error) => (Vec::new(), Names::default()),
        trail => trail?,
    };
    Ok((found, trail, names))
}

/// What happened to a resource.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Timeline {
    /// What happened, the newest first.
    items: Vec<TimelineEvent>,
}

/// Something that happened to a resource.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TimelineEvent {
    /// When it happened, or was first seen.
    at: Timestamp,
    /// `appeared`, `changed`, or what a person did: `set`, `confirm`, `reject`, `unset`.
    kind: &'static str,
    /// The tag. Null: none.
    tag: Option<String>,
    /// The value before. Null: none.
    old_value: Option<String>,
    /// The value since then. Null: none.
    new_value: Option<String>,
    /// Who did it. Null: an evaluation saw it.
    performed_by: Option<String>,
    /// The name of the person, of the person and the token, or of the actor if it has no other. Null: an evaluation saw it.
    performed_by_name: Option<String>,
    /// The reason, if one was given.
    note: Option<String>,
}

fn timeline(call: &Call<'_, ReadTags>, _: NoQuery) -> Result<Reply<Timeline>, Failure> {
    let serving = call.project()?.serving()?;
    let (found, trail, names) = find(call, &serving, call.path("id"))?;
    let events = serving.generation.events(&found.resource.key).map_err(data_failure)?;
    // A decision is in the trail; the evaluation that read it adds nothing.
    let is_decision =
        |what: &EventKind| matches!(what, EventKind::Changed { source: Some(Source::Decided), .. });
    let seen = events.into_iter().filter(|event| !is_decision(&event.what)).map(|event| {
        let (kind, tag, old_value, new_value) = match event.what {
            EventKind::Appeared => ("appeared", None, None, None),
            EventKind::Changed { tag, old, new, .. } => ("changed", Some(tag), old, new),
        };
        let (performed_by, performed_by_name, note) = (None, None, None);
        let at = Timestamp(event.at);
        TimelineEvent { at, kind, tag, old_value, new_value, performed_by, performed_by_name, note }
    });
    let decided = trail.into_iter().map(|decision| TimelineEvent {
        at: Timestamp(decision.at),
        kind: decision.action.as_str(),
        tag: Some(decision.tag),
        old_value: decision.old_value,
        new_value: decision.new_value,
        performed_by_name: Some(names.of(&decision.actor)),
        performed_by: Some(decision.actor),
        note: decision.note,
    });
    let mut items: Vec<TimelineEvent> = seen.chain(decided).collect();
    items.sort_by_key(|event| std::cmp::Reverse(event.at.0));
    Ok(Reply::ok(Timeline { items }))
}

/// What is counted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct FacetQuery {
    /// Words; each is somewhere in the name, the id or the values of tags, regardless of case.
    pub(crate) q: Option<String>,
    /// A condition of the language.
    pub(crate) r#where: Option<String>,
    /// Any of `violating`, `pending`, `compliant`, `out_of_scope`, separated by commas.
    pub(crate) compliance: Option<String>,
    /// An open finding of any of these policies; `POLICY/CHECK` means one check.
    pub(crate) policy: Option<String>,
    /// An open finding of any of `critical`, `high`, `medium`, `low`.
    pub(crate) severity: Option<String>,
    /// A tag from any of these sources: `decided`, `rule_based`, `inferred`, `native`, `default`.
    pub(crate) source: Option<String>,
    /// What is counted, separated by commas: `compliance`, `severity`, `policy`, `tag-source`, attributes and tags. If
    /// omitted, everything.
    pub(crate) by: Option<String>,
}

/// How often values occur.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Facets {
    /// One for each name, in their order.
    pub(crate) items: Vec<FacetCounts>,
    /// Resources of the whole filter. A facet counts more than these if the filter has a part about what it counts.
    pub(crate) total: u64,
    /// What they cost a month, as an exact decimal number. Null: unknown.
    pub(crate) monthly_cost: Option<String>,
}

/// How often each value of something occurs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FacetCounts {
    /// The name.
    pub(crate) name: String,
    /// The values, the most frequent first.
    pub(crate) values: Vec<FacetCount>,
    /// Whether there are more values.
    pub(crate) more: bool,
}

/// How often a value occurs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FacetCount {
    /// The value. Null: it is missing.
    pub(crate) value: Option<String>,
    /// Resources that have it.
    pub(crate) resources: u64,
    /// What they cost a month, as an exact decimal number. Null: unknown.
    pub(crate) monthly_cost: Option<String>,
}

fn name_of(facet: &FacetOf) -> String {
    match facet {
        FacetOf::Tag(name) => format!("tag:{name}"),
        FacetOf::Attribute(name) => name.clone(),
        FacetOf::Compliance => "compliance".to_owned(),
        FacetOf::Severity => "severity".to_owned(),
        FacetOf::Policy => "policy".to_owned(),
        FacetOf::Source => "tag-source".to_owned(),
    }
}

fn facets(call: &Call<'_, ReadTags>, query: FacetQuery) -> Result<Reply<Facets>, Failure> {
    let version = call.project()?.serving()?.version();
    Ok(Reply::ok(read_facets(call, query)?).etag(&version))
}

/// Counts values.
///
/// # Errors
/// What is wrong with the request.
pub(crate) fn read_facets(call: &Call<'_, ReadTags>, query: FacetQuery) -> Result<Facets, Failure> {
    let serving = call.project()?.serving()?;
    let FacetQuery { q, r#where, compliance, policy, severity, source, by } = query;
    let filter = Selection { q, r#where, compliance, policy, severity, source }.read(&serving)?;
    let of = match by {
        None => all_facets(&serving.generation),
        Some(names) => {
            let parse = |name: &str| FacetOf::parse(name.trim(), &serving.generation);
            let of = names.split(',').map(parse).collect::<Result<_, _>>();
            of.map_err(|error| failure_in(error, "by"))?
        }
    };
    let found = serving.generation.facets(&filter, &of).map_err(data_failure)?;
    let counts = |facet: Facet| FacetCounts {
        name: name_of(&facet.of),
        values: facet
            .values
            .into_iter()
            .map(|value| FacetCount {
                value: value.value,
                resources: value.resources,
                monthly_cost: value.cost.map(|cost| cost.to_string()),
            })
            .collect(),
        more: facet.more,
    };
    let totals = serving.generation.totals(&filter).map_err(data_failure)?;
    Ok(Facets {
        items: found.into_iter().map(counts).collect(),
        total: totals.resources,
        monthly_cost: totals.cost.map(|cost| cost.to_string()),
    })
}

/// What is exported.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportQuery {
    /// Words; each is somewhere in the name, the id or the values of tags, regardless of case.
    q: Option<String>,
    /// A condition of the language.
    r#where: Option<String>,
    /// Any of `violating`, `pending`, `compliant`, `out_of_scope`, separated by commas.
    compliance: Option<String>,
    /// An open finding of any of these policies; `POLICY/CHECK` means one check.
    policy: Option<String>,
    /// An open finding of any of `critical`, `high`, `medium`, `low`.
    severity: Option<String>,
    /// A tag from any of these sources: `decided`, `rule_based`, `inferred`, `native`, `default`.
    source: Option<String>,
    /// `csv` or `json` (one object a line). If omitted, `csv`.
    format: Option<String>,
}

fn export(call: &Call<'_, Export>, query: ExportQuery) -> Result<Reply<String>, Failure> {
    let serving = call.project()?.serving()?;
    let ExportQuery { q, r#where, compliance, policy, severity, source, format } = query;
    let filter = Selection { q, r#where, compliance, policy, severity, source }.read(&serving)?;
    let is_csv = match format.as_deref() {
        None | Some("csv") => true,
        Some("json") => false,
        Some(_) => {
            return Err(ApiError::new(Code::InvalidRequest, "`format` is `csv` or `json`")
                .in_parameter("format")
                .into());
        }
    };
    let contents = serving.generation.contents();
    let mut export = serving.generation.export(&filter).map_err(data_failure)?;
    let (mut csv, mut text) = (Writer::new("\r\n"), Vec::new());
    if is_csv {
        let fixed = [
            "resource",
            "name",
            "provider",
            "type",
            "account",
            "region",
            "monthly_cost",
            "currency",
            "compliance",
        ];
        let names = fixed.into_iter().chain(contents.tags.iter().map(|tag| tag.name.as_str()));
        names.for_each(|name| csv.value(name));
        csv.end_row();
    }
    loop {
        let batch = export.next_batch().map_err(data_failure)?;
        if batch.is_empty() {
            break;
        }
        for resource in batch {
            let row = shapes::row(resource, contents);
            if is_csv {
                push_row(&mut csv, &row, contents.currency.as_deref());
            } else {
                serde_json::to_writer(&mut text, &row)
                    .map_err(|error| Failure::Internal(error.to_string()))?;
                text.push(b'\n');
            }
        }
    }
    let (media_type, name) = if is_csv {
        ("text/csv; charset=utf-8", "resources.csv")
    } else {
        ("application/x-ndjson", "resources.ndjson")
    };
    let name = format!("attachment; filename=\"{name}\"");
    text.extend(csv.finish().bytes());
    Ok(Reply::raw(media_type, text).header(header::CONTENT_DISPOSITION, name))
}

/// Adds a row. What a spreadsheet would evaluate is made a text.
fn push_row(csv: &mut Writer, row: &ResourceRow, currency: Option<&str>) {
    let attributes = [
        Some(row.resource_id.as_str()),
        row.resource_name.as_deref(),
        row.provider.as_deref(),
        row.resource_type.as_deref(),
        row.account.as_deref(),
        row.region.as_deref(),
    ];
    attributes.into_iter().for_each(|value| csv.value(value.unwrap_or_default()));
    csv.number(row.monthly_cost.as_deref().unwrap_or_default());
    csv.value(currency.unwrap_or_default());
    csv.value(row.compliance);
    row.virtual_tags.iter().for_each(|tag| csv.value(tag.value.as_deref().unwrap_or_default()));
    csv.end_row();
}
