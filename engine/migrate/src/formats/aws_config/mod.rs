//! The rule `required-tags` of AWS Config.
//!
//! Rules are found wherever they are: in templates of CloudFormation and conformance packs, in the output of
//! `aws configservice describe-config-rules`, as single definitions, and in JSON of Terraform (`aws_config_config_rule`,
//! as configuration or plan), also for all accounts of an organization. A parameter of a template has the value of a
//! setting, or its default.

mod template;

use std::collections::BTreeMap;

use tagpol_sema::lint::{inventory_type, is_known_type};
use template::{Resolved, Template};

use super::custodian::is_type;
use super::{Draft, about};
use crate::Input;
use crate::construct::{Outcome, Place};
use crate::document::{self, Cursor};
use crate::error::MigrateError;
use crate::policy::condition::{Attribute, Condition, Subject, Test};
use crate::policy::names::{Names, kebab};
use crate::policy::{Check, Item, ItemKind, Policy};

const EXPECTED: &str = "a rule of AWS Config with a source of `REQUIRED_TAGS`";

/// The tags that one rule can have.
const MAX_TAGS: usize = 6;

/// The types that the rule looks at if its scope names none.
const TYPES: [&str; 30] = [
    "AWS::ACM::Certificate",
    "AWS::AutoScaling::AutoScalingGroup",
    "AWS::CloudFormation::Stack",
    "AWS::CodeBuild::Project",
    "AWS::DynamoDB::Table",
    "AWS::EC2::CustomerGateway",
    "AWS::EC2::Instance",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::NetworkAcl",
    "AWS::EC2::NetworkInterface",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Subnet",
    "AWS::EC2::VPC",
    "AWS::EC2::VPNConnection",
    "AWS::EC2::VPNGateway",
    "AWS::EC2::Volume",
    "AWS::ElasticLoadBalancing::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBSecurityGroup",
    "AWS::RDS::DBSnapshot",
    "AWS::RDS::DBSubnetGroup",
    "AWS::RDS::EventSubscription",
    "AWS::Redshift::Cluster",
    "AWS::Redshift::ClusterParameterGroup",
    "AWS::Redshift::ClusterSecurityGroup",
    "AWS::Redshift::ClusterSnapshot",
    "AWS::Redshift::ClusterSubnetGroup",
    "AWS::S3::Bucket",
];

/// Members around rules and in them that change nothing about what the rules find. What a template or a plan has for
/// its own use is among them, and what a rule refers to of it is read where it does.
const SILENT: [&str; 46] = [
    "AWSTemplateFormatVersion",
    "Conditions",
    "ConfigRuleArn",
    "ConfigRuleId",
    "ConfigRuleState",
    "CreatedBy",
    "DeletionPolicy",
    "DependsOn",
    "Description",
    "EvaluationModes",
    "Mappings",
    "MaximumExecutionFrequency",
    "Metadata",
    "OrganizationConfigRuleArn",
    "Outputs",
    "Owner",
    "Parameters",
    "Type",
    "UpdateReplacePolicy",
    "address",
    "arn",
    "depends_on",
    "description",
    "evaluation_mode",
    "format_version",
    "id",
    "lifecycle",
    "maximum_execution_frequency",
    "mode",
    "name",
    "output",
    "outputs",
    "owner",
    "provider",
    "provider_config_key",
    "provider_name",
    "region",
    "rule_id",
    "schema_version",
    "sensitive_values",
    "tags",
    "tags_all",
    "terraform",
    "terraform_version",
    "type",
    "variable",
];

/// A rule of AWS Config, as one of the forms has it.
struct RuleDefinition<'a> {
    name: String,
    cursor: Cursor<'a>,
    identifier: Option<String>,
    parameters: Option<Cursor<'a>>,
    /// The types, and the other members that limit what the rule looks at.
    scope: Option<Cursor<'a>>,
    /// Accounts of an organization that the rule leaves out.
    excluded: Option<Cursor<'a>>,
    /// The name of the condition under which a template makes the rule.
    condition: Option<Cursor<'a>>,
}

