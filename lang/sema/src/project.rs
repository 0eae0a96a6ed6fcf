//! A whole project: the typed program and everything there is to say about it.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use tagpol_syntax::{SyntaxErrorKind, TextRange};

use crate::check::{Checked, Reads, Typed, checked, table_decl, tag_decl};
use crate::circles::{self, Circle};
use crate::codes::Code;
use crate::db::{Db, Project, SourceFile, parsed};
use crate::diagnostic::{Anchor, Diagnostic, Draft, Fix, Level, Related};
use crate::hir::{ItemKind, NodeId};
use crate::names::{Def, ItemRef, Scope, scope};
use crate::places::Places;
use crate::program::{
    Allocation, Define, DefineId, Exemption, Goal, Inference, Normalize, Policy, Program, Rule, Table, Tag,
    TagId, Test,
};

/// A checked project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Analysis {
    /// The program. Complete only where [`Analysis::has_errors`] is false: items that are wrong
    /// are left out of it.
    pub program: Program,
    /// Ordered by (file, position).
    pub diagnostics: Vec<Diagnostic>,
}

impl Analysis {
    /// Whether the program may not be evaluated.
    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.level() == Level::Error)
    }
}

/// Checks a project.
#[salsa::tracked(returns(ref))]
pub fn analysis(db: &dyn Db, project: Project) -> Analysis {
    let scope = scope(db, project);
    let strata = order(db, project);
    let places = Places { db };
    let mut parts = Parts::default();
    for item in &scope.items {
        if let Some(typed) = &checked(db, project, item.clone()).typed {
            parts.add(scope, item, typed, &places);
        }
    }
    let mut tags: Vec<Tag> = scope.tags.iter().map(|item| tag(db, project, item, &places)).collect();
    for (TagId(tag), normalize) in parts.normalizes {
        if let Some(tag) = tags.get_mut(tag as usize) {
            tag.normalizes.push(normalize);
        }
    }
    let program = Program {
        tags,
        defines: parts.defines.into_values().collect(),
        rules: parts.rules.into_values().collect(),
        policies: parts.policies.into_values().collect(),
        tables: scope.tables.iter().filter_map(|item| table(db, project, item, &places)).collect(),
        inferences: parts.inferences.into_values().collect(),
        goals: parts.goals.into_values().collect(),
        allocations: parts.allocations.into_values().collect(),
        exemptions: parts.exemptions,
        tests: parts.tests,
        strata: strata.strata.clone(),
    };
    let diagnostics = diagnostics(db, project, scope, &strata.drafts, &places);
    Analysis { program, diagnostics }
}

/// The parts of a program with their places, those with an index ordered by it.
#[derive(Default)]
struct Parts {
    normalizes: Vec<(TagId, Normalize)>,
    defines: BTreeMap<DefineId, Define>,
    rules: BTreeMap<usize, Rule>,
    policies: BTreeMap<usize, Policy>,
    inferences: BTreeMap<TagId, Inference>,
    goals: BTreeMap<usize, Goal>,
    allocations: BTreeMap<usize, Allocation>,
    exemptions: Vec<Exemption>,
    tests: Vec<Test>,
}

