//! The predicates that tests expect to hold, or not to, as conditions of a request.

use std::collections::BTreeSet;

use tagpol_plan::{Predicate, Request};
use tagpol_sema::program::{DefineId, ExpectKind, Pred, Program};

/// Returns the predicates that the tests of a program name, in order.
pub(super) fn expected_defines(program: &Program) -> Vec<DefineId> {
    let expects = program.tests.iter().flat_map(|test| &test.expects);
    let defines: BTreeSet<DefineId> = expects
        .filter_map(|expect| match expect.kind {
            ExpectKind::Holds { define, .. } => Some(define),
            _ => None,
        })
        .collect();
    defines.into_iter().collect()
}

/// Adds predicates to a request.
pub(super) fn with_defines(program: &Program, defines: &[DefineId], request: Request) -> Request {
    let predicate =
        |id: &DefineId| Predicate { pred: Pred::Named(*id), loc: program.define(*id).loc.clone() };
    Request { predicates: defines.iter().map(predicate).collect(), ..request }
}
