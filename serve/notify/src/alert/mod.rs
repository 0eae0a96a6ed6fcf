//! Which findings are sent to whom, and when.

mod decide;
mod quiet;
mod rule;

pub use decide::{Decision, Notice, NoticeLine, OpenFinding, Standing, Target, Told, decide, report};
pub use quiet::{QuietHours, QuietHoursError};
pub use rule::{Escalation, Filter, FindingId, Recipient, Routing, Rule, RuleError};

#[cfg(test)]
mod tests;