/// Reads all rules of all files.
pub(super) fn read(inputs: &[Input], draft: &mut Draft<'_>) -> Result<(), MigrateError> {
    let mut found = 0;
    for input in inputs {
        let node = document::either(&input.name, &input.text)?;
        let root = Cursor::new(&input.name, &node);
        let mut rules = Vec::new();
        collect(&root, "", None, &mut rules);
        found += rules.len();
        let declared = root.members().filter(|(member, _)| *member == "Parameters");
        let declared = declared.flat_map(|(_, parameters)| parameters.members());
        draft.parameters.extend(declared.map(|(parameter, _)| parameter.to_owned()));
        let template = Template { root: &root, parameters: &draft.settings.parameters };
        let mut items = Vec::new();
        for rule in &rules {
            items.extend(rule_item(rule, &template, draft)?);
        }
        draft.report_unread(&root, 0);
        draft.add_file(&input.name, about("Required tags of AWS Config", &input.name), items);
    }
    if found == 0 {
        return Err(MigrateError::Nothing { expected: EXPECTED });
    }
    Ok(())
}

/// Finds definitions of rules at any depth, and returns whether there are any. What is on the way to one counts as read.
fn collect<'a>(
    cursor: &Cursor<'a>,
    name: &str,
    condition: Option<Cursor<'a>>,
    rules: &mut Vec<RuleDefinition<'a>>,
) -> bool {
    if let Some(rule) = rule_of(cursor, name, condition) {
        cursor.ignore_members(&SILENT);
        rules.push(rule);
        return true;
    }
    let mut found = false;
    for (key, child) in cursor.members() {
        let name = if matches!(key, "Properties" | "values" | "expressions") { name } else { key };
        let condition = if key == "Properties" { cursor.get("Condition") } else { None };
        if collect(&child, name, condition, rules) {
            child.marked();
            found = true;
        }
    }
    for child in cursor.elements() {
        if collect(&child, name, None, rules) {
            child.marked();
            found = true;
        }
    }
    if found {
        cursor.ignore_members(&SILENT);
    }
    found
}

/// Reads an object as a rule: one with a source that has an identifier, or a rule for an organization. None: it is
/// something else.
fn rule_of<'a>(cursor: &Cursor<'a>, name: &str, condition: Option<Cursor<'a>>) -> Option<RuleDefinition<'a>> {
    if !cursor.is_map() {
        return None;
    }
    let own = cursor.get_any(&["ConfigRuleName", "OrganizationConfigRuleName", "name"]);
    let name = own.and_then(|name| name.text()).unwrap_or(name).to_owned();
    let custom = ["OrganizationCustomRuleMetadata", "OrganizationCustomPolicyRuleMetadata"];
    let of_organization = cursor
        .get("OrganizationManagedRuleMetadata")
        .or_else(|| cursor.get_any(&custom))
        .or_else(|| cursor.get("rule_identifier").map(|_| cursor.clone()));
    if let Some(metadata) = of_organization {
        metadata.ignore_members(&SILENT);
        let identifier = metadata.get_any(&["RuleIdentifier", "rule_identifier"]);
        return Some(RuleDefinition {
            name,
            cursor: cursor.clone(),
            identifier: identifier.and_then(|text| text.text()).map(str::to_owned),
            parameters: metadata.get_any(&["InputParameters", "input_parameters"]),
            scope: Some(metadata),
            excluded: cursor.get_any(&["ExcludedAccounts", "excluded_accounts"]),
            condition,
        });
    }
    let source = cursor.get_any(&["Source", "source"]).map(first)?;
    let identifier = source
        .get_any(&["SourceIdentifier", "source_identifier"])
        .or_else(|| source.get_any(&["Owner", "owner"]))?;
    source.ignore_members(&SILENT);
    Some(RuleDefinition {
        name,
        cursor: cursor.clone(),
        identifier: identifier.text().map(str::to_owned),
        parameters: cursor.get_any(&["InputParameters", "input_parameters"]),
        scope: cursor.get_any(&["Scope", "scope"]).map(first),
        excluded: None,
        condition,
    })
}

/// Terraform writes blocks as lists of one.
fn first<'a>(cursor: Cursor<'a>) -> Cursor<'a> {
    cursor.items().next().unwrap_or(cursor)
}

