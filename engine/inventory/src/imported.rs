//! An inventory that was read, before it is written.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use tagpol_model::SourceCoverage;

use crate::charges::Charges;
use crate::error::ImportError;
use crate::events::Event;
use crate::gap::Gap;
use crate::inventory::{Draft, Inventory, Matches};
use crate::read::bill::BillMonth;
use crate::reject::{Reject, RejectKind};
use crate::resource::Resource;
use crate::snapshot::{EventInfo, Snapshot, SourceFile};
use crate::value::round_cost;

/// How many of what an import has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Resources.
    pub resources: u64,
    /// Rows of all files, bad ones too.
    pub rows: u64,
    /// Rows that are not in the snapshot.
    pub rejected_rows: u64,
    /// Values that were left out or changed.
    pub rejected_values: u64,
    /// Notes on files, which are among [`Import::rejects`] and no mistakes.
    pub notes: u64,
    /// Rejected rows and values, and notes, that [`Import::rejects`] does not list, because it lists the first 100,000.
    pub unlisted_rejects: u64,
    /// Places at which the files show that they are not all of what there is; see [`Import::gaps`].
    pub gaps: u64,
    /// Rows that were merged into a resource of the same id (charges of a bill not counted).
    pub merged: u64,
    /// Rows of bills that name no resource.
    pub unattributed_rows: u64,
    /// What these cost in the month of the inventory; none without a bill.
    pub unattributed_cost: Option<Decimal>,
    /// How bills match inventories; none where there are not both.
    pub matches: Option<Matches>,
}

/// An inventory that was read whole but not written yet.
#[derive(Debug)]
pub struct Import {
    pub(crate) inventory: Inventory,
    pub(crate) rejects: Vec<Reject>,
    pub(crate) gaps: Vec<Gap>,
    pub(crate) counts: Counts,
    pub(crate) currency: Option<String>,
    pub(crate) month: Option<BillMonth>,
    pub(crate) sources: Vec<SourceFile>,
    pub(crate) taken_at: DateTime<Utc>,
    /// None: no file is a bill.
    pub(crate) charges: Option<Charges>,
    pub(crate) unconverted: Vec<String>,
    pub(crate) coverage: Vec<SourceCoverage>,
    /// None: it was read from files.
    pub(crate) derived: Option<Derived>,
}

/// What an import that is made of a snapshot and events has of these.
#[derive(Debug)]
pub(crate) struct Derived {
    /// The snapshot; its charges and what it knows of both sides are kept.
    pub(crate) base: Snapshot,
    pub(crate) info: EventInfo,
    /// Sorted, each once.
    pub(crate) events: Vec<Event>,
}

impl Import {
    /// Makes an inventory of resources that are at hand, as tests do.
    ///
    /// Resources of the same id are merged; costs are rounded to 12 decimals; moments to
    /// microseconds.
    pub fn of_resources<'r>(
        resources: impl IntoIterator<Item = &'r Resource>,
        currency: Option<String>,
        taken_at: DateTime<Utc>,
    ) -> Self {
        let mut inventory = Inventory::default();
        for resource in resources {
            let draft = Draft::from(resource);
            inventory.push(&Draft { monthly_cost: draft.monthly_cost.map(round_cost), ..draft }, 0);
        }
        inventory.sort();
        let counts = Counts {
            resources: inventory.len() as u64,
            rows: inventory.len() as u64 + inventory.merged(),
            merged: inventory.merged(),
            ..Counts::default()
        };
        Self {
            inventory,
            rejects: Vec::new(),
            gaps: Vec::new(),
            counts,
            currency,
            month: None,
            sources: Vec::new(),
            taken_at,
            charges: None,
            unconverted: Vec::new(),
            coverage: Vec::new(),
            derived: None,
        }
    }

    /// Makes an inventory of the resources of a snapshot after events, in the order of their ids; `rejects` are the
    /// events that could not be applied, in addition to what the snapshot lacks.
    pub(crate) fn derived(
        resources: &[Resource],
        derived: Derived,
        rejects: Vec<Reject>,
        taken_at: DateTime<Utc>,
    ) -> Result<Self, ImportError> {
        let manifest = derived.base.manifest();
        let (counts, completeness) = (&manifest.counts, &manifest.completeness);
        let mut all = derived.base.rejects()?;
        let notes = all.iter().filter(|reject| reject.kind == RejectKind::Note).count() as u64;
        let refused = rejects.len() as u64;
        all.extend(rejects);
        let plain = Self::of_resources(resources, manifest.currency.clone(), taken_at);
        let counts = Counts {
            rows: counts.rows,
            merged: counts.merged,
            rejected_rows: completeness.rejected_rows.saturating_add(refused),
            rejected_values: completeness.rejected_values,
            notes,
            unlisted_rejects: completeness.unlisted_rejects,
            gaps: completeness.gap_count,
            unattributed_rows: counts.unattributed.as_ref().map_or(0, |part| part.rows),
            unattributed_cost: counts.unattributed.as_ref().map(|part| part.cost),
            matches: counts.matches,
            ..plain.counts
        };
        Ok(Self {
            rejects: all,
            gaps: completeness.gaps.clone(),
            counts,
            month: manifest.month.clone(),
            sources: manifest.sources.clone(),
            coverage: manifest.coverage.clone(),
            derived: Some(derived),
            ..plain
        })
    }

    /// Returns the resources, sorted by the bytes of their ids, the tags of each by their keys.
    pub fn resources(&self) -> impl ExactSizeIterator<Item = Resource> {
        self.inventory.rows().iter().map(|row| self.inventory.resource(row))
    }

    /// Returns what was rejected, in the order in which it was met; the first 100,000 of it.
    pub fn rejects(&self) -> &[Reject] {
        &self.rejects
    }

    /// Returns where the files show that they are not all of what there is; the first 100 of it.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Returns how many of what was seen.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Returns the currency of the costs, where a file or the options say it.
    pub fn currency(&self) -> Option<&str> {
        self.currency.as_deref()
    }

    /// Returns the month of the costs; none without a bill.
    pub fn month(&self) -> Option<&BillMonth> {
        self.month.as_ref()
    }

    /// Returns the currencies of charges that the rates do not lead from to [`Import::currency`]: the costs of
    /// resources leave these charges out.
    pub fn unconverted(&self) -> &[String] {
        &self.unconverted
    }

    /// Returns the files that were read, bills first.
    pub fn sources(&self) -> &[SourceFile] {
        &self.sources
    }

    /// Returns what the sources of fetched files listed, and what they did not.
    pub fn coverage(&self) -> &[SourceCoverage] {
        &self.coverage
    }

    /// Returns when the snapshot is taken.
    pub fn taken_at(&self) -> DateTime<Utc> {
        self.taken_at
    }
}
