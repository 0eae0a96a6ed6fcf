//! What a server asks of an evaluation, measured, and next to it the same of PostgreSQL with the tables that such products have: a
//! row for each resource, and one for each of its tags.
//!
//! ```sh
//! cargo build --release -p tagpol-bench --bin bench-serve
//! scripts/postgres.sh run target/release/bench-serve --resources 1000000
//! ```
//!
//! Without `TAGPOL_TEST_POSTGRES` the right half of the table is empty. PostgreSQL has integer keys, no metadata and no
//! durability (`fsync` off is left to the server), and is analyzed after loading. Its times are those that `psql` reports, without
//! starting it. The second number of each pair is the time that 95 of 100 questions take, the third that of eight clients at once.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a benchmark may fail, and prints its table")]

#[path = "../src/generate.rs"]
mod generate;
mod rival;

use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use clap::Parser;
use tagpol_app::inventory::{InventorySource, Snapshot};
use tagpol_app::state::{Action, Change, StateError};
use tagpol_app::{Project, RunContext, Silent, StateAccess, Workspace};
use tagpol_serve_data::{
    BuildOptions, Conditions, CostQuery, Facet, FacetOf, Filter, Generation, Generations, OpenOptions,
    Overlay, Query, Sort, build,
};

use rival::Rival;

/// Clients that ask at once.
const CLIENTS: usize = 8;

/// Measure what a server asks of an evaluation.
#[derive(Debug, Parser)]
struct Args {
    /// Resources of the inventory
    #[arg(long, default_value_t = 100_000)]
    resources: u64,
    /// Repetitions of each question
    #[arg(long, default_value_t = 40)]
    repeats: usize,
    /// Decisions on top of the generation
    #[arg(long, default_value_t = 2_000)]
    decisions: usize,
}

fn main() {
    let args = Args::parse();
    let folder = tempfile::tempdir().expect("a folder");
    prepare(folder.path(), args.resources);
    let project = Project::open(Some(folder.path())).expect("a project");
    let now = "2026-11-01T12:00:00Z".parse().expect("a time");
    let context = RunContext::at(now, &Silent);
    let (workspace, imported) = timed(|| {
        Workspace::open(&project, &InventorySource::default(), &StateAccess::default(), &context)
            .expect("an inventory")
    });
    let generations = Generations::at(folder.path().join("generations"));
    let (contents, built) = timed(|| {
        let (program, snapshot) = (workspace.program(), workspace.snapshot());
        build(program, snapshot, workspace.options(), &generations, &BuildOptions::default())
            .expect("a generation")
    });
    let size = std::fs::metadata(generations.folder().join(&contents.id).join("serving.duckdb"))
        .expect("a file")
        .len();
    println!(
        "{} resources, {} tags, {} checks",
        contents.resources,
        contents.tags.len(),
        contents.checks.len()
    );
    println!(
        "import {}, build {}, size {} MB, peak memory {} MB",
        shown(imported),
        shown(built),
        size / 1_000_000,
        peak()
    );
    let (generation, opened) = timed(|| {
        Generation::open(
            &generations,
            &contents.id,
            &OpenOptions { sessions: CLIENTS, ..OpenOptions::default() },
        )
    });
    let generation = generation.expect("a generation");
    println!("open {}", shown(opened));
    let conditions =
        Conditions::of(Project::open(Some(folder.path())).expect("a project")).expect("policies");
    let questions = questions(&generation, &workspace, &conditions);
    let rival = Rival::load(&generation, folder.path());
    if let Some(rival) = &rival {
        println!("PostgreSQL: loaded in {}, {} MB", shown(rival.loaded), rival.size / 1_000_000);
    }
    println!("\n{:<28} {:>8} {:>8} {:>8} {:>10} {:>7}", "", "p50", "p95", "p95 of 8", "PostgreSQL", "ratio");
    for (name, ask) in &questions {
        report(
            name,
            (&args, &generation),
            ask,
            rival.as_ref().and_then(|rival| rival.measure(name, args.repeats)),
        );
    }
    overlay(&args, &generation, &workspace, folder.path(), &questions);
    println!("peak memory {} MB", peak());
}

