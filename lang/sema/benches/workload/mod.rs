//! A made-up project of any size, the same for the same size.

/// Items of each file.
pub(crate) const ITEMS_A_FILE: usize = 20;

/// Returns the files (path, text) of a project: each has [`ITEMS_A_FILE`] items that name items of
/// its own and of the two files before it, as teams build on what others declare.
pub(crate) fn project(files: usize) -> Vec<(String, String)> {
    (0..files).map(|n| (format!("policies/team-{n:04}.tagpol"), file(n))).collect()
}

/// Returns the text of one file.
pub(crate) fn file(n: usize) -> String {
    let before = n.saturating_sub(1);
    let earlier = n.saturating_sub(2);
    format!(
        r#"// Tags and policies of team {n}.

/// Where a resource of team {n} runs.
tag stage-{n}: one of [production, staging, development] {{ importance high  default development }}
/// Who answers for it.
tag contact-{n}: email
tag code-{n}: text matching /[A-Z]{{3}}-[0-9]{{3}}/ {{ example "ABC-123" }}

normalize stage-{n} {{
  keys "stage", "env", "tier-{n}"
  map "prod", "prd", "live", /production-[0-9]+/ -> production
  map "stg", "uat", "preprod"                    -> staging
  map "dev*"                                     -> development
  map "n/a", "none", "tbd", ""                   -> missing
}}

normalize contact-{n} where resource.account == "{n:012}" {{
  keys "owner", "contact"
  map /([a-z]+)/ -> "$1@company.com"
  otherwise missing
}}

define database-{n} = resource.type in ["rds:db", "rds:cluster", "dynamodb:table"]
define dear-{n} = database-{n} and resource.monthly-cost > {cost} USD or resource.age > 400 days

rule stage-from-name-{n} priority 100 {{
  when resource.name has word ["prod", "prd", "production"]
  fill stage-{n} = production
}}

rule contact-from-team-{n} {{
  when stage-{before} is set and not database-{n}
  fill contact-{n} = "team-{n}@company.com"
}}

rule code-from-name-{n} priority {n} {{
  when resource.name matches /[a-z]+-[0-9]+/ and resource.account in ["{n:012}", "{before:012}"]
  set code-{n} = "{{stage-{earlier}}}-{n:03}"
}}

/// Resources of team {n} in production are complete.
policy complete-{n} {{
  severity critical
  for resource where stage-{n} == production and resource.account == "{n:012}"
  require contact-{n}, code-{n}                     else "say who answers for it, and who pays"
  require known-region: resource.region is set      else "give it a region"
  require stage-{before} in [production, staging]
  grace 24 hours
  control soc2 "CC6.1", "CC6.2"
}}

policy dear-{n}-is-justified {{
  severity high
  for resource where dear-{n} and resource.provider == aws
  require justified: native["Justification"] is set or contact-{before} is set
  require code-{n} is set
  require approval: native["Approval"] matches /JIRA-[0-9]{{4,}}/
  escalate to "finance@company.com" after 48 hours
}}

policy names-{n} {{
  severity low
  for resource where resource.account == "{n:012}" and not (resource.type starts with "s3:")
  require resource.name like ["web-*", "db-*", "job-*"]
  forbid old: resource.created < 2024-01-01 and resource.name contains "-old"
}}

policy fresh-{n} {{
  severity medium
  for resource where database-{before} or dear-{earlier}
  require well-formed: length(code-{n}) == 7 and lower(code-{n}) != "abc-000"
}}

exempt complete-{n}/known-region {{
  for resource where resource.name starts with "global-"
  until 2030-03-31
  because "JIRA-{n}: global services have no region"
}}

goal covered-{n} {{
  coverage of [contact-{n}, code-{n}] by cost
  for resource where resource.account == "{n:012}"
  at least 90%
}}

test "a prd name of team {n} is production" {{
  at 2026-11-01
  given {{ type "rds:db"  name "orders-prd-1"  account "{n:012}"  tags {{ Owner: "jane" }} }}
  expect stage-{n} == production from rule stage-from-name-{n}
  expect contact-{n} == "jane@company.com"
  expect violation complete-{n}/code-{n}
}}

test "a region is asked of local services only, team {n}" {{
  given local  {{ name "web-prod-1"     account "{n:012}" }}
  given global {{ name "global-prod-1"  account "{n:012}" }}
  expect violation complete-{n}/known-region for local
  expect exempt complete-{n}/known-region for global
}}

test "names, team {n}" {{
  given {{ name "web-1"  account "{n:012}" }}
  expect no violation names-{n}
}}
"#,
        cost = 100 + n % 900,
    )
}
