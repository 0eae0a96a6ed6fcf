//! What an item does with a tag that it names.

use tagpol_sema::hir::{Action, Body, ExpectWhat, NodeId, Policy, Rule, Value};
use tagpol_sema::{Anchor, Db, ItemRef, Project, Symbol, mentions_of};

/// What an item does with a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Role {
    Sets,
    Fills,
    Normalizes,
    Infers,
    Requires,
    Forbids,
    Remedies,
    Covers,
    Allocates,
    Tests,
    Reads,
}

/// An item that names a tag.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) role: Role,
    pub(crate) at: Anchor,
}

impl User {
    pub(crate) fn item(&self) -> ItemRef {
        ItemRef { file: self.at.file, key: self.at.key.clone() }
    }
}

/// Lists where a tag is named, and what for; its declaration and `use`s left out.
pub(crate) fn users(db: &dyn Db, project: Project, tag: &ItemRef) -> Vec<User> {
    let mentions = mentions_of(db, project, &Symbol::Item(tag.clone()));
    let users = mentions.into_iter().filter(|mention| !mention.declares).filter_map(|mention| {
        let item = ItemRef { file: mention.at.file, key: mention.at.key.clone() };
        let role = role(&item.item(db)?.body, mention.at.node)?;
        Some(User { role, at: mention.at })
    });
    users.collect()
}

pub(crate) fn role(body: &Body, node: NodeId) -> Option<Role> {
    Some(match body {
        Body::Rule(rule) => of_rule(rule, node),
        Body::Policy(policy) => of_policy(policy, node),
        Body::Normalize(normalize) if normalize.scope.is_none() => Role::Normalizes,
        Body::Normalize(_) if node == NodeId(0) => Role::Normalizes,
        Body::Infer(_) => Role::Infers,
        Body::Goal(goal) => {
            let covered = goal.coverage.iter().flat_map(|coverage| &coverage.tags);
            let is_covered = covered.filter_map(bare).any(|name| name == node);
            if is_covered { Role::Covers } else { Role::Reads }
        }
        Body::Allocate(allocate) if allocate.to.iter().any(|to| to.tag.id == node) => Role::Allocates,
        Body::Test(test) => {
            let is_expected = test.expects.iter().any(|expect| match &expect.what {
                ExpectWhat::Equals { tag, .. } | ExpectWhat::Is { tag, .. } => tag.id == node,
                _ => false,
            });
            if is_expected { Role::Tests } else { Role::Reads }
        }
        Body::Use(_) | Body::Tag(_) => return None,
        _ => Role::Reads,
    })
}

fn of_rule(rule: &Rule, node: NodeId) -> Role {
    match given_by(&rule.actions, node) {
        Some(action) if action.set => Role::Sets,
        Some(_) => Role::Fills,
        None => Role::Reads,
    }
}

fn of_policy(policy: &Policy, node: NodeId) -> Role {
    if given_by(&policy.remedies, node).is_some() {
        return Role::Remedies;
    }
    let is_subject = |value: Option<&Value>| value.and_then(first_name) == Some(node);
    match policy.checks.iter().find(|check| is_subject(check.expr.subject())) {
        Some(check) if check.require => Role::Requires,
        Some(_) => Role::Forbids,
        None => Role::Reads,
    }
}

fn given_by(actions: &[Action], node: NodeId) -> Option<&Action> {
    actions.iter().find(|action| action.tag.id == node)
}

fn bare(value: &Value) -> Option<NodeId> {
    match value {
        Value::Path(_, name, steps) if steps.is_empty() => Some(name.id),
        _ => None,
    }
}

fn first_name(value: &Value) -> Option<NodeId> {
    match value {
        Value::Path(_, name, _) => Some(name.id),
        _ => None,
    }
}