impl Parts {
    /// Adds an item. One whose name is taken by an earlier item is left out.
    fn add(&mut self, scope: &Scope, item: &ItemRef, typed: &Typed, places: &Places<'_>) {
        let loc = places.loc(&item.name_anchor());
        let at = |node: &NodeId| places.loc(&item.anchor(*node));
        match (typed, scope.def_of(item)) {
            (Typed::Define(pred), Some(Def::Define(id))) => {
                self.defines.insert(id, Define { name: item.key.name.clone(), pred: pred.clone(), loc });
            }
            (Typed::Rule(rule, nodes), Some(Def::Rule(index))) => {
                let mut rule = Rule { loc, ..(**rule).clone() };
                rule.actions.iter_mut().zip(nodes).for_each(|(action, node)| action.loc = at(node));
                self.rules.insert(index, rule);
            }
            (Typed::Policy(policy, nodes, remedies), Some(Def::Policy(index))) => {
                let mut policy = Policy { loc, ..(**policy).clone() };
                policy.checks.iter_mut().zip(nodes).for_each(|(check, node)| check.loc = at(node));
                policy.remedies.iter_mut().zip(remedies).for_each(|(remedy, node)| remedy.loc = at(node));
                self.policies.insert(index, policy);
            }
            (Typed::Normalize(tag, normalize, nodes), _) => {
                let mut normalize = Normalize { loc, ..(**normalize).clone() };
                normalize.arms.iter_mut().zip(nodes).for_each(|(arm, node)| arm.loc = at(node));
                self.normalizes.push((*tag, normalize));
            }
            (Typed::Exempt(exemption), _) => self.exemptions.push(Exemption { loc, ..(**exemption).clone() }),
            (Typed::Test(test, nodes), _) => {
                let mut test = Test { loc, ..(**test).clone() };
                test.expects.iter_mut().zip(nodes).for_each(|(expect, node)| expect.loc = at(node));
                self.tests.push(test);
            }
            (Typed::Infer(inferences, nodes), _) => {
                for (inference, node) in inferences.iter().zip(nodes) {
                    let inference = Inference { loc: at(node), ..inference.clone() };
                    self.inferences.entry(inference.tag).or_insert(inference);
                }
            }
            (Typed::Goal(goal), Some(Def::Goal(index))) => {
                self.goals.insert(index, Goal { loc, ..(**goal).clone() });
            }
            (Typed::Allocate(allocation), Some(Def::Allocation(index))) => {
                self.allocations.insert(index, Allocation { loc, ..(**allocation).clone() });
            }
            // Tags and tables come from their declarations; the rest has a name that is taken.
            _ => {}
        }
    }
}

fn tag(db: &dyn Db, project: Project, item: &ItemRef, places: &Places<'_>) -> Tag {
    let decl = tag_decl(db, project, item.clone());
    Tag {
        name: item.key.name.clone(),
        doc: item.item(db).map(|item| item.doc.clone()).unwrap_or_default(),
        ty: decl.ty.clone().unwrap_or(crate::program::TagType::Text),
        importance: decl.importance,
        default: decl.default.clone(),
        normalizes: Vec::new(),
        loc: places.loc(&item.name_anchor()),
    }
}

/// None where its declaration is wrong, which has been reported.
fn table(db: &dyn Db, project: Project, item: &ItemRef, places: &Places<'_>) -> Option<Table> {
    let table = table_decl(db, project, item.clone()).table.clone()?;
    Some(Table { loc: places.loc(&item.name_anchor()), ..table })
}

/// The order in which tags are evaluated.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Order {
    /// Tags grouped so that each reads tags of earlier groups only; those in circles left out.
    pub strata: Vec<Vec<TagId>>,
    pub(crate) drafts: Vec<Draft>,
}

/// Orders the tags by what their rules read. Reads no places, so that moved text re-runs nothing.
#[salsa::tracked(returns(ref))]
pub fn order(db: &dyn Db, project: Project) -> Order {
    let scope = scope(db, project);
    let mut order = Order::default();
    let define_reads: Vec<&Reads> =
        scope.defines.iter().map(|item| &checked(db, project, item.clone()).reads).collect();
    report_define_circles(scope, &define_reads, &mut order.drafts);
    let mut edges: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); scope.tags.len()];
    let mut feeders: Vec<Vec<&ItemRef>> = vec![Vec::new(); scope.tags.len()];
    for item in &scope.items {
        let Checked { typed, reads, .. } = checked(db, project, item.clone());
        match (item.key.kind, typed) {
            (ItemKind::Normalize, _) => {
                let read = transitive(reads, &define_reads);
                if !read.is_empty() {
                    order.drafts.push(normalize_reads_tags(scope, item, &read));
                }
            }
            (ItemKind::Rule, Some(Typed::Rule(rule, _))) => {
                for action in &rule.actions {
                    let mut reads = Reads::default();
                    rule.when.iter().for_each(|when| reads.add_pred(when));
                    reads.add_value(&action.value);
                    let target = action.tag.0 as usize;
                    if let (Some(edges), Some(feeders)) = (edges.get_mut(target), feeders.get_mut(target)) {
                        edges.extend(transitive(&reads, &define_reads).iter().map(|tag| tag.0 as usize));
                        feeders.push(item);
                    }
                }
            }
            _ => {}
        }
    }
    let (strata, circles) = circles::layers(&edges);
    order.strata = strata.into_iter().map(|layer| layer.into_iter().map(tag_id).collect()).collect();
    order.drafts.extend(circles.iter().map(|circle| tag_circle(scope, circle, &feeders)));
    order.drafts.extend(inferred_twice(db, project, scope));
    order.drafts.extend(rules_that_read_sources(db, project, scope, &define_reads));
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

