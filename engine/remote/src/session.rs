//! A session of an engine.

use std::future::Future;
use std::io::Cursor;
use std::pin::pin;
use std::time::Duration;

use arrow::record_batch::RecordBatch;
use arrow_ipc::reader::StreamReader;
use arrow_ipc::writer::StreamWriter;
use http::uri::PathAndQuery;
use prost::Message;
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;
use tonic::client::Grpc;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Streaming};
use tonic_prost::ProstCodec;
use uuid::Uuid;

use crate::address::Address;
use crate::error::RemoteError;
use crate::messages::{
    Command, CommandKind, ConfigOperation, ConfigRequest, ConfigResponse, ConfigSet, CreateView, DataSource,
    ExecutePlanRequest, ExecutePlanResponse, KeyValue, LocalRelation, Plan, PlanKind, Read, Relation,
    RelationKind, ReleaseSessionRequest, ReleaseSessionResponse, Sql, SqlCommand, UserContext,
};

const EXECUTE: &str = "/spark.connect.SparkConnectService/ExecutePlan";
const CONFIG: &str = "/spark.connect.SparkConnectService/Config";
const RELEASE: &str = "/spark.connect.SparkConnectService/ReleaseSession";

/// What a session announces itself as.
const CLIENT: &str = "tagpol";
/// Bytes of a message, of either side; the limit of Spark itself.
const LARGEST_MESSAGE: usize = 128 << 20;
const CONNECT_TIME: Duration = Duration::from_secs(20);
/// How long the end of a session is waited for.
const RELEASE_TIME: Duration = Duration::from_secs(2);
/// How often it is asked whether to stop.
const STOP_INTERVAL: Duration = Duration::from_millis(100);

/// What results must not depend on: the session's time zone is UTC, and a failed conversion is an error.
const SETTINGS: [(&str, &str); 2] =
    [("spark.sql.session.timeZone", "UTC"), ("spark.sql.ansi.enabled", "true")];

