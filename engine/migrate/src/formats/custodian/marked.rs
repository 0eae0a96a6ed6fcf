//! The filter `marked-for-op` of Cloud Custodian: the date in a tag that its action `mark-for-op` wrote.

use super::filters::Read;
use crate::construct::Outcome;
use crate::document::Cursor;
use crate::policy::condition::{Condition, Subject, Test};
use crate::policy::pattern::{Pattern, escaped};

/// As long ago as lengths of time go.
const LONG_AGO: u32 = 36_500;

/// Makes the condition that an operation is due.
pub(super) fn marked(filter: &Cursor<'_>, provider: &str) -> Result<Read, String> {
    const MEMBERS: [&str; 6] = ["type", "tag", "op", "skew", "skew_hours", "tz"];
    if let Some((member, _)) = filter.entries().find(|(member, _)| !MEMBERS.contains(member)) {
        return Err(format!("the member `{member}` is not known"));
    }
    let default = match provider {
        "aws" => "maid_status",
        "azure" => "custodian_status",
        _ => return Err("the labels of this provider have marks of another form".to_owned()),
    };
    let text = |member: &str| filter.get(member).and_then(|value| value.scalar());
    let tag = text("tag").unwrap_or_else(|| default.to_owned());
    let op = text("op").unwrap_or_else(|| "stop".to_owned());
    let days = |member: &str| match text(member) {
        None => Ok(0),
        Some(number) => number
            .parse::<u32>()
            .ok()
            .filter(|number| *number < LONG_AGO)
            .ok_or_else(|| format!("`{member}` is not a whole number")),
    };
    let ahead = days("skew")?;
    if days("skew_hours")? != 0 {
        return Err("`skew_hours`: dates are compared by whole days".to_owned());
    }
    // What follows the last colon, as `message: stop@2026/11/30`, with or without a time.
    let pattern =
        format!(r":[ \t]*{}@(\d{{4}}[\/-]\d{{2}}[\/-]\d{{2}})(?: \d{{4}} UTC)?[ \t]*$", escaped(&op));
    let pattern = Pattern::new(&pattern, false)?;
    let date = Subject::DateIn(Box::new(Subject::Native(tag)), pattern);
    let mut parts = vec![Condition::Test(date.clone(), Test::WithinLastDays(LONG_AGO))];
    if ahead > 0 {
        parts.push(Condition::Test(date, Test::WithinNextDays(ahead)));
    }
    let reason = "due by whole days in UTC, for dates in the forms that the action mark-for-op writes; Custodian also reads other forms of dates";
    Ok(Read::other(Condition::Any(parts).simplified(), Outcome::Narrower, reason))
}
