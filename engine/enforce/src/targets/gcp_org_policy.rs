//! Custom constraints of the Organization Policy Service, and the policies that enforce them.
//!
//! A constraint is about one type of resources, and denies a request for which its condition in CEL is true. So the checks
//! of a policy become one constraint a type, or several if their conditions are too long together.

use serde_json::json;
use tagpol_interp::Options;
use tagpol_sema::clouds::Cloud;
use tagpol_sema::program::Program;

use super::{Unique, camel, cut, pretty};
use crate::findings::{Entry, Finding, collect};
use crate::guard::{Form, Guard, Matcher, Test};
use crate::reduce::{Dialect, Fit};
use crate::{Construct, EnforceError, File, Mode, Settings};

/// Characters of a condition, a displayed name, a description, and of a name after `custom.`.
const MAX_CONDITION: usize = 1_000;
const MAX_DISPLAY_NAME: usize = 200;
const MAX_DESCRIPTION: usize = 2_000;
const MAX_NAME: usize = 62;

/// Constraints of one type.
const MAX_CONSTRAINTS: usize = 20;

pub(super) const ROLLOUT: &str = include_str!("rollout/gcp-org-policy.md");

/// A type of resources whose labels a constraint can read.
struct GcpType {
    name: &'static str,
    /// The field of its labels.
    labels: &'static str,
    /// Whether updates can be checked, and not creation alone.
    updates: bool,
}

const fn labeled(name: &'static str) -> GcpType {
    GcpType { name, labels: "resource.labels", updates: true }
}

const TYPES: [GcpType; 8] = [
    labeled("compute.googleapis.com/Instance"),
    GcpType { name: "container.googleapis.com/Cluster", labels: "resource.resourceLabels", updates: true },
    GcpType { name: "dataproc.googleapis.com/Batch", labels: "resource.labels", updates: false },
    labeled("dataproc.googleapis.com/Cluster"),
    labeled("pubsub.googleapis.com/Snapshot"),
    labeled("pubsub.googleapis.com/Subscription"),
    labeled("pubsub.googleapis.com/Topic"),
    labeled("storage.googleapis.com/Bucket"),
];

/// Conditions in CEL.
struct Cel;

impl Dialect for Cel {
    fn cloud(&self) -> Cloud {
        Cloud::Gcp
    }

    fn fit(&self, test: &Test) -> Result<Fit, String> {
        match test {
            // Keys and values are in lower case there.
            Test::Key(_) | Test::Value(..) => Ok(Fit::default()),
            Test::Attribute(attribute, _) => {
                Err(format!("`resource.{}` is not part of a constraint on labels", attribute.as_str()))
            }
            Test::Spelling(_) => Err("labels have one spelling".to_owned()),
        }
    }
}

/// Writes the constraints and the policies.
pub(super) fn write(
    program: &Program,
    settings: &Settings,
    options: &Options,
) -> Result<(Vec<File>, Vec<Construct>), EnforceError> {
    let organization = settings.organization.as_deref().unwrap_or_default();
    let names: Vec<&'static str> = TYPES.iter().map(|type_| type_.name).collect();
    let mut found = collect(program, &Cel, &names, options);
    let mut taken = Unique::default();
    let mut files = Vec::new();
    for type_ in &TYPES {
        let constraints = constraints(type_, &found.findings, &mut found.entries, &mut taken)?;
        if constraints.len() > MAX_CONSTRAINTS {
            let what = format!("constraints for `{}`", type_.name);
            return Err(EnforceError::TooMany { count: constraints.len(), what, limit: MAX_CONSTRAINTS });
        }
        for constraint in constraints {
            let name = constraint.name.clone();
            let mut add = |end: &str, document| {
                files.push(File { name: format!("{name}.{end}.json"), text: pretty(&document) });
            };
            add("constraint", constraint.document(type_, organization));
            add("policy", policy(&constraint.name, organization, settings.mode));
        }
    }
    Ok((files, found.constructs()))
}

/// A constraint of one type.
struct Constraint {
    /// After `custom.`.
    name: String,
    policy: String,
    conditions: Vec<String>,
    messages: Vec<String>,
}

impl Constraint {
    fn condition(&self) -> String {
        match self.conditions.as_slice() {
            [one] => one.clone(),
            several => several.iter().map(|one| format!("({one})")).collect::<Vec<_>>().join(" || "),
        }
    }

    fn document(&self, type_: &GcpType, organization: &str) -> serde_json::Value {
        let methods: &[&str] = if type_.updates { &["CREATE", "UPDATE"] } else { &["CREATE"] };
        json!({
            "name": format!("organizations/{organization}/customConstraints/custom.{}", self.name),
            "resourceTypes": [type_.name],
            "methodTypes": methods,
            "condition": self.condition(),
            "actionType": "DENY",
            "displayName": cut(&self.policy, MAX_DISPLAY_NAME),
            "description": cut(&self.messages.join("; "), MAX_DESCRIPTION),
        })
    }
}

