//! Migrations of texts.

use tagpol_migrate::{Format, Input, MigrateError, Migration, Settings, migrate};

/// Settings as the command line makes them.
pub(crate) fn settings(parameters: &[(&str, &str)]) -> Settings {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Settings { parameters: parameters.collect(), waivers_end: "2027-01-31".to_owned() }
}

/// Migrates documents.
pub(crate) fn run(
    format: Format,
    documents: &[(&str, &str)],
    settings: &Settings,
) -> Result<Migration, MigrateError> {
    let input = |(name, text): &(&str, &str)| Input { name: (*name).to_owned(), text: (*text).to_owned() };
    let inputs: Vec<Input> = documents.iter().map(input).collect();
    let migration = migrate(format, &inputs, settings)?;
    assert_promises(&migration);
    Ok(migration)
}

/// Asserts what holds for every migration: formatted files, and a reason for each construct that is not exact. That the
/// policies check is asserted by the migration itself.
pub(crate) fn assert_promises(migration: &Migration) {
    for file in migration.files.iter().filter(|file| file.name.ends_with(".tagpol")) {
        let formatted = tagpol_fmt::format(&tagpol_syntax::parse(&file.text));
        assert_eq!(formatted, file.text, "{} is not formatted", file.name);
    }
    for construct in &migration.constructs {
        let is_exact = construct.outcome == tagpol_migrate::Outcome::Exact;
        assert!(is_exact || construct.reason.is_some(), "no reason: {construct:?}");
    }
}

/// Writes all of a migration as one text.
pub(crate) fn shown(migration: &Migration) -> String {
    let mut out = String::new();
    for file in &migration.files {
        out.push_str(&format!("==== {}\n{}", file.name, file.text));
    }
    out.push_str("==== constructs\n");
    for construct in &migration.constructs {
        let became = construct.became.as_ref().map_or_else(String::new, |name| format!(" -> {name}"));
        let reason = construct.reason.as_ref().map_or_else(String::new, |reason| format!("\n    {reason}"));
        let place = construct.place.short();
        out.push_str(&format!(
            "{} {}{became} [{place}]{reason}\n",
            construct.outcome.as_str(),
            construct.construct
        ));
    }
    out
}
