//! Documents with anything in them: no panic, no invalid policy, and nothing of a text becomes syntax.

use proptest::prelude::*;
use tagpol_migrate::{Format, MigrateError};

use crate::support::{run, settings};

/// Documents to start from.
const SEEDS: &[(Format, &str)] = &[
    (Format::AwsTagPolicy, include_str!("fixtures/tag-policy-root.json")),
    (Format::AwsConfig, include_str!("fixtures/config-template.yaml")),
    (Format::AwsConfig, include_str!("fixtures/config-rules.json")),
    (Format::Custodian, include_str!("fixtures/custodian.yaml")),
    (Format::AzurePolicy, include_str!("fixtures/azure-definitions.json")),
    (Format::AzurePolicy, include_str!("fixtures/azure-set.json")),
    (Format::CostCategories, include_str!("fixtures/cost-categories.json")),
    (Format::CostCategories, include_str!("fixtures/cost-category-api.json")),
    (Format::Costformation, include_str!("fixtures/costformation.yaml")),
    (Format::Terratags, include_str!("fixtures/terratags.yaml")),
    (Format::Powerpipe, include_str!("fixtures/powerpipe.ppvars")),
    (Format::Infracost, include_str!("fixtures/infracost.json")),
    (Format::Optscale, include_str!("fixtures/optscale.json")),
];

/// Texts that are something in JSON, YAML, the language, or an expression.
const PIECES: &[&str] = &[
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\n",
    "  ",
    "- ",
    "'",
    "#",
    "*",
    "&a",
    "*a",
    "!x",
    "/",
    "//",
    "///",
    "\u{202e}",
    "\u{0}",
    "\u{feff}",
    "é",
    "e\u{301}",
    "null",
    "true",
    "1e999",
    "-",
    "policy x {",
    "\\u0000",
    "\\n",
    "@@assign",
    "tags[",
    "(?i)",
    "(",
    "$1",
    "`",
    "{team}",
    "or",
    "in",
    "\\ud800",
    "%",
    "|",
    ">",
];

/// Into how many parts the documents of a case are divided.
const PARTS: usize = 4;

/// A seed with a few parts replaced.
fn mutated() -> impl Strategy<Value = (Format, String)> {
    let edit = (any::<prop::sample::Index>(), 0usize..12, any::<prop::sample::Index>(), any::<bool>());
    (0..SEEDS.len(), prop::collection::vec(edit, 1..6)).prop_map(|(seed, edits)| {
        let (format, text) = SEEDS[seed];
        let mut chars: Vec<char> = text.chars().collect();
        for (at, removed, piece, only_remove) in edits {
            let at = at.index(chars.len() + 1);
            let end = (at + removed).min(chars.len());
            let piece = if only_remove { "" } else { PIECES[piece.index(PIECES.len())] };
            chars.splice(at..end, piece.chars());
        }
        (format, chars.into_iter().collect())
    })
}

