//! Names of other languages, with what is written here instead.

/// Returns what to write instead of a function of another language.
pub(super) fn function(name: &str) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase().as_str() {
        "is_string" | "is_null" | "isnull" | "is_set" | "isset" | "exists" | "defined" | "has"
        | "present" => "write a test behind the value: `owner is set`, `owner is missing`",
        "regex" | "match" | "matches" | "regexp_matches" | "regexp_like" | "regexmatch" => {
            "write a test behind the value: `resource.name matches /…/`"
        }
        "concat" | "join" | "format" | "sprintf" | "printf" | "str" | "string" => {
            "texts are put together in a template: `\"{team}-{environment}\"`"
        }
        "lookup" | "element" | "vlookup" => {
            "a value of a file is a cell of a table: `TABLE[resource.account].owner`"
        }
        "any" | "all" | "some" => "ask about native tags with `any native key …` or `every native value …`",
        "if" | "iif" | "case" | "ternary" => {
            "write each case as a rule of its own, with its condition as `when …`"
        }
        "substring" | "substr" | "split" | "regexp_extract" | "regexextract" | "mid" | "left" | "right" => {
            "a part of a text is found by an expression: `extract(resource.name, /^([a-z]+)-/)`"
        }
        "now" | "current_timestamp" | "time" | "getdate" | "utcnow" => "write `now` without parentheses",
        "today" | "current_date" | "curdate" => "write `today` without parentheses",
        "timedelta" | "interval" | "duration" | "days" => {
            "a length of time is written with its unit: `90 days`"
        }
        "date" | "to_date" | "parse_date" | "datetime" => "a date is written without quotes: `2027-03-31`",
        "ifnull" | "nvl" | "isnotnull" | "try" | "default" | "first" => "write `coalesce(a, b)`",
        "tolower" | "lowercase" | "lcase" => "write `lower(text)`",
        "toupper" | "uppercase" | "ucase" => "write `upper(text)`",
        "tag" | "tags" | "label" | "labels" | "get_tag" => "a native tag is written `native[\"Owner\"]`",
        _ => return None,
    })
}

/// Returns what to write instead of a word that other languages have as a value, and whether that is all of it.
pub(super) fn word(name: &str) -> Option<(&'static str, Option<&'static str>)> {
    Some(match name {
        "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => ("write `true`", Some("true")),
        "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => ("write `false`", Some("false")),
        "current_date" | "CURRENT_DATE" | "sysdate" => ("write `today`", Some("today")),
        "current_timestamp" | "CURRENT_TIMESTAMP" => ("write `now`", Some("now")),
        _ => return None,
    })
}

/// Returns what to write instead of a name that other languages read values of: `input.type`, `var.team`, `self.name`.
pub(super) fn root(name: &str, field: Option<&str>) -> Option<String> {
    match (name, field) {
        ("input" | "this" | "self" | "obj" | "item" | "r" | "res", Some(field)) => {
            Some(format!("attributes are written `resource.{}`", attribute(field)))
        }
        ("var" | "local" | "locals" | "each" | "params", Some(field)) => {
            Some(format!("names are written as they are, without `{name}.`: `{field}`"))
        }
        ("tags" | "tag" | "labels" | "label", Some(field)) => {
            Some(format!("a native tag is written `native[\"{field}\"]`"))
        }
        ("tags" | "labels", None) => Some("a native tag is written `native[\"Owner\"]`".to_owned()),
        _ => None,
    }
}

/// The attribute that a field of another language stands for.
fn attribute(field: &str) -> &str {
    match field {
        "resource_type" | "kind" => "type",
        "account_id" | "accountId" | "subscription" | "project" => "account",
        "location" | "zone" => "region",
        other => other,
    }
}
