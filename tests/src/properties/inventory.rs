//! Readers of inventories.

use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use tagpol_inventory::{
    Counts, Format, Import, ImportOptions, Reject, RejectKind, Resource, Snapshot, detect, import,
};

use super::{Scratch, now, same};

/// Extensions that break ties between formats.
const EXTENSIONS: [&str; 4] = ["", ".json", ".csv", ".ndjson"];

/// Longest text of a reject, in characters: it shows the start of what was wrong.
const LONGEST_REJECT: usize = 4000;

/// Any file is read in full or refused: every row becomes a resource, is merged, left out or rejected.
///
/// The input is a byte, and the content of the file. The lower five bits of the byte are the format: 0, it
/// is detected; n, the nth of [`Format::ALL`]. Bit 5 packs the content, bits 6 and 7 choose an extension.
pub fn inventory(input: &[u8]) {
    let Some((selector, content)) = input.split_first() else { return };
    let format = usize::from(selector & 0x1f).checked_sub(1).and_then(|at| Format::ALL.get(at).copied());
    let packed = selector & 0x20 != 0;
    let name = format!("input{}{}", EXTENSIONS[usize::from(selector >> 6)], if packed { ".gz" } else { "" });
    let folder = Scratch::new();
    let path = if packed { folder.write(&name, &gzip(content)) } else { folder.write(&name, content) };
    imported(&folder, &path, format);
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("writes to memory");
    encoder.finish().expect("writes to memory")
}

/// What an import is made of.
type Parts = (Vec<Resource>, Vec<Reject>, Counts);

fn parts(import: &Import) -> Parts {
    (import.resources().collect(), import.rejects().to_vec(), *import.counts())
}

/// Asserts what holds of an import of a file, which is written to the folder.
pub(super) fn imported(folder: &Scratch, path: &Path, format: Option<Format>) {
    let options = ImportOptions { format, ..ImportOptions::at(now()) };
    let read = || import(&[path.to_owned()], &options, &mut |_| {});
    let (first, second) = (read(), read());
    let strict = ImportOptions { strict: true, ..options.clone() };
    let strictly = import(&[path.to_owned()], &strict, &mut |_| {}).is_ok();
    let found = same(first.as_ref().map(parts), second.as_ref().map(parts));
    let (Some((resources, rejects, counts)), Ok(first), Ok(second)) = (found, first, second) else {
        return assert!(!strictly, "what cannot be read cannot be read strictly");
    };
    if strictly {
        // A note is no mistake, in strict mode too.
        let is_note = |reject: &Reject| reject.kind == RejectKind::Note;
        assert!(rejects.iter().all(is_note), "a strict import rejects nothing: {rejects:?}");
    }
    if format.is_none() {
        assert!(detect(path).is_ok(), "a file whose format was detected has a format");
    }
    accounted(&first, &resources, &rejects, &counts);
    let snapshot = first.write(&folder.path().join("a"), &mut |_| {}).expect("an import can be written");
    let again = second.write(&folder.path().join("b"), &mut |_| {}).expect("an import can be written");
    assert_eq!(snapshot.manifest(), again.manifest(), "the same import gives the same snapshot");
    let opened = Snapshot::open(snapshot.dir()).expect("a snapshot that was written can be opened");
    opened.verify().expect("a snapshot that was written is whole");
    assert_eq!(opened.rejects().expect("rejects can be read back"), rejects);
}

/// Asserts that every row of the file is somewhere.
fn accounted(import: &Import, resources: &[Resource], rejects: &[Reject], counts: &Counts) {
    let rejected = rejects.iter().filter(|reject| reject.kind == RejectKind::Row).count() as u64;
    assert_eq!(counts.rejected_rows, rejected, "every rejected row is listed: {rejects:?}");
    let listed = counts.rejected_rows + counts.rejected_values + counts.notes;
    assert_eq!(listed, rejects.len() as u64);
    assert_eq!(counts.resources, resources.len() as u64);
    for reject in rejects {
        assert!(reject.line > 0 && !reject.reason.is_empty(), "{reject:?} has a place and a reason");
        assert!(reject.text.chars().count() <= LONGEST_REJECT, "{reject:?} is shortened");
        assert!(!reject.text.contains(char::is_control), "{reject:?} has no control characters");
    }
    let left_out: u64 = import.sources().iter().map(|source| source.left_out_rows).sum();
    let is_bill = import.sources().iter().any(|source| source.format.is_bill());
    if is_bill {
        let without = counts.unattributed_rows + counts.rejected_rows + left_out;
        assert!(without <= counts.rows, "{counts:?}");
        assert!(counts.resources <= counts.rows - without, "a resource of a bill has a charge: {counts:?}");
    } else {
        let kept = counts.resources + counts.merged;
        assert_eq!(counts.rows, kept + counts.rejected_rows + left_out, "{counts:?}, {left_out} left out");
    }
    for pair in resources.windows(2) {
        assert!(pair[0].id < pair[1].id, "ids are distinct and sorted: {pair:?}");
    }
}
