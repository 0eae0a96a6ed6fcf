//! What a plan is made for.

use chrono::{DateTime, Utc};
use tagpol_sema::program::{Loc, Pred};

use crate::layout::{StatementLimits, TextLimit};

/// What a plan is made for, besides the program and the snapshot: the clock, what is to be found out, and limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The clock. What is finer than a microsecond is cut off, as snapshots hold no finer times.
    pub now: DateTime<Utc>,
    /// Whether the policies and goals of the program are evaluated; its tags always are.
    pub findings: bool,
    /// Conditions whose truth is wanted of each resource; [`Plan::predicates`](crate::Plan::predicates)
    /// has their columns, in this order.
    pub predicates: Vec<Predicate>,
    /// Columns of the relation that the evaluated inventory has too; [`Plan::kept`](crate::Plan::kept) has them, in
    /// this order.
    pub keep: Vec<String>,
    /// The longest text that an expression may compute.
    pub text_limit: TextLimit,
    /// How much goes into one statement.
    pub limits: StatementLimits,
}

/// A condition whose truth is wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Predicate {
    /// The condition.
    pub pred: Pred,
    /// Where it was written, for errors.
    pub loc: Loc,
}

impl Request {
    /// Returns the request for an evaluation at a time, with the usual limits.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self {
            now,
            findings: true,
            predicates: Vec::new(),
            keep: Vec::new(),
            text_limit: TextLimit::default(),
            limits: StatementLimits::default(),
        }
    }

    /// Asks for the truth of conditions instead of the findings of policies.
    #[must_use]
    pub fn for_predicates(self, predicates: Vec<Predicate>) -> Self {
        Self { findings: false, predicates, ..self }
    }
}

impl Predicate {
    /// A condition that was not written in a file.
    pub fn of_request(pred: Pred) -> Self {
        Self { pred, loc: Loc { file: "".into(), line: 1, column: 1 } }
    }
}
