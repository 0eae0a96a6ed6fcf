//! The messages of Spark Connect that are sent and read (`spark/connect/base.proto` and its neighbors).
//!
//! Only the fields that are used are there; a reader of the protocol skips what it does not know.

use std::collections::HashMap;

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct UserContext {
    #[prost(string, tag = "1")]
    pub(crate) user_id: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ExecutePlanRequest {
    #[prost(string, tag = "1")]
    pub(crate) session_id: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) user_context: Option<UserContext>,
    #[prost(message, optional, tag = "3")]
    pub(crate) plan: Option<Plan>,
    #[prost(string, optional, tag = "4")]
    pub(crate) client_type: Option<String>,
}

/// A query, or something to be done.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Plan {
    #[prost(oneof = "PlanKind", tags = "1, 2")]
    pub(crate) kind: Option<PlanKind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum PlanKind {
    #[prost(message, tag = "1")]
    Query(Relation),
    #[prost(message, tag = "2")]
    Command(Command),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Relation {
    #[prost(oneof = "RelationKind", tags = "2, 10, 11")]
    pub(crate) kind: Option<RelationKind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum RelationKind {
    #[prost(message, tag = "2")]
    Read(Read),
    #[prost(message, tag = "10")]
    Sql(Sql),
    #[prost(message, tag = "11")]
    Local(LocalRelation),
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Sql {
    #[prost(string, tag = "1")]
    pub(crate) query: String,
}

/// Rows that are sent along, as a stream of Arrow.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct LocalRelation {
    #[prost(bytes = "vec", optional, tag = "1")]
    pub(crate) data: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Read {
    #[prost(message, optional, tag = "2")]
    pub(crate) source: Option<DataSource>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct DataSource {
    #[prost(string, optional, tag = "1")]
    pub(crate) format: Option<String>,
    #[prost(map = "string, string", tag = "3")]
    pub(crate) options: HashMap<String, String>,
    #[prost(string, repeated, tag = "4")]
    pub(crate) paths: Vec<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Command {
    #[prost(oneof = "CommandKind", tags = "3, 5")]
    pub(crate) kind: Option<CommandKind>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(crate) enum CommandKind {
    #[prost(message, tag = "3")]
    CreateView(CreateView),
    #[prost(message, tag = "5")]
    Sql(SqlCommand),
}

/// Gives a query a name for the session.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct CreateView {
    #[prost(message, optional, tag = "1")]
    pub(crate) input: Option<Relation>,
    #[prost(string, tag = "2")]
    pub(crate) name: String,
    #[prost(bool, tag = "4")]
    pub(crate) replace: bool,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct SqlCommand {
    #[prost(message, optional, tag = "6")]
    pub(crate) input: Option<Relation>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ExecutePlanResponse {
    #[prost(message, optional, tag = "2")]
    pub(crate) batch: Option<ArrowBatch>,
}

/// Some rows of a result, as a stream of Arrow of their own.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ArrowBatch {
    #[prost(int64, tag = "1")]
    pub(crate) row_count: i64,
    #[prost(bytes = "vec", tag = "2")]
    pub(crate) data: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ConfigRequest {
    #[prost(string, tag = "1")]
    pub(crate) session_id: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) user_context: Option<UserContext>,
    #[prost(message, optional, tag = "3")]
    pub(crate) operation: Option<ConfigOperation>,
    #[prost(string, optional, tag = "4")]
    pub(crate) client_type: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ConfigOperation {
    #[prost(message, optional, tag = "1")]
    pub(crate) set: Option<ConfigSet>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ConfigSet {
    #[prost(message, repeated, tag = "1")]
    pub(crate) pairs: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct KeyValue {
    #[prost(string, tag = "1")]
    pub(crate) key: String,
    #[prost(string, optional, tag = "2")]
    pub(crate) value: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ConfigResponse {}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ReleaseSessionRequest {
    #[prost(string, tag = "1")]
    pub(crate) session_id: String,
    #[prost(message, optional, tag = "2")]
    pub(crate) user_context: Option<UserContext>,
    #[prost(string, optional, tag = "3")]
    pub(crate) client_type: Option<String>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ReleaseSessionResponse {}
