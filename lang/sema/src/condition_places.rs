//! Where the parts of conditions were written.
//!
//! A [`Program`] has the places of items, checks, actions and arms, which is
//! what findings need. Whoever points at single parts (coverage, mutation, explanations) asks here.
//! What comes back has the shape of the program: a [`Place`] has a part for each part of its
//! [`Pred`](crate::program::Pred).

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::check::{Typed, checked};
use crate::db::{Db, Project};
use crate::formats::fold_key;
use crate::hir::{self, Body, Expr, NodeId};
use crate::layers::{Layered, layered};
use crate::names::{Def, ItemRef, Scope, scope};
use crate::places::Places as Lookup;
use crate::program::{Loc, Policy, Program};
use crate::project::analysis;

/// Where a condition was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The value that it begins with.
    pub loc: Loc,
    /// Its parts: those of `and` and `or`, the inside of `not`.
    pub parts: Vec<Self>,
}

/// The places of all conditions of a program without errors, in the shape of the program.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Places {
    /// Paths of the project's own files, as a [`Loc`] has them; those of used modules are not here.
    pub own_files: BTreeSet<Arc<str>>,
    /// By tag, and by its `normalize` items.
    pub normalizes: Vec<Vec<NormalizePlaces>>,
    /// By predicate.
    pub defines: Vec<Option<Place>>,
    /// By rule: its `when`.
    pub rules: Vec<Option<Place>>,
    /// By policy.
    pub policies: Vec<PolicyPlaces>,
    /// By waiver: its scope.
    pub exemptions: Vec<Option<Place>>,
}

/// The places in a `normalize`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NormalizePlaces {
    /// Its `where`.
    pub scope: Option<Place>,
    /// Its keys; the tag's own name, where it is not listed, has the place of the item.
    pub keys: Vec<Loc>,
}

/// The places in a policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PolicyPlaces {
    /// Its `where`.
    pub scope: Option<Place>,
    /// By check.
    pub checks: Vec<Place>,
}

impl Places {
    /// Whether something was written in a file of the project, not in a module that it uses.
    pub fn is_own(&self, loc: &Loc) -> bool {
        self.own_files.contains(&loc.file)
    }

    /// Keeps the places of some policies of the program only, and those of their waivers, as
    /// [`Program::retain_policies`] does. `program` still has all of them.
    pub fn retain_policies(&mut self, program: &Program, keep: impl Fn(&Policy) -> bool) {
        let kept: Vec<bool> = program.policies.iter().map(keep).collect();
        let is_kept = |policy: usize| kept.get(policy).copied().unwrap_or(true);
        let mut at = 0..;
        self.policies.retain(|_| at.next().is_none_or(is_kept));
        let mut waivers = program.exemptions.iter();
        self.exemptions.retain(|_| waivers.next().is_none_or(|waiver| is_kept(waiver.policy)));
    }
}

/// Returns the places of the conditions of a project without errors.
pub fn places(db: &dyn Db, project: Project) -> Places {
    let scope = scope(db, project);
    let finder = Finder { db, lookup: Lookup { db }, names: scope };
    let program = &analysis(db, project).program;
    Places {
        own_files: project.files(db).iter().map(|file| Arc::from(file.path(db))).collect(),
        normalizes: finder.normalizes(project, scope, program),
        defines: scope.defines.iter().map(|item| finder.define(item)).collect(),
        rules: scope.rules.iter().map(|item| finder.rule(item)).collect(),
        policies: scope.policies.iter().map(|item| finder.policy(item)).collect(),
        exemptions: finder.exemptions(project, scope),
    }
}

struct Finder<'a> {
    db: &'a dyn Db,
    lookup: Lookup<'a>,
    names: &'a Scope,
}

