//! Which resources a question is about.

use serde_json::json;
use sha2::{Digest as _, Sha256};
use tagpol_eval::DIALECT;
use tagpol_plan::ir::Origin;
use tagpol_plan::lower::served::{NotServed, lower_condition};
use tagpol_plan::sql::serving::{self, Rows, ValueColumn};
use tagpol_plan::{Layout, Predicate, Request};
use tagpol_sema::program::{Severity, Source};
use tagpol_session::Store;

use crate::conditions::{Condition, mistake};
use crate::contents::Contents;
use crate::error::{ConditionMistake, DataError};
use crate::query::{self, unknown};
use crate::rows::Compliance;

/// The most words that are searched for; what comes after them is left out of the search.
const MOST_WORDS: usize = 16;

/// Which resources a question is about: those that fulfill all parts. An empty part asks for nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Filter {
    /// Words; each is somewhere in the name, the id or the values of tags, regardless of case.
    pub q: Option<String>,
    /// A condition of the language, see [`Conditions`](crate::Conditions).
    pub condition: Option<Condition>,
    /// Any of these.
    pub compliance: Vec<Compliance>,
    /// An open finding of any of these severities.
    pub severities: Vec<Severity>,
    /// An open finding of any of these policies; `POLICY/CHECK` means one check.
    pub policies: Vec<String>,
    /// A tag from any of these sources.
    pub sources: Vec<Source>,
    /// Attributes (`provider`, `account`, `region`, `type`, `source`) that have one of some values; None: it is missing.
    pub attributes: Vec<(String, Vec<Option<String>>)>,
    /// Tags that have one of some values; None: it is missing.
    pub tags: Vec<(String, Vec<Option<String>>)>,
    /// Only the resources of these keys. Empty: all.
    pub keys: Vec<String>,
}

impl Filter {
    /// Returns the words of the search.
    pub(crate) fn words(&self) -> Vec<String> {
        let words = self.q.iter().flat_map(|q| q.split_whitespace()).take(MOST_WORDS);
        words.map(str::to_owned).collect()
    }

    /// Returns 16 hexadecimal digits that are the same only for the same filter.
    pub fn fingerprint(&self) -> String {
        let codes: Vec<i64> = self.compliance.iter().map(|one| one.code()).collect();
        let severities: Vec<&str> = self.severities.iter().map(|one| one.as_str()).collect();
        let sources: Vec<&str> = self.sources.iter().map(|one| one.as_str()).collect();
        let text = json!([
            self.words(),
            self.condition.as_ref().map(Condition::text),
            codes,
            severities,
            self.policies,
            sources,
            self.attributes,
            self.tags,
            self.keys,
        ]);
        fingerprint(&text.to_string())
    }

    /// Prepares the filter for a connection: names become columns, and the condition a relation.
    pub(crate) fn prepare(
        &self,
        contents: &Contents,
        rows: Rows,
        store: &Store,
    ) -> Result<serving::Filter, DataError> {
        let mut values = Vec::new();
        for (name, wanted) in &self.attributes {
            values.push((ValueColumn::Attribute(query::attribute(name)?), wanted.clone()));
        }
        for (name, wanted) in &self.tags {
            values.push((ValueColumn::Tag(query::tag(contents, name)?), wanted.clone()));
        }
        let condition = match &self.condition {
            Some(condition) => Some(relation(condition, contents, rows, store)?),
            None => None,
        };
        Ok(serving::Filter {
            condition,
            words: self.words(),
            values,
            compliance: self.compliance.clone(),
            severities: self.severities.clone(),
            checks: checks(&self.policies, contents)?,
            sources: self.sources.iter().map(|source| Origin::source_code(*source)).collect(),
            keys: self.keys.clone(),
        })
    }
}

/// Returns 16 hexadecimal digits of a text.
pub(crate) fn fingerprint(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the indexes of the checks of policies. None: no policy is named.
fn checks(policies: &[String], contents: &Contents) -> Result<Option<Vec<usize>>, DataError> {
    let mut found = Vec::new();
    for name in policies {
        let (policy, check) = name.split_once('/').map_or((name.as_str(), None), |(p, c)| (p, Some(c)));
        let names = || contents.policies.iter().map(|policy| policy.name.as_str());
        let at = names().position(|one| one == policy).ok_or_else(|| unknown("policy", policy, names()))?;
        let of_policy = contents.checks.iter().enumerate().filter(|(_, one)| one.policy == at);
        let before = found.len();
        found.extend(
            of_policy.clone().filter(|(_, one)| check.is_none_or(|id| one.id == id)).map(|(at, _)| at),
        );
        if let Some(check) = check.filter(|_| found.len() == before) {
            return Err(unknown("check", check, of_policy.map(|(_, one)| one.id.as_str())));
        }
    }
    Ok((!policies.is_empty()).then_some(found))
}

/// Returns the relation of the rows for which a condition holds.
fn relation(
    condition: &Condition,
    contents: &Contents,
    rows: Rows,
    store: &Store,
) -> Result<String, DataError> {
    let text = condition.text();
    let wrong = |mistakes| DataError::Condition { text: text.to_owned(), mistakes };
    let same =
        condition.program.tags.iter().map(|tag| &tag.name).eq(contents.tags.iter().map(|tag| &tag.name));
    if !same {
        return Err(DataError::OtherPolicies { generation: contents.id.clone() });
    }
    let layout = Layout {
        unknown: contents.has_unknown,
        currency: contents.currency.clone(),
        rates: condition.rates.clone(),
        ..Layout::generic()
    };
    let request =
        Request::at(contents.clock()).for_predicates(vec![Predicate::of_request(condition.pred.clone())]);
    let shape = contents.shape();
    let (tags, names) = (serving::served_tags(shape), serving::names(shape));
    let found =
        lower_condition(&condition.program, &layout, &request, &tags, &names).map_err(|mismatches| {
            wrong(mismatches.iter().map(|mismatch| mistake(mismatch.message(), text)).collect())
        })?;
    if !found.lacks.is_empty() {
        return Err(wrong(found.lacks.into_iter().map(|lack| not_served(lack, text)).collect()));
    }
    for statement in serving::condition_functions(&found.plan, DIALECT) {
        store.execute(&statement)?;
    }
    Ok(serving::condition_relation(&found.plan, rows, DIALECT))
}

/// The mistake for something that is never served, at the word that asks for it.
fn not_served(lack: NotServed, text: &str) -> ConditionMistake {
    let (words, message, help): (&[&str], _, _) = match lack {
        NotServed::NativeTags => (
            &["native"],
            "native tags cannot be asked for here",
            "ask for the virtual tag that is made of them",
        ),
        NotServed::Meta => (
            &["resource.meta", "meta"],
            "metadata of the provider cannot be asked for here",
            "write a rule that makes a virtual tag of it",
        ),
        NotServed::Related => (
            &[],
            "related resources cannot be asked for here",
            "write a rule that copies what is asked for into a virtual tag",
        ),
        NotServed::Table => (
            &[],
            "tables cannot be looked up here",
            "write a rule that makes a virtual tag of what is looked up",
        ),
    };
    let place = words.iter().find_map(|word| text.find(word).map(|start| start..start + word.len()));
    ConditionMistake {
        code: None,
        message: message.to_owned(),
        label: String::new(),
        help: Some(help.to_owned()),
        range: place.unwrap_or(0..text.len()),
    }
}
