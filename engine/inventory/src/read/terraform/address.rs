//! Addresses of Terraform, and what ids and providers mean in the clouds.

use super::attributes::Attributes;

/// Returns the address of an instance; `key` is JSON, as in `module.a.aws_instance.web["b"]`.
pub(super) fn of(module: Option<&str>, type_: &str, name: &str, key: Option<&str>) -> String {
    let module = module.map(|module| format!("{module}.")).unwrap_or_default();
    let key = key.map(|key| format!("[{key}]")).unwrap_or_default();
    format!("{module}{type_}.{name}{key}")
}

/// Returns the module of an address, with its indexes; none where it is the root module.
pub(super) fn module(address: &str) -> Option<&str> {
    let mut end = None;
    let mut parts = parts(address).peekable();
    while let Some((_, part)) = parts.next() {
        if part != "module" {
            break;
        }
        let (start, name) = parts.next()?;
        end = Some(start + name.len());
    }
    address.get(..end?)
}

/// Splits at the dots that are not within an index.
fn parts(address: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut start = Some(0);
    std::iter::from_fn(move || {
        let from = start?;
        let rest = address.get(from..)?;
        let mut quoted = false;
        let mut escaped = false;
        let dot = rest.char_indices().find(|(_, c)| {
            let was_escaped = std::mem::take(&mut escaped);
            match c {
                '\\' if quoted && !was_escaped => escaped = true,
                '"' if !was_escaped => quoted = !quoted,
                _ => {}
            }
            *c == '.' && !quoted
        });
        start = dot.map(|(at, _)| from + at + 1);
        Some((from, dot.map_or(rest, |(at, _)| rest.get(..at).unwrap_or(rest))))
    })
}

/// Returns the address without its indexes, as the configuration has it.
pub(super) fn without_indexes(address: &str) -> String {
    let name = |part: &str| part.split('[').next().unwrap_or_default().to_owned();
    parts(address).map(|(_, part)| name(part)).collect::<Vec<_>>().join(".")
}

/// Returns the provider's source of the reference in a state file:
/// `provider["registry.terraform.io/hashicorp/aws"].west`.
pub(super) fn provider(reference: &str) -> &str {
    match reference.split_once("[\"").and_then(|(_, rest)| rest.split_once("\"]")) {
        Some((source, _)) => source,
        None => reference.rsplit("provider.").next().unwrap_or(reference),
    }
}

/// Returns the cloud of a provider's source: `azure` of `registry.terraform.io/hashicorp/azurerm`.
pub(super) fn cloud(source: &str) -> &str {
    match source.rsplit('/').next().unwrap_or(source) {
        "aws" | "awscc" => "aws",
        "azurerm" | "azuread" | "azapi" | "azurestack" => "azure",
        "google" | "google-beta" => "gcp",
        "alicloud" => "alibaba",
        "oci" => "oci",
        other => other,
    }
}

/// Returns the id that the cloud itself gives the resource, where the state tells it.
pub(super) fn cloud_id(attributes: &Attributes<'_>) -> Option<String> {
    if let Some(arn) = attributes.text("arn").filter(|arn| arn.starts_with("arn:")) {
        return Some(arn);
    }
    let id = attributes.text("id");
    if let Some(id) = id.filter(|id| crate::identity::identify(id).provider.is_some()) {
        return Some(id);
    }
    crate::identity::google_full_name(&attributes.text("self_link")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_their_modules() {
        assert_eq!(of(None, "aws_instance", "web", Some("0")), "aws_instance.web[0]");
        let address = of(Some("module.a[\"x.y\"].module.b"), "aws_instance", "web", Some("\"k\""));
        assert_eq!(address, "module.a[\"x.y\"].module.b.aws_instance.web[\"k\"]");
        assert_eq!(module(&address), Some("module.a[\"x.y\"].module.b"));
        assert_eq!(without_indexes(&address), "module.a.module.b.aws_instance.web");
        assert_eq!(module("aws_instance.web[\"a.b\"]"), None);
        assert_eq!(without_indexes(r#"aws_instance.web["a\".b"]"#), "aws_instance.web");
    }

    #[test]
    fn providers() {
        for (reference, source, name) in [
            (
                "provider[\"registry.terraform.io/hashicorp/aws\"].west",
                "registry.terraform.io/hashicorp/aws",
                "aws",
            ),
            ("provider.azurerm", "azurerm", "azure"),
            (
                "module.a.provider[\"registry.opentofu.org/hashicorp/google-beta\"]",
                "registry.opentofu.org/hashicorp/google-beta",
                "gcp",
            ),
        ] {
            assert_eq!((provider(reference), cloud(source)), (source, name));
        }
    }
}
