//! Resources as they are read.

use chrono::{DateTime, Utc};
use tagpol_eval::{Fields, RunError, State, score_of};
pub use tagpol_plan::sql::serving::ComplianceCode as Compliance;
use tagpol_sema::program::Source;
use tagpol_session::Decimal;

use crate::contents::Contents;

/// A resource on a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Resource {
    /// 16 hexadecimal digits that follow from its id: a short name in addresses.
    pub key: String,
    /// Its place by cost, from 0.
    pub place: u64,
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Its type.
    pub ty: Option<String>,
    /// Its cloud.
    pub provider: Option<String>,
    /// Its account.
    pub account: Option<String>,
    /// Its region.
    pub region: Option<String>,
    /// The inventory source that listed it.
    pub source: Option<String>,
    /// When it was created.
    pub created: Option<DateTime<Utc>>,
    /// Its monthly cost, in the currency of the generation.
    pub cost: Option<Decimal>,
    /// Whether it complies.
    pub compliance: Compliance,
    /// Open findings: critical, high, medium, low.
    pub open: [u64; 4],
    /// The requested tags, in their order.
    pub tags: Vec<TagValue>,
}

/// A virtual tag of a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct TagValue {
    /// Index of the tag in [`Contents::tags`].
    pub tag: usize,
    /// Its value; None if it is missing.
    pub value: Option<String>,
    /// Where the value came from; None if it is missing.
    pub source: Option<Source>,
    /// Index in [`Contents::rules`] of the rule that gave it; None for other sources.
    pub rule: Option<usize>,
    /// The confidence of a prediction, from 0 to 1; None for other sources.
    pub confidence: Option<f64>,
    /// Whether the value is not known yet: then the others say what it is if nothing more becomes known.
    pub unknown: bool,
}

/// All there is of one resource.
#[derive(Debug, Clone, PartialEq)]
pub struct ResourceDetail {
    /// As on pages, with all tags.
    pub resource: Resource,
    /// For each tag: since when it has a value, and since when it has this one, as far as generations saw that. Those of
    /// decisions are in `decided`.
    pub times: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    /// The decisions that its tags have now.
    pub decided: Vec<Decided>,
    /// The checks of policies that apply to it, worst severity first; findings that are undetermined too.
    pub checks: Vec<CheckRow>,
    /// Values that the model suggests and that the tags do not have.
    pub suggestions: Vec<Suggestion>,
}

impl ResourceDetail {
    /// Returns the share of the checks that apply and have no open finding, 0 to 100, each weighted by its severity, as
    /// [`tagpol_eval::score`]. None: no check applies.
    pub fn score(&self, contents: &Contents) -> Option<f64> {
        let counted = self.checks.iter().filter(|check| check.state != Some(State::Undetermined));
        score_of(counted.filter_map(|check| {
            let failed = u64::from(check.state == Some(State::Open));
            Some((contents.severity_of(check.check)?, 1, failed))
        }))
    }
}

/// A decision of a person that a tag has now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// Name of the tag.
    pub tag: String,
    /// When it was decided.
    pub at: DateTime<Utc>,
    /// Who decided it, as the state store has it.
    pub actor: String,
    /// The reason, if one was given.
    pub note: Option<String>,
}

/// A check that applies to a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRow {
    /// Index in [`Contents::checks`].
    pub check: usize,
    /// What it found; None: it is passed.
    pub state: Option<State>,
    /// Since when it is a finding; None if that is unknown, or it is none.
    pub since: Option<DateTime<Utc>>,
    /// The value of the tag that would fix it, where the policy knows one.
    pub remedy: Option<String>,
}

/// A value that the model suggests.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// Name of the tag.
    pub tag: String,
    /// The value.
    pub value: String,
    /// How confident the model is, from 0 to 1.
    pub confidence: f64,
}

/// Reads a row of a page: its attributes, and some tags.
pub(crate) fn resource(row: &Fields<'_>, tags: &[usize]) -> Result<Resource, RunError> {
    let place = row.count("place")?;
    let (key, id) = (row.text("key").unwrap_or_default(), row.text("id").unwrap_or_default());
    let (name, ty, provider) = (row.text("name"), row.text("type"), row.text("provider"));
    let (account, region, source) = (row.text("account"), row.text("region"), row.text("source"));
    let (created, cost) = (row.time("created"), row.money("monthly_cost"));
    let compliance = i64::try_from(row.count("compliance")?).ok().and_then(Compliance::from_code);
    let compliance = compliance.ok_or_else(|| row.unexpected("an unknown compliance"))?;
    let open = ["open_critical", "open_high", "open_medium", "open_low"].map(|column| row.count(column));
    let [critical, high, medium, low] = open;
    let open = [critical?, high?, medium?, low?];
    let tags = tags.iter().map(|tag| tag_value(row, *tag)).collect::<Result<_, _>>()?;
    Ok(Resource {
        key,
        place,
        id,
        name,
        ty,
        provider,
        account,
        region,
        source,
        created,
        cost,
        compliance,
        open,
        tags,
    })
}

fn tag_value(row: &Fields<'_>, tag: usize) -> Result<TagValue, RunError> {
    Ok(TagValue {
        tag,
        value: row.text(&format!("value_{tag}")),
        source: row.source(&format!("source_{tag}"))?,
        rule: row.optional_index(&format!("rule_{tag}"))?,
        confidence: row.number(&format!("confidence_{tag}")),
        unknown: row.truth(&format!("unknown_{tag}")),
    })
}

/// Reads the checks of a row that has all columns.
pub(crate) fn checks(row: &Fields<'_>, contents: &Contents) -> Result<Vec<CheckRow>, RunError> {
    let mut found = Vec::new();
    for (at, check) in contents.checks.iter().enumerate() {
        let state = row.state_if_any(&format!("state_{at}"))?;
        if state.is_none() && !row.truth(&format!("scope_{}", check.policy)) {
            continue;
        }
        let (since, remedy) = (row.time(&format!("since_{at}")), row.text(&format!("remedy_{at}")));
        found.push(CheckRow { check: at, state, since, remedy });
    }
    Ok(found)
}