fn assert_valid(format: Format, text: &str) {
    match run(format, &[("x", text)], &settings(&[("tagName", "owner")])) {
        Ok(_) => {}
        Err(error @ MigrateError::Invalid { .. }) => panic!("{error}\n{text}"),
        Err(_) => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn documents_with_changes((format, text) in mutated()) {
        assert_valid(format, &text);
    }

    #[test]
    fn any_numbers_and_values_in_the_places_of_values(value in "-?[0-9]{1,40}(\\.[0-9]{1,40})?|0x[0-9a-f]{1,4}|0[0-7]{1,4}|[0-9]{4}-[0-9]{2}-[0-9]{2}|true|null|\\[\\]|\\{\\}|~|[0-9]{1,3}e[0-9]{1,3}") {
        for op in ["eq", "ne", "gt", "le", "in", "contains", "regex"] {
            for key in ["tag:x", "State.Name", "length(Tags)"] {
                assert_valid(
                    Format::Custodian,
                    &format!("policies:\n- name: p\n  resource: ec2\n  filters:\n  - {{type: value, key: \"{key}\", op: {op}, value: {value}}}\n  - {{type: tag-count, count: {value}}}\n"),
                );
            }
        }
        let json = if serde_json::from_str::<serde_json::Value>(&value).is_ok() { value.clone() } else { format!("{value:?}") };
        assert_valid(Format::CostCategories, &format!("{{\"Name\": \"accounts\", \"Rules\": [{{\"Value\": \"azure-subscription\", \"Rule\": {{\"Dimensions\": {{\"Key\": \"LINKED_ACCOUNT_NAME\", \"Values\": [{json}, \"x\"]}}}}}}], \"SplitChargeRules\": [{{\"Source\": \"a\", \"Targets\": [\"b\", \"c\"], \"Method\": \"FIXED\", \"Parameters\": [{{\"Values\": [{json}, \"40\"]}}]}}]}}"));
        assert_valid(Format::Powerpipe, &format!("mandatory_tags = [\"a\"]\ntag_limit = {value}\n"));
    }

    #[test]
    fn any_texts_in_the_places_of_texts(key in "\\PC{1,12}|[a-z]{1,5}[\"\\\\{}/ \\n]{1,4}", value in any::<String>(), part in 0usize..PARTS) {
        let (key, value) = (serde_json::to_string(&key).unwrap(), serde_json::to_string(&value).unwrap());
        let mut documents = vec![(
            Format::AwsTagPolicy,
            format!("{{\"tags\": {{{key}: {{\"tag_value\": {{\"@@assign\": [{value}, \"b*\"]}}, \"report_required_tag_for\": [{value}]}}}}}}"),
        )];
        let tag = format!("tag:{}", serde_json::from_str::<String>(&key).unwrap());
        let tag = serde_json::to_string(&tag).unwrap();
        for op in ["eq", "ne", "glob", "regex", "contains", "regex-case"] {
            documents.push((
                Format::Custodian,
                format!("{{\"policies\": [{{\"name\": {value}, \"resource\": {key}, \"description\": {value}, \"filters\": [{{\"type\": \"value\", \"key\": {tag}, \"op\": \"{op}\", \"value\": {value}}}], \"actions\": [{{\"type\": \"tag\", \"key\": {key}, \"value\": {value}}}]}}]}}"),
            ));
        }
        documents.extend([
            (Format::Terratags, format!("{{\"required_tags\": {{{key}: {{\"pattern\": {value}, \"description\": {value}}}}}, \"exemptions\": [{{\"resource_type\": {value}, \"exempt_tags\": [{key}], \"reason\": {value}}}]}}")),
            (Format::Powerpipe, format!("{{\"mandatory_tags\": [{key}], \"expected_tag_values\": {{{key}: [{value}]}}}}")),
            (Format::Infracost, format!("{{\"name\": {value}, \"tags\": [{{\"key\": {key}, \"allowedValues\": [{value}], \"message\": {value}}}, {{\"key\": {key}, \"allowedRegex\": {value}}}]}}")),
            (Format::Optscale, format!("{{\"name\": {value}, \"definition\": {{\"conditions\": {{\"tag\": {key}, \"without_tag\": {value}}}}}}}")),
            (Format::CostCategories, format!("{{\"Name\": {key}, \"DefaultValue\": {value}, \"Rules\": [{{\"Value\": {value}, \"Rule\": {{\"Tags\": {{\"Key\": {key}, \"Values\": [{value}]}}}}}}, {{\"InheritedValue\": {{\"DimensionName\": \"TAG\", \"DimensionKey\": {key}}}}}]}}")),
            (Format::Costformation, format!("{{\"Dimensions\": {{{key}: {{\"DefaultValue\": {value}, \"Rules\": [{{\"Type\": \"Group\", \"Name\": {value}, \"Source\": \"Tag:x\", \"Conditions\": [{{\"Equals\": {value}}}, {{\"Matches\": {value}}}]}}, {{\"Type\": \"GroupBy\", \"Source\": \"Tag:y\"}}]}}}}}}")),
            (Format::AwsConfig, format!("{{\"ConfigRuleName\": {value}, \"Source\": {{\"SourceIdentifier\": \"REQUIRED_TAGS\"}}, \"InputParameters\": {{\"tag1Key\": {key}, \"tag1Value\": {value}}}}}")),
        ]);
        for (operator, operand) in [("equals", value.clone()), ("like", value.clone()), ("match", value.clone()), ("notIn", format!("[{value}]"))] {
            documents.push((
                Format::AzurePolicy,
                format!("{{\"displayName\": {value}, \"policyRule\": {{\"if\": {{\"field\": \"[concat('tags[', parameters('k'), ']')]\", \"{operator}\": {operand}}}, \"then\": {{\"effect\": \"deny\"}}}}, \"parameters\": {{\"k\": {{\"defaultValue\": {key}}}}}}}"),
            ));
        }
        // A migration is checked as a whole, which takes time: each case has a part of the documents.
        for (format, text) in documents.into_iter().skip(part).step_by(PARTS) {
            assert_valid(format, &text);
        }
    }
}
