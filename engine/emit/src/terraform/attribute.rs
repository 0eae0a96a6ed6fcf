//! Which attribute of a resource has its tags.

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, TraversalOperator};
use hcl_edit::structure::{Block, Body};
use tagpol_sema::clouds::Cloud;

/// The names of blocks, each in the one before it, and of the attribute in the last one.
pub(super) type Path = &'static [&'static str];

/// Types of Google whose labels are in `labels`.
const GOOGLE_LABELS: [&str; 46] = [
    "google_alloydb_cluster",
    "google_alloydb_instance",
    "google_artifact_registry_repository",
    "google_bigquery_dataset",
    "google_bigquery_table",
    "google_bigtable_instance",
    "google_cloud_run_v2_job",
    "google_cloud_run_v2_service",
    "google_cloudfunctions2_function",
    "google_cloudfunctions_function",
    "google_composer_environment",
    "google_compute_address",
    "google_compute_disk",
    "google_compute_external_vpn_gateway",
    "google_compute_forwarding_rule",
    "google_compute_global_address",
    "google_compute_global_forwarding_rule",
    "google_compute_image",
    "google_compute_instance",
    "google_compute_instance_template",
    "google_compute_region_disk",
    "google_compute_region_instance_template",
    "google_compute_snapshot",
    "google_compute_vpn_tunnel",
    "google_data_fusion_instance",
    "google_dataflow_job",
    "google_dataproc_batch",
    "google_dataproc_cluster",
    "google_dns_managed_zone",
    "google_eventarc_trigger",
    "google_filestore_instance",
    "google_healthcare_dicom_store",
    "google_healthcare_fhir_store",
    "google_kms_crypto_key",
    "google_memcache_instance",
    "google_notebooks_instance",
    "google_project",
    "google_pubsub_subscription",
    "google_pubsub_topic",
    "google_redis_instance",
    "google_secret_manager_secret",
    "google_spanner_instance",
    "google_storage_bucket",
    "google_vertex_ai_dataset",
    "google_vertex_ai_endpoint",
    "google_workflows_workflow",
];

/// Types of Google whose labels are elsewhere.
const GOOGLE_OTHERS: [(&str, Path); 9] = [
    ("google_cloud_run_service", &["metadata", "labels"]),
    ("google_container_cluster", &["resource_labels"]),
    ("google_monitoring_alert_policy", &["user_labels"]),
    ("google_monitoring_custom_service", &["user_labels"]),
    ("google_monitoring_notification_channel", &["user_labels"]),
    ("google_monitoring_service", &["user_labels"]),
    ("google_monitoring_slo", &["user_labels"]),
    ("google_monitoring_uptime_check_config", &["user_labels"]),
    ("google_sql_database_instance", &["settings", "user_labels"]),
];

/// Attributes that have the labels of a type of Google that is not in the tables, if its block has one of them.
const GOOGLE_USUAL: [Path; 3] = [&["labels"], &["resource_labels"], &["user_labels"]];

/// Types of AWS whose tags are blocks.
const TAG_BLOCKS: [&str; 1] = ["aws_autoscaling_group"];

/// Returns where the tags of a resource are.
///
/// # Errors
/// Why that is not known.
pub(super) fn path_of(type_: &str, block: &Block, cloud: Cloud) -> Result<Path, String> {
    let provider = type_.split('_').next().unwrap_or_default();
    match (provider, cloud) {
        ("aws", Cloud::Aws) if TAG_BLOCKS.contains(&type_) => Err("its tags are blocks".to_owned()),
        // Objects of a directory (`azuread`) have switches in `tags`.
        ("aws", Cloud::Aws) | ("azurerm", Cloud::Azure) => Ok(&["tags"]),
        ("google", Cloud::Gcp) => {
            let known = GOOGLE_OTHERS.iter().find(|(name, _)| *name == type_).map(|(_, path)| *path);
            let labels = || GOOGLE_LABELS.contains(&type_).then_some::<Path>(&["labels"]);
            let usual = || GOOGLE_USUAL.into_iter().find(|path| has(&block.body, path));
            known.or_else(labels).or_else(usual).ok_or_else(|| {
                format!(
                    "tagpol does not know which attribute of `{type_}` has its labels, and the block has none"
                )
            })
        }
        _ => Err(format!("tagpol does not know where resources of `{type_}` have their tags")),
    }
}

/// Writes a path as people do: `settings.user_labels`.
pub(super) fn shown(path: Path) -> String {
    path.join(".")
}

/// Whether a body has an attribute or a block with the first name of a path.
pub(super) fn has(body: &Body, path: Path) -> bool {
    path.first().is_some_and(|name| body.has_attribute(name) || body.has_blocks(name))
}

/// Returns the body with the attribute of a path, and the bytes of its block.
///
/// # Errors
/// Why there is not exactly one.
pub(super) fn body_of(
    block: &Block,
    path: Path,
) -> Result<(&Body, std::ops::Range<usize>, &'static str), String> {
    let (mut body, mut at) = (&block.body, block.span());
    let Some((attribute, blocks)) = path.split_last() else {
        return Err("its tags have no place".to_owned());
    };
    for name in blocks {
        let mut found = body.get_blocks(name);
        match (found.next(), found.next()) {
            (Some(inner), None) => (body, at) = (&inner.body, inner.span()),
            _ => return Err(format!("it does not have exactly one block `{name}`, in which its labels are")),
        }
    }
    Ok((body, at.ok_or("its place is not known")?, *attribute))
}

/// Whether the `lifecycle` of a block leaves changes of a tag to others: Terraform then never writes it.
pub(super) fn is_ignored(block: &Block, path: Path, keys: &[&str]) -> bool {
    let lifecycles = block.body.get_blocks("lifecycle");
    let ignored = lifecycles.filter_map(|lifecycle| lifecycle.body.get_attribute("ignore_changes"));
    ignored.map(|attribute| &attribute.value).any(|value| match value {
        Expression::Array(entries) => entries.iter().any(|entry| names(entry, path, keys)),
        Expression::Variable(all) => all.as_str() == "all",
        Expression::String(all) => all.value() == "all",
        _ => false,
    })
}

/// Whether an entry of `ignore_changes` names the tags, a block that they are in, or one of some keys.
fn names(entry: &Expression, path: Path, keys: &[&str]) -> bool {
    let Some(segments) = segments(entry) else { return false };
    let is_start = segments.iter().zip(path).all(|(one, other)| one == other);
    match segments.get(path.len()..) {
        // Deeper than the map there is nothing.
        Some([key, ..]) => is_start && keys.contains(&key.as_str()),
        _ => is_start && !segments.is_empty(),
    }
}

/// Returns the names in `settings[0].user_labels["env"]`, without numbers. None: it is something else.
fn segments(expression: &Expression) -> Option<Vec<String>> {
    match expression {
        Expression::Variable(name) => Some(vec![name.as_str().to_owned()]),
        // As Terraform 0.11 wrote it.
        Expression::String(text) => Some(text.value().split('.').map(str::to_owned).collect()),
        Expression::Traversal(traversal) => {
            let mut segments = segments(&traversal.expr)?;
            for operator in &traversal.operators {
                match operator.value() {
                    TraversalOperator::GetAttr(name) => segments.push(name.as_str().to_owned()),
                    TraversalOperator::Index(Expression::String(key)) => segments.push(key.value().clone()),
                    _ => {}
                }
            }
            Some(segments)
        }
        _ => None,
    }
}
