//! What databases may use.

use std::time::Duration;

use tagpol_app::Limits;

/// Bytes that DuckDB needs to start, with some to work with.
const LEAST: u64 = 64 << 20;

/// What databases may use before a run ends with an error.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct DatabaseArgs {
    /// Maximum memory for the database, such as 512MiB or 8GiB [default: 80% of the memory of the machine
    /// or of its container]
    #[arg(long, value_name = "SIZE", value_parser = parse_size, global = true)]
    memory_limit: Option<u64>,
    /// Time limit for each database query, in seconds; 0 for no limit
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, global = true)]
    timeout: u32,
}

impl DatabaseArgs {
    pub(crate) fn limits(&self) -> Limits {
        let timeout = (self.timeout > 0).then(|| Duration::from_secs(self.timeout.into()));
        Limits { memory: self.memory_limit, timeout }
    }
}

/// Reads `512MiB`, `8GiB`, `2GB` or a number of bytes.
fn parse_size(text: &str) -> Result<u64, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).unwrap_or((text, ""));
    let factor = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "kib" | "k" => 1 << 10,
        "mb" => 1_000_000,
        "mib" | "m" => 1 << 20,
        "gb" => 1_000_000_000,
        "gib" | "g" => 1 << 30,
        "tb" => 1_000_000_000_000,
        "tib" | "t" => 1 << 40,
        _ => return Err("write a whole number and a unit, such as 512MiB or 8GiB".to_owned()),
    };
    let bytes = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    match bytes {
        None => Err("write a whole number and a unit, such as 512MiB".to_owned()),
        Some(bytes) if bytes < LEAST => Err("the minimum is 64MiB".to_owned()),
        Some(bytes) => Ok(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(parse_size("512MiB"), Ok(512 << 20));
        assert_eq!(parse_size("8 gb"), Ok(8_000_000_000));
        assert_eq!(parse_size("100000000"), Ok(100_000_000));
        for wrong in ["", "0", "8", "63MiB", "-1", "1.5GiB", "8 apples", "99999999999TiB", "GiB"] {
            assert!(parse_size(wrong).is_err(), "{wrong}");
        }
    }
}
