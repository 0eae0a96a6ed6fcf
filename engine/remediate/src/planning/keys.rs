//! Under which native key a value is written.
//!
//! The first of these that is legal in the cloud, is not protected, and is read back as the wanted value: the key that
//! `write` names for the cloud, the spelling that the resource has, the keys of `normalize` in their order.

use tagpol_eval::RunError;
use tagpol_interp::{NativeStep, Row};
use tagpol_sema::clouds::Cloud;
use tagpol_sema::formats::fold_key;
use tagpol_sema::program::Tag;

use super::views::{Pair, Views};
use super::wanted::Wanted;
use crate::plan_file::{Operation, ProvenanceSource, SkipReason, protecting};

/// A change of a native tag, before it is proved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) operation: Operation,
    pub(super) key: String,
    pub(super) previous_key: Option<String>,
    pub(super) before: Option<String>,
}

/// Why there is no way to write a value.
pub(super) type Refusal = (SkipReason, String);

/// Whom a value is written for.
#[derive(Clone, Copy)]
pub(super) struct Target<'t> {
    pub(super) cloud: Cloud,
    pub(super) row: &'t Row,
    /// Keys that are never changed.
    pub(super) protect: &'t [String],
    /// Whether spellings are rewritten.
    pub(super) canonical: bool,
}

/// Returns how a value is written; `Ok(None)` if it is there already.
///
/// # Errors
/// [`RunError`] if a resource cannot be evaluated; the inner error is the reason why the best key cannot be used, if none
/// can.
pub(super) fn edit(
    views: &Views<'_>,
    pair: &Pair<'_>,
    target: &Target<'_>,
    wanted: &Wanted,
) -> Result<Result<Option<Edit>, Refusal>, RunError> {
    let tag = views.program.tag(wanted.tag);
    let is_canonical = wanted.provenance.source == ProvenanceSource::Native;
    let mut first_refusal = None;
    for edit in candidates(pair, target, tag, is_canonical) {
        if is_canonical && is_nothing(&edit, wanted) {
            return Ok(Ok(None));
        }
        let refusal = match refused(target, &edit, &wanted.value) {
            Some(refusal) => Some(refusal),
            None => not_read_back(views, target, &edit, wanted)?,
        };
        match refusal {
            None => return Ok(Ok(Some(edit))),
            Some(refusal) => first_refusal = first_refusal.or(Some(refusal)),
        }
    }
    Ok(match first_refusal {
        Some(refusal) => Err(refusal),
        None => Ok(None),
    })
}

fn is_nothing(edit: &Edit, wanted: &Wanted) -> bool {
    edit.operation == Operation::Replace && edit.before.as_ref() == Some(&wanted.value)
}

/// Returns the ways to write a value, the best first.
fn candidates(pair: &Pair<'_>, target: &Target<'_>, tag: &Tag, is_canonical: bool) -> Vec<Edit> {
    let in_force = pair.alone.normalizes_in_force(tag);
    let steps = pair.alone.native_steps(tag);
    let present = present(&steps);
    let written = in_force.iter().flat_map(|(_, normalize)| &normalize.writes);
    let written = written.clone().find(|written| written.cloud == target.cloud).map(|written| &written.key);
    let mut edits: Vec<Edit> = Vec::new();
    if let Some(key) = written {
        // Spelled differently only, it is the tag with the value that is renamed, and not another spelling of the key.
        let candidates = if is_canonical { present.as_slice() } else { steps.as_slice() };
        let renamed = candidates.iter().find(|step| fold_key(&step.spelling) == fold_key(key));
        match renamed.filter(|step| step.spelling != *key && may_rename(target, key)) {
            Some(step) => edits.push(Edit {
                operation: Operation::Rename,
                key: key.clone(),
                previous_key: Some(step.spelling.clone()),
                before: Some(step.raw.clone()),
            }),
            // A tag that is only spelled differently is rewritten where it is.
            None if is_canonical => {}
            None => edits.push(at_key(target, key)),
        }
    }
    edits.extend(present.iter().map(|step| at_key(target, &step.spelling)));
    if !is_canonical {
        let keys = in_force.iter().flat_map(|(_, normalize)| &normalize.keys);
        edits.extend(keys.map(|key| at_key(target, key)));
    }
    edits
}