/// Writes a project of P12 with its inventory.
fn prepare(folder: &Path, resources: u64) {
    let bench = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    for file in std::fs::read_dir(bench.join("p12")).expect("policies").flatten() {
        std::fs::copy(file.path(), folder.join(file.file_name())).expect("copies");
    }
    std::fs::copy(bench.join("serve/more.tagpol"), folder.join("more.tagpol")).expect("copies");
    let manifest = "name = \"bench\"\ninventory = [\"inventory.ndjson\"]\n";
    std::fs::write(folder.join("tagpol.toml"), manifest).expect("writes");
    let file = File::create(folder.join("inventory.ndjson")).expect("a file");
    generate::write(resources, BufWriter::new(file)).expect("an inventory");
}

/// A question, by the name that the rival knows it by.
type Question<'q> = (&'static str, Box<dyn Fn(&Generation) + Sync + 'q>);

fn questions<'q>(
    generation: &Generation,
    workspace: &'q Workspace<'_>,
    conditions: &Conditions,
) -> Vec<Question<'q>> {
    let tag = |name: &str, value: &str| Filter {
        tags: vec![(name.to_owned(), vec![Some(value.to_owned())])],
        ..Filter::default()
    };
    let production = tag("environment", "production");
    let page = move |filter: Filter| Query { filter, total: false, ..Query::default() };
    let words = Filter { q: Some("checkout prod".to_owned()), ..Filter::default() };
    let condition =
        conditions.read("environment == \"production\" and owner is missing").expect("a condition");
    let where_ = Filter { condition: Some(condition), ..Filter::default() };
    let middle =
        generation.page(&Query { sort: Sort::default(), limit: 1, ..Query::default() }).expect("a page");
    let id = middle.rows.first().expect("a resource").id.clone();
    let deep = deep(generation);
    let facets: Vec<FacetOf> = ["environment", "team", "criticality", "provider", "region", "type"]
        .iter()
        .map(|name| FacetOf::parse(name, generation).expect("a facet"))
        .collect();
    let costs = |by: &[&str]| CostQuery {
        by: by.iter().map(|name| (*name).to_owned()).collect(),
        ..CostQuery::default()
    };
    let (by_team, matrix) = (costs(&["team"]), costs(&["team", "environment"]));
    let filtered = page(production.clone());
    let by_condition = page(where_);
    let found = page(words);
    let program = workspace.program();
    vec![
        ("filtered page", Box::new(move |g: &Generation| drop(g.page(&filtered).expect("a page")))),
        ("page of a condition", Box::new(move |g: &Generation| drop(g.page(&by_condition).expect("a page")))),
        ("deep page", Box::new(move |g: &Generation| drop(g.page(&deep).expect("a page")))),
        (
            "count and cost",
            Box::new(move |g: &Generation| assert!(g.totals(&production).expect("totals").resources > 0)),
        ),
        ("cost by team", Box::new(move |g: &Generation| drop(g.costs(&by_team, program).expect("costs")))),
        (
            "team x environment",
            Box::new(move |g: &Generation| drop(g.costs(&matrix, program).expect("costs"))),
        ),
        (
            "facets of six columns",
            Box::new(move |g: &Generation| {
                let found: Vec<Facet> = g.facets(&Filter::default(), &facets).expect("facets");
                assert!(!found.is_empty());
            }),
        ),
        ("text anywhere", Box::new(move |g: &Generation| drop(g.page(&found).expect("a page")))),
        ("one resource", Box::new(move |g: &Generation| drop(g.resource(&id).expect("a resource")))),
        (
            "compliance",
            Box::new(|g: &Generation| drop(g.compliance(&Filter::default()).expect("compliance"))),
        ),
    ]
}

/// The page after 50,000 rows, or after half of all.
fn deep(generation: &Generation) -> Query {
    let before = (generation.contents().resources / 2).min(50_000);
    let mut query = Query { limit: 500, total: false, tags: Some(Vec::new()), ..Query::default() };
    let mut seen = 0;
    while seen < before {
        let page = generation.page(&query).expect("a page");
        seen += query.limit;
        query.after = page.next;
    }
    Query { limit: 50, tags: None, ..query }
}

