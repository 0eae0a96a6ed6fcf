//! What the model says of tags.

use super::decisions::rejected;
use super::{DATABASE, State, StateError, StateWriter};
use crate::rows::Cell;

/// The value that the model finds most likely for a tag of a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Id of the resource.
    pub resource: String,
    /// Name of the tag.
    pub tag: String,
    /// The value.
    pub value: String,
    /// How sure the model is, from 0 to 1.
    pub confidence: f64,
}

/// Predictions without those that a person refused.
fn standing() -> String {
    format!(
        "(SELECT resource, tag, value, confidence FROM {DATABASE}.predictions \
         ANTI JOIN {} USING (resource, tag, value))",
        rejected()
    )
}

impl State<'_> {
    /// Returns the predictions that nobody refused, ordered by resource and tag.
    ///
    /// # Errors
    /// [`StateError::Store`].
    pub fn predictions(&self) -> Result<Vec<Prediction>, StateError> {
        let rows = self.query(&format!("SELECT * FROM {} ORDER BY resource, tag", standing()))?.rows;
        Ok(rows.into_iter().filter_map(prediction).collect())
    }

    /// Makes a table of the predictions that nobody refused, with the columns `resource`, `tag`,
    /// `value` and `confidence`, in the database that the store is attached to. Returns the tags
    /// that occur in it.
    ///
    /// # Errors
    /// [`StateError::Store`].
    pub fn copy_predictions(&self, to: &str) -> Result<Vec<String>, StateError> {
        self.copy(to, &format!("SELECT * FROM {}", standing()))
    }
}

impl StateWriter<'_> {
    /// Puts predictions in place of those that are there: at most one for a tag of a resource.
    ///
    /// # Errors
    /// [`StateError::Store`].
    pub fn set_predictions(&self, predictions: &[Prediction]) -> Result<(), StateError> {
        let columns = ["resource", "tag", "value", "confidence"].map(str::to_owned);
        let rows: Vec<[Option<String>; 4]> = predictions
            .iter()
            .map(|p| [p.resource.clone(), p.tag.clone(), p.value.clone(), p.confidence.to_string()].map(Some))
            .collect();
        self.store.load_table("tagpol_rows", &columns, rows.iter().map(|row| row.as_slice()))?;
        self.transact(&[
            format!("DELETE FROM {DATABASE}.predictions"),
            format!(
                "INSERT INTO {DATABASE}.predictions SELECT * EXCLUDE (confidence), \
                 CAST(confidence AS DOUBLE) FROM tagpol_rows ORDER BY resource, tag"
            ),
        ])
    }
}

fn prediction(row: Vec<Cell>) -> Option<Prediction> {
    let [resource, tag, value, confidence] = <[Cell; 4]>::try_from(row).ok()?;
    let Cell::Double(confidence) = confidence else { return None };
    Some(Prediction {
        resource: resource.into_text()?,
        tag: tag.into_text()?,
        value: value.into_text()?,
        confidence,
    })
}
