//! Sets of definitions (initiatives): each member is an assignment of its definition, with values that may be parameters
//! of the set.

use super::assignments::Assignment;
use super::{parameters, properties, title_of};
use crate::construct::Outcome;
use crate::document::Cursor;
use crate::error::MigrateError;
use crate::formats::Draft;

/// Returns the assignments of definitions: those of the files, and the members of sets, once for each assignment of a set.
pub(super) fn with_members<'a>(
    sets: &[(usize, Cursor<'a>)],
    assignments: Vec<Assignment<'a>>,
    definitions: &[(usize, Cursor<'a>)],
    draft: &mut Draft<'_>,
) -> Result<Vec<Assignment<'a>>, MigrateError> {
    let (of_sets, mut found): (Vec<_>, Vec<_>) =
        assignments.into_iter().partition(|one| sets.iter().any(|(_, set)| one.is_of(set)));
    for (_, set) in sets {
        let own = properties(set);
        own.ignore_members(&["policyDefinitionGroups"]);
        let members: Vec<Cursor<'a>> = own.get("policyDefinitions").iter().flat_map(Cursor::items).collect();
        let assigned: Vec<&Assignment<'a>> = of_sets.iter().filter(|one| one.is_of(set)).collect();
        let each = match assigned.as_slice() {
            [] => vec![None],
            assigned => assigned.iter().map(|one| Some(*one)).collect(),
        };
        for assignment in each {
            let title = match assignment {
                Some(one) if assigned.len() > 1 => format!("{} ({})", set_title(set), one.title()),
                _ => set_title(set).to_owned(),
            };
            let values = parameters(set, &title, assignment, draft)?;
            let member =
                |member: &Cursor<'a>| Assignment::member(member.clone(), &title, &values, assignment);
            found.extend(members.iter().map(member));
        }
        report(set, &members, definitions, draft);
    }
    Ok(found)
}

fn set_title<'a>(set: &Cursor<'a>) -> &'a str {
    title_of(set, "of definitions")
}

/// Reports a set by how many of its definitions there are.
fn report(
    set: &Cursor<'_>,
    members: &[Cursor<'_>],
    definitions: &[(usize, Cursor<'_>)],
    draft: &mut Draft<'_>,
) {
    let construct = format!("set {}", set_title(set));
    let is_there = |member: &&Cursor<'_>| {
        let member = Assignment::new((*member).clone());
        definitions.iter().any(|(_, definition)| member.is_of(definition))
    };
    let missing = members.len() - members.iter().filter(is_there).count();
    let are = if missing == 1 { "is" } else { "are" };
    let reason = format!("{missing} of its {} definitions {are} not among the files", members.len());
    if missing == members.len() {
        draft.constructs.lost(construct, set.place(), reason);
    } else if missing > 0 {
        draft.constructs.add(construct, Outcome::Narrower, set.place(), None, Some(reason));
    } else {
        draft.constructs.exact(construct, set.place(), None);
    }
}
