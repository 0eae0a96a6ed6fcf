//! The virtual tags of resources as rows: CSV, JSON lines, Parquet. Rows are written as they come.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Builder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use serde::Serialize;
use tagpol_sink::csv;

use crate::parquet::to_io;

/// Columns that are texts, in the order of [`TagRow`].
const TEXTS: [&str; 9] =
    ["resource", "name", "type", "provider", "account", "region", "tag", "value", "source"];

/// The column behind them.
const CONFIDENCE: &str = "confidence";

/// Rows of a batch of Parquet.
const BATCH: usize = 65_536;

/// A form that virtual tags can be exported in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TagFormat {
    /// For spreadsheets, with a heading.
    Csv,
    /// A JSON object a line.
    Jsonl,
    /// For databases.
    Parquet,
}

impl TagFormat {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Csv, Self::Jsonl, Self::Parquet];

    /// Returns its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Jsonl => "jsonl",
            Self::Parquet => "parquet",
        }
    }

    /// Returns the format that a file of this name usually has; None for another extension.
    pub fn of_file(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::Jsonl),
            "parquet" => Some(Self::Parquet),
            _ => None,
        }
    }
}

/// A virtual tag of a resource.
#[derive(Debug, Clone, Copy, Serialize)]
#[expect(missing_docs, reason = "the names of the columns")]
pub struct TagRow<'a> {
    pub resource: &'a str,
    pub name: Option<&'a str>,
    pub r#type: Option<&'a str>,
    pub provider: Option<&'a str>,
    pub account: Option<&'a str>,
    pub region: Option<&'a str>,
    pub tag: &'a str,
    /// None if the tag is missing.
    pub value: Option<&'a str>,
    /// None if the tag is missing.
    pub source: Option<&'a str>,
    /// The confidence of a prediction, 0 to 1.
    pub confidence: Option<f64>,
}

impl TagRow<'_> {
    fn texts(&self) -> [Option<&str>; TEXTS.len()] {
        [
            Some(self.resource),
            self.name,
            self.r#type,
            self.provider,
            self.account,
            self.region,
            Some(self.tag),
            self.value,
            self.source,
        ]
    }
}

/// Writes rows in a format.
pub struct TagWriter<W: Write + Send> {
    kind: Kind<W>,
}

enum Kind<W: Write + Send> {
    Csv(csv::Writer, W),
    Jsonl(W),
    Parquet(Box<Columns<W>>),
}

impl<W: Write + Send> TagWriter<W> {
    /// Begins a file.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(format: TagFormat, out: W) -> io::Result<Self> {
        let kind = match format {
            TagFormat::Csv => {
                let mut writer = csv::Writer::new("\r\n");
                TEXTS.iter().chain([&CONFIDENCE]).for_each(|name| writer.value(name));
                writer.end_row();
                Kind::Csv(writer, out)
            }
            TagFormat::Jsonl => Kind::Jsonl(out),
            TagFormat::Parquet => Kind::Parquet(Box::new(Columns::new(out)?)),
        };
        Ok(Self { kind })
    }

    /// Writes a row.
    ///
    /// # Errors
    /// Those of the output.
    pub fn push(&mut self, row: &TagRow<'_>) -> io::Result<()> {
        match &mut self.kind {
            Kind::Csv(writer, out) => {
                row.texts().iter().for_each(|text| writer.value(text.unwrap_or_default()));
                match row.confidence {
                    Some(confidence) => writer.number(&confidence.to_string()),
                    None => writer.value(""),
                }
                writer.end_row();
                out.write_all(writer.take().as_bytes())
            }
            Kind::Jsonl(out) => {
                let line = tagpol_sink::json::compact(row)?;
                out.write_all(line.as_bytes())?;
                out.write_all(b"\n")
            }
            Kind::Parquet(columns) => columns.push(row),
        }
    }

    /// Ends the file.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(self) -> io::Result<()> {
        match self.kind {
            // The heading, if there was no row.
            Kind::Csv(mut writer, mut out) => {
                out.write_all(writer.take().as_bytes())?;
                out.flush()
            }
            Kind::Jsonl(mut out) => out.flush(),
            Kind::Parquet(columns) => columns.finish(),
        }
    }
}

/// The columns of a batch of Parquet.
struct Columns<W: Write + Send> {
    writer: ArrowWriter<W>,
    schema: Arc<Schema>,
    texts: Vec<StringBuilder>,
    confidence: Float64Builder,
    rows: usize,
}

impl<W: Write + Send> Columns<W> {
    fn new(out: W) -> io::Result<Self> {
        let text = |name: &&str| Field::new(*name, DataType::Utf8, true);
        let mut fields: Vec<Field> = TEXTS.iter().map(text).collect();
        fields.push(Field::new(CONFIDENCE, DataType::Float64, true));
        let schema = Arc::new(Schema::new(fields));
        let writer = ArrowWriter::try_new(out, Arc::clone(&schema), None).map_err(to_io)?;
        let texts = TEXTS.iter().map(|_| StringBuilder::new()).collect();
        Ok(Self { writer, schema, texts, confidence: Float64Builder::new(), rows: 0 })
    }

    fn push(&mut self, row: &TagRow<'_>) -> io::Result<()> {
        for (builder, text) in self.texts.iter_mut().zip(row.texts()) {
            builder.append_option(text);
        }
        self.confidence.append_option(row.confidence);
        self.rows += 1;
        if self.rows == BATCH { self.write() } else { Ok(()) }
    }

    fn write(&mut self) -> io::Result<()> {
        self.rows = 0;
        let mut columns: Vec<ArrayRef> =
            self.texts.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef).collect();
        columns.push(Arc::new(self.confidence.finish()));
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns).map_err(io::Error::other)?;
        self.writer.write(&batch).map_err(to_io)
    }

    fn finish(mut self) -> io::Result<()> {
        if self.rows > 0 {
            self.write()?;
        }
        self.writer.close().map(drop).map_err(to_io)
    }
}
