//! One row of a bill, as the layout of its format reads it.

use std::borrow::Cow;

use rust_decimal::Decimal;

use crate::charges::{Amounts, Texts};
use crate::month::YearMonth;

/// One row of a bill.
#[derive(Debug, Default)]
pub(crate) struct Charge<'a> {
    pub(crate) line: u64,
    /// The resource. None: the charge is for none, as a tax or data transfer.
    pub(crate) id: Option<Cow<'a, str>>,
    pub(crate) texts: Texts<Option<Cow<'a, str>>>,
    /// Account that pays the invoice.
    pub(crate) billing_account: Option<Cow<'a, str>>,
    /// `usage`, `purchase`, `tax`, `credit`, `adjustment`, `refund`, or another lower-case word.
    pub(crate) category: Option<Cow<'a, str>>,
    /// Whether it corrects a charge of an earlier invoice.
    pub(crate) correction: bool,
    /// ISO 4217, as written.
    pub(crate) currency: Option<Cow<'a, str>>,
    /// Month of the invoice. None: the bill has no such column; it is the month in which the charge starts.
    pub(crate) invoice_month: Option<YearMonth>,
    /// Microseconds since 1970.
    pub(crate) start: i64,
    /// Not part of the period any more.
    pub(crate) end: Option<i64>,
    pub(crate) amounts: Amounts<Decimal>,
    /// Credits against the charge, which are a charge of their own. None: the bill has none here.
    pub(crate) credit: Option<Decimal>,
    /// The resource, billed by itself, of whose effective cost this is a part.
    pub(crate) split_from: Option<Cow<'a, str>>,
    pub(crate) tags: TagCell<'a>,
    /// Columns that are kept as they are, by the names under which the project keeps them.
    pub(crate) kept: Vec<(&'a str, Cow<'a, str>)>,
}

impl Charge<'_> {
    /// Returns the month whose invoice has the charge; None where its start is outside the calendar.
    pub(crate) fn month(&self) -> Option<YearMonth> {
        self.invoice_month.or_else(|| YearMonth::of_micros(self.start))
    }

    /// Turns the charge into that of its credits; None if there are none.
    pub(crate) fn into_credit(self) -> Option<Self> {
        let credit = self.credit.filter(|credit| !credit.is_zero())?;
        let no_more = |amount: Option<Decimal>| amount.map(|_| Decimal::ZERO);
        let Amounts { billed, contracted, list, .. } = self.amounts;
        let amounts = Amounts {
            effective: credit,
            billed: billed.map(|_| credit),
            contracted: no_more(contracted),
            list: no_more(list),
        };
        Some(Self {
            category: Some(Cow::Borrowed("credit")),
            credit: None,
            split_from: None,
            amounts,
            ..self
        })
    }

    /// Returns the amortized cost.
    pub(crate) fn cost(&self) -> Decimal {
        self.amounts.effective
    }
}

/// The tags of a charge.
#[derive(Debug, Default)]
pub(crate) enum TagCell<'a> {
    #[default]
    None,
    /// The text of a JSON object, and how its keys are written.
    Json(Cow<'a, str>, TagKeys),
    /// Keys and values, the keys as the owner of the resource wrote them.
    Pairs(Vec<(Cow<'a, str>, Cow<'a, str>)>),
    /// Those of two columns; of a key that both have, the second counts.
    Both(Box<[Self; 2]>),
}

impl TagCell<'_> {
    /// Returns these tags and others. Of a key that both have, the value of the others counts.
    pub(crate) fn and(self, others: Self) -> Self {
        match (self, others) {
            (Self::None, tags) | (tags, Self::None) => tags,
            (one, other) => Self::Both(Box::new([one, other])),
        }
    }
}

/// How a bill writes the keys of tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TagKeys {
    /// As the owner of the resource wrote them.
    AsWritten,
    /// With the prefixes of an AWS cost and usage report.
    AwsCur,
    /// As written, but for tags of what the resource is in: this prefix tells them from its own.
    Below(&'static str),
}

impl TagKeys {
    /// Returns the key as the owner wrote it.
    pub(crate) fn apply(self, key: &str) -> Cow<'_, str> {
        match self {
            Self::AsWritten => Cow::Borrowed(key),
            Self::AwsCur => aws_cur_key(key),
            Self::Below(prefix) => Cow::Owned(format!("{prefix}{key}")),
        }
    }
}

/// Returns the key of a tag as its owner wrote it. What is no tag of the resource, but of its account, of the
/// principal that used it, or a cost category, keeps the prefix that says so: `accountTag/CostCenter`.
///
/// Parquet and CUR 2.0 write `user_cost_center` for `CostCenter` and `aws_created_by` for
/// `aws:createdBy`; what case and separators were is lost there.
pub(crate) fn aws_cur_key(key: &str) -> Cow<'_, str> {
    if let Some(own) = key.strip_prefix("resourceTags/") {
        // As the owner wrote it, who may well begin with `user_`.
        return Cow::Borrowed(own.strip_prefix("user:").unwrap_or(own));
    }
    if let Some(own) = key.strip_prefix("user:").or_else(|| key.strip_prefix("user_")) {
        return Cow::Borrowed(own);
    }
    match key.strip_prefix("aws_") {
        Some(aws) => Cow::Owned(format!("aws:{aws}")),
        None => Cow::Borrowed(key),
    }
}
