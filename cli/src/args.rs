//! The command line.

mod database;
mod models;
mod remembered;

use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{ColorChoice, Parser, Subcommand, ValueEnum, ValueHint};
use tagpol_app::TextLimit;
use tagpol_app::inventory::{Format as InventoryFormat, YearMonth};
use tagpol_app::report::Format;
use tagpol_app::report::cost::CostFormat;

pub(crate) use database::DatabaseArgs;
pub(crate) use models::{
    FeedbackArgs, FeedbackCommand, LearnArgs, ModelArgs, ModelCommand, ModelInputArgs, ReviewArgs,
    SuggestArgs, TrainArgs,
};
pub(crate) use remembered::{AnswerArgs, DeciderArgs, RowFormat, RunsArgs, TagsArgs, TagsCommand};

use crate::targets::{Target, no_format};

/// Tag policies for AWS, Azure and GCP, as code
///
/// Describe your tags, how native spellings become clean virtual tags, and what must hold, in
/// .tagpol files; tagpol checks them, tests them, and evaluates them over bills and inventories.
/// The clouds themselves are never touched.
#[derive(Debug, Parser)]
#[command(
    name = "tagpol",
    version,
    after_help = "Exit codes: 0 nothing at or above the gate, 1 findings (or failed tests, files to format, stale documentation), \
                  2 a mistake in the command line or the policies, 3 a problem with the inventory or the engine, \
                  130 interrupted."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// When to use colours; NO_COLOR and CLICOLOR_FORCE are honoured
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a new project with an example policy, a test and a small inventory
    Init(InitArgs),
    /// Report every mistake in the policies, without evaluating anything
    Check(CheckArgs),
    /// Give .tagpol files their canonical form
    Fmt(FmtArgs),
    /// Evaluate the policies over an inventory and report what they find
    Eval(EvalArgs),
    /// Tell what is spent by the values of tags, with shared costs spread
    Cost(CostArgs),
    /// Compare what two versions of the policies find, or what is found in two snapshots
    Diff(DiffArgs),
    /// Say why a resource has its tags and findings, and what would make it compliant
    Explain(ExplainArgs),
    /// Run the `test` blocks of the policies
    Test(TestArgs),
    /// Write documentation of the tags and policies
    Doc(DocArgs),
    /// Import inventories and look at snapshots
    Snapshot(SnapshotArgs),
    /// Decide tags of single resources, and see who decided what
    Tags(TagsArgs),
    /// Show past runs and how their scores went
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
    /// Show what the policies compile to
    Compile(CompileArgs),
    /// Explain a diagnostic code, with a wrong and a right example
    ExplainCode(ExplainCodeArgs),
    /// Serve editors over standard input and output (the language server protocol)
    Lsp(LspArgs),
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
    /// A project folder, a folder of .tagpol files, or one file [default: the project around here]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) path: Option<PathBuf>,
    /// Form of the report
    #[arg(long, value_enum, default_value_t = CheckFormat::Human)]
    pub(crate) format: CheckFormat,
    /// Exit with 2 when there are warnings too, for CI
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(crate) deny: Option<Deny>,
    /// The clock that waivers expire by [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Deny {
    /// What is probably a mistake
    Warnings,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// With the source line underlined
    Human,
    /// One line a mistake
    Short,
    /// A JSON list
    Json,
}

