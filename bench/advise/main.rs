//! How long advice and answers take on top of an evaluation, without a model, and how soon a model's words are passed on.
//!
//! ```sh
//! cargo build --release -p tagpol-bench --bin bench-advise
//! target/release/bench-advise --resources 1000000
//! ```

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark may fail, and prints its table")]

#[path = "../src/generate.rs"]
mod generate;

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Parser;
use serde_json::Value;
use tagpol_app::advising::conversation::{Conversation, Event, Memory, Model, ModelFailure, ModelReply};
use tagpol_app::advising::prompt::{Prompt, Values};
use tagpol_app::advising::{Advice, Analysis};
use tagpol_app::conversing::ProjectTools;
use tagpol_app::inventory::InventorySource;
use tagpol_app::{AppError, Project, RunContext, Silent, StateAccess, Workspace};

/// Measure advice on top of an evaluation.
#[derive(Debug, Parser)]
struct Args {
    /// Resources of the inventory
    #[arg(long, default_value_t = 100_000)]
    resources: u64,
}

/// Questions that are answered without a model.
const QUESTIONS: [&str; 4] = [
    "What should I fix first?",
    "production without owner",
    "What do we spend per cost center?",
    "Propose a policy that requires owner on production",
];

/// What a model answers, in pieces of three letters.
const ANSWER: &str = "{\"tool\": \"none\", \"argument\": \"\", \"statements\": [{\"facts\": [\"F1\"], \"text\": \"The \
                      resources of the inventory are listed, and it is best to review the tags of the resources first.\"}], \
                      \"patch\": \"\"}";

fn main() {
    let args = Args::parse();
    let folder = tempfile::tempdir().expect("a folder");
    prepare(folder.path(), args.resources);
    let reopen = || -> Result<Project, AppError> { Project::open(Some(folder.path())) };
    let project = reopen().expect("a project");
    let now = "2026-11-01T12:00:00Z".parse().expect("a time");
    let context = RunContext::at(now, &Silent);
    let open = || Workspace::open(&project, &InventorySource::default(), &StateAccess::default(), &context);
    let (workspace, imported) = timed(|| open().expect("an inventory"));
    let (evaluated, evaluation) = timed(|| workspace.evaluate_for_advice().expect("an evaluation"));
    println!("{} resources: import {}, evaluation {}", args.resources, shown(imported), shown(evaluation));
    let (input, facts) = timed(|| workspace.advice_input_of(&evaluated).expect("facts"));
    let (advice, steps) = timed(|| Advice::new(&input, &Analysis::ALL));
    println!("advice after the evaluation: {} ({} facts)", shown(facts + steps), advice.facts.all().len());
    let (vocabulary, words) = timed(|| workspace.vocabulary().expect("a vocabulary"));
    println!("vocabulary: {} ({} tags)", shown(words), vocabulary.filter.tags.len());
    let mut tools = ProjectTools::new(&workspace, &context, &reopen).expect("tools");
    let mut conversation = Conversation::new(&input, Memory::default(), Values::Aliases);
    for question in QUESTIONS {
        let (_, took) = timed(|| conversation.ask(question, &mut tools, None, &mut |_| {}));
        println!("{question}: {}", shown(took));
    }
    let mut model = Pieces;
    let mut listener = |event: Event<'_>| {
        if let (Event::Part(_), Some(received)) = (event, model_clock()) {
            record(received.elapsed());
        }
    };
    conversation.ask("How many resources are there?", &mut tools, Some(&mut model), &mut listener);
    println!("a word of a model is passed on after at most {}", shown(longest()));
}

thread_local! {
    /// When the last piece of an answer was received.
    static RECEIVED: std::cell::Cell<Option<Instant>> = const { std::cell::Cell::new(None) };
    static LONGEST: std::cell::Cell<Duration> = const { std::cell::Cell::new(Duration::ZERO) };
}

fn model_clock() -> Option<Instant> {
    RECEIVED.get()
}

fn record(took: Duration) {
    LONGEST.set(LONGEST.get().max(took));
}

fn longest() -> Duration {
    LONGEST.get()
}

/// A model whose answer is received in pieces.
#[derive(Debug, Default)]
struct Pieces;

impl Model for Pieces {
    fn ask(
        &mut self,
        _: &Prompt,
        _: Value,
        progress: &mut dyn FnMut(&str),
    ) -> Result<ModelReply, ModelFailure> {
        for end in (0..=ANSWER.len()).step_by(3) {
            RECEIVED.set(Some(Instant::now()));
            progress(ANSWER.get(..end).unwrap_or_default());
        }
        Ok(ModelReply { text: ANSWER.to_owned(), model: "pieces".to_owned() })
    }
}

/// Writes a project of P12 with its inventory.
fn prepare(folder: &Path, resources: u64) {
    let bench = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    for file in std::fs::read_dir(bench.join("p12")).expect("policies").flatten() {
        std::fs::copy(file.path(), folder.join(file.file_name())).expect("copies");
    }
    let manifest = "name = \"bench\"\ninventory = [\"inventory.ndjson\"]\n";
    std::fs::write(folder.join("tagpol.toml"), manifest).expect("writes");
    let file = File::create(folder.join("inventory.ndjson")).expect("a file");
    generate::write(resources, BufWriter::new(file)).expect("an inventory");
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

fn shown(time: Duration) -> String {
    match time.as_secs_f64() {
        seconds if seconds < 0.001 => format!("{:.0} µs", seconds * 1e6),
        seconds if seconds < 1.0 => format!("{:.1} ms", seconds * 1e3),
        seconds => format!("{seconds:.2} s"),
    }
}