/// Makes the constraints of one type.
fn constraints(
    type_: &GcpType,
    findings: &[Finding<'_>],
    entries: &mut [Entry],
    taken: &mut Unique,
) -> Result<Vec<Constraint>, EnforceError> {
    let mut made: Vec<Constraint> = Vec::new();
    for finding in findings {
        let guard = finding.guards.iter().find(|(types, _)| types.contains(&type_.name));
        let (Some((_, guard)), Some(entry)) = (guard, entries.get_mut(finding.entry)) else { continue };
        let condition = cel(guard, type_.labels);
        let size = condition.chars().count();
        if size > MAX_CONDITION {
            return Err(EnforceError::TooLarge {
                check: format!("{}/{}", finding.policy.name, finding.check.id),
                size,
                limit: MAX_CONDITION,
                document: "the condition of a constraint",
                place: entry.place.clone(),
            });
        }
        let message = finding.check.message.clone().unwrap_or_else(|| {
            format!("{} {} {}", finding.check.id, finding.check.kind.must(), finding.check.expectation)
        });
        let last = made.last_mut().filter(|last| last.policy == finding.policy.name);
        let fits = last.is_some_and(|last| {
            last.conditions.push(condition.clone());
            let fits = last.condition().chars().count() <= MAX_CONDITION;
            if fits {
                last.messages.push(message.clone());
            } else {
                last.conditions.pop();
            }
            fits
        });
        if !fits {
            let kind = type_.name.rsplit('/').next().unwrap_or_default();
            let service = type_.name.split('.').next().unwrap_or_default();
            let name = taken.name(&camel(&[&finding.policy.name, service, kind]), MAX_NAME, "");
            let policy = finding.policy.name.clone();
            made.push(Constraint { name, policy, conditions: vec![condition], messages: vec![message] });
        }
        if !type_.updates {
            entry.differences.narrower(format!("updates of `{}` are not checked", type_.name));
        }
        if let Some(last) = made.last() {
            entry.became.get_or_insert(format!("custom.{}", last.name));
        }
    }
    Ok(made)
}

/// Writes the policy that enforces a constraint in the whole organization, or tries it out.
fn policy(constraint: &str, organization: &str, mode: Mode) -> serde_json::Value {
    let spec = match mode {
        Mode::Audit => "dryRunSpec",
        _ => "spec",
    };
    json!({
        "name": format!("organizations/{organization}/policies/custom.{constraint}"),
        spec: { "rules": [{ "enforce": true }] },
    })
}

/// Writes a condition in CEL.
fn cel(guard: &Guard, labels: &str) -> String {
    let each = |parts: &[Guard], word: &str| {
        let part = |part: &Guard| match part {
            Guard::All(_) | Guard::Any(_) => format!("({})", cel(part, labels)),
            other => cel(other, labels),
        };
        parts.iter().map(part).collect::<Vec<_>>().join(word)
    };
    match guard {
        Guard::Const(truth) => truth.to_string(),
        Guard::All(parts) => each(parts, " && "),
        Guard::Any(parts) => each(parts, " || "),
        Guard::Not(inner) => format!("!({})", cel(inner, labels)),
        Guard::Test(Test::Key(key)) => format!("{} in {labels}", quoted(&key.text)),
        Guard::Test(Test::Value(key, matcher)) => {
            let key = quoted(&key.text);
            format!("{key} in {labels} && {}", of_matcher(&format!("{labels}[{key}]"), matcher))
        }
        // Constraints have neither, so that no finding does.
        Guard::Test(Test::Attribute(..) | Test::Spelling(_)) => "false".to_owned(),
    }
}

fn of_matcher(subject: &str, matcher: &Matcher) -> String {
    let case = if matcher.any_case { "(?i)" } else { "" };
    match matcher.form {
        Form::Equal => {
            let texts: Vec<String> =
                matcher.texts.iter().map(|text| quoted(&folded(text, matcher))).collect();
            match texts.as_slice() {
                [text] => format!("{subject} == {text}"),
                several => format!("{subject} in [{}]", several.join(", ")),
            }
        }
        Form::Glob => {
            let patterns: Vec<String> = matcher.texts.iter().map(|text| glob(text)).collect();
            format!("{subject}.matches({})", quoted(&format!("{case}^(?:{})$", patterns.join("|"))))
        }
        Form::Regex => {
            let pattern = matcher.texts.join("|");
            format!("{subject}.matches({})", quoted(&format!("{case}^(?:{pattern})$")))
        }
    }
}

/// Labels are in lower case.
fn folded(text: &str, matcher: &Matcher) -> String {
    if matcher.any_case { tagpol_sema::formats::lower(text) } else { text.to_owned() }
}

fn glob(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '*' => out.push_str("(?s:.*)"),
            '?' => out.push_str("(?s:.)"),
            c if c.is_alphanumeric() || c == '_' || c == '-' => out.push(c),
            c => out.push_str(&format!("\\x{{{:x}}}", u32::from(c))),
        }
    }
    out
}

/// Writes a text in CEL.
fn quoted(text: &str) -> String {
    let mut out = String::from("'");
    for c in text.chars() {
        match c {
            '\\' | '\'' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('\'');
    out
}
