//! `tagpol watch`

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, ValueHint};

use super::{FailOn, FetchArgs};

/// Repeated fetches, and what they change.
#[derive(Debug, Clone, Args)]
pub(crate) struct WatchArgs {
    /// A project folder [default: the project of the current folder]
    #[arg(value_hint = ValueHint::DirPath)]
    pub(crate) path: Option<PathBuf>,
    /// What to fetch: the arguments of `tagpol snapshot fetch`, as in --fetch "aws --role audit"; what several fetch becomes
    /// one snapshot
    #[arg(long, value_name = "CLOUD", required = true, value_parser = parse_fetch)]
    pub(crate) fetch: Vec<FetchArgs>,
    /// Time from one fetch to the next, like 15m, 1h or 90s
    #[arg(long, value_name = "TIME", default_value = "15m", value_parser = parse_interval)]
    pub(crate) every: Duration,
    /// Snapshots of this run that are kept; those that are older are removed
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u16).range(2..))]
    pub(crate) keep: u16,
    /// Fetch once and end, for schedulers: exit with 1 if a finding is newly open, and with 3 if the fetch failed
    #[arg(long)]
    pub(crate) once: bool,
    /// Severity from which a newly open finding makes --once exit with 1 [default: that of tagpol.toml, else low]
    #[arg(long, value_name = "SEVERITY", value_enum, requires = "once")]
    pub(crate) fail_on: Option<FailOn>,
}

/// The arguments of a fetch, on a line.
#[derive(Debug, Parser)]
#[command(name = "tagpol snapshot fetch", no_binary_name = true, disable_help_flag = true)]
struct FetchLine {
    #[command(flatten)]
    fetch: FetchArgs,
}

fn parse_fetch(line: &str) -> Result<FetchArgs, String> {
    let words = words(line)?;
    let parsed = FetchLine::try_parse_from(words).map_err(|error| {
        let text = error.render().to_string();
        text.strip_prefix("error: ").unwrap_or(&text).lines().next().unwrap_or_default().to_owned()
    })?;
    match parsed.fetch.common() {
        common if common.dry_run => Err("`--dry-run` requests nothing that could be watched".to_owned()),
        common if common.since.is_some() => Err("`--since` is what watching does anyway".to_owned()),
        _ => Ok(parsed.fetch),
    }
}

/// Splits a line at its spaces; quotes keep words together.
fn words(line: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, None) if c.is_whitespace() => words.extend(word.take()),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    if quote.is_some() { Err("a quote is still open".to_owned()) } else { Ok(words) }
}

/// Reads a time of at least a second and at most a week.
fn parse_interval(text: &str) -> Result<Duration, String> {
    let bad = || format!("`{text}` is not a time like 15m, 1h or 90s");
    let unit = text.chars().next_back().ok_or_else(bad)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(bad()),
    };
    let count: u64 = text.strip_suffix(unit).and_then(|count| count.parse().ok()).ok_or_else(bad)?;
    match count.checked_mul(seconds) {
        Some(total @ 1..=604_800) => Ok(Duration::from_secs(total)),
        _ => Err(format!("`{text}` is not between 1s and 7d")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_times() {
        assert_eq!(
            words("aws --role 'my audit'  --with \"\"").unwrap(),
            ["aws", "--role", "my audit", "--with", ""]
        );
        assert!(words("aws 'x").is_err());
        assert_eq!(parse_interval("15m"), Ok(Duration::from_secs(900)));
        assert_eq!(parse_interval("1h"), Ok(Duration::from_secs(3600)));
        for bad in ["", "m", "15", "-1m", "0s", "8d", "99999999999999999999d", "1é"] {
            assert!(parse_interval(bad).is_err(), "{bad}");
        }
        assert!(parse_fetch("aws --role audit").is_ok());
        assert!(parse_fetch("ibm").unwrap_err().contains("ibm"));
        assert!(parse_fetch("aws --dry-run").unwrap_err().contains("requests nothing"));
    }
}
