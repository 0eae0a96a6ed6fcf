//! The command line.

mod advise;
mod cost;
mod database;
mod enforce;
mod engine;
mod fetch;
mod filter;
mod migrate;
mod models;
mod own;
mod remediate;
mod remembered;
mod serve;
mod vendor;
mod watch;

use std::ops::RangeInclusive;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{ColorChoice, Parser, Subcommand, ValueEnum, ValueHint};
use tagpol_app::TextLimit;
use tagpol_app::inventory::{Format as InventoryFormat, YearMonth};
use tagpol_app::report::Format;

pub(crate) use advise::AdviseArgs;
pub(crate) use cost::CostArgs;
pub(crate) use database::DatabaseArgs;
pub(crate) use enforce::EnforceArgs;
pub(crate) use engine::EngineArgs;
pub(crate) use fetch::{AwsArgs, AzureArgs, Cloud, CommonFetchArgs, FetchArgs, GcpArgs};
pub(crate) use filter::FilterArgs;
pub(crate) use migrate::MigrateArgs;
pub(crate) use models::{
    FeedbackArgs, FeedbackCommand, LearnArgs, ModelArgs, ModelCommand, ModelInputArgs, ReviewArgs,
    SuggestArgs, TrainArgs,
};
pub(crate) use own::{SelfArgs, SelfCommand};
pub(crate) use remediate::{
    RemediateApplyArgs, RemediateArgs, RemediateCommand, RemediateEmitArgs, RemediatePlanArgs,
    RemediateRollbackArgs, RemediateShowArgs,
};
pub(crate) use remembered::{AnswerArgs, DeciderArgs, RowFormat, RunsArgs, TagsArgs, TagsCommand};

pub(crate) use serve::{
    BackupArgs, RestoreArgs, ServeArgs, ServeCommand, ServeOptions, StoredArgs, listen_address,
};
pub(crate) use vendor::VendorArgs;
pub(crate) use watch::WatchArgs;

use crate::targets::{Target, no_format};

/// Tag policies for AWS, Azure and GCP, as code
///
/// Describe your tags, the mapping of native spellings to clean virtual tags, and your requirements in
/// .tagpol files. tagpol checks them, tests them, and evaluates them over bills and inventories. Only
/// `tagpol remediate apply` changes something in a cloud, with a plan that you confirm.
#[derive(Debug, Parser)]
#[command(
    name = "tagpol",
    version,
    after_help = "Exit codes: 0 no finding at or above the gate, 1 findings (or failed tests, files to format, stale documentation), \
                  2 an error in the command line or the policies, 3 a problem with the inventory or the engine, \
                  130 interrupted."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// When to use colors; NO_COLOR and CLICOLOR_FORCE are respected
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Create a new project with an example policy, a test and a small inventory; in a folder with .tagpol files, the
    /// manifest for them
    Init(InitArgs),
    /// Report all errors in the policies, without evaluating them
    Check(CheckArgs),
    /// Format .tagpol files
    Fmt(FmtArgs),
    /// Copy the packages that the manifest names into the project
    Vendor(VendorArgs),
    /// Evaluate the policies over an inventory and report the findings
    Eval(EvalArgs),
    /// Show costs by tag, with shared costs distributed
    Cost(CostArgs),
    /// Advise what to do next: tags to complete, gaps by framework, costs to allocate, findings to fix
    Advise(AdviseArgs),
    /// Turn words into a condition: `untagged production databases in eu`
    Filter(FilterArgs),
    /// Compare the findings of two versions of the policies, or of two snapshots
    Diff(DiffArgs),
    /// Explain why a resource has its tags and findings, and how to make it compliant
    Explain(ExplainArgs),
    /// Run the `test` blocks of the policies
    Test(TestArgs),
    /// Write documentation of the tags and policies
    Doc(DocArgs),
    /// Import inventories, and list and show snapshots
    Snapshot(SnapshotArgs),
    /// Fetch live clouds on an interval, and show which findings are new and which are closed
    Watch(WatchArgs),
    /// Set tags of single resources, and list these decisions
    Tags(TagsArgs),
    /// Show past runs and their scores
    Runs(RunsArgs),
    /// Train a model that suggests missing tags, from the resources that have them
    Train(TrainArgs),
    /// Suggest missing tags, with reasons
    Suggest(SuggestArgs),
    /// Accept or reject suggestions one by one, in the terminal
    Review(ReviewArgs),
    /// Accept or reject suggestions; the next training learns from it
    Feedback(FeedbackArgs),
    /// List, show and promote models
    Model(ModelArgs),
    /// Propose rules and spellings from the inventory, as policies
    Learn(LearnArgs),
    /// Show the SQL or the plan that the policies compile to
    Compile(CompileArgs),
    /// Turn tag policies of other tools into .tagpol files with tests, with a report of what is not exact
    Migrate(MigrateArgs),
    /// Plan changes of tags in clouds, and apply them after a review
    Remediate(RemediateArgs),
    /// Compile policies to the guards of a cloud, which judge resources when they are made
    Enforce(EnforceArgs),
    /// Explain a diagnostic code, with a wrong and a right example
    ExplainCode(ExplainCodeArgs),
    /// Serve editors over standard input and output (the language server protocol)
    Lsp(LspArgs),
    /// Serve tags, findings and costs of a project over HTTP, to people and programs
    Serve(ServeArgs),
    /// Show what this program is
    #[command(name = "self")]
    Own(SelfArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
}

