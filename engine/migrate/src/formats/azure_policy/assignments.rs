//! Assignments of definitions: the values of their parameters, and what else they change.

use super::expression::{Argument, Parameters, evaluate};
use super::{plain, properties, title_of};
use crate::construct::Outcome;
use crate::document::Cursor;
use crate::formats::Draft;

/// An assignment of a definition.
#[derive(Clone)]
pub(super) struct Assignment<'a> {
    pub(super) cursor: Cursor<'a>,
    own: Cursor<'a>,
    /// The identifier of the definition.
    of: &'a str,
    /// The set that it is a member of. None: it stands by itself.
    set: Option<Membership<'a>>,
}

/// How a definition is assigned as a member of a set.
#[derive(Clone)]
struct Membership<'a> {
    title: String,
    /// The name of the member in its set.
    reference: &'a str,
    /// The parameters of the set.
    values: Parameters,
    assignment: Option<Box<Assignment<'a>>>,
}

impl<'a> Assignment<'a> {
    /// Takes a document that has a `policyDefinitionId`.
    pub(super) fn new(cursor: Cursor<'a>) -> Self {
        // The identity that writes tags, and where it is.
        cursor.ignore_members(&["identity", "location"]);
        let own = properties(&cursor);
        own.ignore_members(&["identity", "location"]);
        let of = own.get("policyDefinitionId").and_then(|id| id.text()).unwrap_or_default();
        Self { cursor, own, of, set: None }
    }

    /// Takes a member of a set, with the parameters and an assignment of the set.
    pub(super) fn member(
        cursor: Cursor<'a>,
        set: &str,
        values: &Parameters,
        assignment: Option<&Self>,
    ) -> Self {
        cursor.ignore_members(&["groupNames", "definitionVersion", "policyDefinitionReferenceId"]);
        let member = Self::new(cursor);
        let reference = member.own.get("policyDefinitionReferenceId").and_then(|name| name.text());
        let reference = reference.unwrap_or_else(|| member.of.rsplit('/').next().unwrap_or(member.of));
        let title = format!("{set}: {reference}");
        let assignment = assignment.map(|one| Box::new(one.clone()));
        Self { set: Some(Membership { title, reference, values: values.clone(), assignment }), ..member }
    }

    /// Returns its title.
    pub(super) fn title(&self) -> String {
        match &self.set {
            Some(set) => set.title.clone(),
            None => title_of(&self.cursor, "without a name").to_owned(),
        }
    }

    /// Whether this is an assignment of a definition.
    pub(super) fn is_of(&self, definition: &Cursor<'_>) -> bool {
        let text = |member| definition.get(member).and_then(|text| text.text()).unwrap_or_default();
        let last = self.of.rsplit('/').next().unwrap_or(self.of);
        !last.is_empty()
            && (self.of.eq_ignore_ascii_case(text("id")) || last.eq_ignore_ascii_case(text("name")))
    }

    /// Returns the value of a parameter. None: the default counts. An error is a value that cannot be computed.
    pub(super) fn value(&self, parameter: &str) -> Option<Result<Argument, ()>> {
        let value = self.own.at(&["parameters", parameter, "value"])?;
        Some(match (plain(&value), &self.set) {
            (Some(Argument::Text(text)), Some(set)) => evaluate(&text, &set.values).map_err(drop),
            (value, _) => value.ok_or(()),
        })
    }

    /// Returns the message of its findings.
    pub(super) fn message(&self) -> Option<&'a str> {
        match &self.set {
            Some(set) => set.assignment.as_ref()?.message_of(Some(set.reference)),
            None => self.message_of(None),
        }
    }

    /// Returns the message for a member of a set, or that for all.
    fn message_of(&self, reference: Option<&str>) -> Option<&'a str> {
        let of = |message: &Cursor<'a>| {
            message.get("policyDefinitionReferenceId").and_then(|reference| reference.text())
        };
        let messages = self.own.get("nonComplianceMessages")?;
        let message = messages.items().find(|message| of(message).is_none_or(|of| Some(of) == reference))?;
        message.get("message")?.text().filter(|text| !text.is_empty())
    }

    /// Reports the members that change which resources a policy applies to, and what it does.
    pub(super) fn report(&self, title: &str, effect: &str, draft: &mut Draft<'_>) {
        if let Some(assignment) = self.set.as_ref().and_then(|set| set.assignment.as_ref()) {
            assignment.report(title, effect, draft);
        }
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
        let construct = format!("assignment {}", assignment.title());
        let reason = format!("its definition `{}` is not among the files", assignment.of);
        draft.constructs.lost(construct, assignment.cursor.place(), reason);
    }
}
