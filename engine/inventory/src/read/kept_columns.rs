//! Columns of bills that a project keeps, whatever the format.

use std::borrow::Cow;

use super::bill::{Charge, Layout, Place, Row};
use crate::error::ImportError;

/// A layout that also reads columns which the project keeps.
pub(super) struct WithKept {
    layout: Box<dyn Layout>,
    /// Their names as the project has them, and their places.
    kept: Vec<(String, usize)>,
}

impl WithKept {
    /// Finds the columns in a header. Returns the names of those that it lacks as well.
    pub(super) fn around(
        layout: Box<dyn Layout>,
        keep: &[String],
        names: &[String],
    ) -> (Box<dyn Layout>, Vec<String>) {
        let place = |name: &String| names.iter().position(|found| Place::is_called(found, name));
        let kept: Vec<(String, usize)> =
            keep.iter().filter_map(|name| Some((name.clone(), place(name)?))).collect();
        let missing = keep.iter().filter(|name| place(name).is_none()).cloned().collect();
        (if kept.is_empty() { layout } else { Box::new(Self { layout, kept }) }, missing)
    }
}

impl Layout for WithKept {
    fn version(&self) -> Option<&'static str> {
        self.layout.version()
    }

    fn columns(&self) -> Vec<usize> {
        let mut columns = self.layout.columns();
        columns.extend(self.kept.iter().map(|(_, at)| at));
        columns
    }

    fn tag_columns(&self) -> Vec<usize> {
        self.layout.tag_columns()
    }

    fn is_plain(&self) -> bool {
        self.layout.is_plain()
    }

    fn is_known(&self, name: &str) -> bool {
        self.layout.is_known(name)
    }

    fn notes(&self) -> Vec<(&'static str, &'static str)> {
        self.layout.notes()
    }

    fn notes_on_empty(&self, columns: &[&'static str]) -> Vec<(&'static str, &'static str)> {
        self.layout.notes_on_empty(columns)
    }

    fn charge<'r>(&'r self, row: &mut Row<'r, '_, '_>) -> Result<Option<Charge<'r>>, ImportError> {
        let Some(mut charge) = self.layout.charge(row)? else { return Ok(None) };
        for (name, at) in &self.kept {
            if let Some(value) = row.cell(*at).map(Cow::into_owned) {
                charge.kept.push((name, Cow::Owned(value)));
            }
        }
        Ok(Some(charge))
    }
}
