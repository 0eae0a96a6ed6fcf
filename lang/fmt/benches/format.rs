//! How long formatting takes: `cargo bench -p tagpol-fmt`.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

#[path = "../../sema/benches/workload/mod.rs"]
mod workload;

/// Parses and formats all files of a project, whose text is canonical already.
fn format(c: &mut Criterion) {
    let mut group = c.benchmark_group("format");
    group.sample_size(10);
    for files in [250, 500, 1000, 2000] {
        let texts: Vec<String> = workload::project(files).into_iter().map(|(_, text)| text).collect();
        group.throughput(Throughput::Bytes(texts.iter().map(|text| text.len() as u64).sum()));
        group.bench_function(BenchmarkId::new("items", files * workload::ITEMS_A_FILE), |b| {
            b.iter(|| {
                let formatted =
                    texts.iter().map(|text| tagpol_fmt::format(&tagpol_syntax::parse(black_box(text))));
                formatted.map(|text| text.len()).sum::<usize>()
            });
        });
    }
    group.finish();
}

criterion_group!(benches, format);
criterion_main!(benches);
