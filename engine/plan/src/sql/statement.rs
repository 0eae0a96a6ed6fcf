//! Statements: the evaluation of the inventory, and the queries over it.

use super::dialect::Answer;
use super::expr::Printer;
use super::text::{comment, identifier, literal};
use super::{Dialect, EVALUATED, overlays};
use crate::ir::{
    Column, ColumnId, Dictionary, Direction, Judged, LookupInfo, Note, Order, Query, ResultColumn, Select,
    Type,
};
use crate::layout::Layout;

/// The statements around an evaluated inventory.
pub(super) struct Evaluate {
    /// What makes it, in order.
    pub(super) statements: Vec<String>,
    /// What drops it.
    pub(super) forget: String,
}

/// What named projections start from.
pub(super) struct Base<'a> {
    pub(super) relation: &'a str,
    /// Whether they have its columns too.
    pub(super) is_kept: bool,
}

impl<'a> Base<'a> {
    /// The snapshot, whose columns are not kept.
    pub(super) fn snapshot(relation: &'a str) -> Self {
        Self { relation, is_kept: false }
    }
}

impl Printer<'_> {
    /// Returns the statements that make the evaluated inventory.
    pub(super) fn evaluate(self) -> Evaluate {
        let is_table = self.plan.dictionaries.is_empty();
        if let Some(tables) = self.tables {
            return tables.evaluate(self);
        }
        let last = self.layer_name(self.plan.layers.len().saturating_sub(1));
        let output: Vec<String> = self.plan.output.iter().map(|&id| self.name(id)).collect();
        let from = overlays::joined(self.plan, self.dialect);
        let layers = self.layers(&self.plan.layers, Base::snapshot(&from), |id| self.definition(id));
        let rows = format!("{layers}\nSELECT\n  {}\nFROM {last}", output.join(",\n  "));
        if is_table {
            let statements = vec![format!("{}\n{rows}", self.dialect.keep_rows(EVALUATED))];
            return Evaluate { statements, forget: self.dialect.forget_rows(EVALUATED) };
        }
        let mut statements: Vec<String> =
            self.plan.dictionaries.iter().flat_map(|dictionary| self.dictionary(dictionary)).collect();
        statements.push(format!("{}\n{rows}", self.dialect.name_query(EVALUATED)));
        statements.extend(self.keep_counts());
        Evaluate { statements, forget: format!("DROP VIEW {EVALUATED}") }
    }

    /// Returns the statements that judge the distinct values of a column and keep the answers, some of them
    /// at a time: what a database needs for a statement that aggregates lists grows with their square.
    fn dictionary(self, dictionary: &Dictionary) -> Vec<String> {
        let parts = dictionary.answers.chunks(self.plan.limits.part.max(1));
        parts.flat_map(|answers| self.answers(dictionary, answers)).collect()
    }

    fn answers(self, dictionary: &Dictionary, answers: &[ColumnId]) -> Vec<String> {
        let key = self.name(dictionary.raw);
        let values = Layout::values_relation(&self.plan.relation);
        let values = identifier(&values, self.dialect);
        let source = literal(&dictionary.source, self.dialect);
        let null = format!("CAST(NULL AS {})", self.dialect.type_name(Type::Text));
        let from =
            format!("(SELECT value AS {key} FROM {values} WHERE source = {source} UNION ALL SELECT {null})");
        let wanted = [answers, &[dictionary.raw]].concat();
        let made_of = self.plan.reach(&wanted, |id| id == dictionary.raw);
        let needed =
            |layer: &Vec<ColumnId>| layer.iter().copied().filter(|id| made_of.contains(id)).collect();
        let mut layers: Vec<Vec<ColumnId>> = dictionary.layers.iter().map(needed).collect();
        layers.retain(|layer| !layer.is_empty());
        let last = self.layer_name(layers.len().saturating_sub(1));
        let layers = self.layers(&layers, Base::snapshot(&from), |id| {
            if id == dictionary.raw { key.clone() } else { self.formula(self.plan.column(id)) }
        });
        let answer = |id: &ColumnId| Answer {
            name: self.name(*id),
            strict: self.plan.column(*id).judged.is_none_or(|judged| judged.strict),
        };
        let answers: Vec<Answer> = answers.iter().map(answer).collect();
        self.dialect.keep_answers(&key, &layers, &answers, &last)
    }

    /// Returns named projections, each over the one before it.
    pub(super) fn layers(
        self,
        layers: &[Vec<ColumnId>],
        base: Base<'_>,
        definition: impl Fn(ColumnId) -> String,
    ) -> String {
        let mut out = "WITH".to_owned();
        for (index, layer) in layers.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            out += &format!("{comma}\n  {} AS (\n    SELECT", self.layer_name(index));
            let below = index.checked_sub(1).map(|below| self.layer_name(below));
            if below.is_some() || base.is_kept {
                out += "\n      *,";
            }
            let from = below.as_deref().unwrap_or(base.relation);
            out += &self.columns(layer, &definition);
            out += &format!("\n    FROM {from}\n  )");
        }
        out
    }

    fn columns(self, layer: &[ColumnId], definition: &impl Fn(ColumnId) -> String) -> String {
        let mut out = String::new();
        for (i, &id) in layer.iter().enumerate() {
            if let Some(note) = &self.plan.column(id).note {
                out += &format!("\n      {}", note_text(note));
            }
            let comma = if i + 1 == layer.len() { "" } else { "," };
            out += &format!("\n      {}{comma}", definition(id));
        }
        out
    }

    /// Returns a column of resources: what it is, or where it is looked up.
    pub(super) fn definition(self, id: ColumnId) -> String {
        let column = self.plan.column(id);
        let Some(Judged { raw, strict }) = column.judged else { return self.formula(column) };
        let (name, key) = (identifier(&column.name, self.dialect), self.name(raw));
        let found = self.dialect.answer(&name, &key);
        if strict {
            return format!("{found} AS {name}");
        }
        let missing = self.dialect.answer_of_missing(&name);
        // An answer is not NULL if the value is there, if it may not be.
        if !column.nullable {
            return format!("coalesce({found}, {missing}) AS {name}");
        }
        format!("CASE WHEN {key} IS NULL THEN {missing} ELSE {found} END AS {name}")
    }

    fn formula(self, column: &Column) -> String {
        let name = identifier(&column.name, self.dialect);
        let expr = self.pretty_before(&column.expr, 6, " AS ,".len() + name.len());
        if expr == name { name } else { format!("{expr} AS {name}") }
    }

    pub(super) fn name(self, id: ColumnId) -> String {
        identifier(&self.plan.column(id).name, self.dialect)
    }

    /// A layer must not have the name of the relation that the first one reads.
    pub(super) fn layer_name(self, index: usize) -> String {
        let taken = self.plan.relation.to_ascii_lowercase().starts_with("layer_");
        let prefix = if taken { "step" } else { "layer" };
        format!("{prefix}_{index}")
    }

    /// Returns a query: spread over lines where it is one selection, else one selection a line.
    pub(super) fn query(self, query: &Query, from: &str) -> String {
        format!("{}{}", self.rows(query, from), self.order(query))
    }

    fn rows(self, query: &Query, from: &str) -> String {
        match query.branches.as_slice() {
            [] => self.no_rows(&query.columns),
            [only] => self.spread(&query.columns, only, from),
            many => {
                // The first selection names the columns of all.
                let line = |(i, b)| self.line(if i == 0 { &query.columns } else { &[] }, b, from);
                let lines: Vec<String> = many.iter().enumerate().map(line).collect();
                lines.join("\nUNION ALL\n")
            }
        }
    }

    fn no_rows(self, columns: &[ResultColumn]) -> String {
        let null = |column: &ResultColumn| {
            let name = identifier(column.name, self.dialect);
            format!("CAST(NULL AS {}) AS {name}", self.dialect.type_name(column.ty))
        };
        let items: Vec<String> = columns.iter().map(null).collect();
        format!("SELECT {} WHERE false", items.join(", "))
    }

    fn spread(self, columns: &[ResultColumn], select: &Select, from: &str) -> String {
        let note = select.note.as_ref().map(|n| note_text(n) + "\n").unwrap_or_default();
        let items = self.items(columns, select).join(",\n  ");
        let (filter, group) = (self.filter(select, "\n"), self.group(select, "\n"));
        format!("{note}SELECT\n  {items}\nFROM {from}{filter}{group}")
    }

    fn line(self, columns: &[ResultColumn], select: &Select, from: &str) -> String {
        let note = select.note.as_ref().map(|n| note_text(n) + "\n").unwrap_or_default();
        let items = self.items(columns, select).join(", ");
        let (filter, group) = (self.filter(select, " "), self.group(select, " "));
        format!("{note}SELECT {items} FROM {from}{filter}{group}")
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
        filter.map(|f| format!("{gap}WHERE {}", self.dialect.row_filter(&self.flat(f)))).unwrap_or_default()
    }

    fn group(self, select: &Select, gap: &str) -> String {
        if select.group_by.is_empty() {
            return String::new();
        }
        let keys: Vec<String> = select.group_by.iter().map(|key| self.flat(key)).collect();
        format!("{gap}GROUP BY {}", keys.join(", "))
    }

    pub(super) fn order(self, query: &Query) -> String {
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
        "cells are trimmed, and an empty cell is NULL; tagpol fills the table before the evaluation"
            .to_owned(),
    ];
    let lines = lines.map(|line| comment(&line)).join("\n");
    let column = |name: &String| format!("{} {}", identifier(name, dialect), dialect.type_name(Type::Text));
    let columns = table.columns.iter().map(column).collect::<Vec<_>>().join(", ");
    format!("{lines}\nCREATE TABLE IF NOT EXISTS {} ({columns})", identifier(&table.relation, dialect))
}

/// Returns comment lines that say what a query's columns hold.
pub(super) fn heading(query: &Query) -> String {
    let mut lines = vec![comment(query.kind.as_str())];
    // The width of a format has a limit, and the length of a name has none.
    let width = query.columns.iter().map(|c| c.name.len()).max().unwrap_or(0).min(100);
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
