//! The columns of each query's result: the contract with whoever runs it.

use crate::ir::{QueryKind, ResultColumn, Type};

/// Returns the columns of a query's result.
pub(super) fn columns_of(kind: QueryKind) -> Vec<ResultColumn> {
    match kind {
        QueryKind::Summary => summary(),
        QueryKind::Checks => checks(),
        QueryKind::Findings => findings(),
        QueryKind::Goals => goals(),
        QueryKind::Accounts => accounts(),
        QueryKind::Tags => tags(),
        QueryKind::Conflicts => conflicts(),
        QueryKind::Coverage => coverage(),
        QueryKind::Waivers => waivers(),
    }
}

fn summary() -> Vec<ResultColumn> {
    vec![
        RESOURCES,
        COMPLIANT,
        maybe("total_cost", Type::Money, "monthly cost; NULL if no cost is known"),
        COST_IN_VIOLATION,
        some("open_critical", Type::Integer, "open findings of severity critical"),
        some("open_high", Type::Integer, "open findings of severity high"),
        some("open_medium", Type::Integer, "open findings of severity medium"),
        some("open_low", Type::Integer, "open findings of severity low"),
        IN_SCOPE,
        PASSING,
        maybe("spend", Type::Money, "monthly cost of all resources before credits; NULL if no cost is known"),
    ]
}

fn checks() -> Vec<ResultColumn> {
    vec![
        CHECK_INDEX,
        some("in_scope", Type::Integer, "resources in the scope of the policy"),
        some("open", Type::Integer, "open findings"),
        some("pending", Type::Integer, "findings within the policy's grace period"),
        some("exempt", Type::Integer, "findings that are waived"),
        COST_IN_VIOLATION,
        some("starting", Type::Integer, "pending findings first seen in this run, the first that is kept"),
    ]
}

fn findings() -> Vec<ResultColumn> {
    vec![
        CHECK_INDEX,
        some("state", Type::Code, "1 open, 2 pending, 3 exempt"),
        RESOURCE_ID,
        maybe("name", Type::Text, "name of the resource"),
        maybe("type", Type::Text, "type of the resource"),
        maybe("provider", Type::Text, "provider of the resource"),
        maybe("account", Type::Text, "account of the resource"),
        maybe("region", Type::Text, "region of the resource"),
        maybe("value", Type::Text, "value of the tag or attribute that the check is about"),
        maybe("provenance", Type::Integer, "index in the plan of the source of the value"),
        maybe("cost", Type::Money, "monthly cost of the resource"),
        maybe("remedy", Type::Text, "value of the tag that would fix it"),
        maybe("since", Type::Time, "when the finding first appeared; NULL if unknown"),
    ]
}

fn goals() -> Vec<ResultColumn> {
    vec![
        some("goal_index", Type::Integer, "index of the goal in the plan"),
        some("in_scope", Type::Integer, "resources in the scope of the goal"),
        some("covered", Type::Integer, "those of them that are covered"),
        maybe("cost", Type::Money, "monthly cost in scope, before credits; NULL if no cost is known"),
        maybe("covered_cost", Type::Money, "monthly cost of the covered resources, before credits"),
    ]
}

fn accounts() -> Vec<ResultColumn> {
    vec![
        maybe("account", Type::Text, "account"),
        maybe("provider", Type::Text, "its provider"),
        RESOURCES,
        COMPLIANT,
        some("open_findings", Type::Integer, "open findings"),
        COST_IN_VIOLATION,
        IN_SCOPE,
        PASSING,
    ]
}

fn tags() -> Vec<ResultColumn> {
    vec![
        RESOURCE_ID,
        TAG_INDEX,
        VALUE,
        some("source", Type::Code, "1 decided, 2 set, 3 native, 4 fill, 5 inferred, 6 default"),
        PROVENANCE,
    ]
}

fn conflicts() -> Vec<ResultColumn> {
    vec![
        TAG_INDEX,
        RESOURCE_ID,
        VALUE,
        PROVENANCE,
        some("other_value", Type::Text, "the first value that lost to an equal"),
        some("other_provenance", Type::Integer, "index in the plan of the source of that value"),
    ]
}

fn coverage() -> Vec<ResultColumn> {
    vec![
        TAG_INDEX,
        maybe("source", Type::Code, "2 set, 3 native, 4 fill, 6 default; NULL if the tag is missing"),
        some("valid", Type::Integer, "1 if the value is valid for the type of the tag, else 0"),
        RESOURCES,
        maybe("cost", Type::Money, "their monthly cost; NULL if no cost is known"),
    ]
}

fn waivers() -> Vec<ResultColumn> {
    vec![CHECK_INDEX, RESOURCE_ID, some("exemption", Type::Integer, "index of the exemption in the program")]
}

const RESOURCE_ID: ResultColumn = some("resource_id", Type::Text, "id of the resource");
const RESOURCES: ResultColumn = some("resources", Type::Integer, "number of resources");
const COMPLIANT: ResultColumn = some("compliant", Type::Integer, "resources without an open finding");
const COST_IN_VIOLATION: ResultColumn = maybe(
    "cost_in_violation",
    Type::Money,
    "monthly cost of the resources with an open finding, before credits; NULL if no cost is known",
);
const IN_SCOPE: ResultColumn =
    some("in_scope", Type::Integer, "resources in the scope of at least one policy");
const PASSING: ResultColumn =
    some("passing", Type::Integer, "resources in scope without an open or pending finding");
const CHECK_INDEX: ResultColumn = some("check_index", Type::Integer, "index of the check in the plan");
const TAG_INDEX: ResultColumn = some("tag_index", Type::Integer, "index of the tag in the plan");
const VALUE: ResultColumn = some("value", Type::Text, "value of the tag");
const PROVENANCE: ResultColumn =
    some("provenance", Type::Integer, "index in the plan of the source of the value");

/// A column that is never NULL.
const fn some(name: &'static str, ty: Type, doc: &'static str) -> ResultColumn {
    ResultColumn { name, ty, nullable: false, doc }
}

/// A column that may be NULL.
const fn maybe(name: &'static str, ty: Type, doc: &'static str) -> ResultColumn {
    ResultColumn { name, ty, nullable: true, doc }
}