#[derive(Debug, clap::Args)]
pub(crate) struct FmtArgs {
    /// Files, folders of .tagpol files, or `-` for standard input to standard output [default: the
    /// project around here]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) paths: Vec<PathBuf>,
    /// Change nothing; list the files that would change, and exit with 1 if there are any
    #[arg(long, conflicts_with = "diff")]
    pub(crate) check: bool,
    /// Change nothing; show what would change, and exit with 1 if anything would
    #[arg(long)]
    pub(crate) diff: bool,
    /// Format only the statements and items that these lines of one file touch, like 12-20
    #[arg(long, value_name = "LINES", value_parser = parse_lines)]
    pub(crate) range: Option<RangeInclusive<usize>>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct EvalArgs {
    /// A project folder, a folder of .tagpol files, or one file [default: the project around here]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) path: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Form of the report on standard output [default: table, unless `--output` names something else]
    #[arg(long, value_name = "FORMAT", value_parser = parse_format)]
    pub(crate) format: Option<Format>,
    /// Exit with 1 when a finding of this severity or worse is open [default: low, or the manifest's]
    #[arg(long, value_name = "SEVERITY", value_enum)]
    pub(crate) fail_on: Option<FailOn>,
    /// Fail only because of what an earlier run did not find: the file that it wrote as JSON
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) baseline: Option<PathBuf>,
    /// The clock: a day (2026-11-01) or a time (2026-11-01T12:00:00Z) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<DateTime<Utc>>,
    /// Write a report to a file; repeat it for several
    ///
    /// FORMAT is one of table, json, jsonl, csv, markdown, junit, sarif, github, gitlab, tap, parquet and
    /// html. FORMAT without a file is written to standard output; FILE without a format has the one of
    /// `--format`, else the usual one of its extension. docs/reports.md tells what each is for.
    #[arg(
        long, short, value_name = "[FORMAT=]FILE", value_parser = Target::<Format>::parse, value_hint = ValueHint::FilePath
    )]
    pub(crate) output: Vec<Target<Format>>,
    /// Show every finding in the table, not only the dearest of each check
    #[arg(long)]
    pub(crate) all: bool,
    /// Threads to run on [default: one a core]; results do not depend on it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
    /// Use what the project remembers, and remember nothing of this run
    #[arg(long)]
    pub(crate) no_record: bool,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// What bounds an evaluation.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct LimitArgs {
    /// Longest text that a template, `replace` or a map may make, in bytes [default: 65536]
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..))]
    text_limit: Option<u32>,
}

impl LimitArgs {
    pub(crate) fn text_limit(self) -> TextLimit {
        self.text_limit.map_or_else(TextLimit::default, TextLimit)
    }
}

/// What the project remembers, and whether it counts.
#[derive(Debug, clap::Args)]
pub(crate) struct StateArgs {
    /// Evaluate as if the project remembered nothing: no decisions, no first-seen times, no record
    #[arg(long)]
    pub(crate) no_state: bool,
    #[command(flatten)]
    pub(crate) wait: WaitArgs,
}

/// How long another process is waited for.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct WaitArgs {
    /// Seconds to wait while another process has the state store [default: 30]
    #[arg(long, value_name = "SECONDS", global = true)]
    pub(crate) wait: Option<u32>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExplainArgs {
    /// The resource: its id, its name, or the end of its id
    pub(crate) resource: String,
    /// Only this tag, policy or check (POLICY/CHECK), with every rule that did not fire and every
    /// check that holds [default: all tags and findings]
    #[arg(value_name = "TAG|POLICY[/CHECK]")]
    pub(crate) about: Option<String>,
    /// A project folder, a folder of .tagpol files, or one file [default: the project around here]
    #[arg(long, short, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) project: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Form of the explanation
    #[arg(long, value_enum, default_value_t = ExplainFormat::Pretty)]
    pub(crate) format: ExplainFormat,
    /// The clock: a day (2026-11-01) or a time (2026-11-01T12:00:00Z) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<DateTime<Utc>>,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CostArgs {
    /// A project folder, a folder of .tagpol files, or one file [default: the project around here]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) path: Option<PathBuf>,
    /// A tag, or an attribute like resource.account; repeat it, or separate several by commas
    #[arg(long, required = true, value_name = "TAG", value_delimiter = ',')]
    pub(crate) by: Vec<String>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Form of the report on standard output [default: table, unless `--output` names something else]
    #[arg(long, value_name = "FORMAT", value_parser = parse_cost_format)]
    pub(crate) format: Option<CostFormat>,
    /// Write a report to a file; repeat it for several
    ///
    /// FORMAT is one of table, csv, json, parquet and html. csv, json and parquet have exact amounts, table and
    /// html cents that add up. FORMAT without a file is written to standard output; FILE without a format has
    /// the one of `--format`, else the usual one of its extension.
    #[arg(
        long, short, value_name = "[FORMAT=]FILE", value_parser = Target::<CostFormat>::parse,
        value_hint = ValueHint::FilePath
    )]
    pub(crate) output: Vec<Target<CostFormat>>,
    /// Show only the N most expensive lines, and the others as one
    #[arg(long, value_name = "N")]
    pub(crate) top: Option<NonZeroUsize>,
    /// The clock: a day (2026-11-01) or a time (2026-11-01T12:00:00Z) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<DateTime<Utc>>,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// `--rev A..B` compares two revisions of the git repository, `A...B` the second with what it
