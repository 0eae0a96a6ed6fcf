//! The JSON of Terraform, as far as it is read: `terraform show -json` of a plan or a state, and the
//! state file itself.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

/// A plan or a state. All parts may be absent.
#[derive(Debug, Deserialize)]
pub(super) struct Document<'a> {
    /// Version of a state file; absent from what `terraform show` writes.
    pub(super) version: Option<u64>,
    /// Version of what `terraform show` writes; absent from a state file.
    pub(super) format_version: Option<String>,
    #[serde(borrow, default)]
    pub(super) planned_values: Option<Values<'a>>,
    #[serde(borrow, default)]
    pub(super) resource_changes: Option<Vec<Change<'a>>>,
    #[serde(borrow, default)]
    pub(super) values: Option<Values<'a>>,
    #[serde(borrow, default)]
    pub(super) configuration: Option<Configuration<'a>>,
    #[serde(borrow, default)]
    pub(super) variables: BTreeMap<String, Variable<'a>>,
    /// Resources of a state file.
    #[serde(borrow, default)]
    pub(super) resources: Option<Vec<StateResource<'a>>>,
    /// Whether the plan was cut short by an error.
    #[serde(default)]
    pub(super) errored: bool,
    /// Whether the plan covers all of the configuration; false with `-target` and for what is deferred.
    #[serde(default)]
    pub(super) complete: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Values<'a> {
    #[serde(borrow, default)]
    pub(super) root_module: Option<Module<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Module<'a> {
    #[serde(borrow, default)]
    pub(super) resources: Vec<ModuleResource<'a>>,
    #[serde(borrow, default)]
    pub(super) child_modules: Vec<Module<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ModuleResource<'a> {
    pub(super) address: String,
    #[serde(default)]
    pub(super) mode: String,
    #[serde(rename = "type")]
    pub(super) type_: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) provider_name: String,
    #[serde(borrow, default)]
    pub(super) values: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) sensitive_values: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Change<'a> {
    pub(super) address: String,
    #[serde(default)]
    pub(super) mode: String,
    #[serde(rename = "type")]
    pub(super) type_: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) provider_name: String,
    /// An old object that is to be removed, once its replacement is there.
    #[serde(default)]
    pub(super) deposed: Option<String>,
    #[serde(borrow)]
    pub(super) change: Difference<'a>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Difference<'a> {
    pub(super) actions: Vec<String>,
    #[serde(borrow, default)]
    pub(super) after: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) after_unknown: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) after_sensitive: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Configuration<'a> {
    #[serde(borrow, default)]
    pub(super) provider_config: BTreeMap<String, ProviderConfig<'a>>,
    #[serde(borrow, default)]
    pub(super) root_module: Option<ConfigModule<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ProviderConfig<'a> {
    #[serde(borrow, default)]
    pub(super) expressions: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ConfigModule<'a> {
    #[serde(borrow, default)]
    pub(super) resources: Vec<ConfigResource<'a>>,
    #[serde(borrow, default)]
    pub(super) module_calls: BTreeMap<String, ModuleCall<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ConfigResource<'a> {
    pub(super) address: String,
    #[serde(default)]
    pub(super) provider_config_key: String,
    #[serde(borrow, default)]
    pub(super) expressions: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ModuleCall<'a> {
    #[serde(borrow, default)]
    pub(super) module: Option<ConfigModule<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Variable<'a> {
    #[serde(borrow, default)]
    pub(super) value: Option<&'a RawValue>,
}

/// A resource of a state file, with all its instances.
#[derive(Debug, Deserialize)]
pub(super) struct StateResource<'a> {
    #[serde(default)]
    pub(super) module: Option<String>,
    #[serde(default)]
    pub(super) mode: String,
    #[serde(rename = "type")]
    pub(super) type_: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) provider: String,
    #[serde(borrow, default)]
    pub(super) instances: Vec<StateInstance<'a>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct StateInstance<'a> {
    #[serde(borrow, default)]
    pub(super) index_key: Option<&'a RawValue>,
    #[serde(default)]
    pub(super) deposed: Option<String>,
    #[serde(borrow, default)]
    pub(super) attributes: Option<&'a RawValue>,
}
