//! Resources that only one side has, where bills and inventories were imported together.

use std::io::{self, Write};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::imported::Import;

/// Who has a resource that the other side lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// A bill charges it, and no inventory lists it.
    Bill,
    /// An inventory lists it, and no bill charges it.
    Inventory,
}

/// One line of a snapshot's `orphans.ndjson`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orphan {
    /// Id of the resource.
    pub id: String,
    /// Who has it.
    pub side: Side,
    /// What it costs in the month of the snapshot, in its currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Decimal>,
}

/// Writes the orphans of an import, in the order of its resources.
pub(super) fn write_orphans(import: &Import, out: &mut impl Write) -> io::Result<()> {
    for row in import.inventory.rows() {
        let side = match () {
            () if row.is_bill_only() => Side::Bill,
            () if row.is_inventory_only() => Side::Inventory,
            () => continue,
        };
        let id = import.inventory.pool.text(row.id).to_owned();
        let cost = row.monthly_cost.map(|cost| cost.normalize());
        serde_json::to_writer(&mut *out, &Orphan { id, side, cost })?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
