//! Related resources.

use super::{Attr, Loc, Pred, TagId, Value};

/// Index of a relation in [`Program::relations`](super::Program::relations).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RelationId(pub u32);

/// How another resource of the inventory is found, such as the instance of a volume.
///
/// It is a resource that passes `other`, and of which each key is set and equal to that of the resource that
/// it is found for, which passes `this`. Of several the first by the bytes of its id counts. A resource may
/// find itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Relation {
    /// Its name.
    pub name: String,
    /// Text of the `///` lines above it.
    pub doc: String,
    /// What must be equal; at least one.
    pub keys: Vec<RelationKey>,
    /// Tests of the resource that is found.
    pub other: Vec<Pred>,
    /// Tests of the resource that it is found for.
    pub this: Vec<Pred>,
    /// Place of the name.
    pub loc: Loc,
}

/// Two texts that are compared by their bytes, except where one of them is [`Attr::Id`] itself: then both are
/// compared as ids ([`crate::formats::comparable_id`]), and the id of the resource that is found may also be the
/// last part of its ARN ([`crate::formats::arn_part`]). They read attributes, `meta` and native keys only, each of one
/// resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RelationKey {
    /// Of the resource that is found.
    pub other: Value,
    /// Of the resource that it is found for.
    pub this: Value,
}

impl RelationKey {
    /// Whether ids are compared.
    pub fn is_id(&self) -> bool {
        [&self.other, &self.this].contains(&&Value::Attr(Attr::Id))
    }
}

/// What is read of a related resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RelatedPart {
    /// The value that the tag has there by itself: where no relation finds anything.
    Tag(TagId),
    /// An attribute that is a text.
    Attr(Attr),
}
