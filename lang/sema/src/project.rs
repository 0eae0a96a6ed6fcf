//! A whole project: the typed program and everything there is to say about it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::check::{Typed, checked, table_decl, tag_decl};
use crate::db::{Db, Project};
use crate::diagnostic::{Diagnostic, Level};
use crate::evaluation_order::order;
use crate::hir::NodeId;
use crate::layers::layered;
use crate::names::{Def, ItemRef, Scope, scope};
use crate::places::Places;
use crate::program::{
    Allocation, Define, DefineId, Exemption, Goal, Inference, Normalize, Policy, Program, Relation,
    RelationId, Rule, Table, Tag, TagId, Test,
};
use crate::report::errors;

/// A checked project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Analysis {
    /// The program. Complete only if [`Analysis::has_errors`] is false: items that are wrong
    /// are left out of it.
    pub program: Arc<Program>,
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
    Analysis { program: Arc::clone(typed_program(db, project)), diagnostics: errors(db, project) }
}

/// Puts the typed program together. Reads the places of all items, so any edit re-runs it; editors
/// ask for [`file_errors`] instead.
#[salsa::tracked(returns(ref))]
pub fn typed_program(db: &dyn Db, project: Project) -> Arc<Program> {
    let scope = scope(db, project);
    let places = Places { db };
    let mut parts = Parts::default();
    for item in &scope.items {
        if let Some(typed) = &checked(db, project, item.clone()).typed {
            parts.add(scope, item, typed, &places);
        }
    }
    let mut tags: Vec<Tag> = scope.tags.iter().map(|item| tag(db, project, item, &places)).collect();
    for (TagId(tag), normalizes) in parts.normalizes {
        if let Some(tag) = tags.get_mut(tag as usize) {
            let layers = layered(normalizes, |item| item.file.module(db).is_some());
            tag.normalizes = layers.into_iter().map(|(_, normalize)| normalize).collect();
        }
    }
    Arc::new(Program {
        tags,
        defines: parts.defines.into_values().collect(),
        rules: parts.rules.into_values().collect(),
        policies: parts.policies.into_values().collect(),
        tables: scope.tables.iter().filter_map(|item| table(db, project, item, &places)).collect(),
        relations: parts.relations.into_values().collect(),
        inferences: parts.inferences.into_values().collect(),
        goals: parts.goals.into_values().collect(),
        allocations: parts.allocations.into_values().collect(),
        exemptions: parts.exemptions,
        tests: parts.tests,
        strata: order(db, project).strata.clone(),
    })
}

/// The parts of a program with their places, those with an index ordered by it.
#[derive(Default)]
struct Parts {
    normalizes: BTreeMap<TagId, Vec<(ItemRef, Normalize)>>,
    defines: BTreeMap<DefineId, Define>,
    rules: BTreeMap<usize, Rule>,
    policies: BTreeMap<usize, Policy>,
    relations: BTreeMap<RelationId, Relation>,
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
                self.normalizes.entry(*tag).or_default().push((item.clone(), normalize));
            }
            (Typed::Exempt(exemptions, nodes), _) => {
                let placed = exemptions.iter().zip(nodes);
                let placed = placed.map(|(exemption, node)| Exemption { loc: at(node), ..exemption.clone() });
                self.exemptions.extend(placed);
            }
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
            (Typed::Relation(relation), Some(Def::Relation(id))) => {
                self.relations.insert(id, Relation { loc, ..(**relation).clone() });
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

/// None if its declaration is wrong, which has been reported.
fn table(db: &dyn Db, project: Project, item: &ItemRef, places: &Places<'_>) -> Option<Table> {
    let table = table_decl(db, project, item.clone()).table.clone()?;
    Some(Table { loc: places.loc(&item.name_anchor()), ..table })
}