/// branched from, `A` alone with the files as they are. Two PATHs are compared with each other.
/// `--snapshot A..B` compares two snapshots under one version of the policies.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct DiffArgs {
    /// A project folder, a folder of .tagpol files, or one file [default: the project around here];
    /// two of them are compared
    #[arg(value_hint = ValueHint::AnyPath, num_args = 0..=2)]
    pub(crate) paths: Vec<PathBuf>,
    /// Revisions of the git repository, like main..HEAD; the work tree is not touched
    #[arg(long, value_name = "A..B")]
    pub(crate) rev: Option<String>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Form of the report [default: the usual one of the file's extension, else pretty]
    #[arg(long, value_enum)]
    pub(crate) format: Option<DiffFormat>,
    /// Write the report to a file
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// Show every finding and every value, not only some of each check and tag
    #[arg(long)]
    pub(crate) all: bool,
    /// Exit with 1 when a finding of this severity or worse is open and was not [default: none]
    #[arg(long, value_name = "SEVERITY", value_enum)]
    pub(crate) fail_on: Option<FailOn>,
    /// The clock of both: a day (2026-11-01) or a time (2026-11-01T12:00:00Z) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<DateTime<Utc>>,
    /// Threads to run on [default: one a core]; results do not depend on it
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
    /// An inventory: a bill or an export (repeat it to join several), the folder of a snapshot, or `-` for
    /// standard input
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::AnyPath, conflicts_with = "snapshot")]
    pub(crate) inventory: Vec<PathBuf>,
    /// A snapshot of the project, by the start of its id [default: what tagpol.toml lists as
    /// `inventory`, else the newest snapshot]
    #[arg(long, value_name = "ID")]
    pub(crate) snapshot: Option<String>,
    /// A Terraform plan or state, as `terraform show -json` writes it, or `-` for standard input; findings
    /// point at addresses
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["inventory", "snapshot"])]
    pub(crate) terraform: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) import: ImportArgs,
}

/// What is fetched from a live cloud. Nothing is changed there.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct FetchArgs {
    /// The cloud
    pub(crate) cloud: Cloud,
    /// A region; repeat it for several [default: that of the environment or the profile]
    #[arg(long, value_name = "REGION")]
    pub(crate) region: Vec<String>,
    /// A profile of the cloud's own configuration
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Only this type, like `ec2:instance` or `s3`; repeat it for several
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) types: Vec<String>,
    /// A bill or an export to join with what is fetched; repeat it for several
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) with: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) import: ImportArgs,
}

/// A cloud whose resources can be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Cloud {
    /// Through the Resource Groups Tagging API, with the permission tag:GetResources
    Aws,
}