#[derive(Debug, clap::Args)]
pub(crate) struct InitArgs {
    /// Folder of the new project
    #[arg(default_value = ".", value_hint = ValueHint::DirPath)]
    pub(crate) path: PathBuf,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// A project folder, a folder of .tagpol files, or one file [default: the project of the current folder]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) path: Option<PathBuf>,
    /// Format of the report
    #[arg(short = 'o', long, value_enum, default_value_t = CheckFormat::Human)]
    pub(crate) format: CheckFormat,
    /// Fix all errors that have a fix, and report the rest
    #[arg(long)]
    pub(crate) fix: bool,
    /// Also apply the fixes of lints, which change what policies mean
    #[arg(long, requires = "fix")]
    pub(crate) unsafe_fixes: bool,
    /// Exit with 2 also if there are only warnings, for CI
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(crate) deny: Option<Deny>,
    /// Time of the check, which decides which waivers have expired [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Deny {
    /// Probable errors
    Warnings,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// With the source line underlined
    Human,
    /// One line per error
    Short,
    /// A JSON list
    Json,
    /// Annotations of GitHub Actions
    Github,
    /// SARIF 2.1.0, with the fixes
    Sarif,
}

#[derive(Debug, clap::Args)]
pub(crate) struct FmtArgs {
    /// Files, folders of .tagpol files, or `-` for standard input to standard output [default: the
    /// project of the current folder]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// List the files that would change, without changing them; exit with 1 if there are any
    #[arg(long, conflicts_with = "diff")]
    pub(crate) check: bool,
    /// Show the changes without making them; exit with 1 if there are any
    #[arg(long)]
    pub(crate) diff: bool,
    /// Format only the statements and items in these lines of one file, like 12-20
    #[arg(long, value_name = "LINES", value_parser = parse_lines)]
    pub(crate) range: Option<RangeInclusive<usize>>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct EvalArgs {
    /// A project folder, a folder of .tagpol files, or one file [default: the project of the current folder]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) path: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Format of the report on standard output [default: table, unless `--output` writes to standard output]
    #[arg(long, value_name = "FORMAT", value_parser = parse_format)]
    pub(crate) format: Option<Format>,
    /// Exit with 1 if a finding of this severity or higher is open [default: that of tagpol.toml, else low]
    #[arg(long, value_name = "SEVERITY", value_enum)]
    pub(crate) fail_on: Option<FailOn>,
    /// Whether checks that depend on values that are not known fail the run, from the severity of --fail-on
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Undetermined::Ignore)]
    pub(crate) undetermined: Undetermined,
    /// Fail only because of new findings: those that are not in this file, the JSON report of an earlier run
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) baseline: Option<PathBuf>,
    /// Time of the evaluation: a day (2026-11-01) or a time (2026-11-01T12:00:00Z) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<DateTime<Utc>>,
    /// Write a report to a file; repeat it for several
    ///
    /// FORMAT is one of table, json, jsonl, csv, markdown, junit, sarif, github, gitlab, tap, parquet and
    /// html. FORMAT without a file writes to standard output. FILE without a format uses `--format`, or else
    /// the format of its extension. docs/reports.md describes the formats.
    #[arg(
        long, short, value_name = "[FORMAT=]FILE", value_parser = Target::<Format>::parse, value_hint = ValueHint::FilePath
    )]
    pub(crate) output: Vec<Target<Format>>,
    /// Show every finding in the table, not only the most expensive of each check
    #[arg(long)]
    pub(crate) all: bool,
    /// Number of threads [default: one per core]; results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
    /// Use decisions and first-seen times, but do not record this run
    #[arg(long)]
    pub(crate) no_record: bool,
    #[command(flatten)]
    pub(crate) engine: EngineArgs,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// What bounds an evaluation.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct LimitArgs {
    /// Longest text that a template, `replace` or a map may create, in bytes [default: 65536]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..))]
    text_limit: Option<u32>,
}

