//! Names of the columns that are joined to the snapshot.

use tagpol_sema::program::{RelatedPart, RelationId};

/// Returns the name of a column in the table [`RELATED`](super::RELATED). NULL there if the part is missing.
pub fn related_column(relation: RelationId, part: RelatedPart) -> String {
    match part {
        RelatedPart::Tag(tag) => format!("of_{}_tag_{}", relation.0, tag.0),
        RelatedPart::Attr(attr) => format!("of_{}_{}", relation.0, attr.as_str()),
    }
}

/// Returns the name of the column with the number of resources that a relation finds.
pub fn candidates_column(relation: RelationId) -> String {
    format!("candidates_{}", relation.0)
}

/// Returns the name of a column in the table [`OVERLAYS`](super::OVERLAYS).
pub(super) fn overlay_column(at: usize) -> String {
    format!("known_{at}")
}
