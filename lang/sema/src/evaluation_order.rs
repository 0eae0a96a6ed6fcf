//! The order in which tags are evaluated, and what goes in cycles.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::{Checked, Reads, Typed, checked};
use crate::codes::Code;
use crate::db::{Db, Project, SourceFile};
use crate::diagnostic::{Anchor, Draft};
use crate::graph::{self, Cycle};
use crate::hir::{ItemKind, NodeId};
use crate::names::{Def, ItemRef, Scope, items_in_scope, scope};
use crate::program::{DefineId, Measure, TagId};

/// The order in which tags are evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Order {
    /// Tags grouped so that each reads tags of earlier groups only; those in cycles left out.
    pub strata: Vec<Vec<TagId>>,
    pub(crate) drafts: Vec<Draft>,
}

/// What an item refers to, as far as the order of the tags depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Refers {
    /// What a predicate refers to, and how deep its condition is nested.
    Define(Reads, usize),
    Normalize(Reads),
    /// What a rule as a whole refers to, and what each of its actions gives a value to, and reads.
    Rule(Reads, Vec<(TagId, Reads)>),
    Infer(Vec<(TagId, NodeId)>),
    /// A policy, a waiver or a goal by count: what is about resources only.
    Resources(Reads),
}

/// Collects what the items of a file refer to. An edit that changes nothing of it stops here.
#[salsa::tracked(returns(ref))]
fn file_refers(db: &dyn Db, project: Project, file: SourceFile) -> Vec<(ItemRef, Refers)> {
    let refers = |item: ItemRef| {
        let of = match item.key.kind {
            ItemKind::Define
            | ItemKind::Normalize
            | ItemKind::Rule
            | ItemKind::Infer
            | ItemKind::Policy
            | ItemKind::Exempt
            | ItemKind::Goal => refers_of(item.key.kind, checked(db, project, item.clone()))?,
            _ => return None,
        };
        Some((item, of))
    };
    items_in_scope(db, project, file).into_iter().filter_map(refers).collect()
}

fn refers_of(kind: ItemKind, checked: &Checked) -> Option<Refers> {
    let reads = checked.reads.clone();
    Some(match (kind, &checked.typed) {
        (ItemKind::Define, Some(Typed::Define(pred))) => Refers::Define(reads, pred.nesting()),
        (ItemKind::Define, _) => Refers::Define(reads, 1),
        (ItemKind::Normalize, _) => Refers::Normalize(reads),
        (ItemKind::Rule, typed) => {
            let rule = match typed {
                Some(Typed::Rule(rule, _)) => Some(rule),
                _ => None,
            };
            let actions = rule.iter().flat_map(|rule| &rule.actions).map(|action| {
                let mut reads = Reads::default();
                rule.iter().flat_map(|rule| &rule.when).for_each(|when| reads.add_pred(when));
                reads.add_value(&action.value);
                (action.tag, reads)
            });
            Refers::Rule(reads, actions.collect())
        }
        (_, Some(Typed::Infer(inferences, nodes))) => Refers::Infer(
            inferences.iter().map(|inference| inference.tag).zip(nodes.iter().copied()).collect(),
        ),
        (ItemKind::Policy | ItemKind::Exempt, _) if !reads.defines.is_empty() => Refers::Resources(reads),
        (_, Some(Typed::Goal(goal))) if goal.by() == Measure::Count && !reads.defines.is_empty() => {
            Refers::Resources(reads)
        }
        _ => return None,
    })
}

/// Orders the tags by what their rules read. Reads no places, so that moved text re-runs nothing.
#[salsa::tracked(returns(ref))]
pub fn order(db: &dyn Db, project: Project) -> Order {
    let scope = scope(db, project);
    let mut order = Order::default();
    let items: Vec<&(ItemRef, Refers)> =
        scope.files(db, project).into_iter().flat_map(|file| file_refers(db, project, file)).collect();
    let none = Reads::default();
    let mut define_reads: Vec<&Reads> = vec![&none; scope.defines.len()];
    let mut nestings = vec![1; scope.defines.len()];
    for (item, refers) in &items {
        if let (Refers::Define(reads, nesting), Some(Def::Define(id))) = (refers, scope.def_of(item))
            && let (Some(slot), Some(depth)) =
                (define_reads.get_mut(id.0 as usize), nestings.get_mut(id.0 as usize))
        {
            *slot = reads;
            *depth = *nesting;
        }
    }
    check_defines(scope, &define_reads, &nestings, &mut order.drafts);
    let mut edges: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); scope.tags.len()];
    let mut feeders: Vec<Vec<&ItemRef>> = vec![Vec::new(); scope.tags.len()];
    for (item, refers) in &items {
        match refers {
            Refers::Normalize(reads) => {
                let read = transitive(reads, &define_reads);
                if !read.is_empty() {
                    order.drafts.push(normalize_reads_tags(scope, item, &read));
                }
                let through = reachable(reads, &define_reads);
                let through = through.iter().filter_map(|id| define_reads.get(id.0 as usize).copied());
                let all: Vec<&Reads> = through.chain([reads]).collect();
                let asked = match () {
                    () if all.iter().any(|reads| !reads.relations.is_empty()) => "related resources",
                    () if all.iter().any(|reads| reads.native_of) => "the native keys of a tag",
                    () => continue,
                };
                order.drafts.push(scope_of_normalize(item, asked));
            }
            Refers::Rule(_, actions) => {
                for (tag, reads) in actions {
                    let target = tag.0 as usize;
                    if let (Some(edges), Some(feeders)) = (edges.get_mut(target), feeders.get_mut(target)) {
                        edges.extend(transitive(reads, &define_reads).iter().map(|tag| tag.0 as usize));
                        feeders.push(item);
                    }
                }
            }
            Refers::Define(..) | Refers::Infer(_) | Refers::Resources(_) => {}
        }
    }
    let (strata, cycles) = graph::layers(&edges);
    order.drafts.extend(too_deep(&scope.tags, &strata, "tags depend on each other"));
    order.strata = strata.into_iter().map(|layer| layer.into_iter().map(tag_id).collect()).collect();
    order.drafts.extend(cycles.iter().map(|cycle| tag_cycle(scope, cycle, &feeders)));
    order.drafts.extend(inferred_twice(scope, &items));
    order.drafts.extend(rules_that_read_sources(scope, &items, &define_reads));
    order.drafts.extend(resources_that_read_charges(scope, &items, &define_reads));
    order
}

