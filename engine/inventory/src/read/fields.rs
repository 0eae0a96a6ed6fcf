//! The names under which JSON objects and CSV headers give the attributes of a resource.

/// An attribute of a resource, as plain inventories name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Field {
    Id,
    Name,
    Type,
    Provider,
    Account,
    Region,
    Created,
    Cost,
    Currency,
    Source,
    Meta,
    Tags,
}

/// Meanings of columns that only bills have.
pub(crate) const ONLY_BILLS: [&str; 10] = [
    "usage_start",
    "usage_start:day-first",
    "usage_start:month-first",
    "usage_end",
    "invoice_month",
    "billed_cost",
    "list_cost",
    "service",
    "category",
    "billing_account",
];

/// Names of the fields, folded. Where a row has several names of one field, the first listed wins.
const NAMES: [(&str, Field); 17] = [
    ("id", Field::Id),
    ("resourceid", Field::Id),
    ("arn", Field::Id),
    ("resourcearn", Field::Id),
    ("name", Field::Name),
    ("type", Field::Type),
    ("provider", Field::Provider),
    ("account", Field::Account),
    ("region", Field::Region),
    ("created", Field::Created),
    ("monthlycost", Field::Cost),
    ("costmonthly", Field::Cost),
    ("cost", Field::Cost),
    ("currency", Field::Currency),
    ("source", Field::Source),
    ("meta", Field::Meta),
    ("tags", Field::Tags),
];

/// Returns the field of a name and its rank among the names of that field, the lower the better.
///
/// Case, `_`, `-` and spaces do not count: `resourceId` is `resource_id`.
pub(crate) fn field(name: &str) -> Option<(Field, usize)> {
    let at = NAMES.iter().position(|(known, _)| folds_to(name, known))?;
    NAMES.get(at).map(|(_, field)| (*field, at))
}

/// Whether the name without separators and case is the known one.
fn folds_to(name: &str, known: &str) -> bool {
    let folded = name.bytes().filter(|b| !matches!(b, b'_' | b'-' | b' ')).map(|b| b.to_ascii_lowercase());
    folded.eq(known.bytes())
}

impl Field {
    /// Returns its name in messages.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Name => "name",
            Self::Type => "type",
            Self::Provider => "provider",
            Self::Account => "account",
            Self::Region => "region",
            Self::Created => "created",
            Self::Cost => "monthly_cost",
            Self::Currency => "currency",
            Self::Source => "source",
            Self::Meta => "meta",
            Self::Tags => "tags",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_fields() {
        for (name, expected) in [
            ("id", Field::Id),
            ("resource_id", Field::Id),
            ("resourceId", Field::Id),
            ("ResourceARN", Field::Id),
            ("monthly-cost", Field::Cost),
            ("cost_monthly", Field::Cost),
            ("Tags", Field::Tags),
        ] {
            assert_eq!(field(name).map(|(field, _)| field), Some(expected), "{name}");
        }
        for other in ["", "_", "resource_name", "account_name", "tag:env", "ids"] {
            assert_eq!(field(other), None, "{other}");
        }
        assert!(field("id").unwrap().1 < field("arn").unwrap().1);
    }
}