fn report_define_circles(scope: &Scope, reads: &[&Reads], drafts: &mut Vec<Draft>) {
    let edges: Vec<BTreeSet<usize>> =
        reads.iter().map(|reads| reads.defines.iter().map(|id| id.0 as usize).collect()).collect();
    for circle in circles::layers(&edges).1 {
        let names = circle.names(|i| scope.defines.get(i).map(|item| item.key.name.as_str()));
        let Some(first) = circle.members.first().and_then(|i| scope.defines.get(*i)) else { continue };
        let draft =
            Draft::new(Code::E0032, first.name_anchor(), format!("predicates go in a circle: {names}"))
                .help("a predicate may not lead back to itself");
        drafts.push(draft);
    }
}

fn normalize_reads_tags(scope: &Scope, item: &ItemRef, read: &BTreeSet<TagId>) -> Draft {
    let names: Vec<&str> = read
        .iter()
        .filter_map(|tag| scope.tags.get(tag.0 as usize))
        .map(|item| item.key.name.as_str())
        .collect();
    let message = format!("the scope of this `normalize` reads {}", names.join(", "));
    Draft::new(Code::E0033, item.name_anchor(), message)
        .help("it runs before any virtual tag has a value; ask attributes (`resource.provider`) and native keys (`native[\"Key\"]`)")
}

fn tag_circle(scope: &Scope, circle: &Circle, feeders: &[Vec<&ItemRef>]) -> Draft {
    let names = circle.names(|i| scope.tags.get(i).map(|item| item.key.name.as_str()));
    let mut rules: Vec<&ItemRef> =
        circle.members.iter().filter_map(|i| feeders.get(*i)).flatten().copied().collect();
    rules.dedup();
    let anchor = rules.first().map_or_else(|| unreachable_anchor(scope), |rule| rule.name_anchor());
    let message = match circle.members.as_slice() {
        [_] => format!("a tag depends on itself: {names}"),
        _ => format!("tags depend on each other in a circle: {names}"),
    };
    let mut draft = Draft::new(Code::E0030, anchor, message)
        .help("let one of the rules read the native value instead: `native.TAG`, or `native[\"Key\"]`");
    for rule in rules.iter().skip(1) {
        draft = draft.related(rule.name_anchor(), "this rule is part of the circle");
    }
    draft
}

/// A circle has tags, so there is a tag to point at.
fn unreachable_anchor(scope: &Scope) -> Anchor {
    #[expect(clippy::indexing_slicing, reason = "a circle of tags has a tag")]
    scope.tags[0].name_anchor()
}

/// Rules whose condition asks where a value came from, which could make the answer depend on
/// itself.
fn rules_that_read_sources(db: &dyn Db, project: Project, scope: &Scope, defines: &[&Reads]) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for item in &scope.rules {
        let reads = &checked(db, project, item.clone()).reads;
        let through = reachable(reads, defines);
        let source =
            reads.sources || through.iter().any(|id| defines.get(id.0 as usize).is_some_and(|r| r.sources));
        if source {
            let message = format!("rule `{}` reads where a value came from", item.key.name);
            drafts.push(
                Draft::new(Code::E0034, item.name_anchor(), message)
                    .help("`TAG.source` is for policies and reports; a rule decides where values come from"),
            );
        }
    }
    drafts
}