fn tag_id(index: usize) -> TagId {
    TagId(u32::try_from(index).unwrap_or(u32::MAX))
}

/// The tags that something reads, through predicates too.
fn transitive(reads: &Reads, defines: &[&Reads]) -> BTreeSet<TagId> {
    let mut tags = reads.tags.clone();
    for define in reachable(reads, defines) {
        tags.extend(defines.get(define.0 as usize).into_iter().flat_map(|reads| &reads.tags));
    }
    tags
}

/// The predicates that something names, through others too.
fn reachable(reads: &Reads, defines: &[&Reads]) -> BTreeSet<DefineId> {
    let mut seen = BTreeSet::new();
    let mut queue: Vec<DefineId> = reads.defines.iter().copied().collect();
    while let Some(next) = queue.pop() {
        if seen.insert(next) {
            queue.extend(defines.get(next.0 as usize).into_iter().flat_map(|reads| &reads.defines));
        }
    }
    seen
}

/// Reports predicates that go in cycles or lead too deep. `nestings` are those of their own conditions.
fn check_defines(scope: &Scope, reads: &[&Reads], nestings: &[usize], drafts: &mut Vec<Draft>) {
    let edges: Vec<BTreeSet<usize>> =
        reads.iter().map(|reads| reads.defines.iter().map(|id| id.0 as usize).collect()).collect();
    let (layers, cycles) = graph::layers(&edges);
    let deep = too_deep(&scope.defines, &layers, "predicates lead into each other");
    drafts.extend(deep.or_else(|| nested_too_deep(scope, &edges, &layers, nestings)));
    for cycle in cycles {
        let names = cycle.names(|i| scope.defines.get(i).map(|item| item.key.name.as_str()));
        let Some(first) = cycle.members.first().and_then(|i| scope.defines.get(*i)) else { continue };
        let draft = Draft::new(
            Code::E0032,
            first.name_anchor(),
            format!("predicates define each other in a cycle: {names}"),
        )
        .help("a predicate cannot refer to itself, even indirectly");
        drafts.push(draft);
    }
}

/// How deep predicates may lead into each other, and tags. The database takes conditions of five times that
/// depth, and people stay below ten.
const MAX_DEPTH: usize = 200;

/// Tells of the first item that leads too deep; the others that do hang on it, or are as deep.
fn too_deep(items: &[ItemRef], layers: &[Vec<usize>], what: &str) -> Option<Draft> {
    let item = items.get(*layers.get(MAX_DEPTH)?.first()?)?;
    let message = format!("{what} more than {MAX_DEPTH} deep");
    Some(
        Draft::new(Code::E0005, item.name_anchor(), message)
            .label("the first that is too deep")
            .help("let it read something closer to the resource itself"),
    )
}

/// How deep conditions may be nested, those of the predicates that they use included. Whatever takes a
/// condition apart may then do so by calling itself, on the small stacks of threads too.
const MAX_NESTING: usize = 500;

/// Reports the first predicate whose condition is nested too deep, with those of the predicates it uses.
fn nested_too_deep(
    scope: &Scope,
    edges: &[BTreeSet<usize>],
    layers: &[Vec<usize>],
    nestings: &[usize],
) -> Option<Draft> {
    let mut depths = vec![0; nestings.len()];
    for &define in layers.iter().flatten() {
        let used = edges.get(define).into_iter().flatten();
        let below = used.filter_map(|used| depths.get(*used)).max().copied().unwrap_or(0);
        let depth = below + nestings.get(define).copied().unwrap_or(1);
        if depth > MAX_NESTING {
            let message = format!(
                "with the predicates that it uses, this condition is nested more than {MAX_NESTING} deep"
            );
            let item = scope.defines.get(define)?;
            return Some(
                Draft::new(Code::E0005, item.name_anchor(), message)
                    .label("the first that is too deep")
                    .help("write it with fewer brackets, or use fewer predicates within predicates"),
            );
        }
        if let Some(slot) = depths.get_mut(define) {
            *slot = depth;
        }
    }
    None
}

