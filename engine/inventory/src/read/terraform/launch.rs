//! Launch templates: the tags that they give to the instances and volumes of groups.
//!
//! In: all templates of a document, and the reference of a group to one. A plan that creates both does not
//! know the id of the template yet; the configuration names its address then.

use rustc_hash::FxHashMap;
use serde_json::value::RawValue;

use super::address::{module, without_indexes};
use super::attributes::Attributes;
use super::document::{ConfigModule, Document};
use super::tags::Tagging;
use crate::tags::Members;

/// The type of a launch template.
pub(super) const TEMPLATE: &str = "aws_launch_template";

/// The tags that one launch template gives.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Template {
    address: String,
    id: Option<String>,
    name: Option<String>,
    pub(super) instances: Tagging,
    pub(super) volumes: Tagging,
}

/// The template of a group, as far as it can be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Launch<'t> {
    /// This one.
    Template(&'t Template),
    /// One that is not in the document, or not known before apply.
    Unknown,
    /// None: a launch configuration, which gives no tags, or the default of the service.
    WithoutTags,
}

/// All templates of a document.
#[derive(Debug, Default)]
pub(super) struct Templates {
    all: Vec<Template>,
    /// The address to which a resource refers in a block, by its own address and the block, without indexes.
    references: FxHashMap<(String, &'static str), String>,
}

/// Blocks that name a template, the inner blocks below them, and the members with its id and name.
const BLOCKS: [(&str, &[&str]); 4] = [
    ("launch_template", &[]),
    ("mixed_instances_policy", &["launch_template", "launch_template_specification"]),
    ("launch_template_config", &["launch_template_specification"]),
    ("launch_template_configs", &["launch_template_specification"]),
];
const IDS: [&str; 2] = ["id", "launch_template_id"];
const NAMES: [&str; 2] = ["name", "launch_template_name"];

impl Templates {
    /// Finds the references of the configuration that a plan has; a state has none.
    pub(super) fn of(document: &Document<'_>) -> Self {
        let mut templates = Self::default();
        if let Some(root) = document.configuration.as_ref().and_then(|c| c.root_module.as_ref()) {
            templates.add_references("", root);
        }
        templates
    }

    /// Adds a template.
    pub(super) fn add(&mut self, address: &str, attributes: &Attributes<'_>) {
        let mut template = Template {
            address: address.to_owned(),
            id: attributes.text("id"),
            name: attributes.text("name"),
            ..Template::default()
        };
        let specifications = attributes.part("tag_specifications");
        for specification in specifications.elements() {
            let tagging = match specification.text("resource_type").as_deref() {
                Some("instance") => &mut template.instances,
                Some("volume") => &mut template.volumes,
                _ => continue,
            };
            tagging.add_map(&specification.part("tags"));
        }
        if specifications.is_unknown() {
            template.instances.add_map(&specifications);
            template.volumes.add_map(&specifications);
        }
        self.all.push(template);
    }

    /// Returns the template that a resource names in one of its blocks.
    pub(super) fn of_resource(&self, address: &str, attributes: &Attributes<'_>) -> Launch<'_> {
        for (block, path) in BLOCKS {
            let Some(found) = inner(attributes, block, path) else { continue };
            let text = |names: &[&str]| names.iter().find_map(|name| found.text(name));
            let named = self.all.iter().find(|template| {
                let same = |known: &Option<String>, text: Option<String>| text.is_some() && *known == text;
                same(&template.id, text(&IDS)) || same(&template.name, text(&NAMES))
            });
            let referred = || self.referred(address, block);
            return named.or_else(referred).map_or(Launch::Unknown, Launch::Template);
        }
        Launch::WithoutTags
    }

    /// Returns the template at the address that the configuration names, or the only one of the module if
    /// the reference goes through a local value or a variable.
    fn referred(&self, address: &str, block: &'static str) -> Option<&Template> {
        let within = module(address);
        let bare = without_indexes(address);
        let reference = self.references.get(&(bare, block))?;
        let here: Vec<&Template> =
            self.all.iter().filter(|template| module(&template.address) == within).collect();
        if reference.starts_with(TEMPLATE) {
            let index = index_of(address);
            let named: Vec<&&Template> = here
                .iter()
                .filter(|template| local(&without_indexes(&template.address)) == without_indexes(reference))
                .collect();
            let same = named.iter().find(|template| {
                local(&template.address) == reference || index_of(&template.address) == index
            });
            return same.or(named.first()).map(|template| **template);
        }
        let below = reference.strip_prefix("module.").and_then(|rest| rest.split(['.', '[']).next());
        let candidates: Vec<&Template> = match below {
            Some(name) => {
                let path = format!("{}module.{name}", within.map(|w| format!("{w}.")).unwrap_or_default());
                let is_below = |template: &&Template| {
                    module(&template.address).is_some_and(|m| without_indexes(m) == without_indexes(&path))
                };
                self.all.iter().filter(is_below).collect()
            }
            None => here,
        };
        match candidates.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    fn add_references(&mut self, path: &str, config: &ConfigModule<'_>) {
        for resource in &config.resources {
            let expressions: Option<Members<'_>> =
                resource.expressions.and_then(|json| serde_json::from_str(json.get()).ok());
            let Some(expressions) = expressions else { continue };
            for (block, inner) in BLOCKS {
                if let Some(reference) = reference(&expressions, block, inner) {
                    self.references.insert((format!("{path}{}", resource.address), block), reference);
                }
            }
        }
        for (name, call) in &config.module_calls {
            if let Some(module) = &call.module {
                self.add_references(&format!("{path}module.{name}."), module);
            }
        }
    }
}

/// Returns the attributes of the first block below a path of blocks.
fn inner<'a>(attributes: &Attributes<'a>, block: &str, path: &[&str]) -> Option<Attributes<'a>> {
    let first = |attributes: &Attributes<'a>, name: &str| attributes.part(name).elements().into_iter().next();
    path.iter().try_fold(first(attributes, block)?, |found, name| first(&found, name))
}

/// Returns the first reference of a block of the configuration to a template.
fn reference(expressions: &Members<'_>, block: &str, path: &[&str]) -> Option<String> {
    let mut json = expressions.json(block)?;
    for name in path {
        let blocks: Vec<&RawValue> = serde_json::from_str(json).ok()?;
        let members: Members<'_> = serde_json::from_str(blocks.first()?.get()).ok()?;
        json = members.json(name)?;
    }
    let blocks: Vec<&RawValue> = serde_json::from_str(json).ok()?;
    let members: Members<'_> = serde_json::from_str(blocks.first()?.get()).ok()?;
    let expression = IDS.iter().chain(&NAMES).find_map(|name| members.json(name))?;
    let expression: Members<'_> = serde_json::from_str(expression).ok()?;
    let references: Vec<String> = serde_json::from_str(expression.json("references")?).ok()?;
    let direct = references.iter().find(|reference| reference.starts_with(TEMPLATE));
    let reference = direct.or(references.first())?;
    Some(match reference.strip_suffix(".id").or_else(|| reference.strip_suffix(".name")) {
        Some(resource) if reference.starts_with(TEMPLATE) => resource.to_owned(),
        _ => reference.clone(),
    })
}

/// Returns an address without its module.
fn local(address: &str) -> &str {
    let module = module(address).map_or(0, |module| module.len() + 1);
    address.get(module..).unwrap_or(address)
}

/// Returns the index at the end of an address.
fn index_of(address: &str) -> Option<&str> {
    let local = local(address);
    local.find('[').and_then(|at| local.get(at..))
}
