//! Cursors: where the next page begins, signed, so that clients can neither change nor reuse them for another list.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::secrets::MasterKey;

const PURPOSE: &str = "cursor";

#[derive(Serialize, Deserialize)]
struct Signed<K> {
    /// What the list is: a cursor of another filter or order does not fit.
    list: String,
    after: K,
}

/// Returns the cursor behind a key of a list.
pub(crate) fn encode<K: Serialize>(key: &MasterKey, list: &str, after: K) -> String {
    let signed = Signed { list: list.to_owned(), after };
    key.sign(PURPOSE, &serde_json::to_string(&signed).unwrap_or_default())
}

/// Reads the cursor of a list.
///
/// # Errors
/// [`Code::InvalidCursor`].
pub(crate) fn decode<K: DeserializeOwned>(
    key: &MasterKey,
    list: &str,
    cursor: Option<&str>,
) -> Result<Option<K>, ApiError> {
    let Some(cursor) = cursor else { return Ok(None) };
    let invalid = |detail: &str| {
        ApiError::new(Code::InvalidCursor, detail)
            .in_parameter("cursor")
            .help("begin again without a cursor, and pass on the ones that responses contain")
    };
    let text =
        key.verify(PURPOSE, cursor).ok_or_else(|| invalid("the cursor was not issued by this server"))?;
    let signed: Signed<serde_json::Value> =
        serde_json::from_str(&text).map_err(|_| invalid("the cursor is of another version"))?;
    if signed.list != list {
        return Err(invalid("the cursor belongs to a list with another filter or order"));
    }
    serde_json::from_value(signed.after).map(Some).map_err(|_| invalid("the cursor is of another version"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_fits_its_list_only() {
        let source = tagpol_serve_core::FixedSource::at(chrono::DateTime::UNIX_EPOCH);
        let (key, other) = (MasterKey::generate(&source), MasterKey::generate(&source));
        let cursor = encode(&key, "a", 7);
        assert_eq!(decode(&key, "a", Some(&cursor)), Ok(Some(7)));
        assert_eq!(decode::<i64>(&key, "a", None), Ok(None));
        for wrong in [
            decode::<i64>(&key, "b", Some(&cursor)),
            decode::<i64>(&other, "a", Some(&cursor)),
            decode::<i64>(&key, "a", Some("")),
            decode::<i64>(&key, "a", Some("x.y")),
        ] {
            assert_eq!(wrong.unwrap_err().code, Code::InvalidCursor);
        }
        assert_eq!(decode::<String>(&key, "a", Some(&cursor)).unwrap_err().code, Code::InvalidCursor);
    }
}
