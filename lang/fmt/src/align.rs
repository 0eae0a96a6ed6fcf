//! Widens gaps so that statements next to each other line up in columns.

use tagpol_syntax::SyntaxKind;

use crate::MAX_WIDTH;
use crate::fit::Space;
use crate::layout::{Layout, Row};
use crate::source::Source;

/// Lines up the runs of a layout, and comments that end lines next to each other.
pub(crate) fn align(source: &Source, layout: &Layout, spaces: &mut [Space]) {
    for run in &layout.runs {
        let rows: Vec<&Row> = run.iter().filter(|row| is_one_line(row, spaces)).collect();
        align_from(0, source, &rows, spaces);
    }
    for run in comments(source, spaces) {
        align_column(0, source, &run.iter().collect::<Vec<_>>(), spaces);
    }
}

/// The lines that end in a comment, in stretches of lines with one indentation.
fn comments(source: &Source, spaces: &[Space]) -> Vec<Vec<Row>> {
    let mut runs = Vec::new();
    let mut run: Vec<Row> = Vec::new();
    // First token of the line, and its indentation.
    let mut line = (0, 0);
    for (index, space) in spaces.iter().enumerate() {
        match *space {
            Space::Blanks(_) if index == 0 || source.kind(index) != Some(SyntaxKind::Comment) => {}
            Space::Blanks(_) => run.push(Row { first: line.0, last: index, columns: vec![index] }),
            Space::Lines { count, indent } => {
                let has_comment = run.last().is_some_and(|row| row.first == line.0);
                if count > 1 || indent != line.1 || !has_comment {
                    runs.push(std::mem::take(&mut run));
                }
                line = (index, indent);
            }
            Space::Verbatim => {
                runs.push(std::mem::take(&mut run));
                line = (index, usize::MAX);
            }
        }
    }
    runs.push(run);
    runs.retain(|run| run.len() > 1);
    runs
}

/// Whether a statement is all that its line holds.
fn is_one_line(row: &Row, spaces: &[Space]) -> bool {
    let begins_line = spaces.get(row.first).is_some_and(|space| space.ends_line());
    let inside = spaces.get(row.first + 1..=row.last).unwrap_or_default();
    begins_line && inside.iter().all(|space| matches!(space, Space::Blanks(_)))
}

/// Lines up a column and those right of it, in each stretch of rows that have it.
fn align_from(column: usize, source: &Source, rows: &[&Row], spaces: &mut [Space]) {
    for stretch in rows.split(|row| row.columns.len() <= column) {
        let aligned = align_column(column, source, stretch, spaces);
        if !aligned.is_empty() {
            align_from(column + 1, source, &aligned, spaces);
        }
    }
}

/// Lines up one column. Where a line would become too long by that, the widest rows stick out.
/// Returns the rows that line up.
fn align_column<'a>(column: usize, source: &Source, rows: &[&'a Row], spaces: &mut [Space]) -> Vec<&'a Row> {
    let cell = |row: &&'a Row| {
        let gap = *row.columns.get(column)?;
        let end = column_of(source, spaces, row.first, gap);
        let width = column_of(source, spaces, row.first, row.last) + source.width(row.last);
        (width <= MAX_WIDTH).then_some(Cell { row, gap, end, rest: width - end })
    };
    let mut cells: Vec<Cell<'a>> = rows.iter().filter_map(cell).collect();
    let mut target = widest(&cells);
    while cells.iter().any(|cell| target + cell.rest > MAX_WIDTH) {
        cells.retain(|cell| cell.end < target);
        target = widest(&cells);
    }
    for cell in &cells {
        if let Some(Space::Blanks(blanks)) = spaces.get_mut(cell.gap) {
            *blanks += target - cell.end;
        }
    }
    cells.into_iter().map(|cell| cell.row).collect()
}

/// A gap to be widened.
struct Cell<'a> {
    row: &'a Row,
    gap: usize,
    /// Where the token behind the gap begins.
    end: usize,
    /// Columns from there to the end of the row.
    rest: usize,
}

fn widest(cells: &[Cell<'_>]) -> usize {
    cells.iter().map(|cell| cell.end).max().unwrap_or(0)
}

/// Column of a token of the row that begins with another.
fn column_of(source: &Source, spaces: &[Space], first: usize, token: usize) -> usize {
    let gaps = spaces.iter().enumerate().take(token + 1).skip(first);
    let columns = gaps.map(|(index, space)| match space {
        Space::Blanks(blanks) if index > first => blanks + source.width(index - 1),
        Space::Blanks(blanks) => *blanks,
        Space::Lines { indent, .. } => *indent,
        Space::Verbatim => 0,
    });
    columns.sum()
}
