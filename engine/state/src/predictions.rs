//! What the model would decide.

use std::collections::BTreeMap;

use crate::connection::{CHUNK, Column};
use crate::decisions::{REJECTED, TagOf, after_tag};
use crate::decode::Decoder;
use crate::error::StateError;
use crate::reader::Page;
use crate::session::Session;

/// The value that the model finds most likely for a tag of a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Id of the resource.
    pub resource: String,
    /// Name of the tag.
    pub tag: String,
    /// The value.
    pub value: String,
    /// How confident the model is, from 0 to 1.
    pub confidence: f64,
}

impl Session {
    pub(crate) fn read_predictions(&mut self, page: &Page<TagOf>) -> Result<Vec<Prediction>, StateError> {
        const COLUMNS: &[&str] = &["resource", "tag", "value", "confidence"];
        let (filter, after) = after_tag("p.", page, 4);
        let sql = format!(
            "SELECT p.resource, p.tag, p.value, p.confidence FROM predictions p \
             WHERE p.tenant = $1 AND p.project = $2 {filter} AND 0 = (SELECT count(*) FROM decisions AS d {{by_tag}} \
             WHERE d.resource = p.resource AND d.tag = p.tag AND d.old_value = p.value AND {REJECTED}) \
             ORDER BY p.resource, p.tag LIMIT $3"
        );
        let rows = self.query_page(&sql, page.rows(), after)?;
        let store = self.connection.store();
        let prediction = |row| {
            let row = Decoder::new(store, "predictions", COLUMNS, row);
            Ok(Prediction {
                resource: row.text(0)?,
                tag: row.text(1)?,
                value: row.text(2)?,
                confidence: row.real(3)?,
            })
        };
        rows.iter().map(prediction).collect()
    }

    pub(crate) fn replace_predictions(&mut self, predictions: &[Prediction]) -> Result<(), StateError> {
        let scope = [(&self.tenant).into(), (&self.project).into()];
        self.connection.execute("DELETE FROM predictions WHERE tenant = $1 AND project = $2", &scope)?;
        // Sorted by key, so that pages of the table are written one after the other.
        let last: BTreeMap<(&str, &str), &Prediction> =
            predictions.iter().map(|p| ((p.resource.as_str(), p.tag.as_str()), p)).collect();
        let rows: Vec<&Prediction> = last.into_values().collect();
        let sql = "INSERT INTO predictions (tenant, project, resource, tag, value, confidence) \
                   SELECT $1, $2, resource, tag, value, confidence FROM ({rows}) AS added";
        for chunk in rows.chunks(CHUNK) {
            let columns = [
                ("resource", Column::texts(chunk.iter().map(|p| p.resource.as_str()))),
                ("tag", Column::texts(chunk.iter().map(|p| p.tag.as_str()))),
                ("value", Column::texts(chunk.iter().map(|p| p.value.as_str()))),
                ("confidence", Column::reals(chunk.iter().map(|p| p.confidence))),
            ];
            self.connection.bulk(sql, &scope, &columns)?;
        }
        Ok(())
    }
}
