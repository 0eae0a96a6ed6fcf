//! Related resources: found before everything else, and joined to the snapshot.

use tagpol_sema::program::{RelatedPart, RelationId};

use super::{ColumnId, Plan};

/// What finds the related resources that a plan reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelatedStage {
    /// What resources have by themselves: the plan of the tags that are read of related resources, in which no
    /// relation finds anything, and of what resources are found by.
    pub base: Plan,
    /// The relations that are read, in the order of the program.
    pub finders: Vec<Finder>,
}

/// How a relation finds resources, in columns of the base.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finder {
    /// The relation.
    pub relation: RelationId,
    /// Its name, and what it reads.
    pub name: String,
    /// The keys of the resource that is found; at least one. It is found by each alternative.
    pub others: Vec<Vec<ColumnId>>,
    /// Those of the resource that it is found for, as many.
    pub these: Vec<ColumnId>,
    /// Whether a resource may be found.
    pub is_other: ColumnId,
    /// Whether one is looked for.
    pub is_this: ColumnId,
    /// What is read of it, and its column in the base.
    pub parts: Vec<(RelatedPart, ColumnId)>,
}