/// Whether a template makes a rule, by its condition; one that cannot be computed counts as true.
fn is_made(rule: &RuleDefinition<'_>, template: &Template<'_>, draft: &mut Draft<'_>) -> bool {
    let Some(condition) = &rule.condition else { return true };
    let name = condition.text().unwrap_or_default();
    let construct = format!("rule {}: Condition {name}", rule.name);
    match template.condition(name) {
        Some(true) => draft.constructs.exact(construct, condition.place(), None),
        Some(false) => {
            // CloudFormation makes no rule, and so does tagpol.
            draft.constructs.exact(construct, condition.place(), None);
            rule.cursor.ignore();
            return false;
        }
        None => {
            let reason = "the condition is computed by the template, and the policy always counts: pass the values of its parameters with `--set`";
            draft.constructs.add(
                construct,
                Outcome::Broader,
                condition.place(),
                None,
                Some(reason.to_owned()),
            );
        }
    }
    true
}

fn rule_item(
    rule: &RuleDefinition<'_>,
    template: &Template<'_>,
    draft: &mut Draft<'_>,
) -> Result<Option<Item>, MigrateError> {
    let construct = format!("rule {}", rule.name);
    if !is_made(rule, template, draft) {
        return Ok(None);
    }
    if rule.identifier.as_deref() != Some("REQUIRED_TAGS") {
        let what = rule.identifier.as_deref().unwrap_or("a source of its own");
        draft.constructs.lost(
            construct,
            rule.cursor.place(),
            format!("the rule is `{what}`; only REQUIRED_TAGS is about tags"),
        );
        return Ok(None);
    }
    let parameters = parameters(rule, template, draft)?;
    let checks = checks(&parameters, rule, draft)?;
    let scope = scope(rule, draft)?;
    if checks.is_empty() {
        draft.constructs.lost(construct, rule.cursor.place(), "the rule names no tag");
        return Ok(None);
    }
    let name = draft.names.unique(&kebab(&rule.name, "required-tags"));
    draft.constructs.exact(construct, rule.cursor.place(), Some(&name));
    Ok(Some(Item::new(ItemKind::Policy(Policy { name, severity: "high", scope: Some(scope), checks }))))
}

/// A parameter of a rule: its value and its place.
type Parameters = BTreeMap<String, (String, Place)>;

/// Returns the parameters of a rule, also from the text that the API of AWS makes of them.
fn parameters(
    rule: &RuleDefinition<'_>,
    template: &Template<'_>,
    draft: &mut Draft<'_>,
) -> Result<Parameters, MigrateError> {
    let Some(cursor) = &rule.parameters else { return Ok(Parameters::new()) };
    if let Some(text) = cursor.text() {
        let node = document::json(cursor.file, text).map_err(|error| cursor.error(error.to_string()))?;
        let inner = Cursor::new(cursor.file, &node);
        let mut found = Parameters::new();
        for (key, value) in inner.entries() {
            match value.scalar() {
                Some(text) => drop(found.insert(key.to_owned(), (text, cursor.place()))),
                None => draft.constructs.lost(
                    format!("rule {}: {key}", rule.name),
                    cursor.place(),
                    format!("the value is {}, where a text is expected", value.kind()),
                ),
            }
        }
        return Ok(found);
    }
    if !cursor.is_map() {
        return Err(cursor.error(format!(
            "the parameters of the rule are {}, where an object is expected",
            cursor.kind()
        )));
    }
    let mut found = Parameters::new();
    for (key, value) in cursor.entries() {
        match template.value(&value) {
            Some(Resolved::Text(text)) => drop(found.insert(key.to_owned(), (text, value.place()))),
            Some(Resolved::Absent) => {}
            None => draft.constructs.lost(
                format!("rule {}: {key}", rule.name),
                value.place(),
                "the value is computed by the template: replace it by its value, or pass it with `--set`",
            ),
        }
    }
    Ok(found)
}

