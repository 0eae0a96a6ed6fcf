//! The one place that knows how a test imports and reads back.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{Decimal128Type, TimestampMicrosecondType};
use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use rust_decimal::Decimal;
use tagpol_inventory::{Import, ImportError, ImportOptions, Resource, Snapshot, UnknownTags, import};
use tempfile::TempDir;

/// 2026-11-22T13:45:01Z.
pub(crate) fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_355_101, 0).unwrap()
}

pub(crate) fn options() -> ImportOptions {
    ImportOptions::at(noon())
}

/// Files of a test, by their names.
pub(crate) struct Files {
    dir: TempDir,
}

impl Files {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn add(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        std::fs::write(self.path(name), content).unwrap();
        self.path(name)
    }
}

pub(crate) fn gzip(content: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// Imports one file of this name and content.
pub(crate) fn read(name: &str, content: impl AsRef<[u8]>) -> Result<Import, ImportError> {
    read_with(name, content, &options())
}

pub(crate) fn read_with(
    name: &str,
    content: impl AsRef<[u8]>,
    options: &ImportOptions,
) -> Result<Import, ImportError> {
    let files = Files::new();
    import(&[files.add(name, content)], options, &mut |_| {})
}

/// Returns the resources with what follows from nothing in the file left out: the source.
pub(crate) fn resources(import: &Import) -> Vec<Resource> {
    import.resources().collect()
}

/// Returns the only resource.
pub(crate) fn only(import: &Import) -> Resource {
    let resources = resources(import);
    assert_eq!(resources.len(), 1, "{resources:?}");
    resources.into_iter().next().unwrap()
}

pub(crate) fn tags(resource: &Resource) -> Vec<(&str, &str)> {
    resource.tags.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect()
}

pub(crate) fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// Returns each reject as `line[:column] kind [field] resource: reason`.
pub(crate) fn rejects(import: &Import) -> Vec<String> {
    import
        .rejects()
        .iter()
        .map(|r| {
            let column = r.column.map(|column| format!(":{column}")).unwrap_or_default();
            let field = r.field.as_deref().map(|field| format!(" [{field}]")).unwrap_or_default();
            let resource = r.resource.as_deref().unwrap_or("-");
            format!("{}{column} {:?}{field} {resource}: {}", r.line, r.kind, r.reason)
                .replace("Row", "row")
                .replace("Value", "value")
                .replace("Note", "note")
        })
        .collect()
}

/// Reads the resources of a snapshot with the plain Parquet reader; checks the promoted columns.
pub(crate) fn read_back(snapshot: &Snapshot) -> Vec<Resource> {
    let file = File::open(snapshot.resources_path()).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    let mut all = Vec::new();
    for batch in reader {
        let batch = batch.unwrap();
        let text = |name: &str, at: usize| {
            let column = batch.column_by_name(name).unwrap().as_string::<i32>();
            column.is_valid(at).then(|| column.value(at).to_owned())
        };
        let created = batch.column_by_name("created").unwrap().as_primitive::<TimestampMicrosecondType>();
        let costs = batch.column_by_name("monthly_cost").unwrap().as_primitive::<Decimal128Type>();
        let maps = batch.column_by_name("tags").unwrap().as_map();
        let unknown = |at: usize| {
            let Some(keys) = batch.column_by_name("unknown_keys") else { return UnknownTags::default() };
            let keys = keys.as_list::<i32>().value(at);
            let keys = keys.as_string::<i32>().iter().flatten().map(str::to_owned).collect();
            let others = batch.column_by_name("unknown_tags").unwrap().as_boolean().value(at);
            UnknownTags { keys, others }
        };
        for at in 0..batch.num_rows() {
            let entries = maps.value(at);
            let (keys, values) = (entries.column(0).as_string::<i32>(), entries.column(1).as_string::<i32>());
            let tags: Vec<(String, String)> =
                (0..entries.len()).map(|i| (keys.value(i).to_owned(), values.value(i).to_owned())).collect();
            for key in &snapshot.manifest().keys {
                let Some(column) = &key.column else { continue };
                let expected = tags.iter().find(|(k, _)| *k == key.key).map(|(_, v)| v.clone());
                assert_eq!(text(column, at), expected, "{column}");
            }
            all.push(Resource {
                id: text("id", at).unwrap(),
                name: text("name", at),
                type_: text("type", at),
                provider: text("provider", at),
                account: text("account", at),
                region: text("region", at),
                source: text("source", at),
                meta: text("meta", at),
                created: created
                    .is_valid(at)
                    .then(|| DateTime::from_timestamp_micros(created.value(at)).unwrap()),
                monthly_cost: costs.is_valid(at).then(|| Decimal::from_i128_with_scale(costs.value(at), 12)),
                tags,
                unknown: unknown(at),
            });
        }
    }
    all
}

/// Returns the names in a folder, sorted.
pub(crate) fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Returns the folder of files in the shapes of APIs and bills.
pub(crate) fn fixtures() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}
