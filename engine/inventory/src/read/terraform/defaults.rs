//! What resources inherit from the configuration of their provider: default tags and the region.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde_json::value::RawValue;

use super::address::without_indexes;
use super::document::{ConfigModule, Document, ProviderConfig, Variable};
use crate::tags::{Members, json_text};

/// What the resources of one provider configuration inherit.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Inherited {
    pub(super) tags: Vec<(String, String)>,
    /// Whether there are more default tags, whose keys and values are not known.
    pub(super) has_unknown_tags: bool,
    pub(super) region: Option<String>,
}

/// What all resources of a document inherit.
#[derive(Debug, Default)]
pub(super) struct Defaults {
    /// Key of the provider's configuration, by the address of a resource without indexes.
    keys: FxHashMap<String, String>,
    inherited: BTreeMap<String, Inherited>,
    nothing: Inherited,
}

/// The variables of the root module.
type Variables<'a> = BTreeMap<String, Variable<'a>>;

impl Defaults {
    /// Finds them in the configuration that a plan carries; a state carries none.
    pub(super) fn of(document: &Document<'_>) -> Self {
        let mut defaults = Self::default();
        let Some(configuration) = &document.configuration else { return defaults };
        for (key, provider) in &configuration.provider_config {
            defaults.inherited.insert(key.clone(), inherited(provider, &document.variables));
        }
        if let Some(root) = &configuration.root_module {
            defaults.add_module("", root);
        }
        defaults
    }

    /// Notes the provider of each resource of a module and of those below it.
    fn add_module(&mut self, path: &str, module: &ConfigModule<'_>) {
        for resource in &module.resources {
            // In a module that is handed its provider the key is `module.a:aws`.
            let key = match resource.provider_config_key.as_str() {
                key if self.inherited.contains_key(key) => key,
                key => key.rsplit(':').next().unwrap_or(key),
            };
            self.keys.insert(format!("{path}{}", resource.address), key.to_owned());
        }
        for (name, call) in &module.module_calls {
            if let Some(module) = &call.module {
                self.add_module(&format!("{path}module.{name}."), module);
            }
        }
    }

    /// Returns what the resource at an address inherits.
    pub(super) fn of_resource(&self, address: &str) -> &Inherited {
        let key = self.keys.get(&without_indexes(address));
        key.and_then(|key| self.inherited.get(key)).unwrap_or(&self.nothing)
    }
}

fn inherited(provider: &ProviderConfig<'_>, variables: &Variables<'_>) -> Inherited {
    let expressions: Option<Members<'_>> =
        provider.expressions.and_then(|json| serde_json::from_str(json.get()).ok());
    let Some(expressions) = expressions else { return Inherited::default() };
    let region = expressions.json("region").and_then(|json| value(json, variables));
    let tags = default_tags(&expressions, variables);
    Inherited {
        has_unknown_tags: tags == DefaultTags::Unknown,
        tags: match tags {
            DefaultTags::Known(tags) => tags,
            DefaultTags::Unknown | DefaultTags::None => Vec::new(),
        },
        region: region.and_then(json_text).map(std::borrow::Cow::into_owned),
    }
}

/// The tags that a provider adds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum DefaultTags {
    None,
    Known(Vec<(String, String)>),
    /// They are neither a constant nor one variable, so that the plan does not contain them.
    Unknown,
}

/// Returns the tags of `default_tags { tags = … }` of AWS, of `default_tags = …` of azapi, or the labels of
/// `default_labels` of Google.
fn default_tags(expressions: &Members<'_>, variables: &Variables<'_>) -> DefaultTags {
    let block = |json: &str| -> Option<String> {
        let blocks: Vec<&RawValue> = serde_json::from_str(json).ok()?;
        let members: Members<'_> = serde_json::from_str(blocks.first()?.get()).ok()?;
        members.json("tags").map(str::to_owned)
    };
    let tags = match expressions.json("default_tags") {
        Some(json) if json.starts_with('[') => block(json),
        Some(json) => Some(json.to_owned()),
        None => expressions.json("default_labels").map(str::to_owned),
    };
    let Some(tags) = tags.filter(|json| json != "{}") else { return DefaultTags::None };
    let Some(Members(members)) = value(&tags, variables).and_then(|json| serde_json::from_str(json).ok())
    else {
        return DefaultTags::Unknown;
    };
    let text = |json: &str| json_text(json).map_or_else(|| json.to_owned(), std::borrow::Cow::into_owned);
    let given = members.into_iter().filter(|(_, value)| value.get() != "null");
    DefaultTags::Known(given.map(|(key, value)| (key.into_owned(), text(value.get()))).collect())
}

/// Returns the JSON of an expression that is a constant or the value of one variable.
fn value<'a>(expression: &'a str, variables: &'a Variables<'_>) -> Option<&'a str> {
    let members: Members<'a> = serde_json::from_str(expression).ok()?;
    if let Some(constant) = members.json("constant_value") {
        return Some(constant);
    }
    let references: Vec<String> = serde_json::from_str(members.json("references")?).ok()?;
    let [reference] = references.as_slice() else { return None };
    variables.get(reference.strip_prefix("var.")?)?.value.map(RawValue::get)
}
