//! How values flow between tags: which rules feed a tag, and what it feeds.
//!
//! An editor shows this as a call hierarchy: a tag "calls" the tags that its rules read, and is "called"
//! by those that read it.

use std::collections::BTreeMap;

use tagpol_sema::check::{Typed, checked};
use tagpol_sema::hir::{ItemKind, NodeId};
use tagpol_sema::program::{TagId, Value};
use tagpol_sema::{Db, Def, ItemRef, Project, SourceFile, Symbol, range_of, scope};
use tagpol_syntax::{TextRange, TextSize};

use crate::place::Place;
use crate::roles::{Role, users};
use crate::symbol::{item_range, named_at};
use crate::symbols::type_words;

/// A tag in the hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowItem {
    /// The tag.
    pub item: ItemRef,
    /// Its type in words.
    pub detail: String,
    /// Its declaration.
    pub whole: Place,
    /// Its name there.
    pub name: TextRange,
}

/// A tag that another one gets values from, or gives them to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// The tag at the other end.
    pub tag: FlowItem,
    /// The rules in between: the names of the tag that gives, where they stand. All in one file.
    pub at: Vec<Place>,
    /// The names of the rules.
    pub rules: Vec<String>,
}

/// Returns the tag at an offset.
pub fn prepare_hierarchy(
    db: &dyn Db,
    project: Project,
    file: SourceFile,
    offset: TextSize,
) -> Option<FlowItem> {
    let named = named_at(db, project, file, offset)?;
    match named.symbol {
        Symbol::Item(item) if item.key.kind == ItemKind::Tag => Some(flow_item(db, project, item)),
        Symbol::Member(tag, _) => Some(flow_item(db, project, tag)),
        _ => None,
    }
}

fn flow_item(db: &dyn Db, project: Project, item: ItemRef) -> FlowItem {
    FlowItem {
        detail: type_words(db, project, &item),
        whole: Place { file: item.file, range: item_range(db, &item) },
        name: range_of(db, &item.anchor(NodeId(0))),
        item,
    }
}

/// Returns the tags whose values rules turn into values of a tag.
pub fn fed_by(db: &dyn Db, project: Project, tag: &ItemRef) -> Vec<Flow> {
    let feeders = users(db, project, tag);
    let feeders = feeders.iter().filter(|user| matches!(user.role, Role::Sets | Role::Fills));
    let mut flows = Flows::default();
    for user in feeders {
        let rule = user.item();
        for source in reads(db, project, &rule, tag) {
            if let Some(source) = scope(db, project).item_of(Def::Tag(source)) {
                flows.add(db, source, &rule, user.at.node);
            }
        }
    }
    flows.finish(db, project)
}

/// Returns the tags that rules give values to, made of those of a tag.
pub fn feeds(db: &dyn Db, project: Project, tag: &ItemRef) -> Vec<Flow> {
    let Some(Def::Tag(id)) = scope(db, project).def_of(tag) else { return Vec::new() };
    let readers = users(db, project, tag);
    let mut flows = Flows::default();
    for user in &readers {
        let rule = user.item();
        let Some(Typed::Rule(typed, nodes)) = &checked(db, project, rule.clone()).typed else { continue };
        for (action, _) in typed.actions.iter().zip(nodes) {
            let reads_it = action_reads(db, project, typed.when.as_ref(), &action.value).contains(&id);
            if reads_it && let Some(target) = scope(db, project).item_of(Def::Tag(action.tag)) {
                flows.add(db, target, &rule, user.at.node);
            }
        }
    }
    flows.finish(db, project)
}

/// The tags that the actions of a rule on a tag read.
fn reads(db: &dyn Db, project: Project, rule: &ItemRef, tag: &ItemRef) -> Vec<TagId> {
    let Some(Def::Tag(id)) = scope(db, project).def_of(tag) else { return Vec::new() };
    let Some(Typed::Rule(typed, _)) = &checked(db, project, rule.clone()).typed else { return Vec::new() };
    let actions = typed.actions.iter().filter(|action| action.tag == id);
    let mut tags: Vec<TagId> =
        actions.flat_map(|action| action_reads(db, project, typed.when.as_ref(), &action.value)).collect();
    tags.sort();
    tags.dedup();
    tags
}

/// The tags that a condition and a value read, also through the predicates that they name.
fn action_reads(
    db: &dyn Db,
    project: Project,
    when: Option<&tagpol_sema::program::Pred>,
    value: &Value,
) -> Vec<TagId> {
    let mut reads = tagpol_sema::check::Reads::default();
    reads.add_value(value);
    when.into_iter().for_each(|when| reads.add_pred(when));
    let mut seen = std::collections::BTreeSet::new();
    let mut queue: Vec<_> = reads.defines.iter().copied().collect();
    while let Some(define) = queue.pop() {
        let item = scope(db, project).item_of(Def::Define(define)).filter(|_| seen.insert(define));
        if let Some(item) = item {
            let of_define = &checked(db, project, item.clone()).reads;
            reads.tags.extend(&of_define.tags);
            queue.extend(&of_define.defines);
        }
    }
    reads.tags.into_iter().collect()
}

/// Flows by the tag at the other end and the file in between.
#[derive(Default)]
struct Flows(BTreeMap<(String, String), Between>);

/// What lies between two tags in one file.
struct Between {
    other: ItemRef,
    places: Vec<Place>,
    rules: Vec<String>,
}

impl Flows {
    fn add(&mut self, db: &dyn Db, other: &ItemRef, rule: &ItemRef, node: NodeId) {
        let key = (other.key.name.clone(), rule.file.path(db).to_owned());
        let between = self.0.entry(key).or_insert_with(|| Between {
            other: other.clone(),
            places: Vec::new(),
            rules: Vec::new(),
        });
        let place = Place { file: rule.file, range: range_of(db, &rule.anchor(node)) };
        if !between.places.contains(&place) {
            between.places.push(place);
        }
        if !between.rules.contains(&rule.key.name) {
            between.rules.push(rule.key.name.clone());
        }
    }

    fn finish(self, db: &dyn Db, project: Project) -> Vec<Flow> {
        let flows = self.0.into_values();
        flows
            .map(|between| Flow {
                tag: flow_item(db, project, between.other),
                at: between.places,
                rules: between.rules,
            })
            .collect()
    }
}
