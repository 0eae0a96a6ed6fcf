//! Statements: the evaluation of the inventory, and the queries over it.

use super::expr::Printer;
use super::text::{comment, identifier};
use super::{Dialect, EVALUATED, known};
use crate::ir::{Column, ColumnId, Direction, LookupInfo, Note, Order, Query, ResultColumn, Select, Type};

impl Printer<'_> {
    /// Returns the statement that keeps the evaluated inventory.
    pub(super) fn evaluate(self) -> String {
        let mut out = format!("{}\nWITH", self.dialect.keep_rows(EVALUATED));
        for (index, layer) in self.plan.layers.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            out += &format!("{comma}\n  {} AS (\n    SELECT", self.layer_name(index));
            let from = match index.checked_sub(1) {
                None => known::beside(self.plan, self.dialect),
                Some(below) => {
                    out += "\n      *,";
                    self.layer_name(below)
                }
            };
            out += &self.columns(layer);
            out += &format!("\n    FROM {from}\n  )");
        }
        let output: Vec<String> = self.plan.output.iter().map(|&id| self.name(id)).collect();
        let last = self.layer_name(self.plan.layers.len().saturating_sub(1));
        format!("{out}\nSELECT\n  {}\nFROM {last}", output.join(",\n  "))
    }

    fn columns(self, layer: &[ColumnId]) -> String {
        let mut out = String::new();
        for (i, &id) in layer.iter().enumerate() {
            let column = self.plan.column(id);
            if let Some(note) = &column.note {
                out += &format!("\n      {}", note_text(note));
            }
            let comma = if i + 1 == layer.len() { "" } else { "," };
            out += &format!("\n      {}{comma}", self.definition(column));
        }
        out
    }

    fn definition(self, column: &Column) -> String {
        let name = identifier(&column.name, self.dialect);
        let expr = self.pretty_before(&column.expr, 6, " AS ,".len() + name.len());
        if expr == name { name } else { format!("{expr} AS {name}") }
    }

    fn name(self, id: ColumnId) -> String {
        identifier(&self.plan.column(id).name, self.dialect)
    }

    /// A layer must not have the name of the relation that the first one reads.
    fn layer_name(self, index: usize) -> String {
        let taken = self.plan.relation.to_ascii_lowercase().starts_with("layer_");
        let prefix = if taken { "step" } else { "layer" };
        format!("{prefix}_{index}")
    }

    /// Returns a query: spread over lines where it is one selection, else one selection a line.
    pub(super) fn query(self, query: &Query) -> String {
        let branches = match query.branches.as_slice() {
            [] => self.no_rows(&query.columns),
            [only] => self.spread(&query.columns, only),
            many => {
                // The first selection names the columns of all.
                let line = |(i, b)| self.line(if i == 0 { &query.columns } else { &[] }, b);
                let lines: Vec<String> = many.iter().enumerate().map(line).collect();
                lines.join("\nUNION ALL\n")
            }
        };
        format!("{branches}{}", self.order(query))
    }

    fn no_rows(self, columns: &[ResultColumn]) -> String {
        let null = |column: &ResultColumn| {
            let name = identifier(column.name, self.dialect);
            format!("CAST(NULL AS {}) AS {name}", self.dialect.type_name(column.ty))
        };
        let items: Vec<String> = columns.iter().map(null).collect();
        format!("SELECT {} WHERE false", items.join(", "))
    }

    fn spread(self, columns: &[ResultColumn], select: &Select) -> String {
        let note = select.note.as_ref().map(|n| note_text(n) + "\n").unwrap_or_default();
        let items = self.items(columns, select).join(",\n  ");
        let (filter, group) = (self.filter(select, "\n"), self.group(select, "\n"));
        format!("{note}SELECT\n  {items}\nFROM {EVALUATED}{filter}{group}")
    }

    fn line(self, columns: &[ResultColumn], select: &Select) -> String {
        let note = select.note.as_ref().map(|n| note_text(n) + "\n").unwrap_or_default();
        let items = self.items(columns, select).join(", ");
        let (filter, group) = (self.filter(select, " "), self.group(select, " "));
        format!("{note}SELECT {items} FROM {EVALUATED}{filter}{group}")
    }

    fn items(self, columns: &[ResultColumn], select: &Select) -> Vec<String> {
        let item = |(i, expr)| {
            let expr = self.flat(expr);
            match columns.get(i).map(|column: &ResultColumn| identifier(column.name, self.dialect)) {
                Some(name) if name != expr => format!("{expr} AS {name}"),
                _ => expr,
            }
        };
        select.items.iter().enumerate().map(item).collect()
    }

    fn filter(self, select: &Select, gap: &str) -> String {
        let filter = select.filter.as_ref();
        filter.map(|f| format!("{gap}WHERE {}", self.flat(f))).unwrap_or_default()
    }

    fn group(self, select: &Select, gap: &str) -> String {
        if select.group_by.is_empty() {
            return String::new();
        }
        let keys: Vec<String> = select.group_by.iter().map(|key| self.flat(key)).collect();
        format!("{gap}GROUP BY {}", keys.join(", "))
    }

    fn order(self, query: &Query) -> String {
        if query.order.is_empty() {
            return String::new();
        }
        let key = |order: &Order| {
            let name = identifier(order.column, self.dialect);
            let direction = match order.direction {
                Direction::Ascending => "",
                Direction::Descending => " DESC",
            };
            let column = query.columns.iter().find(|column| column.name == order.column);
            let nulls = if column.is_some_and(|c| c.nullable) { " NULLS LAST" } else { "" };
            format!("{name}{direction}{nulls}")
        };
        let keys: Vec<String> = query.order.iter().map(key).collect();
        format!("\nORDER BY {}", keys.join(", "))
    }
}

/// Returns the statement that makes the relation of a table where nobody has made it, with comment
/// lines that say what belongs into it.
pub(super) fn relation(table: &LookupInfo, dialect: Dialect) -> String {
    let headings = table.headings.iter().map(|heading| format!("`{heading}`")).collect::<Vec<_>>().join(", ");
    let lines = [
        format!("table `{}` from {}: {headings}", table.name, table.path),
        "trimmed, an empty cell is NULL; tagpol fills it before it evaluates".to_owned(),
    ];
    let lines = lines.map(|line| comment(&line)).join("\n");
    let column = |name: &String| format!("{} {}", identifier(name, dialect), dialect.type_name(Type::Text));
    let columns = table.columns.iter().map(column).collect::<Vec<_>>().join(", ");
    format!("{lines}\nCREATE TABLE IF NOT EXISTS {} ({columns})", identifier(&table.relation, dialect))
}

/// Returns comment lines that say what a query's columns hold.
pub(super) fn heading(query: &Query) -> String {
    let mut lines = vec![comment(query.kind.as_str())];
    let width = query.columns.iter().map(|c| c.name.len()).max().unwrap_or(0);
    for ResultColumn { name, doc, .. } in &query.columns {
        lines.push(comment(&format!("  {name:width$}  {doc}")));
    }
    lines.join("\n")
}

fn note_text(note: &Note) -> String {
    match &note.loc {
        Some(loc) => comment(&format!("{} ({}:{})", note.text, loc.file, loc.line)),
        None => comment(&note.text),
    }
}
