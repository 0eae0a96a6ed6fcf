//! Service control policies: requests that make a resource with a finding are denied.
//!
//! A statement denies if all of its conditions hold, so that a condition with `or` becomes several statements. Keys of
//! `aws:RequestTag` are compared regardless of case, those in `aws:TagKeys` with case.
//!
//! A request is denied if AWS denies it for one of the resources that it makes or uses. Those that it uses have no tags in the
//! request, so that a statement must not name them together with an action that uses them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use tagpol_interp::Options;
use tagpol_sema::clouds::Cloud;
use tagpol_sema::program::Program;

use super::aws_types::{self, AwsType};
use super::{Unique, camel};
use crate::findings::{Entry, Finding, collect};
use crate::guard::{Attribute, Form, Matcher, Test};
use crate::reduce::{Dialect, Fit};
use crate::{Construct, EnforceError, File};

/// Characters of a service control policy, with white space.
const MAX_SIZE: usize = 5_120;

/// Statements that one check may need.
const MAX_STATEMENTS: usize = 32;

/// Policies that AWS attaches to one account or unit, if the quota was not raised.
const ATTACHED: usize = 5;

pub(super) const ROLLOUT: &str = include_str!("rollout/aws-scp.md");

/// Conditions of identity and access management.
struct Iam;

impl Dialect for Iam {
    fn cloud(&self) -> Cloud {
        Cloud::Aws
    }

    fn fit(&self, test: &Test) -> Result<Fit, String> {
        let of_matcher = |matcher: &Matcher| match matcher.form {
            Form::Regex => Err("AWS has no regular expressions".to_owned()),
            Form::Glob if matcher.any_case => Ok(Fit::under("AWS compares patterns with case")),
            Form::Glob | Form::Equal => Ok(Fit::default()),
        };
        match test {
            Test::Key(_) => Ok(Fit::default()),
            Test::Value(key, matcher) => {
                let fit = of_matcher(matcher)?;
                let over =
                    (!key.any_case).then(|| "AWS reads the value of a key regardless of its case".to_owned());
                Ok(Fit { over, ..fit })
            }
            Test::Attribute(Attribute::Account | Attribute::Region, matcher) => of_matcher(matcher),
            Test::Attribute(attribute, _) => {
                Err(format!("`resource.{}` is not part of a request to AWS", attribute.as_str()))
            }
            Test::Spelling(_) => Err("AWS cannot list the other spellings of a key".to_owned()),
        }
    }
}

/// A statement of a policy, and the check that it is for.
struct Statement {
    text: String,
    entry: usize,
}

/// Writes the policies.
pub(super) fn write(
    program: &Program,
    options: &Options,
) -> Result<(Vec<File>, Vec<Construct>), EnforceError> {
    let names = aws_types::names();
    let mut found = collect(program, &Iam, &names, options);
    let mut sids = Unique::default();
    let mut statements = Vec::new();
    for finding in &found.findings {
        let Some(entry) = found.entries.get_mut(finding.entry) else { continue };
        match statements_of(finding, &mut sids, entry)? {
            Ok(made) => statements.extend(made),
            Err(reason) => entry.lost.push(reason),
        }
    }
    let files = pack(statements, &mut found.entries);
    if files.len() > ATTACHED {
        return Err(EnforceError::TooMany {
            count: files.len(),
            what: "service control policies".to_owned(),
            limit: ATTACHED,
        });
    }
    Ok((files, found.constructs()))
}

/// Makes the statements of a check. The inner error is why there are none.
fn statements_of(
    finding: &Finding<'_>,
    sids: &mut Unique,
    entry: &Entry,
) -> Result<Result<Vec<Statement>, String>, EnforceError> {
    let mut statements = Vec::new();
    for (types, guard) in &finding.guards {
        let types: Vec<&'static AwsType> =
            types.iter().filter_map(|type_| aws_types::by_name(type_)).collect();
        let Some(alternatives) = guard.alternatives(MAX_STATEMENTS) else {
            return Ok(Err(format!("the condition needs more than {MAX_STATEMENTS} statements")));
        };
        for tests in alternatives {
            let condition = match condition(&tests) {
                Ok(Some(condition)) => condition,
                Ok(None) => continue,
                Err(reason) => return Ok(Err(reason)),
            };
            for types in aws_types::compatible(&types) {
                let name = camel(&[&finding.policy.name, &finding.check.id]);
                divided(&types, &condition, &name, sids, &mut statements, finding, entry)?;
            }
        }
    }
    Ok(Ok(statements))
}

