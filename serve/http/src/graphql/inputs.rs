//! What requests say.

use async_graphql::{Enum, ID, InputObject};

use super::types::DateTime;
use crate::routes::virtual_tags::Verb;

/// What resources are ordered by.
#[derive(Debug, InputObject)]
pub(crate) struct ResourceOrder {
    /// `cost`, `id`, `name`, `created`, `open`, `compliance`, an attribute such as `region`, or `tag:NAME`.
    pub(super) field: String,
    /// Whether the other end comes first.
    #[graphql(default)]
    pub(super) reverse: bool,
}

/// Some days.
#[derive(Debug, InputObject)]
pub(crate) struct DateRange {
    /// The first day, as `2026-10-01`.
    pub(super) from: String,
    /// The last day.
    pub(super) to: String,
}

/// Which entries of the audit trail.
#[derive(Debug, Default, InputObject)]
pub(crate) struct AuditFilter {
    /// Only of this actor.
    pub(super) actor: Option<String>,
    /// Only this action, such as `tag.set`; with a dot at the end, all that begin with it.
    pub(super) action: Option<String>,
    /// Only about this object.
    pub(super) object: Option<String>,
    /// Only from this time on.
    pub(super) since: Option<DateTime>,
    /// Only before this time.
    pub(super) until: Option<DateTime>,
}

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub(crate) enum TagAction {
    /// Gives the tag a value.
    Set,
    /// Takes a decision back.
    Unset,
    /// Agrees to a value from another source.
    Confirm,
    /// Rejects a suggested value.
    Reject,
}

impl From<TagAction> for Verb {
    fn from(action: TagAction) -> Self {
        match action {
            TagAction::Set => Self::Set,
            TagAction::Unset => Self::Unset,
            TagAction::Confirm => Self::Confirm,
            TagAction::Reject => Self::Reject,
        }
    }
}

/// Decisions to be made.
#[derive(Debug, InputObject)]
pub(crate) struct ApplyInput {
    /// The resources, by their ids or keys: 1 to 500.
    pub(super) resources: Vec<ID>,
    /// What is decided of each of them.
    pub(super) changes: Vec<TagChangeInput>,
    /// The reason.
    pub(super) note: Option<String>,
    /// Whether only the result is shown, and nothing is changed.
    #[graphql(default)]
    pub(super) dry_run: bool,
}

/// What is decided about a tag.
#[derive(Debug, InputObject)]
pub(crate) struct TagChangeInput {
    /// What to do.
    pub(super) action: TagAction,
    /// The name of the tag.
    pub(super) key: String,
    /// The value. For `CONFIRM` and `REJECT`, the suggested one if omitted; none for `UNSET`.
    pub(super) value: Option<String>,
}
