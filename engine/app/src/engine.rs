//! Evaluations on an engine elsewhere.

use arrow::array::RecordBatch;
use tagpol_eval::{Engine, RunError};
use tagpol_plan::Dialect;
use tagpol_remote::{Address, RemoteError, Session};
use tagpol_session::{CancelToken, StoreError};

/// The variable of the environment with what proves to an engine who is speaking, as of Spark's own clients.
const TOKEN: &str = "SPARK_CONNECT_AUTHENTICATE_TOKEN";

/// An engine that has the resources of a snapshot.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// Its address: `sc://HOST:PORT`.
    pub address: String,
    /// Where it finds the resources of the snapshot: a Parquet file, or a folder of such files. None: where they are
    /// here.
    pub resources: Option<String>,
}

/// A session of an engine that speaks Spark Connect.
pub(crate) struct Spark {
    session: Session,
    resources: String,
    cancel: CancelToken,
}

impl Spark {
    /// Connects to an engine that finds resources at a path.
    pub(crate) fn connect(address: &str, resources: String, cancel: &CancelToken) -> Result<Self, RunError> {
        let address: Address = address.parse().map_err(|error| RunError::EngineAddress(Box::new(error)))?;
        let address = address.with_token(std::env::var(TOKEN).ok());
        let token = cancel.clone();
        let session = Session::connect(&address, move || token.check().is_err());
        let session = session.map_err(|error| failed(error, cancel))?;
        Ok(Self { session, resources, cancel: cancel.clone() })
    }

    fn done<T>(&self, result: Result<T, RemoteError>) -> Result<T, RunError> {
        result.map_err(|error| failed(error, &self.cancel))
    }
}

impl Engine for Spark {
    fn dialect(&self) -> Dialect {
        Dialect::Spark
    }

    fn execute(&self, sql: &str) -> Result<(), RunError> {
        self.done(self.session.execute(sql))
    }

    fn query(
        &self,
        sql: &str,
        each: &mut dyn FnMut(&RecordBatch) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let read = self.session.query(sql, |batch| each(batch).map_err(Stopped::Reader));
        read.map_err(|stopped| match stopped {
            Stopped::Engine(error) => failed(error, &self.cancel),
            Stopped::Reader(error) => error,
        })
    }

    fn open_resources(&self, name: &str) -> Result<(), RunError> {
        self.done(self.session.open_parquet(std::slice::from_ref(&self.resources), name))
    }

    fn load(&self, name: &str, rows: &RecordBatch) -> Result<(), RunError> {
        self.done(self.session.load(name, rows))
    }
}

/// Why a query was not read to its end.
enum Stopped {
    Engine(RemoteError),
    Reader(RunError),
}

impl From<RemoteError> for Stopped {
    fn from(error: RemoteError) -> Self {
        Self::Engine(error)
    }
}

fn failed(error: RemoteError, cancel: &CancelToken) -> RunError {
    match cancel.check() {
        Err(why) => RunError::Store(StoreError::Cancelled(why)),
        Ok(()) => RunError::Engine(Box::new(error)),
    }
}