impl LimitArgs {
    pub(crate) fn text_limit(self) -> TextLimit {
        self.text_limit.map_or_else(TextLimit::default, TextLimit)
    }
}

/// Whether the state of the project is used.
#[derive(Debug, clap::Args)]
pub(crate) struct StateArgs {
    /// Ignore the state of the project: no decisions, no first-seen times, no record of this run
    #[arg(long)]
    pub(crate) no_state: bool,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}

/// How long to wait for another process.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct WaitArgs {
    /// Seconds to wait while another process uses the state store [default: 30]
    #[arg(long, value_name = "SECONDS", global = true)]
    pub(crate) wait: Option<u32>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExplainArgs {
    /// The resource: its id, its name, or the end of its id
    pub(crate) resource: String,
    /// Only this tag, policy or check (POLICY/CHECK), with every rule that did not fire and every
    /// check that passes [default: all tags and findings]
    #[arg(value_name = "TAG|POLICY[/CHECK]")]
    pub(crate) about: Option<String>,
    /// A project folder, a folder of .tagpol files, or one file [default: the project of the current folder]
    #[arg(long, short, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) project: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Format of the explanation
    #[arg(long, value_enum, default_value_t = ExplainFormat::Pretty)]
    pub(crate) format: ExplainFormat,
    /// Time of the evaluation: a day (2026-11-01) or a time (2026-11-01T12:00:00Z) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<DateTime<Utc>>,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// `--rev A..B` compares two revisions of the git repository, `A...B` the second with what it
/// branched from, `A` alone with the working tree. Two PATHs are compared with each other.
/// `--snapshot A..B` compares two snapshots under one version of the policies.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct DiffArgs {
    /// A project folder, a folder of .tagpol files, or one file [default: the project of the current folder];
    /// two paths are compared
    #[arg(value_hint = ValueHint::AnyPath, num_args = 0..=2)]
    pub(crate) paths: Vec<PathBuf>,
    /// Revisions of the git repository, like main..HEAD; the work tree is not touched
    #[arg(long, value_name = "A..B")]
    pub(crate) rev: Option<String>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Format of the report [default: that of the file extension, else pretty]
    #[arg(long, value_enum)]
    pub(crate) format: Option<DiffFormat>,
    /// Write the report to a file
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Show all findings and values, not only the first of each check and tag
    #[arg(long)]
    pub(crate) all: bool,
    /// Exit with 1 if a finding of this severity or higher is newly open [default: none]
    #[arg(long, value_name = "SEVERITY", value_enum)]
    pub(crate) fail_on: Option<FailOn>,
    /// Time of both evaluations: a day (2026-11-01) or a time (2026-11-01T12:00:00Z) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<DateTime<Utc>>,
    /// Number of threads [default: one per core]; results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DiffFormat {
    /// For people
    Pretty,
    /// For a comment on a pull request
    Markdown,
    /// For programs: see docs/schema/diff.v1.json
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExplainFormat {
    /// For people
    Pretty,
    /// For programs: see docs/schema/explain.v1.json
    Json,
}

/// Where the resources come from.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct SourceArgs {
    /// An inventory: a bill, an export or a folder of them (repeat it to join several), a quoted pattern like
    /// 'exports/*.csv', the folder of a snapshot, or `-` for standard input
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::AnyPath, conflicts_with = "snapshot")]
    pub(crate) inventory: Vec<PathBuf>,
    /// A snapshot of the project, by the start of its id [default: the `inventory` of
    /// tagpol.toml, else the newest snapshot]
    #[arg(long, value_name = "ID")]
    pub(crate) snapshot: Option<String>,
    /// A Terraform plan or state, as `terraform show -json` writes it, or `-` for standard input; findings
    /// point at addresses
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["inventory", "snapshot"])]
    pub(crate) terraform: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) import: ImportArgs,
}

/// How inventories are read.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ImportArgs {
    /// Format of the inventory files, one of `tagpol snapshot formats` [default: detected from their
    /// content]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) inventory_format: Option<InventoryFormat>,
    /// Invoice month whose costs are used [default: the latest complete month]
    #[arg(long, value_name = "YYYY-MM")]
    pub(crate) month: Option<YearMonth>,
    /// Currency of the costs, like USD: bills are converted to it by the rates of the project, and files without a
    /// currency are taken to be in it [default: that of the first bill]
    #[arg(long, value_name = "CODE", value_parser = parse_currency)]
    pub(crate) currency: Option<String>,
    /// Fail on the first row or value that cannot be read, and on incomplete files, such as the first
    /// page of a result, instead of listing them
    #[arg(long)]
    pub(crate) strict: bool,
}

