//! Parts of items: members, columns, checks, made-up resources; and modules.

use tagpol_sema::check::{Typed, checked, table_decl};
use tagpol_sema::db::item_keys;
use tagpol_sema::hir::{Body, ItemKind, PatternLit, Target};
use tagpol_sema::{Db, ItemRef, Project, SourceFile};

use super::{code, origin, paragraphs};
use crate::roles::{Role, users};

pub(super) fn member(db: &dyn Db, project: Project, tag: &ItemRef, member: &str) -> Option<String> {
    let hir = tag.item(db)?;
    if !super::is_tag(&hir.body) {
        return None;
    }
    let spellings = spellings(db, project, tag, member);
    let native = if spellings.is_empty() {
        String::new()
    } else {
        format!("native spellings {}", spellings.join(", "))
    };
    let title = format!("`{member}` is a value of `{}`", tag.key.name);
    Some(paragraphs([title, hir.doc.clone(), native, origin(db, tag.file)]))
}

/// What the maps of the tag turn into the member.
fn spellings(db: &dyn Db, project: Project, tag: &ItemRef, member: &str) -> Vec<String> {
    let mut spellings = Vec::new();
    for user in users(db, project, tag).iter().filter(|user| user.role == Role::Normalizes) {
        let Some(hir) = user.item().item(db) else { continue };
        let Body::Normalize(normalize) = &hir.body else { continue };
        let arms = normalize.maps.iter().filter(|arm| match &arm.target {
            Some(Target::Name(name)) => name.text == member,
            Some(Target::Text(text)) => text.value == member,
            None => false,
        });
        spellings.extend(arms.flat_map(|arm| &arm.patterns).map(|pattern| match pattern {
            PatternLit::Text(text) => format!("`{}`", text.value),
            PatternLit::Name(name) => format!("`{}`", name.text),
            PatternLit::Regex(regex) => format!("`/{}/`", regex.pattern),
        }));
    }
    spellings
}

pub(super) fn column(db: &dyn Db, project: Project, table: &ItemRef, column: &str) -> Option<String> {
    let table = table_decl(db, project, table.clone()).table.as_ref()?;
    let found = table.columns.iter().find(|known| known.name == column)?;
    let heading = match found.heading == found.name {
        true => String::new(),
        false => format!("heading `{}`", found.heading),
    };
    let title = format!("`{}.{column}`: {}", table.name, tagpol_sema::describe(&found.ty));
    Some(paragraphs([title, heading, format!("in `{}`", table.path)]))
}

pub(super) fn check(db: &dyn Db, project: Project, item: &ItemRef, check: &str) -> Option<String> {
    let Some(Typed::Policy(policy, ..)) = &checked(db, project, item.clone()).typed else { return None };
    let found = policy.checks.iter().find(|known| known.id == check)?;
    let must = found.kind.must();
    let title = format!("check `{}/{check}`: {must} {}", policy.name, found.expectation);
    Some(paragraphs([title, found.message.clone().unwrap_or_default(), policy.doc.clone()]))
}

pub(super) fn given(db: &dyn Db, test: &ItemRef, index: usize) -> Option<String> {
    let hir = test.item(db)?;
    let Body::Test(body) = &hir.body else { return None };
    let given = body.givens.get(index)?;
    let tags = given.tags.iter().map(|(key, value)| format!("{}: \"{value}\"", key.value));
    let label = given.label.as_ref().map(|label| label.text.as_str()).unwrap_or_default();
    let tags = tags.collect::<Vec<_>>().join(", ");
    Some(code(&format!("given {label} {{ tags {{ {tags} }} }}")))
}

pub(super) fn module(db: &dyn Db, module: SourceFile) -> Option<String> {
    let name = module.module(db).as_deref()?;
    let counted = |kind: ItemKind, one: &str, many: &str| {
        let count = item_keys(db, module).iter().filter(|key| key.kind == kind).count();
        match count {
            0 => None,
            1 => Some(format!("1 {one}")),
            n => Some(format!("{n} {many}")),
        }
    };
    let counts = [
        counted(ItemKind::Tag, "tag", "tags"),
        counted(ItemKind::Rule, "rule", "rules"),
        counted(ItemKind::Policy, "policy", "policies"),
        counted(ItemKind::Goal, "goal", "goals"),
    ];
    let counts = counts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    Some(paragraphs([code(&format!("use {name}")), about(module.text(db)), counts]))
}

/// The comment that a module begins with.
fn about(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix("//"));
    lines.map(|line| line.trim_start_matches('/').trim()).collect::<Vec<_>>().join(" ")
}