/// Prints the row of a question.
fn report(
    name: &str,
    (args, generation): (&Args, &Generation),
    ask: &(dyn Fn(&Generation) + Sync),
    rival: Option<Duration>,
) {
    let [half, most] = quantiles(times(args.repeats, generation, ask));
    let of_clients = std::thread::scope(|scope| {
        let start = || scope.spawn(|| times(args.repeats.div_ceil(4), generation, ask));
        let clients: Vec<_> = (0..CLIENTS).map(|_| start()).collect();
        clients.into_iter().flat_map(|client| client.join().expect("a client")).collect()
    });
    let [_, crowded] = quantiles(of_clients);
    let ratio =
        rival.map_or_else(String::new, |rival| format!("{:.1}", rival.as_secs_f64() / half.as_secs_f64()));
    println!(
        "{name:<28} {:>8} {:>8} {:>8} {:>10} {ratio:>7}",
        shown(half),
        shown(most),
        shown(crowded),
        rival.map_or_else(String::new, shown),
    );
}

fn times(repeats: usize, generation: &Generation, ask: &(dyn Fn(&Generation) + Sync)) -> Vec<Duration> {
    ask(generation);
    (0..repeats.max(1)).map(|_| timed(|| ask(generation)).1).collect()
}

fn timed<T>(f: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    (f(), started.elapsed())
}

/// Returns the times that half of the repetitions, and 95 of 100, took.
fn quantiles(mut times: Vec<Duration>) -> [Duration; 2] {
    times.sort();
    let at = |hundredths: usize| times.get((times.len() * hundredths / 100).min(times.len() - 1)).copied();
    [50, 95].map(|hundredths| at(hundredths).unwrap_or_default())
}

fn shown(time: Duration) -> String {
    match time.as_secs_f64() {
        long if long >= 1.0 => format!("{long:.1} s"),
        short => format!("{:.1} ms", short * 1000.0),
    }
}

/// The most memory that this process had, in megabytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()).unwrap_or_default()
        / 1000
}

/// Measures decisions on top of the generation.
fn overlay(
    args: &Args,
    generation: &Generation,
    workspace: &Workspace<'_>,
    folder: &Path,
    questions: &[Question<'_>],
) {
    let snapshot = Snapshot::open(workspace.snapshot().dir()).expect("a snapshot");
    let (overlay, opened) = timed(|| {
        Overlay::open(generation.clone(), workspace.program().clone(), snapshot, workspace.options())
            .expect("an overlay")
    });
    println!("\noverlay opened in {}", shown(opened));
    let project = Project::open(Some(folder)).expect("a project");
    let state = StateAccess::default().locate(project.root(), project.manifest()).expect("a state");
    let decide = |ids: &[String]| {
        let change = |id: &String| Change {
            action: Action::Set,
            resource: id.clone(),
            tag: "owner".to_owned(),
            value: Some("somebody@example.com".to_owned()),
            note: None,
        };
        let changes: Vec<Change> = ids.iter().map(change).collect();
        let now = "2026-11-01T12:00:00Z".parse().expect("a time");
        state.write::<_, StateError>(|state| state.decide(now, "bench", &changes)).expect("decides");
    };
    let ids = ids(generation, args.decisions + args.repeats);
    let (single, many) = ids.split_at(args.repeats.min(ids.len()));
    let mut times = Vec::new();
    for id in single {
        decide(std::slice::from_ref(id));
        times.push(timed(|| overlay.catch_up().expect("catches up")).1);
    }
    let [half, most] = quantiles(times);
    println!("one decision visible: p50 {}, p95 {}", shown(half), shown(most));
    decide(many);
    let (caught, time) = timed(|| overlay.catch_up().expect("catches up"));
    println!("{} decisions visible in {}", caught.resources.len(), shown(time));
    for (name, ask) in questions {
        report(name, (args, generation), ask, None);
    }
}

/// Ids of resources all over the inventory.
fn ids(generation: &Generation, count: usize) -> Vec<String> {
    let mut export = generation.export(&Filter::default()).expect("an export");
    let mut ids = Vec::new();
    loop {
        let rows = export.next_batch().expect("rows");
        if rows.is_empty() || ids.len() >= count {
            ids.truncate(count);
            return ids;
        }
        ids.extend(rows.into_iter().step_by(3).map(|row| row.id));
    }
}