impl Finder<'_> {
    fn loc(&self, item: &ItemRef, node: NodeId) -> Loc {
        self.lookup.loc(&item.anchor(node))
    }

    fn body(&self, item: &ItemRef) -> Option<Body> {
        item.item(self.db).map(|item| item.body.clone())
    }

    fn place(&self, item: &ItemRef, expr: &Expr) -> Place {
        let node = expr.subject().map_or(NodeId(0), hir::Value::id);
        let parts = match expr {
            Expr::Or(parts) | Expr::And(parts) => parts.iter().map(|part| self.place(item, part)).collect(),
            Expr::Not(inner) => vec![self.place(item, inner)],
            // `is not X` is `not` of `is X`.
            Expr::Is { negated: true, .. } => vec![Place { loc: self.loc(item, node), parts: Vec::new() }],
            // `not in TABLE` is the value being set, and `not` of its row being there.
            Expr::InNamed { negated: true, name, .. }
                if matches!(self.names.names.get(&name.text), Some(Def::Table(_))) =>
            {
                let leaf = || Place { loc: self.loc(item, node), parts: Vec::new() };
                vec![leaf(), Place { parts: vec![leaf()], ..leaf() }]
            }
            _ => Vec::new(),
        };
        Place { loc: self.loc(item, node), parts }
    }

    fn scope(&self, item: &ItemRef, scopes: &[(NodeId, Option<Expr>)]) -> Option<Place> {
        let (_, expr) = scopes.first()?;
        expr.as_ref().map(|expr| self.place(item, expr))
    }

    fn define(&self, item: &ItemRef) -> Option<Place> {
        match self.body(item)? {
            Body::Define(expr) => Some(self.place(item, &expr)),
            _ => None,
        }
    }

    /// Several `when`s are one condition: all of them.
    fn rule(&self, item: &ItemRef) -> Option<Place> {
        let Body::Rule(rule) = self.body(item)? else { return None };
        let mut parts: Vec<Place> = rule.when.iter().map(|expr| self.place(item, expr)).collect();
        match parts.len() {
            0 | 1 => parts.pop(),
            _ => Some(Place { loc: parts.first()?.loc.clone(), parts }),
        }
    }

    fn policy(&self, item: &ItemRef) -> PolicyPlaces {
        let Some(Body::Policy(policy)) = self.body(item) else { return PolicyPlaces::default() };
        PolicyPlaces {
            scope: self.scope(item, &policy.scopes),
            checks: policy.checks.iter().map(|check| self.place(item, &check.expr)).collect(),
        }
    }

    fn exemptions(&self, project: Project, scope: &Scope) -> Vec<Option<Place>> {
        let items = scope.items.iter();
        let places = items.flat_map(|item| {
            let waived = match &checked(self.db, project, item.clone()).typed {
                Some(Typed::Exempt(exemptions, _)) => exemptions.len(),
                _ => 0,
            };
            let place = match self.body(item) {
                Some(Body::Exempt(exempt)) => self.scope(item, &exempt.scopes),
                _ => None,
            };
            std::iter::repeat_n(place, waived)
        });
        places.collect()
    }

    fn normalizes(&self, project: Project, scope: &Scope, program: &Program) -> Vec<Vec<NormalizePlaces>> {
        let mut by_tag = vec![Vec::new(); program.tags.len()];
        for item in &scope.items {
            if let Some(Typed::Normalize(tag, typed, _)) = &checked(self.db, project, item.clone()).typed
                && let Some(items) = by_tag.get_mut(tag.0 as usize)
            {
                items.push((item.clone(), (**typed).clone()));
            }
        }
        let places = by_tag.into_iter().map(|items| {
            let layers = layered(items, |item| item.file.module(self.db).is_some());
            layers.iter().filter_map(|layer| self.normalize(layer)).collect()
        });
        places.collect()
    }

    fn normalize(&self, (items, normalize): &Layered) -> Option<NormalizePlaces> {
        let bodies: Vec<(&ItemRef, Body)> =
            items.iter().filter_map(|item| Some((item, self.body(item)?))).collect();
        let listed = |key: &String| {
            bodies.iter().find_map(|(item, body)| {
                let Body::Normalize(body) = body else { return None };
                let listed = body.keys.iter().find(|listed| fold_key(&listed.value) == fold_key(key))?;
                Some(self.loc(item, listed.id))
            })
        };
        let (first, body) = bodies.first()?;
        let Body::Normalize(body) = body else { return None };
        let keys = normalize.keys.iter().map(|key| listed(key).unwrap_or_else(|| self.loc(first, NodeId(0))));
        Some(NormalizePlaces {
            keys: keys.collect(),
            scope: body.scope.as_ref().map(|expr| self.place(first, expr)),
        })
    }
}
