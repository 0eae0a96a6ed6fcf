//! Assignments of definitions: the values of their parameters, and what else they change.

use super::{properties, title_of};
use crate::construct::Outcome;
use crate::document::Cursor;
use crate::formats::Draft;

/// An assignment of a definition.
pub(super) struct Assignment<'a> {
    pub(super) cursor: Cursor<'a>,
    own: Cursor<'a>,
    /// The identifier of the definition.
    of: &'a str,
}

impl<'a> Assignment<'a> {
    /// Takes a document that has a `policyDefinitionId`.
    pub(super) fn new(cursor: Cursor<'a>) -> Self {
        // The identity that writes tags, and where it is.
        cursor.ignore_members(&["identity", "location"]);
        let own = properties(&cursor);
        own.ignore_members(&["identity", "location"]);
        let of = own.get("policyDefinitionId").and_then(|id| id.text()).unwrap_or_default();
        Self { cursor, own, of }
    }

    /// Whether this is an assignment of a definition.
    pub(super) fn is_of(&self, definition: &Cursor<'_>) -> bool {
        let text = |member| definition.get(member).and_then(|text| text.text()).unwrap_or_default();
        let last = self.of.rsplit('/').next().unwrap_or(self.of);
        !last.is_empty()
            && (self.of.eq_ignore_ascii_case(text("id")) || last.eq_ignore_ascii_case(text("name")))
    }

    /// Returns the value of a parameter. None: the default counts.
    pub(super) fn value(&self, parameter: &str) -> Option<Cursor<'a>> {
        self.own.at(&["parameters", parameter, "value"])
    }

    /// Returns the message of its findings.
    pub(super) fn message(&self) -> Option<&'a str> {
        let message = self.own.get("nonComplianceMessages")?.items().next()?.get("message")?;
        message.text().filter(|text| !text.is_empty())
    }

    /// Reports the members that change which resources a policy applies to, and what it does.
    pub(super) fn report(&self, title: &str, effect: &str, draft: &mut Draft<'_>) {
        for member in ["scope", "notScopes"] {
            let Some(value) = self.own.get(member).filter(|value| !value.is_empty()) else { continue };
            value.ignore();
            let reason = "the policy applies to all resources of Azure in the inventory; narrow it with `for resource where …`";
            let construct = format!("{title}: {member}");
            draft.constructs.add(construct, Outcome::Broader, value.place(), None, Some(reason.to_owned()));
        }
        if let Some(mode) = self.own.get("enforcementMode") {
            let writes = ["modify", "append"].iter().any(|word| effect.eq_ignore_ascii_case(word));
            let construct = format!("{title}: enforcementMode {}", mode.text().unwrap_or_default());
            match mode.text() {
                Some("Default") => draft.constructs.exact(construct, mode.place(), None),
                // Azure still reports the state of the resources, and so does tagpol.
                Some("DoNotEnforce") if !writes => draft.constructs.exact(construct, mode.place(), None),
                Some("DoNotEnforce") => {
                    let reason = "Azure gives no value with this mode, and the rule does".to_owned();
                    draft.constructs.add(construct, Outcome::Broader, mode.place(), None, Some(reason));
                }
                _ => draft.constructs.lost(construct, mode.place(), "tagpol does not know this mode"),
            }
        }
        for (member, reason) in [
            (
                "resourceSelectors",
                "the policy applies to all resources of Azure, whatever their type and location",
            ),
            ("overrides", "the policy has the effect of its definition"),
        ] {
            if let Some(value) = self.own.get(member).filter(|value| !value.is_empty()) {
                draft.constructs.lost(format!("{title}: {member}"), value.place(), reason);
            }
        }
    }
}

/// Reports the assignments of definitions that the files do not have.
pub(super) fn report_unassigned(
    assignments: &[Assignment<'_>],
    definitions: &[(usize, Cursor<'_>)],
    draft: &mut Draft<'_>,
) {
    for assignment in assignments {
        if definitions.iter().any(|(_, definition)| assignment.is_of(definition)) {
            continue;
        }
        let construct = format!("assignment {}", title_of(&assignment.cursor, "without a name"));
        let reason = format!("its definition `{}` is not among the files", assignment.of);
        draft.constructs.lost(construct, assignment.cursor.place(), reason);
    }
}
