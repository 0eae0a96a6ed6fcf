//! The rule `required-tags` of AWS Config.
//!
//! Rules are found wherever they are: in templates of CloudFormation and conformance packs, in the output of
//! `aws configservice describe-config-rules`, as single definitions, and in JSON of Terraform (`aws_config_config_rule`,
//! as configuration or plan). A parameter of a template has the value of a setting, or its default.

use std::collections::BTreeMap;

use tagpol_sema::lint::inventory_type;

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

/// A rule of AWS Config, as one of the forms has it.
struct RuleDefinition<'a> {
    name: String,
    place: Place,
    identifier: Option<String>,
    parameters: Option<Cursor<'a>>,
    scope: Option<Cursor<'a>>,
}

/// Reads all rules of all files.
pub(super) fn read(inputs: &[Input], draft: &mut Draft<'_>) -> Result<(), MigrateError> {
    let mut found = 0;
    for input in inputs {
        let node = document::either(&input.name, &input.text)?;
        let root = Cursor::new(&input.name, &node);
        let mut rules = Vec::new();
        collect(&root, "", &mut rules);
        found += rules.len();
        let mut items = Vec::new();
        for rule in &rules {
            items.extend(rule_item(rule, &root, draft)?);
        }
        draft.add_file(&input.name, about("Required tags of AWS Config", &input.name), items);
    }
    if found == 0 {
        return Err(MigrateError::Nothing { expected: EXPECTED });
    }
    Ok(())
}

/// Finds definitions of rules at any depth: an object with a source that has an identifier.
fn collect<'a>(cursor: &Cursor<'a>, name: &str, rules: &mut Vec<RuleDefinition<'a>>) {
    let source = cursor.get_any(&["Source", "source"]).map(first);
    let identifier = source.as_ref().and_then(|source| {
        source
            .get_any(&["SourceIdentifier", "source_identifier"])
            .or_else(|| source.get_any(&["Owner", "owner"]))
    });
    if let (true, Some(identifier)) = (cursor.is_map(), identifier) {
        let own = cursor.get_any(&["ConfigRuleName", "name"]).and_then(|name| name.text());
        rules.push(RuleDefinition {
            name: own.unwrap_or(name).to_owned(),
            place: cursor.place(),
            identifier: identifier.text().map(str::to_owned),
            parameters: cursor.get_any(&["InputParameters", "input_parameters"]),
            scope: cursor.get_any(&["Scope", "scope"]).map(first),
        });
        return;
    }
    for (key, child) in cursor.entries() {
        let name = if matches!(key, "Properties" | "values" | "expressions") { name } else { key };
        collect(&child, name, rules);
    }
    for child in cursor.items() {
        collect(&child, name, rules);
    }
}

/// Terraform writes blocks as lists of one.
fn first<'a>(cursor: Cursor<'a>) -> Cursor<'a> {
    cursor.items().next().unwrap_or(cursor)
}

fn rule_item(
    rule: &RuleDefinition<'_>,
    root: &Cursor<'_>,
    draft: &mut Draft<'_>,
) -> Result<Option<Item>, MigrateError> {
    let construct = format!("rule {}", rule.name);
    if rule.identifier.as_deref() != Some("REQUIRED_TAGS") {
        let what = rule.identifier.as_deref().unwrap_or("a source of its own");
        draft.constructs.lost(
            construct,
            rule.place.clone(),
            format!("the rule is `{what}`; only REQUIRED_TAGS is about tags"),
        );
        return Ok(None);
    }
    let parameters = parameters(rule, root, draft)?;
    let checks = checks(&parameters, rule, draft)?;
    let scope = scope(rule, draft)?;
    if checks.is_empty() {
        draft.constructs.lost(construct, rule.place.clone(), "the rule names no tag");
        return Ok(None);
    }
    let name = draft.names.unique(&kebab(&rule.name, "required-tags"));
    draft.constructs.exact(construct, rule.place.clone(), Some(&name));
    Ok(Some(Item::new(ItemKind::Policy(Policy { name, severity: "high", scope: Some(scope), checks }))))
}

/// A parameter of a rule: its value and its place.
type Parameters = BTreeMap<String, (String, Place)>;

/// Returns the parameters of a rule, also from the text that the API of AWS makes of them.
fn parameters(
    rule: &RuleDefinition<'_>,
    root: &Cursor<'_>,
    draft: &mut Draft<'_>,
) -> Result<Parameters, MigrateError> {
    let Some(cursor) = &rule.parameters else { return Ok(Parameters::new()) };
    if let Some(text) = cursor.text() {
        let node = document::json(cursor.file, text).map_err(|error| cursor.error(error.to_string()))?;
        let inner = Cursor::new(cursor.file, &node);
        let entries = inner
            .entries()
            .filter_map(|(key, value)| Some((key.to_owned(), (value.scalar()?, cursor.place()))));
        return Ok(entries.collect());
    }
    if !cursor.is_map() {
        return Err(cursor.error(format!(
            "the parameters of the rule are {}, where an object is expected",
            cursor.kind()
        )));
    }
    let mut found = Parameters::new();
    for (key, value) in cursor.entries() {
        match resolved(&value, root, draft) {
            Some(text) => drop(found.insert(key.to_owned(), (text, value.place()))),
            None => draft.constructs.lost(
                format!("rule {}: {key}", rule.name),
                value.place(),
                "the value is computed by the template: replace it by its value, or pass it with `--set`",
            ),
        }
    }
    Ok(found)
}

/// Returns the value of a parameter, through references to parameters of the template.
fn resolved(value: &Cursor<'_>, root: &Cursor<'_>, draft: &Draft<'_>) -> Option<String> {
    if let Some(text) = value.scalar() {
        return Some(text);
    }
    if let Some(reference) = value.get_any(&["Ref", "!Ref"]) {
        let name = reference.text()?;
        let default = || root.at(&["Parameters", name, "Default"]).and_then(|default| default.scalar());
        return draft.settings.parameters.get(name).cloned().or_else(default);
    }
    // `If` chooses between a parameter and no value at all.
    let choices = value.get_any(&["Fn::If", "!If"])?;
    choices.items().skip(1).find_map(|choice| resolved(&choice, root, draft))
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

/// The types that the rule looks at.
fn scope(rule: &RuleDefinition<'_>, draft: &mut Draft<'_>) -> Result<Condition, MigrateError> {
    let types = rule
        .scope
        .as_ref()
        .and_then(|scope| scope.get_any(&["ComplianceResourceTypes", "compliance_resource_types"]));
    if let Some(scope) = &rule.scope {
        for (member, value) in scope.entries() {
            let is_types = matches!(member, "ComplianceResourceTypes" | "compliance_resource_types");
            let is_empty = value.is_null()
                || value.text() == Some("")
                || (value.is_list() && value.items().next().is_none());
            if !is_types && !is_empty {
                draft.constructs.add(
                    format!("rule {}: scope {member}", rule.name),
                    Outcome::Lost,
                    value.place(),
                    None,
                    Some("the policy applies to all resources of the types".to_owned()),
                );
            }
        }
    }
    let mut names = Vec::new();
    for item in types.iter().flat_map(Cursor::items) {
        let text = item.text().and_then(inventory_type);
        names.push(
            text.ok_or_else(|| item.error("a resource type of AWS is expected, as `AWS::EC2::Instance`"))?,
        );
    }
    if names.is_empty() {
        names = TYPES.iter().filter_map(|name| inventory_type(name)).collect();
    }
    Ok(Condition::one_of(Subject::Attribute(Attribute::Type), names))
}
