//! One JSON object a line, read on several threads.
//!
//! In: a file. Out: its resources in the sink, in their order. A thread reads a block of lines into rows
//! whose texts are symbols of a pool of its own; what remains to be done in order is to look each distinct
//! text of a block up once.

use std::io::{self, BufRead};

use memchr::memchr_iter;

use super::RECORD_LIMIT;
use super::blocks::{Block, Blocks};
use super::json::{Outcome, RawRecord, read_record};
use crate::error::ImportError;
use crate::inventory::Row;
use crate::parallel::in_order;
use crate::pool::Pool;
use crate::reject::Flaw;
use crate::sink::Sink;

/// What a block of lines holds.
#[derive(Debug, Default)]
struct Batch {
    pool: Pool,
    records: Vec<Record>,
}

/// A line that is not empty.
#[derive(Debug)]
struct Record {
    line: u64,
    flaws: Vec<Flaw>,
    found: Found,
}

/// What a line is.
#[derive(Debug)]
enum Found {
    /// A resource, and the currency of its cost.
    Resource(Row, Option<String>),
    /// Nothing that could be read; the flaws say why.
    Nothing,
    /// The start of an object, at this column.
    CutOff(u64),
}

/// Reads one JSON object a line.
pub(crate) fn read_ndjson<R: BufRead + Send>(reader: R, sink: &mut Sink<'_>) -> Result<R, ImportError> {
    let mut blocks = Blocks::new(reader, RECORD_LIMIT);
    let file = sink.file();
    let read = |block: io::Result<Block>| block.map(|block| Batch::read(&block, file));
    in_order(&mut blocks, read, |batch| batch.map_err(|e| sink.read_error(e))?.hand_over(sink))?;
    Ok(blocks.into_inner())
}

impl Batch {
    fn read(block: &Block, file: u32) -> Self {
        let mut batch = Self::default();
        let mut rest = block.text.as_slice();
        let mut number = block.line;
        let ends = memchr_iter(b'\n', &block.text).map(|end| end + 1);
        let mut from = 0;
        for end in ends.chain([block.text.len()]) {
            let (line, after) = rest.split_at_checked(end - from).unwrap_or((rest, &[]));
            let is_last = after.is_empty() && !line.ends_with(b"\n");
            batch.add(line, number, block.whole && line.len() <= RECORD_LIMIT, is_last, file);
            (rest, from, number) = (after, end, number + 1);
        }
        batch
    }

    fn add(&mut self, line: &[u8], number: u64, whole: bool, is_last: bool, file: u32) {
        let text = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        let indent = text.len() - text.trim_ascii_start().len();
        let text = text.trim_ascii();
        if text.is_empty() {
            return;
        }
        let column = indent as u64 + 1;
        let raw = RawRecord { line: number, column, text, too_long: !whole, last: is_last };
        let record = read_record(&raw, |outcome| match outcome {
            Outcome::Resource { flaws, currency, draft } => {
                let row = Row::new(&draft, file, &mut self.pool);
                Record { line: number, flaws, found: Found::Resource(row, currency.map(Into::into)) }
            }
            Outcome::Bad(flaw) => Record { line: number, flaws: vec![flaw], found: Found::Nothing },
            Outcome::CutOff => Record { line: number, flaws: Vec::new(), found: Found::CutOff(column) },
        });
        self.records.push(record);
    }

    fn hand_over(self, sink: &mut Sink<'_>) -> Result<(), ImportError> {
        let names = sink.inventory.pool.absorb(&self.pool);
        for Record { line, flaws, found } in self.records {
            sink.count_row();
            for flaw in flaws {
                sink.reject(flaw)?;
            }
            match found {
                Found::Resource(mut row, currency) => {
                    if let Some(currency) = currency {
                        sink.set_currency(line, &currency)?;
                    }
                    row.rename(&names);
                    sink.row(line, row)?;
                }
                Found::Nothing => {}
                Found::CutOff(column) => return Err(sink.cut_off(line, column)),
            }
        }
        Ok(())
    }
}
