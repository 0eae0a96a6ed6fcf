//! Where a list goes on: opaque bytes that name the generation, the question and the last row.

use serde::{Deserialize, Serialize};
use tagpol_plan::sql::serving::Position;

use crate::error::DataError;

/// Where a list goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// Id of the generation.
    pub(crate) generation: String,
    /// What is the same for all pages of a list: its filter and its order.
    pub(crate) question: String,
    /// What rows are ordered by, of the last row.
    pub(crate) value: Option<String>,
    /// The place of the last row.
    pub(crate) place: u64,
}

impl Cursor {
    /// Reads a cursor of a question.
    ///
    /// # Errors
    /// [`DataError::NotACursor`], [`DataError::CursorOfOtherGeneration`], [`DataError::CursorOfOtherQuestion`].
    pub(crate) fn read(bytes: &[u8], generation: &str, question: &str) -> Result<Self, DataError> {
        let cursor: Self = serde_json::from_slice(bytes).map_err(|_| DataError::NotACursor)?;
        if cursor.generation != generation {
            return Err(DataError::CursorOfOtherGeneration { generation: cursor.generation });
        }
        if cursor.question != question {
            return Err(DataError::CursorOfOtherQuestion);
        }
        Ok(cursor)
    }

    /// Returns its bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(crate) fn position(&self) -> Position {
        Position { value: self.value.clone(), place: self.place }
    }
}
