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
    /// The types of the same service, without the service, that requests with the actions use and do not make.
    used: Vec<&'static str>,
}

impl AwsType {
    /// Returns the pattern of the resource, where the action alone is not enough: a request to EC2 or ElastiCache makes several
    /// resources, each with tags of its own, and uses others.
    pub(super) fn resource(&self) -> Option<String> {
        match self.name.split_once(':')? {
            ("ec2", kind) => Some(format!("arn:*:ec2:*:*:{kind}/*")),
            ("elasticache", kind) => Some(format!("arn:*:elasticache:*:*:{kind}:*")),
            _ => None,
        }
    }

    /// Whether one statement can be about both types: no request that makes a resource of one uses one of the other, for
    /// which it has no tags.
    fn goes_with(&self, other: &Self) -> bool {
        let uses = |one: &Self, other: &Self| {
            let (service, kind) = other.name.split_once(':').unwrap_or_default();
            one.name.split_once(':').is_some_and(|(own, _)| own == service) && one.used.contains(&kind)
        };
        !uses(self, other) && !uses(other, self)
    }
}

/// Divides types into those that one statement can be about. AWS authorizes a request for each resource that it makes or uses,
/// and a resource that exists already has no tags in the request.
pub(super) fn compatible(types: &[&'static AwsType]) -> Vec<Vec<&'static AwsType>> {
    let mut groups: Vec<Vec<&'static AwsType>> = Vec::new();
    for type_ in types {
        let is_alike = |other: &&AwsType| other.resource().is_some() == type_.resource().is_some();
        let fits =
            |group: &&mut Vec<&AwsType>| group.iter().all(|other| is_alike(other) && type_.goes_with(other));
        match groups.iter_mut().find(fits) {
            Some(group) => group.push(type_),
            None => groups.push(vec![type_]),
        }
    }
    groups
}

static TYPES: LazyLock<Vec<AwsType>> = LazyLock::new(|| {
    let line = |line: &'static str| {
        let mut cells = line.split('\t');
        let name = cells.next().filter(|name| !name.is_empty() && !name.starts_with('#'))?;
        let actions = cells.next()?.split(' ').collect();
        let enforced = cells.next() == Some("enforced");
        let used = cells.next().unwrap_or_default().split_whitespace().collect();
        Some(AwsType { name, actions, enforced, used })
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
