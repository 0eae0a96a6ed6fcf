//! The sources of AWS, one file each.

mod cloud_control;
mod config;
mod ec2_instances;
mod ec2_volumes;
mod explorer;
mod lambda;
mod rds;
mod s3;
mod tagging;

use std::sync::Arc;

use super::{AwsOptions, Place};
use crate::error::CollectError;
use crate::source::Source;

/// A source, and how often it is asked.
pub(crate) struct Planned {
    pub(crate) source: Arc<dyn Source<Place>>,
    pub(crate) scope: Scope,
}

/// How often a source is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// In each region of each account.
    Region,
    /// In each account.
    Account,
    /// By the caller.
    Once,
}

/// The names of the sources that `--source` selects.
pub(crate) const NAMES: [&str; 9] = [
    explorer::NAME,
    config::NAME,
    cloud_control::NAME,
    ec2_instances::NAME,
    ec2_volumes::NAME,
    lambda::NAME,
    rds::NAME,
    s3::NAME,
    tagging::NAME,
];

/// A source of some types: its name, these types, and itself.
type Plugin = (&'static str, &'static [&'static str], Arc<dyn Source<Place>>);

/// Returns the sources that the options select. Of contradicting values, that of a later source stands: the tagging API
/// has the latest tags.
pub(crate) fn selected(options: &AwsOptions) -> Result<Vec<Planned>, CollectError> {
    if let Some(name) = options.sources.iter().find(|name| !NAMES.contains(&name.as_str())) {
        let names = NAMES.map(|name| format!("`{name}`")).join(", ");
        return Err(CollectError::Options(format!("`{name}` is not a source; sources of AWS are {names}")));
    }
    let is_named = |name: &str| options.sources.iter().any(|named| named == name);
    let is_default = options.sources.is_empty();
    // Types as CloudFormation names them are those of Cloud Control alone.
    let named: Vec<String> =
        options.types.iter().filter(|type_| cloud_control::is_named(type_)).cloned().collect();
    let has_named = !named.is_empty();
    let others: Vec<String> = options.types.iter().filter(|type_| !named.contains(type_)).cloned().collect();
    let lists_others = is_default && (options.types.is_empty() || !others.is_empty());
    if !has_named && is_named(cloud_control::NAME) {
        let message = format!("`{}` needs types like `AWS::SQS::Queue`: `--types`", cloud_control::NAME);
        return Err(CollectError::Options(message));
    }
    let options = &AwsOptions { types: others, ..options.clone() };
    let mut planned = Vec::new();
    let mut add = |source: Arc<dyn Source<Place>>, scope| planned.push(Planned { source, scope });
    if lists_others || is_named(explorer::NAME) {
        add(Arc::new(explorer::Explorer::new(options, is_default)), Scope::Account);
    }
    if let Some(aggregator) = &options.aggregator {
        add(Arc::new(config::Config::new(aggregator, options)), Scope::Once);
    } else if is_named(config::NAME) {
        let message = format!("`{}` needs the name of an aggregator: `--aggregator NAME`", config::NAME);
        return Err(CollectError::Options(message));
    }
    let plugins: [Plugin; 5] = [
        (ec2_instances::NAME, ec2_instances::TYPES, Arc::new(ec2_instances::Instances)),
        (ec2_volumes::NAME, ec2_volumes::TYPES, Arc::new(ec2_volumes::Volumes)),
        (lambda::NAME, lambda::TYPES, Arc::new(lambda::Functions)),
        (rds::NAME, rds::TYPES, Arc::new(rds::Databases)),
        (s3::NAME, s3::TYPES, Arc::new(s3::Buckets)),
    ];
    for (name, types, source) in plugins {
        let is_typed = types.iter().any(|type_| options.types.iter().any(|wanted| includes(wanted, type_)));
        if is_named(name) || (is_default && is_typed) {
            add(source, Scope::Region);
        }
    }
    if has_named && (is_default || is_named(cloud_control::NAME)) {
        add(Arc::new(cloud_control::CloudControl::new(named)), Scope::Region);
    }
    if lists_others || is_named(tagging::NAME) {
        add(Arc::new(tagging::Tagging::new(options)), Scope::Region);
    }
    Ok(planned)
}

/// Whether a type is requested by its name or by that of its service: `ec2` includes `ec2:instance`.
fn includes(wanted: &str, type_: &str) -> bool {
    wanted == type_ || type_.strip_prefix(wanted).is_some_and(|rest| rest.starts_with(':'))
}

/// Types as texts.
fn owned(types: &[&str]) -> Vec<String> {
    types.iter().map(|type_| (*type_).to_owned()).collect()
}
