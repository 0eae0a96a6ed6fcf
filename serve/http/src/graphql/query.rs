//! What can be read.

use async_graphql::{Context, ID, Object, Result};

use super::inputs::{AuditFilter, DateRange, ResourceOrder};
use super::session::Session;
use super::types::{
    AuditConnection, AuditTrailEntry, Compliance, ComplianceSummary, CostLine, Facet, Job, PageInfo,
    Resource, ResourceConnection,
};
use crate::permission::{ReadAudit, ReadTags};
use crate::problem::{Failure, data_failure};
use crate::routes::audit::{self, AuditQuery};
use crate::routes::compliance;
use crate::routes::costs::{self, CostParameters};
use crate::routes::filter::Selection;
use crate::routes::jobs;
use crate::routes::resources::{self, FacetQuery, ListQuery};

/// What can be read.
pub(super) struct Query;

#[Object]
impl Query {
    /// A resource, by its id or its key. Null: there is none.
    async fn resource(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Resource>> {
        resource(Session::of(ctx)?, &id)
    }

    /// A page of resources.
    #[expect(clippy::too_many_arguments, reason = "they are the arguments of the field")]
    #[graphql(complexity = "1 + first as usize * child_complexity")]
    async fn resources(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 50, desc = "Most resources of the page: 1 to 500.")] first: u32,
        #[graphql(desc = "Where the page begins: `endCursor` of the page before.")] after: Option<String>,
        #[graphql(desc = "Words; each is somewhere in the name, the id or the values of tags.")] q: Option<
            String,
        >,
        #[graphql(desc = "A condition of the language.")] r#where: Option<String>,
        compliance: Option<Compliance>,
        order_by: Option<ResourceOrder>,
    ) -> Result<ResourceConnection> {
        let sort = order_by.map(|order| format!("{}{}", if order.reverse { "-" } else { "" }, order.field));
        let query = ListQuery {
            q,
            r#where,
            compliance: compliance.map(|one| one.name().to_owned()),
            sort,
            cursor: after,
            limit: Some(first.into()),
            ..ListQuery::default()
        };
        Session::of(ctx)?.call::<ReadTags, _>(&[], |call| {
            let serving = call.project()?.serving()?;
            let (page, next) = resources::read_page(call, &serving, query)?;
            let currency = serving.generation.contents().currency.clone();
            let node = |row| Resource { row, currency: currency.clone() };
            Ok(ResourceConnection {
                nodes: page.rows.into_iter().map(node).collect(),
                page_info: PageInfo::of(next),
                total_count: page.total.unwrap_or_default(),
                monthly_cost: page.cost.map(|cost| cost.to_string()),
                currency,
            })
        })
    }

    /// How often values of tags and attributes occur.
    #[graphql(complexity = "1 + 10 * by.len() * child_complexity")]
    async fn facets(
        &self,
        ctx: &Context<'_>,
        r#where: Option<String>,
        by: Vec<String>,
    ) -> Result<Vec<Facet>> {
        let query = FacetQuery { r#where, by: Some(by.join(",")), ..FacetQuery::default() };
        let found = Session::of(ctx)?.call::<ReadTags, _>(&[], |call| resources::read_facets(call, query))?;
        Ok(found.items.into_iter().map(Facet::of).collect())
    }

    /// How far the inventory complies.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn compliance(&self, ctx: &Context<'_>) -> Result<ComplianceSummary> {
        let all = Selection::default();
        let status =
            Session::of(ctx)?.call::<ReadTags, _>(&[], |call| compliance::read_status(call, &all))?;
        Ok(ComplianceSummary::of(status))
    }

    /// What each value of a tag costs in some days, with shared costs spread. Only of bills.
    #[graphql(complexity = "1 + 10 * child_complexity")]
    async fn cost_allocation(
        &self,
        ctx: &Context<'_>,
        tag_key: String,
        date_range: DateRange,
    ) -> Result<Vec<CostLine>> {
        let query = CostParameters {
            by: Some(tag_key),
            from: Some(date_range.from),
            to: Some(date_range.to),
            by_usage_date: Some(true),
            ..CostParameters::default()
        };
        let report = Session::of(ctx)?.call::<ReadTags, _>(&[], |call| costs::read_report(call, query))?;
        let lines = report.parts.into_iter().flat_map(|part| {
            let currency = part.currency;
            part.lines.into_iter().map(move |line| CostLine {
                value: line.values.into_iter().next().flatten(),
                cost: line.cost,
                shared: line.shared,
                currency: currency.clone(),
                resources: line.resources,
            })
        });
        Ok(lines.collect())
    }

    /// A page of the audit trail, the newest first. For administrators.
    #[graphql(complexity = "1 + first as usize * child_complexity")]
    async fn audit_trail(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 50, desc = "Most entries of the page: 1 to 500.")] first: u32,
        after: Option<String>,
        filter: Option<AuditFilter>,
    ) -> Result<AuditConnection> {
        let AuditFilter { actor, action, object, since, until } = filter.unwrap_or_default();
        let (since, until) = (since.map(|at| at.0), until.map(|at| at.0));
        let limit = usize::try_from(first).ok();
        let query = AuditQuery { actor, action, object, since, until, cursor: after, limit };
        let page = Session::of(ctx)?.call::<ReadAudit, _>(&[], |call| audit::read_page(call, query))?;
        let nodes = page.items.into_iter().map(AuditTrailEntry::of).collect();
        Ok(AuditConnection { nodes, page_info: PageInfo::of(page.next) })
    }

    /// A job. Null: there is none.
    async fn job(&self, ctx: &Context<'_>, id: ID) -> Result<Option<Job>> {
        job(Session::of(ctx)?, &id)
    }
}

/// Returns a resource by its id or its key.
pub(super) fn resource(session: &Session, id: &str) -> Result<Option<Resource>> {
    session.call::<ReadTags, _>(&[], |call| {
        let serving = call.project()?.serving()?;
        let found = match serving.generation.resource(id) {
            Err(tagpol_serve_data::DataError::UnknownResource { .. }) => return Ok(None),
            found => found.map_err(data_failure)?,
        };
        let currency = serving.generation.contents().currency.clone();
        Ok(Some(Resource { row: found.resource, currency }))
    })
}

/// Returns a job by its id.
pub(super) fn job(session: &Session, id: &str) -> Result<Option<Job>> {
    session.call::<ReadTags, _>(&[("id", id)], |call| match jobs::read_job(call) {
        Err(Failure::Api(error)) if error.code == tagpol_serve_core::errors::Code::NotFound => Ok(None),
        found => Ok(Some(Job::of(found?))),
    })
}
