//! Which column is computed where: over the distinct values of a column, or over resources.

use std::collections::{BTreeMap, BTreeSet};

use super::Distinct;
use super::reads::{Reads, is_strict, source_name};
use crate::ir::{ColumnId, Dictionary, Expr, Judged};

impl Distinct<'_> {
    /// Sets the layer of every column that is read, and returns the dictionaries.
    pub(super) fn place(&mut self, output: &[ColumnId]) -> Vec<Dictionary> {
        let mut answers: BTreeMap<ColumnId, BTreeSet<ColumnId>> = BTreeMap::new();
        let mut resources = Layers::default();
        for &id in output {
            self.over_resources(id, &mut resources, &mut answers);
        }
        self.columns.layers = resources.finish();
        for (&id, &layer) in &resources.layer_of {
            if let Some(column) = self.columns.columns.get_mut(id.0 as usize) {
                column.layer = layer;
            }
        }
        answers.into_iter().filter_map(|(raw, answers)| self.dictionary(raw, answers)).collect()
    }

    /// Places a column of resources and what it reads; returns its layer.
    fn over_resources(
        &mut self,
        id: ColumnId,
        layers: &mut Layers,
        answers: &mut BTreeMap<ColumnId, BTreeSet<ColumnId>>,
    ) -> usize {
        if let Some(layer) = layers.layer_of.get(&id) {
            return *layer;
        }
        let expr = self.expr(id);
        let layer = match self.traits.get(id.0 as usize).map(|traits| traits.root) {
            _ if matches!(expr, Expr::Field(_)) => 0,
            Some(Reads::One(raw)) => {
                answers.entry(raw).or_default().insert(id);
                self.over_resources(raw, layers, answers) + 1
            }
            _ => {
                let below =
                    expr.columns().into_iter().map(|id| self.over_resources(id, layers, answers)).max();
                below.unwrap_or(0) + 1
            }
        };
        layers.layer_of.insert(id, layer);
        layer
    }

    fn dictionary(&mut self, raw: ColumnId, answers: BTreeSet<ColumnId>) -> Option<Dictionary> {
        let Expr::Field(field) = self.expr(raw) else { return None };
        let source = source_name(&field)?.to_owned();
        let mut values = Layers::default();
        for &id in &answers {
            self.over_values(id, &mut values);
            let strict = self.is_strict(id);
            if let Some(column) = self.columns.columns.get_mut(id.0 as usize) {
                column.judged = Some(Judged { raw, strict });
                column.nullable |= strict;
            }
        }
        Some(Dictionary { raw, source, layers: values.finish(), answers: answers.into_iter().collect() })
    }

    fn over_values(&self, id: ColumnId, layers: &mut Layers) -> usize {
        if let Some(layer) = layers.layer_of.get(&id) {
            return *layer;
        }
        let below = self.expr(id).columns().into_iter().map(|id| self.over_values(id, layers) + 1).max();
        let layer = if matches!(self.expr(id), Expr::Field(_)) { 0 } else { below.unwrap_or(1) };
        layers.layer_of.insert(id, layer);
        layer
    }

    /// Whether the column is NULL if the raw column that it follows from is.
    fn is_strict(&self, id: ColumnId) -> bool {
        is_strict(&self.expr(id), &|id| self.is_strict(id))
    }
}

/// The layer of each column.
#[derive(Debug, Default)]
struct Layers {
    layer_of: BTreeMap<ColumnId, usize>,
}

impl Layers {
    fn finish(&self) -> Vec<Vec<ColumnId>> {
        let mut layers = Vec::new();
        for (&id, &layer) in &self.layer_of {
            if layers.len() <= layer {
                layers.resize(layer + 1, Vec::new());
            }
            if let Some(columns) = layers.get_mut(layer) {
                columns.push(id);
            }
        }
        layers
    }
}