fn checks(
    parameters: &Parameters,
    rule: &RuleDefinition<'_>,
    draft: &mut Draft<'_>,
) -> Result<Vec<Check>, MigrateError> {
    let mut labels = Names::default();
    let mut checks = Vec::new();
    let mut known = Vec::new();
    for number in 1..=MAX_TAGS {
        let (key_name, value_name) = (format!("tag{number}Key"), format!("tag{number}Value"));
        let key = parameters.get(&key_name);
        let value = parameters.get(&value_name);
        if let (None, Some((_, place))) = (key, value) {
            draft.constructs.lost(
                format!("rule {}: {value_name}", rule.name),
                place.clone(),
                format!("there is no {key_name}"),
            );
        }
        known.extend([key_name.clone(), value_name]);
        let Some((key, place)) = key else { continue };
        if key.is_empty() {
            continue;
        }
        let values: Vec<String> = value
            .map(|(text, _)| {
                text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
            })
            .unwrap_or_default();
        let subject = Subject::Native(key.clone());
        let (condition, message) = if values.is_empty() {
            (Condition::Test(subject, Test::Set), format!("add the tag {key}"))
        } else {
            (
                Condition::one_of(subject, values),
                format!("add the tag {key} with one of the values of the rule"),
            )
        };
        let label = labels.unique(&kebab(key, "tag"));
        draft.constructs.exact(format!("rule {}: {key_name}", rule.name), place.clone(), Some(&label));
        checks.push(Check { label, forbid: false, condition, message });
    }
    for (name, (_, place)) in parameters.iter().filter(|(name, _)| !known.contains(name)) {
        draft.constructs.lost(
            format!("rule {}: {name}", rule.name),
            place.clone(),
            "required-tags has no such parameter",
        );
    }
    Ok(checks)
}

/// Names of the member with the types, in the forms of rules.
const TYPE_MEMBERS: [&str; 4] =
    ["ComplianceResourceTypes", "compliance_resource_types", "ResourceTypesScope", "resource_types_scope"];

/// Names of the members that limit a rule to one resource, or to a tag.
const OTHER_LIMITS: [&str; 12] = [
    "ComplianceResourceId",
    "compliance_resource_id",
    "ResourceIdScope",
    "resource_id_scope",
    "TagKey",
    "tag_key",
    "TagKeyScope",
    "tag_key_scope",
    "TagValue",
    "tag_value",
    "TagValueScope",
    "tag_value_scope",
];

/// The resources that the rule looks at.
fn scope(rule: &RuleDefinition<'_>, draft: &mut Draft<'_>) -> Result<Condition, MigrateError> {
    let types = rule.scope.as_ref().and_then(|scope| scope.get_any(&TYPE_MEMBERS));
    let limits = rule.scope.iter().flat_map(Cursor::members).filter(|(key, _)| OTHER_LIMITS.contains(key));
    for (member, value) in limits {
        if !value.is_empty() && value.text() != Some("") {
            draft.constructs.lost(
                format!("rule {}: scope {member}", rule.name),
                value.place(),
                "the policy applies to all resources of the types",
            );
        }
    }
    let mut names = Vec::new();
    for item in types.iter().flat_map(Cursor::items) {
        let text = item.text().and_then(inventory_type);
        names.push(
            text.ok_or_else(|| item.error("a resource type of AWS is expected, as `AWS::EC2::Instance`"))?,
        );
    }
    let place = types.map_or_else(|| rule.cursor.place(), |types| types.place());
    if names.is_empty() {
        names = TYPES.iter().filter_map(|name| inventory_type(name)).collect();
    }
    let unsure: Vec<String> = names
        .iter()
        .filter(|name| !is_known_type(name) && !is_type(name))
        .map(|name| format!("`{name}`"))
        .collect();
    if !unsure.is_empty() {
        let reason = format!(
            "tagpol does not know these types, and takes them to be {} in inventories: compare with yours",
            unsure.join(", ")
        );
        let construct = format!("rule {}: types", rule.name);
        draft.constructs.add(construct, Outcome::Narrower, place, None, Some(reason));
    }
    let types = Condition::one_of(Subject::Attribute(Attribute::Type), names);
    let Some(excluded) = &rule.excluded else { return Ok(types) };
    let accounts: Vec<String> = excluded.items().filter_map(|account| account.scalar()).collect();
    if accounts.is_empty() {
        return Ok(types);
    }
    draft.constructs.exact(format!("rule {}: excluded accounts", rule.name), excluded.place(), None);
    let excluded = Condition::one_of(Subject::Attribute(Attribute::Account), accounts).not();
    Ok(Condition::All(vec![types, excluded]))
}
