//! Which tags a condition depends on.

use std::collections::BTreeSet;

use tagpol_sema::program::{DefineId, Pred, Program, TagId, Value};

/// The tags that values of tags depend on, through rules.
#[derive(Debug)]
pub(super) struct Reads<'p> {
    program: &'p Program,
    /// By tag: itself, and all that the rules for it read, and those for these.
    behind: Vec<BTreeSet<TagId>>,
}

impl<'p> Reads<'p> {
    pub(super) fn new(program: &'p Program) -> Self {
        let mut reads = Self { program, behind: vec![BTreeSet::new(); program.tags.len()] };
        for &tag in program.strata.iter().flatten() {
            let behind = reads.behind_tag(tag);
            if let Some(slot) = reads.behind.get_mut(tag.0 as usize) {
                *slot = behind;
            }
        }
        reads
    }

    /// The tags that its rules read are of earlier strata.
    fn behind_tag(&self, tag: TagId) -> BTreeSet<TagId> {
        let mut direct = BTreeSet::new();
        for rule in &self.program.rules {
            for action in rule.actions.iter().filter(|action| action.tag == tag) {
                of_value(&action.value, &mut direct);
                rule.when.iter().for_each(|when| of_pred(self.program, when, &mut direct));
            }
        }
        let mut behind = self.closed(direct);
        behind.insert(tag);
        behind
    }

    fn closed(&self, direct: BTreeSet<TagId>) -> BTreeSet<TagId> {
        direct.into_iter().flat_map(|tag| self.behind(tag)).copied().collect()
    }

    /// Returns the tag itself and all that its value depends on.
    pub(super) fn behind(&self, tag: TagId) -> impl Iterator<Item = &TagId> {
        self.behind.get(tag.0 as usize).into_iter().flatten()
    }

    /// Returns all tags that conditions depend on.
    pub(super) fn of<'c>(&self, preds: impl IntoIterator<Item = &'c Pred>) -> BTreeSet<TagId> {
        let mut direct = BTreeSet::new();
        preds.into_iter().for_each(|pred| of_pred(self.program, pred, &mut direct));
        self.closed(direct)
    }
}

/// Collects the tags that a condition itself reads, and those of the predicates that it uses.
pub(super) fn of_pred(program: &Program, pred: &Pred, found: &mut BTreeSet<TagId>) {
    let mut used: BTreeSet<DefineId> = BTreeSet::new();
    let mut left = vec![pred];
    while let Some(pred) = left.pop() {
        pred.each(&mut |part| match part {
            Pred::IsValid(tag) => {
                found.insert(*tag);
            }
            Pred::Named(define) if used.insert(*define) => left.push(&program.define(*define).pred),
            _ => {}
        });
        pred.each_value(&mut |value| of_one(value, found));
    }
}

/// Collects the tags that a value reads.
pub(super) fn of_value(value: &Value, found: &mut BTreeSet<TagId>) {
    value.each(&mut |value| of_one(value, found));
}

fn of_one(value: &Value, found: &mut BTreeSet<TagId>) {
    if let Value::Tag(tag) | Value::SourceOf(tag) | Value::ConfidenceOf(tag) = value {
        found.insert(*tag);
    }
}
