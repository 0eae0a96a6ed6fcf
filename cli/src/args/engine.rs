//! Where an evaluation runs.

use clap::ValueEnum;
use tagpol_app::Dialect;

/// An engine elsewhere.
#[derive(Debug, clap::Args)]
pub(crate) struct EngineArgs {
    /// Evaluate on an engine that speaks Spark Connect, such as sc://localhost:15002, instead of in this process
    ///
    /// The run is not recorded. A token is read from SPARK_CONNECT_AUTHENTICATE_TOKEN. docs/scale.md describes what an
    /// engine can evaluate.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) engine: Option<String>,
    /// Where the engine finds the resources of the snapshot, such as s3://bucket/resources.parquet [default: where they
    /// are on this machine]
    #[arg(long, value_name = "PATH", requires = "engine")]
    pub(crate) engine_path: Option<String>,
}

/// A dialect of SQL.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum DialectArg {
    /// DuckDB, which evaluates by default
    Duckdb,
    /// Spark SQL
    Spark,
}

impl From<DialectArg> for Dialect {
    fn from(dialect: DialectArg) -> Self {
        match dialect {
            DialectArg::Duckdb => Self::DuckDb,
            DialectArg::Spark => Self::Spark,
        }
    }
}
