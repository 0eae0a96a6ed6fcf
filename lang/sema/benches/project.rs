//! Parsing and checking a project of 1,000 files with 20,000 items, from scratch and after one
//! keystroke; and of half and twice the size, to see that time grows as the text does.
//!
//! ```sh
//! cargo bench -p tagpol-sema
//! ```

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "a benchmark may fail")]

mod workload;

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tagpol_sema::{Database, Project, SourceFile, analysis, errors, file_errors, file_lints, lints};

/// Files of the project.
const FILES: usize = 1000;

fn parse(c: &mut Criterion) {
    let texts: Vec<String> = workload::project(FILES).into_iter().map(|(_, text)| text).collect();
    let mut group = c.benchmark_group("parse");
    group.throughput(Throughput::Bytes(texts.iter().map(|text| text.len() as u64).sum()));
    group.sample_size(10).bench_function("1,000 files", |b| {
        b.iter(|| {
            texts.iter().map(|text| tagpol_syntax::parse(black_box(text)).errors().len()).sum::<usize>()
        });
    });
}

fn check(c: &mut Criterion) {
    let mut group = c.benchmark_group("check");
    group.sample_size(10).measurement_time(Duration::from_secs(20));
    for files in [FILES / 4, FILES / 2, FILES, FILES * 2] {
        group.throughput(Throughput::Elements((files * workload::ITEMS_A_FILE) as u64));
        group.bench_with_input(
            BenchmarkId::new("from scratch, items", files * workload::ITEMS_A_FILE),
            &files,
            |b, &files| {
                b.iter_batched(
                    || workload::project(files),
                    |project| checked(project).0,
                    BatchSize::PerIteration,
                );
            },
        );
    }
    group.finish();
}

/// What lints cost beside the check.
fn lint(c: &mut Criterion) {
    let mut group = c.benchmark_group("lint");
    group.sample_size(10).throughput(Throughput::Elements((FILES * workload::ITEMS_A_FILE) as u64));
    group.bench_function("from scratch", |b| {
        b.iter_batched(
            || checked(workload::project(FILES)),
            |(db, project)| lints(&db, project).len(),
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

/// A project that has been checked, and has nothing wrong.
fn checked(files: Vec<(String, String)>) -> (Database, Project) {
    let db = Database::default();
    let project = db.project(files);
    let diagnostics = &analysis(&db, project).diagnostics;
    assert!(diagnostics.is_empty(), "the workload is wrong: {:?}", diagnostics[0]);
    (db, project)
}

/// Types one character into the middle of a file, checks, takes it back, and checks again.
fn keystroke(c: &mut Criterion) {
    let (mut db, project) = checked(workload::project(FILES));
    let file = project.files(&db)[FILES / 2];
    let text = file.text(&db).to_owned();
    // As an editor does where it opens the file.
    db.edit(file, text.clone());
    let mut group = c.benchmark_group("keystroke");
    for (what, after, typed) in [
        ("in a policy", "  severity critical", "\n  require team-x: resource.name is set"),
        ("in a comment", "// Tags", " x"),
        ("that breaks a line", "  severity critical", "\n  requ"),
        ("in a name that others use", "define database-500", "x"),
    ] {
        let at = text.find(after).expect("the workload has it") + after.len();
        let mut edited = text.clone();
        edited.insert_str(at, typed);
        group.bench_function(BenchmarkId::new("diagnostics of the file", what), |b| {
            both_ways(b, &mut db, file, &text, &edited, |db| file_errors(db, project, file).len());
        });
        group.bench_function(BenchmarkId::new("lints of the file", what), |b| {
            both_ways(b, &mut db, file, &text, &edited, |db| file_lints(db, project, file).len());
        });
        group.bench_function(BenchmarkId::new("diagnostics of the project", what), |b| {
            both_ways(b, &mut db, file, &text, &edited, |db| errors(db, project).len());
        });
    }
}

/// Times the check after an edit; every second one takes it back.
fn both_ways(
    b: &mut criterion::Bencher<'_>,
    db: &mut Database,
    file: SourceFile,
    text: &str,
    edited: &str,
    mut check: impl FnMut(&Database) -> usize,
) {
    let mut is_edited = false;
    b.iter(|| {
        is_edited = !is_edited;
        let text = if is_edited { edited } else { text };
        db.edit(file, text.to_owned());
        black_box(check(db))
    });
    db.edit(file, text.to_owned());
}

criterion_group!(benches, parse, check, lint, keystroke);
criterion_main!(benches);
