//! Policies and reports of small documents, reviewed as diffs.

use tagpol_migrate::Format;

use crate::support::{run, settings, shown};

/// Compares the migration of fixtures with a snapshot of their name.
macro_rules! golden {
    ($test:ident, $format:ident, [$($file:literal),+], $parameters:expr) => {
        #[test]
        fn $test() {
            let documents = [$(($file, include_str!(concat!("fixtures/", $file)))),+];
            let migration = run(Format::$format, &documents, &settings($parameters)).unwrap();
            insta::assert_snapshot!(stringify!($test), shown(&migration));
        }
    };
}

golden!(aws_tag_policy, AwsTagPolicy, ["tag-policy-root.json", "tag-policy-account.json"], &[]);
golden!(aws_config_template, AwsConfig, ["config-template.yaml"], &[]);
golden!(aws_config_api, AwsConfig, ["config-rules.json"], &[]);
golden!(aws_config_terraform, AwsConfig, ["config.tf.json"], &[]);
golden!(custodian, Custodian, ["custodian.yaml"], &[]);
golden!(custodian_lines, Custodian, ["custodian.ndjson"], &[]);
golden!(cost_categories, CostCategories, ["cost-categories.json"], &[]);
golden!(cost_categories_api, CostCategories, ["cost-category-api.json"], &[]);
golden!(costformation, Costformation, ["costformation.yaml"], &[]);
golden!(terratags, Terratags, ["terratags.yaml", "terratags-exempt.yaml"], &[]);
golden!(powerpipe, Powerpipe, ["powerpipe.ppvars"], &[]);
golden!(infracost, Infracost, ["infracost.json"], &[]);
golden!(optscale, Optscale, ["optscale.json"], &[]);
golden!(azure_policy, AzurePolicy, ["azure-definitions.json"], &[("tagName", "cost-center")]);
golden!(azure_policy_set, AzurePolicy, ["azure-set.json"], &[]);
