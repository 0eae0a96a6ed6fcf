//! How a file's format is found out.
//!
//! In: the first bytes of a file and its name. Out: a [`Format`], or what the file looks like
//! instead. The content decides; the extension only breaks ties. Assumes that the start is long
//! enough to hold the header of a CSV file.

use std::collections::BTreeMap;
use std::path::Path;

use crate::error::{ImportError, quoted};
use crate::format::{Format, extension};
use crate::read::csv_records::{Dialect, header_fields};
use crate::read::probe::Probe;
use crate::read::{
    aws_config, aws_cur, aws_describe, aws_explorer, azure_cost, azure_resources, bill, csv, focus,
    gcp_assets, gcp_billing, oci_cost, plain_bill, terraform,
};
use crate::source::Source;

/// Finds out the format of a file, by its content first and its extension second.
///
/// # Errors
///
/// Where the file cannot be read, or is of no known format.
pub fn detect(path: &Path) -> Result<Format, ImportError> {
    let mut source = Source::open(path)?;
    let start = source.start()?.to_vec();
    if !start.starts_with(PARQUET) {
        return detect_start(path, &start, &BTreeMap::new());
    }
    let (file, _) = source.into_file()?;
    Ok(of_parquet(&bill::parquet::names(&file, path)?))
}

/// How a Parquet file begins.
pub(crate) const PARQUET: &[u8] = b"PAR1";

/// Finds out the format of a Parquet file from the names of its columns.
pub(crate) fn of_parquet(names: &[String]) -> Format {
    bill_format(names, Format::FocusParquet).unwrap_or(Format::FocusParquet)
}

/// Returns the format of a bill, from the names of its columns; `focus` is that of FOCUS in files of this kind.
fn bill_format(names: &[String], focus: Format) -> Option<Format> {
    let formats = [
        // Reports of Oracle have names of columns like those of AWS.
        (Format::OciCost, oci_cost::looks_like_oci_cost(names)),
        (Format::AwsCur, aws_cur::looks_like_cur(names)),
        (Format::AzureCost, azure_cost::looks_like_azure_cost(names)),
        (Format::GcpBilling, gcp_billing::looks_like_gcp_billing(names)),
        (focus, focus::looks_like_focus(names)),
    ];
    formats.into_iter().find_map(|(format, fits)| fits.then_some(format))
}

/// Finds out the format from the start of the unpacked content. A Parquet file is taken for a bill;
/// [`of_parquet`] shows which. `meanings` has those of columns of CSV that the project names.
pub(crate) fn detect_start(
    path: &Path,
    start: &[u8],
    meanings: &BTreeMap<String, String>,
) -> Result<Format, ImportError> {
    let unknown = |found: &str| ImportError::UnknownFormat { path: path.to_owned(), found: found.to_owned() };
    if start.starts_with(PARQUET) {
        return Ok(Format::FocusParquet);
    }
    if start.starts_with(b"PK\x03\x04") {
        if matches!(extension(path), Some("xlsx" | "xlsm" | "ods")) {
            return Err(unknown("it is a spreadsheet; save it as CSV"));
        }
        return Err(unknown(
            "it is a ZIP archive; unpack it, or, if it is a Terraform plan, write it as JSON with `terraform show -json PLAN`",
        ));
    }
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    match text.first() {
        None => Err(ImportError::Empty { path: path.to_owned() }),
        Some(b'{' | b'[') => detect_json(path, text),
        Some(_) if text.iter().take(1024).any(|b| *b == 0) => Err(unknown("it is not text")),
        Some(_) if matches!(extension(path), Some("ndjson" | "jsonl")) => Ok(Format::Ndjson),
        Some(_) if matches!(extension(path), Some("parquet")) => Err(ImportError::Parquet {
            path: path.to_owned(),
            reason: "it does not begin with `PAR1`".to_owned(),
        }),
        Some(_) => detect_csv(path, text, meanings),
    }
}

/// Tells the JSON formats apart; `text` begins with `{` or `[`.
fn detect_json(path: &Path, text: &[u8]) -> Result<Format, ImportError> {
    let probe = Probe::of(text);
    if probe.has(".@level") && probe.has(".@message") {
        return Err(ImportError::UnknownFormat {
            path: path.to_owned(),
            found: "it is the log of a Terraform run; save the plan with `terraform plan -out PLAN`, and write it as JSON with `terraform show -json PLAN`".to_owned(),
        });
    }
    if let Some(format) = api_format(&probe) {
        return Ok(format);
    }
    let bill = bill_format(&probe.record_names(), Format::FocusJson);
    Ok(bill.unwrap_or_else(|| plain_json(path, text)))
}

/// Returns the format of an API, or of a tool, that the members are those of. No two of them have
/// their telling members in common.
fn api_format(probe: &Probe) -> Option<Format> {
    let tagging = ".ResourceTagMappingList";
    let formats = [
        (Format::AwsTagging, probe.has(tagging) || probe.has(&format!("[]{tagging}"))),
        (Format::Terraform, terraform::fits(probe)),
        (Format::AwsConfig, aws_config::fits(probe)),
        (Format::AwsExplorer, aws_explorer::fits(probe)),
        (Format::AwsDescribe, aws_describe::fits(probe)),
        (Format::GcpAssets, gcp_assets::fits(probe)),
        (Format::AzureResources, azure_resources::fits(probe)),
    ];
    formats.into_iter().find_map(|(format, fits)| fits.then_some(format))
}

fn plain_json(path: &Path, text: &[u8]) -> Format {
    if text.starts_with(b"[") {
        return Format::Json;
    }
    let line = text.split(|b| *b == b'\n').next().unwrap_or(text);
    let whole = serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok();
    let opens = matches!(line.trim_ascii_end().last(), Some(b'{' | b'[' | b',' | b':'));
    let named_json = extension(path) == Some("json");
    if whole || !(opens || named_json) { Format::Ndjson } else { Format::Json }
}

fn detect_csv(path: &Path, text: &[u8], meanings: &BTreeMap<String, String>) -> Result<Format, ImportError> {
    let names = header_fields(text, Dialect::detect(text));
    if let Some(format) = bill_format(&names, Format::FocusCsv) {
        return Ok(format);
    }
    if plain_bill::looks_like_plain_bill(&plain_bill::renamed(&names, meanings)) {
        return Ok(Format::CsvBill);
    }
    if csv::has_id(&names) || (extension(path) == Some("csv") && names.len() > 1) {
        return Ok(Format::Csv);
    }
    let shown: Vec<String> = names.iter().take(5).map(|name| crate::value::shorten(name)).collect();
    let found =
        format!("its first line, {}, is neither JSON nor a CSV header with an `id` column", quoted(&shown));
    Err(ImportError::UnknownFormat { path: path.to_owned(), found })
}