/// A session of an engine, which ends when it is dropped. Statements run one after the other.
pub struct Session {
    runtime: Runtime,
    channel: Channel,
    id: String,
    user: String,
    token: Option<MetadataValue<Ascii>>,
    stop: Box<dyn Fn() -> bool + Send + Sync>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Session {
    /// Connects to an engine; `stop` is asked again and again while something is waited for.
    ///
    /// # Errors
    /// [`RemoteError::Connect`], [`RemoteError::Engine`], [`RemoteError::Stopped`].
    pub fn connect(
        address: &Address,
        stop: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Result<Self, RemoteError> {
        let failed = |error: &dyn std::error::Error| RemoteError::Connect {
            address: address.to_string(),
            reason: innermost(error),
        };
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| failed(&error))?;
        let endpoint = Endpoint::from_shared(address.url()).map_err(|error| failed(&error))?;
        let mut endpoint = endpoint.connect_timeout(CONNECT_TIME).http2_adaptive_window(true);
        if address.encrypted {
            let tls = ClientTlsConfig::new().with_native_roots();
            endpoint = endpoint.tls_config(tls).map_err(|error| failed(&error))?;
        }
        let token = address.token.as_ref().map(|token| format!("Bearer {token}").parse()).transpose();
        let token = token.map_err(|_| RemoteError::Address {
            address: address.to_string(),
            reason: "its token has characters that cannot be sent".to_owned(),
        })?;
        let stop = Box::new(stop);
        let connecting = endpoint.connect();
        let channel = runtime.block_on(until_stopped(connecting, &*stop))?.map_err(|error| failed(&error))?;
        let user = address.user.clone().unwrap_or_else(|| CLIENT.to_owned());
        let session = Self { runtime, channel, id: Uuid::new_v4().to_string(), user, token, stop };
        session.configure()?;
        Ok(session)
    }

    /// Runs a statement that has no rows.
    ///
    /// # Errors
    /// [`RemoteError::Engine`], [`RemoteError::Stopped`].
    pub fn execute(&self, sql: &str) -> Result<(), RemoteError> {
        let command = CommandKind::Sql(SqlCommand { input: Some(relation_of(sql)) });
        self.command(command)
    }

    /// Runs a query and hands its rows over as they come.
    ///
    /// # Errors
    /// [`RemoteError::Engine`], [`RemoteError::Response`], [`RemoteError::Stopped`], and those of `each`.
    pub fn query<E: From<RemoteError>>(
        &self,
        sql: &str,
        each: impl FnMut(&RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        self.run(PlanKind::Query(relation_of(sql)), each)
    }

    /// Gives Parquet files a name for the session. The paths are as the engine sees them: of files, or of folders of
    /// files.
    ///
    /// # Errors
    /// As [`Self::execute`].
    pub fn open_parquet(&self, paths: &[String], name: &str) -> Result<(), RemoteError> {
        let source =
            DataSource { format: Some("parquet".to_owned()), paths: paths.to_vec(), ..DataSource::default() };
        self.name(RelationKind::Read(Read { source: Some(source) }), name)
    }

    /// Sends rows to the engine, under a name for the session.
    ///
    /// # Errors
    /// As [`Self::execute`].
    pub fn load(&self, name: &str, rows: &RecordBatch) -> Result<(), RemoteError> {
        let mut data = Vec::new();
        let mut writer = StreamWriter::try_new(&mut data, &rows.schema())?;
        writer.write(rows)?;
        writer.finish()?;
        drop(writer);
        self.name(RelationKind::Local(LocalRelation { data: Some(data) }), name)
    }

    fn name(&self, relation: RelationKind, name: &str) -> Result<(), RemoteError> {
        let input = Some(Relation { kind: Some(relation) });
        self.command(CommandKind::CreateView(CreateView { input, name: name.to_owned(), replace: true }))
    }

    fn command(&self, kind: CommandKind) -> Result<(), RemoteError> {
        self.run(PlanKind::Command(Command { kind: Some(kind) }), |_| Ok(()))
    }

    fn run<E: From<RemoteError>>(
        &self,
        kind: PlanKind,
        mut each: impl FnMut(&RecordBatch) -> Result<(), E>,
    ) -> Result<(), E> {
        let request = ExecutePlanRequest {
            session_id: self.id.clone(),
            user_context: Some(self.user_context()),
            plan: Some(Plan { kind: Some(kind) }),
            client_type: Some(CLIENT.to_owned()),
        };
        let mut responses = self.runtime.block_on(until_stopped(self.start(request), &*self.stop))??;
        loop {
            let next = self.runtime.block_on(until_stopped(responses.message(), &*self.stop))?;
            let response = next.map_err(|status| RemoteError::of_status(&status))?;
            let Some(response) = response else { return Ok(()) };
            let Some(batch) = response.batch else { continue };
            let reader = StreamReader::try_new(Cursor::new(batch.data), None).map_err(RemoteError::from)?;
            for batch in reader {
                each(&batch.map_err(RemoteError::from)?)?;
            }
        }
    }

    async fn start(
        &self,
        request: ExecutePlanRequest,
    ) -> Result<Streaming<ExecutePlanResponse>, RemoteError> {
        let mut grpc = self.grpc().await?;
        let codec = ProstCodec::<ExecutePlanRequest, ExecutePlanResponse>::default();
        let path = PathAndQuery::from_static(EXECUTE);
        let response = grpc.server_streaming(self.authorized(request), path, codec).await;
        Ok(response.map_err(|status| RemoteError::of_status(&status))?.into_inner())
    }

    async fn unary<Q, A>(&self, request: Q, path: &'static str) -> Result<A, RemoteError>
    where
        Q: Message + Send + Sync + 'static,
        A: Message + Default + Send + Sync + 'static,
    {
        let mut grpc = self.grpc().await?;
        let codec = ProstCodec::<Q, A>::default();
        let response = grpc.unary(self.authorized(request), PathAndQuery::from_static(path), codec).await;
        Ok(response.map_err(|status| RemoteError::of_status(&status))?.into_inner())
    }

    async fn grpc(&self) -> Result<Grpc<Channel>, RemoteError> {
        let grpc = Grpc::new(self.channel.clone());
        let mut grpc =
            grpc.max_decoding_message_size(LARGEST_MESSAGE).max_encoding_message_size(LARGEST_MESSAGE);
        grpc.ready().await.map_err(|error| RemoteError::Engine(innermost(&error)))?;
        Ok(grpc)
    }

    fn authorized<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(token) = &self.token {
            request.metadata_mut().insert("authorization", token.clone());
        }
        request
    }

    fn user_context(&self) -> UserContext {
        UserContext { user_id: self.user.clone() }
    }

    fn configure(&self) -> Result<(), RemoteError> {
        let pair =
            |(key, value): (&str, &str)| KeyValue { key: key.to_owned(), value: Some(value.to_owned()) };
        let set = ConfigSet { pairs: SETTINGS.map(pair).to_vec() };
        let request = ConfigRequest {
            session_id: self.id.clone(),
            user_context: Some(self.user_context()),
            operation: Some(ConfigOperation { set: Some(set) }),
            client_type: Some(CLIENT.to_owned()),
        };
        let configured = self.unary::<_, ConfigResponse>(request, CONFIG);
        self.runtime.block_on(until_stopped(configured, &*self.stop))??;
        Ok(())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let request = ReleaseSessionRequest {
            session_id: self.id.clone(),
            user_context: Some(self.user_context()),
            client_type: Some(CLIENT.to_owned()),
        };
        let released = async {
            // An engine that does not hear of it ends the session by itself after some time.
            let _ = timeout(RELEASE_TIME, self.unary::<_, ReleaseSessionResponse>(request, RELEASE)).await;
        };
        self.runtime.block_on(released);
    }
}

fn relation_of(sql: &str) -> Relation {
    Relation { kind: Some(RelationKind::Sql(Sql { query: sql.to_owned() })) }
}

/// Waits for something until it is there, or it is time to stop.
async fn until_stopped<T>(
    future: impl Future<Output = T>,
    stop: &(dyn Fn() -> bool + Send + Sync),
) -> Result<T, RemoteError> {
    let mut future = pin!(future);
    loop {
        if stop() {
            return Err(RemoteError::Stopped);
        }
        if let Ok(value) = timeout(STOP_INTERVAL, &mut future).await {
            return Ok(value);
        }
    }
}

/// Returns the cause of an error that says most: `connection refused`, not `transport error`.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_is_not_there_is_reported() {
        let address = "sc://127.0.0.1:1".parse().unwrap();
        let error = Session::connect(&address, || false).unwrap_err().to_string();
        assert!(error.starts_with("cannot connect to the engine at 127.0.0.1:1: "), "{error}");
        assert!(matches!(Session::connect(&address, || true), Err(RemoteError::Stopped)));
    }
}
