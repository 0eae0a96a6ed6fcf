//! What was billed: charges, summed up without losing what is asked of them.
//!
//! In: the charges of bills, in any order. Out: *subjects* and the charges of each. A subject is what
//! charges are for, as far as tags can tell it apart: a resource or none, its account, region and service,
//! the category of the charge, and the tags that were billed. All charges of a subject have the same virtual
//! tags, so that a program is evaluated once for each subject and not once for each line of a bill. A charge
//! is the sum of all lines of a subject with the same day, invoice month, currency and class.
//!
//! Promises that no amount is lost: sums are exact to 18 digits after the point, and one that would not fit is
//! refused.

mod kept;
mod ledger;
mod settle;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::inventory::Row;
use crate::month::YearMonth;
use crate::pool::Symbol;

pub(crate) use kept::{json_of, laid_over};
pub(crate) use ledger::{Ledger, Line, TagSet};

/// Digits after the point that a snapshot keeps of the amounts of charges. Providers write up to 18.
pub const AMOUNT_SCALE: u32 = 18;

/// The smallest amount that is refused, in units of 10^-18: 10^16.
const AMOUNT_LIMIT: u128 = 10_u128.pow(16 + AMOUNT_SCALE);

/// The amounts of a charge, in its currency; sums of them in units of 10^-18.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Amounts<T> {
    /// Amortized cost: what was paid in advance is spread over what it covers.
    pub(crate) effective: T,
    /// What the invoice has. None: the bill does not say.
    pub(crate) billed: Option<T>,
    /// Cost at the contracted price, before commitments. None: the bill does not say.
    pub(crate) contracted: Option<T>,
    /// Cost at the public price. None: the bill does not say.
    pub(crate) list: Option<T>,
}

/// Attributes of a resource as a charge gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Texts<T> {
    pub(crate) name: T,
    pub(crate) type_: T,
    pub(crate) service: T,
    pub(crate) provider: T,
    pub(crate) account: T,
    pub(crate) region: T,
}

impl Amounts<Decimal> {
    /// Returns them in units.
    pub(crate) fn in_units(self) -> Amounts<i128> {
        let Self { effective, billed, contracted, list } = self;
        let [billed, contracted, list] = [billed, contracted, list].map(|amount| amount.map(amount_units));
        Amounts { effective: amount_units(effective), billed, contracted, list }
    }
}

impl Amounts<i128> {
    /// Returns the sum of both; None where an amount has more than 16 digits before the point.
    ///
    /// An amount that one of them lacks is unknown for both.
    pub(crate) fn checked_add(self, other: Self) -> Option<Self> {
        let both = |one: Option<i128>, other| match (one, other) {
            (Some(one), Some(other)) => sum(one, other).map(Some),
            _ => Some(None),
        };
        Some(Self {
            effective: sum(self.effective, other.effective)?,
            billed: both(self.billed, other.billed)?,
            contracted: both(self.contracted, other.contracted)?,
            list: both(self.list, other.list)?,
        })
    }
}

/// Returns the sum of two amounts in units; None where it has more than 16 digits before the point.
fn sum(one: i128, other: i128) -> Option<i128> {
    one.checked_add(other).filter(|sum| sum.unsigned_abs() < AMOUNT_LIMIT)
}

/// Returns an amount in units of 10^-18; what is finer is rounded, halves to the even neighbor. One that a snapshot
/// cannot hold is the largest or smallest number.
pub fn amount_units(amount: Decimal) -> i128 {
    let rounded = amount.round_dp_with_strategy(AMOUNT_SCALE, RoundingStrategy::MidpointNearestEven);
    let up = AMOUNT_SCALE.saturating_sub(rounded.scale());
    rounded.mantissa().saturating_mul(10_i128.pow(up))
}

/// All charges of an import; texts are symbols of the pool of its inventory.
#[derive(Debug, Default)]
pub(crate) struct Charges {
    /// By number.
    pub(crate) subjects: Vec<Subject>,
    /// Sorted by subject, month, day, currency and class.
    pub(crate) rows: Vec<ChargeRow>,
    /// What lists say that resources cost which are in no bill.
    pub(crate) only_listed: Decimal,
}

/// What charges are for.
#[derive(Debug)]
pub(crate) struct Subject {
    /// What a rule can ask of it; its id means nothing if `has_id` is false.
    pub(crate) row: Row,
    /// Whether the charges name a resource.
    pub(crate) has_id: bool,
    pub(crate) billing_account: Option<Symbol>,
    pub(crate) service: Option<Symbol>,
    pub(crate) category: Option<Symbol>,
}

impl Subject {
    /// Returns the id of the resource, if there is one.
    pub(crate) fn id(&self) -> Option<Symbol> {
        self.has_id.then_some(self.row.id)
    }
}

/// The charges of a subject that differ in nothing but their amounts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChargeRow {
    pub(crate) subject: u32,
    pub(crate) month: YearMonth,
    /// Days since 1970.
    pub(crate) day: i32,
    /// None: the bill has no currency, and neither has any other.
    pub(crate) currency: Option<Symbol>,
    pub(crate) correction: bool,
    pub(crate) amounts: Amounts<i128>,
}
