//! What a message contains, whatever the channel.

mod text;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::address;
use crate::alert::{Notice, NoticeLine, OpenFinding, Recipient, Rule, Target};
use crate::rfc3339;
use crate::severity::Severity;

pub use text::{inert, plain_text};
pub(crate) use text::{left_out, mark, sentence, summary};

/// How many findings a message lists. More are counted, and the link leads to all of them.
const LISTED: usize = 50;

/// A message that a channel can deliver. It is kept in the outbox as JSON until it is delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its id: the same at each attempt, so that a receiver can leave out what it has got already.
    pub id: String,
    /// What it belongs to: the same for all messages of a rule to one recipient. One ticket and one incident each.
    pub group: String,
    /// What it is for.
    pub kind: Kind,
    /// When it was decided on.
    #[serde(with = "rfc3339")]
    pub at: DateTime<Utc>,
    /// The subject.
    pub title: String,
    /// The address of the recipient, for e-mail. None where the channel has its own.
    pub to: Option<String>,
    /// The worst severity of what is open. None if nothing is open any more.
    pub severity: Option<Severity>,
    /// How many findings are open.
    pub open: usize,
    /// What has changed, the worst first; at most fifty.
    pub lines: Vec<Line>,
    /// How many more have changed.
    pub left_out: usize,
    /// Where all of it is shown.
    #[serde(with = "address::option")]
    pub link: Option<Url>,
}

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The usual message.
    Findings,
    /// What stays open for long, to those above.
    Escalation,
    /// Everything that is open, on a schedule.
    Report,
    /// Somebody tries the channel.
    Test,
}

/// What has changed about one finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Line {
    /// What has changed.
    pub change: Change,
    /// How bad it is. None where it is over.
    pub severity: Option<Severity>,
    /// Id of the resource.
    pub resource: String,
    /// Name of the resource. None if it has none.
    pub resource_name: Option<String>,
    /// Name of the policy.
    pub policy: String,
    /// The tag that it is about. None if it is about no tag.
    pub tag: Option<String>,
    /// What the resource costs in a month, in [`Context::currency`]. None if it is not known, or the finding is over.
    pub monthly_cost: Option<String>,
    /// Since when it is open. None where it is over.
    #[serde(with = "rfc3339::option")]
    pub since: Option<DateTime<Utc>>,
}

/// What has changed about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It is sent for the first time.
    New,
    /// It has been open for long.
    StillOpen,
    /// It is not there any more.
    Resolved,
    /// Somebody waived it.
    Waived,
    /// It belongs to somebody else now, or the rule leaves it out now.
    Elsewhere,
}

impl Kind {
    /// Returns its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Findings => "findings",
            Self::Escalation => "escalation",
            Self::Report => "report",
            Self::Test => "test",
        }
    }
}

impl Message {
    /// Returns the name of its conversation in a channel: of all messages of a group to it. It does not name the recipient.
    pub fn conversation(&self, channel: &str) -> String {
        format!("{channel}:{}", crate::channel::digest(&self.group))
    }
}

impl Change {
    /// Returns the word for it, as messages write it.
    pub fn words(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::StillOpen => "still open",
            Self::Resolved => "resolved",
            Self::Waived => "waived",
            Self::Elsewhere => "no longer here",
        }
    }
}

/// What a message needs beside the notice.
#[derive(Debug, Clone)]
pub struct Context {
    /// Id of the message.
    pub id: String,
    /// The clock.
    pub at: DateTime<Utc>,
    /// Name of the project.
    pub project: String,
    /// The currency of costs, as `USD`.
    pub currency: String,
    /// Where all of it is shown. None if the server does not know its own address.
    pub link: Option<Url>,
}

/// Composes the message of a notice.
pub fn compose(rule: &Rule, notice: &Notice, context: Context) -> Message {
    let Context { id, at, project, currency, link } = context;
    let lines = notice.lines.iter().take(LISTED).map(|line| Line::of(line, &currency)).collect();
    Message {
        id,
        group: group(rule, notice),
        kind: match notice.target {
            Target::Routing => Kind::Findings,
            Target::Escalation => Kind::Escalation,
            Target::Report => Kind::Report,
        },
        at,
        title: text::title(rule, notice, &project),
        to: match (&notice.recipient, notice.target) {
            (Recipient::Owner(owner), Target::Routing | Target::Report) => Some(owner.clone()),
            _ => None,
        },
        severity: notice.worst,
        open: notice.open,
        lines,
        left_out: notice.lines.len().saturating_sub(LISTED),
        link,
    }
}

/// A message that shows that a channel works.
pub fn test_message(id: String, at: DateTime<Utc>, project: &str, to: Option<String>) -> Message {
    Message {
        group: format!("test:{id}"),
        id,
        kind: Kind::Test,
        at,
        title: format!("tagpol: a test message of {}", inert(project, 60)),
        to,
        severity: None,
        open: 0,
        lines: Vec::new(),
        left_out: 0,
        link: None,
    }
}

/// The parts are written with their lengths, so that no two rules and recipients share a group.
fn group(rule: &Rule, notice: &Notice) -> String {
    let target = match notice.target {
        Target::Routing => "routing",
        Target::Escalation => "escalation",
        Target::Report => "report",
    };
    format!("{}:{}:{target}:{}", rule.id.len(), rule.id, notice.recipient.to_text())
}

impl Line {
    fn of(line: &NoticeLine, currency: &str) -> Self {
        match line {
            NoticeLine::New(finding) => Self::open(Change::New, finding, currency),
            NoticeLine::StillOpen(finding) => Self::open(Change::StillOpen, finding, currency),
            NoticeLine::Resolved(_) => Self::over(Change::Resolved, line),
            NoticeLine::Waived(_) => Self::over(Change::Waived, line),
            NoticeLine::Elsewhere(_) => Self::over(Change::Elsewhere, line),
        }
    }

    fn open(change: Change, finding: &OpenFinding, currency: &str) -> Self {
        let money = |cost: Decimal| format!("{cost:.2} {currency}");
        Self {
            change,
            severity: Some(finding.severity),
            resource: finding.id.resource.clone(),
            resource_name: finding.resource_name.clone(),
            policy: finding.id.policy.clone(),
            tag: finding.id.tag.clone(),
            monthly_cost: finding.monthly_cost.map(money),
            since: Some(finding.since),
        }
    }

    fn over(change: Change, line: &NoticeLine) -> Self {
        let finding = line.finding();
        Self {
            change,
            severity: None,
            resource: finding.resource.clone(),
            resource_name: None,
            policy: finding.policy.clone(),
            tag: finding.tag.clone(),
            monthly_cost: None,
            since: None,
        }
    }
}
