//! Types of AWS whose tags are part of the request that makes them.

use std::sync::LazyLock;

/// A type of resources.
pub(super) struct AwsType {
    /// As inventories have it, `ec2:instance`.
    pub(super) name: &'static str,
    /// The actions that make one.
    pub(super) actions: Vec<&'static str>,
    /// Whether a tag policy can enforce it.
    pub(super) enforced: bool,
}

impl AwsType {
    /// Returns the pattern of the resource, where the action alone is not enough: a request to EC2 makes several resources,
    /// each with tags of its own, and uses others.
    pub(super) fn resource(&self) -> Option<String> {
        let kind = self.name.strip_prefix("ec2:")?;
        Some(format!("arn:*:ec2:*:*:{kind}/*"))
    }
}

static TYPES: LazyLock<Vec<AwsType>> = LazyLock::new(|| {
    let line = |line: &'static str| {
        let mut cells = line.split('\t');
        let name = cells.next().filter(|name| !name.is_empty() && !name.starts_with('#'))?;
        let actions = cells.next()?.split(' ').collect();
        Some(AwsType { name, actions, enforced: cells.next() == Some("enforced") })
    };
    include_str!("aws_types.tsv").lines().filter_map(line).collect()
});

/// Returns all of them.
pub(super) fn types() -> &'static [AwsType] {
    &TYPES
}

/// Returns their names.
pub(super) fn names() -> Vec<&'static str> {
    TYPES.iter().map(|type_| type_.name).collect()
}

/// Returns a type by its name.
pub(super) fn by_name(name: &str) -> Option<&'static AwsType> {
    TYPES.iter().find(|type_| type_.name == name)
}
