//! Predicates that tests ask for.
//!
//! The engine says of a resource which checks it breaks. So each predicate that is asked for becomes
//! a policy behind those of the program, which is broken where the predicate holds.

use std::collections::BTreeSet;

use tagpol_sema::program::{Check, CheckKind, DefineId, ExpectKind, Policy, Pred, Program, Severity};

/// A program with its predicates to be asked for.
pub(super) struct Asked {
    /// The program, and one policy more for each predicate.
    pub(super) program: Program,
    /// The predicates, in the order of these policies.
    defines: Vec<DefineId>,
    /// How many policies stand before them.
    policies: usize,
}

impl Asked {
    /// Finds what the tests of a program ask for.
    pub(super) fn of(program: &Program) -> Self {
        let expects = program.tests.iter().flat_map(|test| &test.expects);
        let defines: BTreeSet<DefineId> = expects
            .filter_map(|expect| match expect.kind {
                ExpectKind::Holds { define, .. } => Some(define),
                _ => None,
            })
            .collect();
        let policies = program.policies.len();
        let mut program = program.clone();
        let asking: Vec<Policy> = defines.iter().map(|define| policy(&program, *define)).collect();
        program.policies.extend(asking);
        Self { program, defines: defines.into_iter().collect(), policies }
    }

    /// Returns the predicate that a policy, by its index, asks for; None for one that was written.
    pub(super) fn by(&self, policy: usize) -> Option<DefineId> {
        self.defines.get(policy.checked_sub(self.policies)?).copied()
    }
}

fn policy(program: &Program, id: DefineId) -> Policy {
    let define = program.define(id);
    let check = Check {
        id: define.name.clone(),
        kind: CheckKind::Forbid,
        pred: Pred::Named(id),
        tag: None,
        message: None,
        expectation: "hold".to_owned(),
        loc: define.loc.clone(),
    };
    Policy {
        name: define.name.clone(),
        doc: String::new(),
        severity: Severity::Low,
        scope: None,
        checks: vec![check],
        grace: None,
        escalate: None,
        controls: Vec::new(),
        remedies: Vec::new(),
        loc: define.loc.clone(),
    }
}