/// How inventories are read.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ImportArgs {
    /// Format of the inventory files, one of `tagpol snapshot formats` [default: found out from their
    /// content]
    #[arg(long, value_name = "FORMAT")]
    pub(crate) inventory_format: Option<InventoryFormat>,
    /// Month of a bill whose costs count [default: the latest whole one]
    #[arg(long, value_name = "YYYY-MM")]
    pub(crate) month: Option<YearMonth>,
    /// Currency of costs whose files do not say it, like USD
    #[arg(long, value_name = "CODE", value_parser = parse_currency)]
    pub(crate) currency: Option<String>,
    /// Fail on the first row or value that cannot be read, and on files that are incomplete, like the first
    /// page of an answer, instead of listing them
    #[arg(long)]
    pub(crate) strict: bool,
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
    /// A project folder, a folder of .tagpol files, or one file [default: the project around here]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) path: Option<PathBuf>,
    /// Run only the tests whose name contains this; repeat it for those that contain any of several
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
    /// Make small mistakes in the policies, and show those that no test notices
    #[arg(long)]
    pub(crate) mutate: bool,
    /// Exit with 1 when less of the coverage, or of the mistakes, is reached: 80 or 80%
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent)]
    pub(crate) threshold: Option<f64>,
    /// Form of the report
    #[arg(long, value_enum, default_value_t = TestFormat::Pretty)]
    pub(crate) format: TestFormat,
    /// Write the report to a file
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    /// The clock of tests that have no `at` [default: now]
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
    /// A project folder, a folder of .tagpol files, or one file [default: the project around here]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) path: Option<PathBuf>,
    /// Where to write it: a file (.md or .html), or a folder for a file a topic [default: `output` under
    /// `[doc]` in tagpol.toml, else standard output]
    #[arg(long, short, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub(crate) output: Option<PathBuf>,
    /// Form of the documentation [default: that of the manifest or of the file's name, else markdown]
    #[arg(long, value_enum)]
    pub(crate) format: Option<DocFormat>,
    /// Write nothing; list the files that are stale or missing, and exit with 1 if there are any
    #[arg(long)]
    pub(crate) check: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DocFormat {
    /// As code hosts show it
    Markdown,
    /// Pages that need no other file
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
    /// The project whose snapshots are meant [default: the project around here]
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
    /// List the snapshots, the newest first
    List,
    /// Show where a snapshot came from, what is in it, and what could not be read
    Show {
        /// The start of its id, or its folder [default: the newest]
        id: Option<String>,
        /// List every row and value that could not be read
        #[arg(long)]
        rejects: bool,
        /// List the resources that only a bill or only an inventory has, where both were imported
        #[arg(long, conflicts_with = "rejects")]
        orphans: bool,
    },
    /// Remove snapshots from the disk; what is remembered of findings and tags stays
    Remove {
        /// The starts of their ids
        #[arg(required = true)]
        ids: Vec<String>,
    },
    /// List the formats that inventories are read in
    Formats,
}

#[derive(Debug, clap::Args)]
pub(crate) struct CompileArgs {
    /// A project folder, a folder of .tagpol files, or one file [default: the project around here]
    #[arg(value_hint = ValueHint::AnyPath)]
    pub(crate) path: Option<PathBuf>,
    /// Show the SQL that runs (the default)
    #[arg(long, conflicts_with = "plan")]
    pub(crate) sql: bool,
    /// Show the relational plan instead
    #[arg(long)]
    pub(crate) plan: bool,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// The clock that is compiled in [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<DateTime<Utc>>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExplainCodeArgs {
    /// The code, like E0012, or a lint like substring-trap; without one, all are listed
    pub(crate) code: Option<String>,
}

#[derive(Debug, clap::Args)]
pub(crate) struct LspArgs {
    /// Taken since many editors add it; there is no other way
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

fn parse_cost_format(name: &str) -> Result<CostFormat, String> {
    let found = CostFormat::ALL.into_iter().find(|format| format.as_str() == name);
    found.ok_or_else(|| no_format::<CostFormat>(name))
}

fn parse_percent(text: &str) -> Result<f64, String> {
    let number = text.strip_suffix('%').unwrap_or(text).trim();
    let percent = number.parse::<f64>().ok().filter(|percent| (0.0..=100.0).contains(percent));
    match percent {
        // Who writes 0.9 means 90%, and a gate must not be open by mistake.
        Some(share) if share > 0.0 && share <= 1.0 && !text.ends_with('%') => {
            let percent = (share * 10_000.0).round() / 100.0;
            Err(format!("write it in percent: {percent}%, or {share}% if that is meant"))
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