/// Makes one statement for the types, or several if it would be too large.
fn divided(
    types: &[&'static AwsType],
    condition: &Value,
    name: &str,
    sids: &mut Unique,
    statements: &mut Vec<Statement>,
    finding: &Finding<'_>,
    entry: &Entry,
) -> Result<(), EnforceError> {
    let actions: BTreeSet<&str> = types.iter().flat_map(|type_| type_.actions.iter().copied()).collect();
    let resources: Vec<String> = types.iter().filter_map(|type_| type_.resource()).collect();
    let resource = if resources.is_empty() { json!("*") } else { json!(resources) };
    let sid = sids.name(name, 64, "");
    let statement = json!({
        "Sid": sid,
        "Effect": "Deny",
        "Action": actions,
        "Resource": resource,
        "Condition": condition,
    });
    let text = statement.to_string();
    let size = document(std::slice::from_ref(&text)).chars().count();
    if size <= MAX_SIZE {
        statements.push(Statement { text, entry: finding.entry });
        return Ok(());
    }
    match types.split_at_checked(types.len() / 2) {
        Some((first, second)) if !first.is_empty() => {
            divided(first, condition, name, sids, statements, finding, entry)?;
            divided(second, condition, name, sids, statements, finding, entry)
        }
        _ => Err(EnforceError::TooLarge {
            check: format!("{}/{}", finding.policy.name, finding.check.id),
            size,
            limit: MAX_SIZE,
            document: "a service control policy",
            place: entry.place.clone(),
        }),
    }
}

/// Writes a policy, one statement a line.
fn document(statements: &[String]) -> String {
    format!("{{\"Version\":\"2012-10-17\",\"Statement\":[\n{}\n]}}\n", statements.join(",\n"))
}

/// Puts the statements into as few policies as they fit into in their order.
fn pack(statements: Vec<Statement>, entries: &mut [Entry]) -> Vec<File> {
    let mut documents: Vec<Vec<String>> = Vec::new();
    for Statement { text, entry } in statements {
        let fits = documents.last().is_some_and(|last| {
            let mut all = last.clone();
            all.push(text.clone());
            document(&all).chars().count() <= MAX_SIZE
        });
        match documents.last_mut().filter(|_| fits) {
            Some(last) => last.push(text),
            None => documents.push(vec![text]),
        }
        let name = file_name(documents.len());
        if let Some(entry) = entries.get_mut(entry) {
            entry.became.get_or_insert(name);
        }
    }
    let file = |(number, statements): (usize, &Vec<String>)| File {
        name: file_name(number + 1),
        text: document(statements),
    };
    documents.iter().enumerate().map(file).collect()
}

fn file_name(number: usize) -> String {
    format!("scp-{number}.json")
}

/// Writes tests that must all come out as given. None: no request passes all of them. The error is why it cannot be written.
fn condition(tests: &[(Test, bool)]) -> Result<Option<Value>, String> {
    // By operator and key: the values.
    let mut operators: BTreeMap<&'static str, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for (test, truth) in tests {
        let (operator, key, values) = operator(test, *truth);
        let keys = operators.entry(operator).or_default();
        // IAM takes keys that differ in case for one.
        let known = keys.keys().find(|known| known.to_lowercase() == key.to_lowercase()).cloned();
        let Some(known) = known else {
            keys.insert(key, values);
            continue;
        };
        let Some(old) = keys.get_mut(&known) else { continue };
        match operator {
            "Null" if *old == values => {}
            "Null" => return Ok(None),
            "ForAllValues:StringNotEquals" => old.extend(values),
            _ if operator.contains("Not") => old.extend(values),
            "StringEquals" => old.retain(|value| values.contains(value)),
            "StringEqualsIgnoreCase" => {
                let folded: Vec<String> = values.iter().map(|value| value.to_lowercase()).collect();
                old.retain(|value| folded.contains(&value.to_lowercase()));
            }
            _ => return Err(format!("AWS cannot ask twice for `{operator}` of `{key}`")),
        }
        if old.is_empty() {
            return Ok(None);
        }
    }
    let mut condition = Map::new();
    for (operator, keys) in operators {
        let mut members = Map::new();
        for (key, mut values) in keys {
            let mut seen = BTreeSet::new();
            values.retain(|value| seen.insert(value.clone()));
            let value = match values.as_slice() {
                [one] => json!(one),
                several => json!(several),
            };
            members.insert(key, value);
        }
        condition.insert(operator.to_owned(), Value::Object(members));
    }
    Ok(Some(Value::Object(condition)))
}

/// Returns the operator, the key and the values of a test.
fn operator(test: &Test, truth: bool) -> (&'static str, String, Vec<String>) {
    match test {
        Test::Key(key) if key.any_case => {
            ("Null", format!("aws:RequestTag/{}", key.text), vec![(!truth).to_string()])
        }
        Test::Key(key) => {
            let operator = if truth { "ForAnyValue:StringEquals" } else { "ForAllValues:StringNotEquals" };
            (operator, "aws:TagKeys".to_owned(), vec![literal(&key.text)])
        }
        Test::Spelling(key) => ("Null", format!("aws:RequestTag/{key}"), vec![(!truth).to_string()]),
        Test::Value(key, matcher) => of_matcher(format!("aws:RequestTag/{}", key.text), matcher, truth),
        Test::Attribute(attribute, matcher) => {
            let key =
                if *attribute == Attribute::Account { "aws:PrincipalAccount" } else { "aws:RequestedRegion" };
            of_matcher(key.to_owned(), matcher, truth)
        }
    }
}

fn of_matcher(key: String, matcher: &Matcher, truth: bool) -> (&'static str, String, Vec<String>) {
    let operator = match (matcher.form, matcher.any_case, truth) {
        (Form::Glob | Form::Regex, _, true) => "StringLike",
        (Form::Glob | Form::Regex, _, false) => "StringNotLike",
        (Form::Equal, false, true) => "StringEquals",
        (Form::Equal, false, false) => "StringNotEquals",
        (Form::Equal, true, true) => "StringEqualsIgnoreCase",
        (Form::Equal, true, false) => "StringNotEqualsIgnoreCase",
    };
    (operator, key, matcher.texts.iter().map(|text| literal(text)).collect())
}

/// Writes a text that IAM does not read as one with variables.
fn literal(text: &str) -> String {
    text.replace("${", "${$}{")
}