/// What undetermined checks do to the exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Undetermined {
    /// Nothing
    Ignore,
    /// They fail the run like open findings
    Fail,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    Critical,
    High,
    Medium,
    Low,
    /// Never fail because of findings
    None,
}

impl From<FailOn> for tagpol_app::settings::FailOn {
    fn from(fail_on: FailOn) -> Self {
        match fail_on {
            FailOn::Critical => Self::Critical,
            FailOn::High => Self::High,
            FailOn::Medium => Self::Medium,
            FailOn::Low => Self::Low,
            FailOn::None => Self::None,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct TestArgs {
    /// A project folder, a folder of .tagpol files, or one file [default: the project of the current folder]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) path: Option<PathBuf>,
    /// Run only tests whose name contains this text; repeat it for tests that contain any of several texts
    #[arg(long, value_name = "TEXT")]
    pub(crate) filter: Vec<String>,
    /// List the tests instead of running them
    #[arg(long, conflicts_with_all = ["format", "output", "coverage", "lcov", "mutate", "threshold", "watch"])]
    pub(crate) list: bool,
    /// Run the tests again whenever a file of the project changes
    #[arg(long)]
    pub(crate) watch: bool,
    /// Show which rules, branches and checks the tests reach
    #[arg(long)]
    pub(crate) coverage: bool,
    /// Write the coverage to a file, as LCOV
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) lcov: Option<PathBuf>,
    /// Make small changes (mutants) to the policies, and show those that no test catches
    #[arg(long)]
    pub(crate) mutate: bool,
    /// Exit with 1 if the coverage, or the share of caught mutants, is lower: 80 or 80%
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent)]
    pub(crate) threshold: Option<f64>,
    /// Format of the report
    #[arg(long, value_enum)]
    pub(crate) format: Option<TestFormat>,
    /// Write the report to a file
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Time of tests without `at` [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<DateTime<Utc>>,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TestFormat {
    /// For people
    Pretty,
    /// For programs: see docs/schema/test.v1.json
    Json,
    /// JUnit XML, for continuous integration
    Junit,
}

#[derive(Debug, clap::Args)]
pub(crate) struct DocArgs {
    /// A project folder, a folder of .tagpol files, or one file [default: the project of the current folder]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) path: Option<PathBuf>,
    /// Output: a file (.md or .html), or a folder for one file per topic [default: `output` in the
    /// section `[doc]` of tagpol.toml, else standard output]
    #[arg(long, short, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) output: Option<PathBuf>,
    /// Format of the documentation [default: that of tagpol.toml or of the file extension, else markdown]
    #[arg(long, value_enum)]
    pub(crate) format: Option<DocFormat>,
    /// List stale and missing files, without writing them; exit with 1 if there are any
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DocFormat {
    /// Markdown, as on code hosting sites
    Markdown,
    /// Self-contained HTML pages
    Html,
}

impl From<tagpol_app::settings::DocFormat> for DocFormat {
    fn from(format: tagpol_app::settings::DocFormat) -> Self {
        match format {
            tagpol_app::settings::DocFormat::Markdown => Self::Markdown,
            tagpol_app::settings::DocFormat::Html => Self::Html,
        }
    }
}

#[derive(Debug, clap::Args)]
pub(crate) struct SnapshotArgs {
    #[command(subcommand)]
    pub(crate) command: SnapshotCommand,
    /// Project of the snapshots [default: the project of the current folder]
    #[arg(long, global = true, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) project: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SnapshotCommand {
    /// Read bills and exports into a new snapshot
    Import {
        /// The files, all of which become one snapshot
        #[arg(required = true, value_hint = ValueHint::FilePath)]
        files: Vec<PathBuf>,
        #[command(flatten)]
        import: ImportArgs,
    },
    /// Fetch the resources of a live cloud into a new snapshot
    Fetch(FetchArgs),
    /// Apply events that a cloud delivered to a snapshot, which makes a new one
    ///
    /// The files are JSON or JSON lines, in whatever envelopes a queue put around them: `Tag Change on Resource` of
    /// EventBridge, CloudTrail, Azure Event Grid, and feeds of Google's Cloud Asset Inventory. Their order does not matter,
    /// and an event may be in them more than once.
    ApplyEvents {
        /// The files, or `-` for standard input
        #[arg(required = true, value_hint = ValueHint::FilePath)]
        events: Vec<PathBuf>,
        /// The snapshot: the start of its id, or its folder [default: the newest]
        #[arg(long, value_name = "ID")]
        snapshot: Option<String>,
        /// Fail on the first event that cannot be read, or that is about a resource that the snapshot does not have,
        /// instead of listing them
        #[arg(long)]
        strict: bool,
    },
    /// List the snapshots, newest first
    List,
    /// Show the sources and content of a snapshot, and rows and values that could not be read
    Show {
        /// The start of its id, or its folder [default: the newest]
        id: Option<String>,
        /// List all rows and values that could not be read
        #[arg(long)]
        rejects: bool,
        /// List the resources that are only in a bill or only in an inventory, if both were imported
        #[arg(long, conflicts_with = "rejects")]
        orphans: bool,
        /// List all native keys, and not only the most frequent ones
        #[arg(long, conflicts_with_all = ["rejects", "orphans"])]
        keys: bool,
    },
    /// Show which resources were added, removed or changed between two snapshots
    Diff {
        /// The earlier snapshot: the start of its id, or its folder [default: the one before the newest]
        before: Option<String>,
        /// The later one [default: the newest]
        after: Option<String>,
        /// Print all differences as rows, one for each attribute or tag
        #[arg(long, value_enum)]
        format: Option<RowFormat>,
        /// List all resources, as rows always do; without it, the first 20 of each kind
        #[arg(long)]
        all: bool,
    },
    /// Remove snapshots from the disk; the recorded findings and tags stay
    Remove {
        /// The start of each id
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// List the formats of inventories
    Formats,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CompileArgs {
    /// A project folder, a folder of .tagpol files, or one file [default: the project of the current folder]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) path: Option<PathBuf>,
    /// Show the SQL that runs (the default)
    #[arg(long, conflicts_with = "plan")]
    pub(crate) sql: bool,
    /// Show the relational plan instead
    #[arg(long)]
    pub(crate) plan: bool,
    /// The dialect of the SQL; what it cannot express is an error
    #[arg(long, value_name = "DIALECT", value_enum, default_value_t = engine::DialectArg::Duckdb)]
    pub(crate) dialect: engine::DialectArg,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Time used as now [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<DateTime<Utc>>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExplainCodeArgs {
    /// The code, like E0012, or a lint like substring-trap; if omitted, all are listed
    pub(crate) code: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct LspArgs {
    /// Accepted since many editors add it; it is the only transport
    #[arg(long, hide = true)]
    pub(crate) stdio: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

/// Reads a day, whose first moment counts, or a time in RFC 3339.
fn parse_time(text: &str) -> Result<DateTime<Utc>, String> {
    let day = tagpol_sema::formats::parse_date(text).and_then(|date| date.and_hms_opt(0, 0, 0));
    day.map(|time| time.and_utc())
        .or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc()))
        .ok_or_else(|| "write a day like 2026-11-01 or a time like 2026-11-01T12:00:00Z".to_owned())
}

fn parse_format(name: &str) -> Result<Format, String> {
    Format::parse(name).ok_or_else(|| no_format::<Format>(name))
}

fn parse_percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim();
    let percent = number.parse::<f64>().ok().filter(|percent| (0.0..=100.0).contains(percent));
    match percent {
        // Who writes 0.9 means 90%, and a gate must not be open by mistake.
        Some(share) if share > 0.0 && share <= 1.0 && !text.ends_with('%') => {
            let percent = (share * 10_000.0).round() / 100.0;
            Err(format!("write a percentage: {percent}%, or {share}% if you mean that"))
        }
        Some(percent) => Ok(percent),
        None => Err("write a number from 0 to 100, like 80%".to_owned()),
    }
}

fn parse_currency(text: &str) -> Result<String, String> {
    let upper = text.to_ascii_uppercase();
    if upper.len() == 3 && upper.bytes().all(|b| b.is_ascii_uppercase()) {
        return Ok(upper);
    }
    Err("write the three letters of ISO 4217, like USD".to_owned())
}

/// Reads `12-20` or `12`; the first line is 1.
fn parse_lines(text: &str) -> Result<RangeInclusive<usize>, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    match (first.trim().parse(), last.trim().parse()) {
        (Ok(first), Ok(last)) if 0 < first && first <= last => Ok(first..=last),
        _ => Err("write the first and the last line, like 12-20".to_owned()),
    }
}
