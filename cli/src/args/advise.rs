//! Arguments of `tagpol advise`.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::ValueHint;
use tagpol_app::advising::Analysis;
use tagpol_app::advising::format::AdviceFormat;

use super::{LimitArgs, SourceArgs, StateArgs, parse_time};
use crate::targets::{Target, no_format};

#[derive(Debug, clap::Args)]
pub(crate) struct AdviseArgs {
    /// A project folder, a folder of .tagpol files, or one file [default: the project of the current folder]
    #[arg(value_name = "PROJECT", value_hint = ValueHint::AnyPath)]
    pub(crate) path: Option<PathBuf>,
    /// tagging-guidance, compliance-check, cost-analysis or remediation-plan; without a project it can be the only
    /// argument [default: all of them]
    #[arg(value_name = "ANALYSIS")]
    pub(crate) analysis: Option<Analysis>,
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    /// Format of the advice on standard output [default: text, unless `--output` writes to standard output]
    #[arg(long, value_name = "FORMAT", value_parser = parse_format)]
    pub(crate) format: Option<AdviceFormat>,
    /// Write the advice to a file; repeat it for several
    ///
    /// FORMAT is one of text, markdown and json. FORMAT without a file writes to standard output. FILE without a
    /// format uses `--format`, or else the format of its extension.
    #[arg(
        long, short, value_name = "[FORMAT=]FILE", value_parser = Target::<AdviceFormat>::parse,
        value_hint = ValueHint::FilePath
    )]
    pub(crate) output: Vec<Target<AdviceFormat>>,
    /// Let a language model word the advice; what it writes is checked against the facts
    ///
    /// The environment configures the model: LLM_PRIMARY_BACKEND and LLM_FALLBACK_BACKEND (openai, anthropic or
    /// ollama) with the key, the model and the address of each. Without this option nothing is sent anywhere.
    /// docs/advise.md describes the variables.
    #[arg(long)]
    pub(crate) model: bool,
    /// Show what the model would be asked, and send nothing
    #[arg(long, conflicts_with = "model")]
    pub(crate) show_prompt: bool,
    /// Let the model read values of tags and names of resources, and not only aliases such as V7
    #[arg(long)]
    pub(crate) share_values: bool,
    /// Tokens that all questions and answers may have together
    #[arg(long, value_name = "N", default_value_t = 50_000, requires = "model")]
    pub(crate) token_budget: u64,
    /// Ask the model again instead of using its answers to the same questions
    #[arg(long, requires = "model")]
    pub(crate) no_cache: bool,
    /// Answer questions about the evaluation in the terminal; with `--model`, a language model words the answers
    ///
    /// Each answer states only what was computed, with the facts behind it. `/help` shows what else can be typed.
    #[arg(long, conflicts_with_all = ["output", "show_prompt", "analysis"])]
    pub(crate) chat: bool,
    /// Answer a question about the evaluation; repeat it for several
    #[arg(long, value_name = "QUESTION", conflicts_with_all = ["chat", "output", "show_prompt", "analysis"])]
    pub(crate) ask: Vec<String>,
    /// The framework that answers are about first, such as soc2
    #[arg(long, value_name = "NAME")]
    pub(crate) framework: Option<String>,
    /// Time of the evaluation: a day (2026-11-01) or a time (2026-11-01T12:00:00Z) [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub(crate) now: Option<DateTime<Utc>>,
    #[command(flatten)]
    pub(crate) state: StateArgs,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

impl AdviseArgs {
    /// Returns the project and the analysis. A first argument that is the name of an analysis, and not that of a
    /// file or a folder, is the analysis.
    pub(crate) fn project_and_analysis(&self) -> (Option<PathBuf>, Option<Analysis>) {
        let named = || {
            let path = self.path.as_ref().filter(|path| !path.exists())?;
            path.to_str()?.parse::<Analysis>().ok()
        };
        match (self.analysis, named()) {
            (None, Some(analysis)) => (None, Some(analysis)),
            (analysis, _) => (self.path.clone(), analysis),
        }
    }
}

fn parse_format(name: &str) -> Result<AdviceFormat, String> {
    let found = AdviceFormat::ALL.into_iter().find(|format| format.as_str() == name);
    found.ok_or_else(|| no_format::<AdviceFormat>(name))
}
