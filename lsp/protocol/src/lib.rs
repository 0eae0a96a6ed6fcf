//! The protocol between the language server and the worker with the inventory.
//!
//! The worker is a separate process, so that a database that crashes, or takes too long, never blocks
//! typing. Messages are JSON, one per line, over its standard input and output: a [`Message`] to the worker, a
//! [`Reply`] from it. It responds in the order of the requests, except for [`Request::Cancel`], which it handles
//! at once. It ends when its input ends.
//!
//! Slow computations whose results change rarely are done by the learner, another process: it analyzes the whole
//! inventory, writes one [`Learnt`] and ends.

mod learnt;

pub use learnt::{Clue, Learnt, LearntRule, LearntSpelling, LearntTag, Likely, Trait};

use serde::{Deserialize, Serialize};

/// A request with its number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Repeated in the reply.
    pub id: u64,
    /// The request.
    pub ask: Request,
}

/// A response with the number of its request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reply {
    /// The number of the request.
    pub id: u64,
    /// The response.
    pub answer: Response,
}

/// A request to the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Take a project: [`Response::Opened`]. The first request.
    Open {
        /// The folder of its manifest; None: it has none.
        root: Option<String>,
        /// Its resources; None: requests that need no inventory follow.
        inventory: Option<Inventory>,
    },
    /// Take these texts of files: [`Response::Done`].
    Sync {
        /// Paths as they are shown, with their texts; None: the file is gone.
        files: Vec<(String, Option<String>)>,
        /// Whether there are no other files.
        all: bool,
    },
    /// Measure the policies: [`Response::Measured`].
    Measure,
    /// List the native keys that occur: [`Response::Keys`].
    Keys,
    /// List the values that occur: [`Response::Values`].
    Values(Subject),
    /// List the resources with open findings: [`Response::Violations`].
    Violations {
        /// The policy.
        policy: String,
        /// How many.
        limit: u64,
    },
    /// List resources: [`Response::Resources`].
    Resources {
        /// A text that their id or name contains.
        query: String,
        /// How many.
        limit: u64,
    },
    /// Evaluate everything: [`Response::Evaluated`].
    Evaluate,
    /// Explain a resource: [`Response::Explained`].
    Explain {
        /// Its id, its name, or the end of its id.
        resource: String,
    },
    /// Write the SQL: [`Response::Sql`].
    Sql,
    /// Run tests: [`Response::Tests`].
    Tests {
        /// Files and names; None: all.
        wanted: Option<Vec<(String, String)>>,
    },
    /// Cancel another request, whose response is then [`Response::Cancelled`]. This
    /// request has no response.
    Cancel(u64),
}

/// Where resources come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Inventory {
    /// The folder of a snapshot.
    Snapshot(String),
    /// Files, imported into a folder that is there.
    Files {
        /// The files.
        files: Vec<String>,
        /// The folder. A snapshot that is in it is taken instead.
        into: String,
    },
}

/// The subject of a list of values.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// An attribute of the resource, as it is written: `region`.
    Attribute(String),
    /// A native key, spelled exactly so.
    Native(String),
    /// A virtual tag.
    Tag(String),
}

/// A response of the worker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// It was done.
    Done,
    /// The project was taken; None: it was asked for without an inventory.
    Opened(Option<Opened>),
    /// What the policies find.
    Measured(Measured),
    /// Native keys, the most frequent first.
    Keys(Vec<Value>),
    /// Values.
    Values(Values),
    /// Resources with open findings, the most expensive first, each with the checks that found something.
    Violations(Vec<(Resource, Vec<String>)>),
    /// Resources.
    Resources(Vec<Resource>),
    /// An evaluation.
    Evaluated(Box<Evaluated>),
    /// An explanation.
    Explained(Explained),
    /// SQL.
    Sql(String),
    /// The result of tests.
    Tests(Tests),
    /// It was stopped.
    Cancelled,
    /// The request failed: the reason, for people.
    Failed(String),
}

/// A snapshot that was opened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct Opened {
    pub id: String,
    /// Its folder.
    pub path: String,
    /// In RFC 3339.
    pub taken_at: String,
    pub resources: u64,
    /// None: no cost is known.
    pub monthly_cost: Option<f64>,
    pub currency: Option<String>,
}

/// How many resources, and what they cost a month.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Amount {
    /// How many.
    pub count: u64,
    /// None: no cost is known.
    pub cost: Option<f64>,
}

/// What the policies find.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Measured {
    /// Whether the text has mistakes, so that nothing could be measured.
    pub has_errors: bool,
    /// Why nothing could be measured although it has none, for people.
    pub problem: Option<String>,
    /// Goes up whenever tags were computed again: values of tags may be others then.
    pub tags_version: u64,
    /// By name: what is in scope, the number of open findings, the resources that have one.
    pub policies: Vec<(String, PolicyMeasure)>,
    /// By name of the predicate: what it is true of.
    pub defines: Vec<(String, Amount)>,
    /// By name of the rule: what its condition is true of.
    pub rules: Vec<(String, Amount)>,
}

/// What one policy finds.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct PolicyMeasure {
    /// The resources that it applies to.
    pub in_scope: Amount,
    /// Open findings.
    pub open: u64,
    /// The resources with an open finding.
    pub violating: Amount,
}

/// A value that occurs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Value {
    /// The text.
    pub text: String,
    /// The resources that have it.
    pub amount: Amount,
    /// Of a tag: whether it came from a native key and stands for nothing that the type knows.
    #[serde(default)]
    pub unmapped: bool,
}

/// The values of a subject.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Values {
    /// How many resources have one.
    pub present: u64,
    /// The most frequent.
    pub top: Vec<Value>,
}

/// A resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct Resource {
    pub id: String,
    pub name: Option<String>,
    #[serde(rename = "type")]
    pub ty: Option<String>,
    pub provider: Option<String>,
    pub account: Option<String>,
    pub region: Option<String>,
    pub monthly_cost: Option<f64>,
}

/// A place in a file: line and column from 1, in characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct Spot {
    pub file: String,
    pub line: u32,
    pub column: u32,
}

/// An evaluation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct Evaluated {
    pub snapshot: String,
    pub now: String,
    pub resources: u64,
    pub compliant: u64,
    pub score: Option<f64>,
    /// Critical, high, medium, low.
    pub open: [u64; 4],
    pub pending: u64,
    pub exempt: u64,
    pub cost: Option<f64>,
    pub cost_in_violation: Option<f64>,
    pub currency: Option<String>,
    pub checks: Vec<Check>,
}

/// What one check finds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct Check {
    pub policy: String,
    pub check: String,
    pub severity: String,
    pub in_scope: u64,
    pub open: u64,
    pub pending: u64,
    pub exempt: u64,
    pub cost_in_violation: Option<f64>,
    pub at: Spot,
    /// What it asks for, in words.
    pub asks: String,
    /// Some of the resources with an open finding.
    pub examples: Vec<String>,
}

/// Why a resource is judged as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    /// Its id.
    pub resource: String,
    /// For people.
    pub text: String,
    /// As JSON.
    pub json: String,
}

/// The result of tests.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Tests {
    /// In the order of the program.
    pub results: Vec<Test>,
    /// The places where something can be covered, and whether it is. Only where all tests were run.
    pub coverage: Vec<(Spot, bool)>,
}

/// The result of a test.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Test {
    /// Its name.
    pub name: String,
    /// Its place.
    pub at: Spot,
    /// What was expected and did not come, with its place. Empty: it passed.
    pub failures: Vec<(Spot, String)>,
}