fn normalize_reads_tags(scope: &Scope, item: &ItemRef, read: &BTreeSet<TagId>) -> Draft {
    let names: Vec<&str> = read
        .iter()
        .filter_map(|tag| scope.tags.get(tag.0 as usize))
        .map(|item| item.key.name.as_str())
        .collect();
    scope_of_normalize(item, &names.join(", "))
}

fn scope_of_normalize(item: &ItemRef, read: &str) -> Draft {
    let message = format!("the scope of this `normalize` reads {read}");
    Draft::new(Code::E0033, item.name_anchor(), message)
        .help("it runs before any virtual tag has a value; read attributes (`resource.provider`) and native keys (`native[\"Key\"]`)")
}

fn tag_cycle(scope: &Scope, cycle: &Cycle, feeders: &[Vec<&ItemRef>]) -> Draft {
    let names = cycle.names(|i| scope.tags.get(i).map(|item| item.key.name.as_str()));
    let mut rules: Vec<&ItemRef> =
        cycle.members.iter().filter_map(|i| feeders.get(*i)).flatten().copied().collect();
    rules.dedup();
    let anchor = rules.first().map_or_else(|| unreachable_anchor(scope), |rule| rule.name_anchor());
    let message = match cycle.members.as_slice() {
        [_] => format!("a tag depends on itself: {names}"),
        _ => format!("tags depend on each other in a cycle: {names}"),
    };
    let mut draft = Draft::new(Code::E0030, anchor, message)
        .help("let one of the rules read the native value instead: `native.TAG`, or `native[\"Key\"]`");
    for rule in rules.iter().skip(1) {
        draft = draft.related(rule.name_anchor(), "this rule is part of the cycle");
    }
    draft
}

/// A cycle has tags, so there is a tag to point at.
fn unreachable_anchor(scope: &Scope) -> Anchor {
    #[expect(clippy::indexing_slicing, reason = "a cycle of tags has a tag")]
    scope.tags[0].name_anchor()
}

/// Rules whose condition asks where a value came from, which could make the answer depend on
/// itself.
fn rules_that_read_sources(scope: &Scope, items: &[&(ItemRef, Refers)], defines: &[&Reads]) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (item, refers) in items {
        let (Refers::Rule(reads, _), Some(Def::Rule(_))) = (refers, scope.def_of(item)) else { continue };
        let through = reachable(reads, defines);
        let source =
            reads.sources || through.iter().any(|id| defines.get(id.0 as usize).is_some_and(|r| r.sources));
        if source {
            let message = format!("rule `{}` reads where a value came from", item.key.name);
            drafts.push(
                Draft::new(Code::E0034, item.name_anchor(), message).help(
                    "`TAG.source` can be read in policies, not in rules, because rules decide the source",
                ),
            );
        }
    }
    drafts
}

/// Policies, waivers, scopes of `normalize` items and goals by count whose predicates read what only charges have.
fn resources_that_read_charges(
    scope: &Scope,
    items: &[&(ItemRef, Refers)],
    defines: &[&Reads],
) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (item, refers) in items {
        let (Refers::Resources(reads) | Refers::Normalize(reads)) = refers else { continue };
        let through = reachable(reads, defines).into_iter();
        let mut charges = through.filter(|id| defines.get(id.0 as usize).is_some_and(|reads| reads.charges));
        let Some(define) = charges.next().and_then(|id| scope.defines.get(id.0 as usize)) else { continue };
        let message = format!("predicate `{}` reads charges, and is used for resources", define.key.name);
        let help =
            "attributes of charges can be read in rules, in `allocate`, and in goals by cost and budgets";
        let draft = Draft::new(Code::E0013, item.name_anchor(), message)
            .related(define.name_anchor(), "the predicate")
            .help(help);
        drafts.push(draft);
    }
    drafts
}

/// Tags that two `infer` items refer to.
fn inferred_twice(scope: &Scope, items: &[&(ItemRef, Refers)]) -> Vec<Draft> {
    let mut first: BTreeMap<TagId, Anchor> = BTreeMap::new();
    let mut drafts = Vec::new();
    for (item, refers) in items {
        let Refers::Infer(tags) = refers else { continue };
        for (tag, node) in tags {
            let at = item.anchor(*node);
            let Some(other) = first.get(tag) else {
                first.insert(*tag, at);
                continue;
            };
            let name = scope.tags.get(tag.0 as usize).map_or("", |tag| tag.key.name.as_str());
            drafts.push(
                Draft::new(Code::E0041, at, format!("two `infer` items name `{name}`"))
                    .label("written here again")
                    .related(other.clone(), "first written here"),
            );
        }
    }
    drafts
}