/// Whether a tag may be renamed to a key. If the key is there too, both tags stay. In Azure, where keys ignore case, the
/// tag of another case is the same tag, which is renamed only if spellings are to be rewritten.
fn may_rename(target: &Target<'_>, key: &str) -> bool {
    let is_there = target.row.tags.iter().any(|(other, _)| other == key);
    let is_same = target.row.tags.iter().any(|(other, _)| target.cloud.is_same_key(other, key));
    !is_there && (target.canonical || !is_same)
}

/// Returns the native tag that a tag is read from, else the first that is looked at.
fn present(steps: &[NativeStep]) -> Option<NativeStep> {
    steps.iter().find(|step| step.value.is_some()).or(steps.first()).cloned()
}

/// Writes under a key, or under the spelling of it that is the same tag in the cloud.
fn at_key(target: &Target<'_>, key: &str) -> Edit {
    let exact = target.row.tags.iter().find(|(other, _)| other == key);
    let same = || target.row.tags.iter().find(|(other, _)| target.cloud.is_same_key(other, key));
    match exact.or_else(same) {
        Some((key, value)) => Edit {
            operation: Operation::Replace,
            key: key.clone(),
            previous_key: None,
            before: Some(value.clone()),
        },
        None => Edit { operation: Operation::Set, key: key.to_owned(), previous_key: None, before: None },
    }
}

/// Returns why an edit is not allowed: by the cloud, or by the manifest.
fn refused(target: &Target<'_>, edit: &Edit, value: &str) -> Option<Refusal> {
    let (cloud, type_) = (target.cloud, target.row.type_.as_deref());
    let provider = cloud.provider();
    for key in [Some(&edit.key), edit.previous_key.as_ref()].into_iter().flatten() {
        if let Some(prefix) = cloud.reserved_prefix(key) {
            let detail =
                format!("`{key}` belongs to {provider}: keys beginning with `{prefix}` are never changed");
            return Some((SkipReason::Protected, detail));
        }
        if let Some(protected) = protecting(target.protect, key) {
            return Some((SkipReason::Protected, format!("the manifest protects `{protected}`")));
        }
    }
    if let Some(reason) = cloud.wrong_name_on(&edit.key, type_) {
        return Some((
            SkipReason::Illegal,
            format!("{provider} does not accept the key `{}`, since {reason}", edit.key),
        ));
    }
    let reason = cloud.wrong_value(value)?;
    Some((SkipReason::Illegal, format!("{provider} does not accept the value `{value}`, since {reason}")))
}

/// Returns why the value would not be read back as the wanted one.
fn not_read_back(
    views: &Views<'_>,
    target: &Target<'_>,
    edit: &Edit,
    wanted: &Wanted,
) -> Result<Option<Refusal>, RunError> {
    let row = edited(target.row, [(edit, wanted.value.as_str())]);
    let pair = views.evaluate(&row)?;
    let steps = pair.alone.native_steps(views.program.tag(wanted.tag));
    let read = steps.into_iter().find_map(|step| step.value);
    if read.as_ref() == Some(&wanted.value) {
        return Ok(None);
    }
    let found = read.map_or_else(|| "as missing".to_owned(), |read| format!("as `{read}`"));
    let detail = format!("`{}` under `{}` would be read back {found}", wanted.value, edit.key);
    Ok(Some((SkipReason::NotReadBack, detail)))
}

/// Returns a resource with changed tags, sorted by the bytes of their keys as an inventory has them.
pub(super) fn edited<'e>(row: &Row, edits: impl IntoIterator<Item = (&'e Edit, &'e str)>) -> Row {
    let mut row = row.clone();
    for (edit, value) in edits {
        row.tags.retain(|(key, _)| *key != edit.key && edit.previous_key.as_ref() != Some(key));
        row.tags.push((edit.key.clone(), value.to_owned()));
    }
    row.tags.sort();
    row
}