/// Tags that two `infer` items speak of.
fn inferred_twice(db: &dyn Db, project: Project, scope: &Scope) -> Vec<Draft> {
    let mut first: BTreeMap<TagId, Anchor> = BTreeMap::new();
    let mut drafts = Vec::new();
    for item in scope.items.iter().filter(|item| item.key.kind == ItemKind::Infer) {
        let Some(Typed::Infer(inferences, nodes)) = &checked(db, project, item.clone()).typed else {
            continue;
        };
        for (inference, node) in inferences.iter().zip(nodes) {
            let at = item.anchor(*node);
            let Some(other) = first.get(&inference.tag) else {
                first.insert(inference.tag, at);
                continue;
            };
            let name = scope.tags.get(inference.tag.0 as usize).map_or("", |tag| tag.key.name.as_str());
            drafts.push(
                Draft::new(Code::E0041, at, format!("`infer` speaks of `{name}` twice"))
                    .label("written here again")
                    .related(other.clone(), "first written here"),
            );
        }
    }
    drafts
}

/// Everything that is wrong, ordered by (file, position), each thing once.
fn diagnostics(
    db: &dyn Db,
    project: Project,
    scope: &Scope,
    order: &[Draft],
    places: &Places<'_>,
) -> Vec<Diagnostic> {
    let mut files: Vec<SourceFile> = project.files(db).to_vec();
    for item in &scope.items {
        if !files.contains(&item.file) {
            files.push(item.file);
        }
    }
    let mut all: Vec<Diagnostic> = files.iter().flat_map(|file| syntax_errors(db, *file)).collect();
    let of_items = scope.items.iter().flat_map(|item| {
        let decl = match item.key.kind {
            ItemKind::Tag => Some(tag_decl(db, project, item.clone()).drafts.iter()),
            ItemKind::Table => Some(table_decl(db, project, item.clone()).drafts.iter()),
            _ => None,
        };
        checked(db, project, item.clone()).drafts.iter().chain(decl.into_iter().flatten())
    });
    // A label or a message of several checks is judged with each of them.
    let mut told: HashSet<(Code, SourceFile, TextRange, &str)> = HashSet::new();
    for draft in scope.drafts.iter().chain(of_items).chain(order) {
        if told.insert((draft.code, draft.at.file, places.range(&draft.at), &draft.message)) {
            all.push(places.diagnostic(draft));
        }
    }
    sort(db, &mut all);
    all
}

/// Orders diagnostics by (file, position).
pub(crate) fn sort(db: &dyn Db, diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by_cached_key(|d| (d.file.path(db).to_owned(), d.range.start(), d.range.end(), d.code));
}

fn syntax_errors(db: &dyn Db, file: SourceFile) -> Vec<Diagnostic> {
    let errors = parsed(db, file).errors().iter().map(|error| {
        let related = error.related.iter().map(|(range, message)| Related {
            file,
            range: *range,
            message: message.clone(),
        });
        Diagnostic {
            level: Level::Error,
            code: match error.kind {
                SyntaxErrorKind::Unexpected => Code::E0001,
                SyntaxErrorKind::MissingClose => Code::E0002,
                SyntaxErrorKind::UnterminatedString => Code::E0003,
                SyntaxErrorKind::WrongOperator => Code::E0004,
                SyntaxErrorKind::TooDeep => Code::E0005,
            },
            file,
            range: error.range,
            message: error.message.clone(),
            label: error.label.clone(),
            related: related.collect(),
            help: error.help.clone(),
            fix: error.fix.as_ref().map(|(range, text)| Fix { range: *range, text: text.clone() }),
        }
    });
    errors.collect()
}
