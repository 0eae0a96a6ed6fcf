//! Lists that come in pages.
//!
//! In: a function that gets the page behind a token. Out: the pages one after the other, until one has no token. A token
//! that repeats would be followed forever, and ends the list after the page that has it; so does a page that lacks its
//! list. Sources therefore know only how their pages are requested.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};

use serde::Deserialize as _;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::source::Stop;

/// A page of a list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page<T> {
    pub(crate) content: T,
    /// The token of the next page; None or empty: this is the last one.
    pub(crate) next: Option<String>,
}

impl Page<Vec<Value>> {
    /// Takes the list and the token of the next page out of a response; `operation` is for messages.
    ///
    /// # Errors
    /// If the response has no list, or a token that is not a text: half a page, of which nothing may be taken for whole.
    pub(crate) fn of_json(
        mut response: Value,
        operation: &str,
        list: &str,
        token: &str,
    ) -> Result<Self, Stop> {
        let Some(Value::Array(content)) = response.get_mut(list).map(Value::take) else {
            return Err(lacks(operation, list));
        };
        match response.get_mut(token).map(Value::take) {
            None | Some(Value::Null) => Ok(Self { content, next: None }),
            Some(Value::String(next)) => Ok(Self { content, next: Some(next) }),
            Some(_) => Err(Stop::cut_off(format!("in a response of `{operation}`, `{token}` is not a text"))),
        }
    }
}

/// The members of a response, as the texts that the cloud sent.
pub(crate) type Members<'b> = BTreeMap<String, &'b RawValue>;

/// The list of a page as the text that the cloud sent, without white space between its parts: making values of its rows,
/// and text of these again, takes longer than all else that a fetch does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RawList {
    text: String,
    count: usize,
}

impl RawList {
    fn new(text: &str) -> Option<Self> {
        let count = serde_json::from_str::<Vec<&RawValue>>(text).ok()?.len();
        Some(Self { text: compact(text), count })
    }

    /// Joins rows.
    pub(crate) fn of_rows(rows: &[Box<RawValue>]) -> Self {
        let texts: Vec<&str> = rows.iter().map(|row| row.get()).collect();
        Self { text: format!("[{}]", texts.join(",")), count: rows.len() }
    }

    /// Returns the rows.
    pub(crate) fn rows(&self) -> Vec<Box<RawValue>> {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Returns the rows whose text contains another text.
    pub(crate) fn rows_with(&self, text: &str) -> Vec<Value> {
        if !self.text.contains(text) {
            return Vec::new();
        }
        let rows = serde_json::from_str::<Vec<&RawValue>>(&self.text).unwrap_or_default();
        let found = rows.into_iter().filter(|row| row.get().contains(text));
        found.filter_map(|row| Value::deserialize(row).ok()).collect()
    }
}

/// Returns JSON without white space outside of its texts.
fn compact(json: &str) -> String {
    let mut out = Vec::with_capacity(json.len());
    let (mut in_text, mut is_escaped) = (false, false);
    for byte in json.bytes() {
        if in_text {
            in_text = is_escaped || byte != b'"';
            is_escaped = !is_escaped && byte == b'\\';
        } else if byte.is_ascii_whitespace() {
            continue;
        } else {
            in_text = byte == b'"';
        }
        out.push(byte);
    }
    // Only whole characters were left out.
    String::from_utf8(out).unwrap_or_default()
}

impl Page<RawList> {
    /// Takes the list and the token of the next page out of the members of a response; `operation` is for messages.
    ///
    /// # Errors
    /// As [`Page::of_json`].
    pub(crate) fn of_members(
        members: &Members<'_>,
        operation: &str,
        list: &str,
        token: &str,
    ) -> Result<Self, Stop> {
        let content = members.get(list).and_then(|list| RawList::new(list.get()));
        let content = content.ok_or_else(|| lacks(operation, list))?;
        let next = members.get(token).map_or("null", |next| next.get());
        let next = serde_json::from_str::<Option<String>>(next);
        let next = next
            .map_err(|_| Stop::cut_off(format!("in a response of `{operation}`, `{token}` is not a text")))?;
        Ok(Self { content, next })
    }
}

/// Returns why half a page ends a list.
pub(crate) fn lacks(operation: &str, list: &str) -> Stop {
    Stop::cut_off(format!("a response of `{operation}` has no `{list}`")).help("fetch again later")
}

/// Where the next page is.
enum Next {
    First,
    At(String),
    End,
    /// The token of the last page was followed before.
    Repeated,
}

/// Follows the pages of a list.
pub(crate) struct Pager<G> {
    get: G,
    next: Next,
    /// Hashes of the tokens that were followed.
    followed: HashSet<u64>,
    hasher: RandomState,
}

impl<G> Pager<G> {
    /// Makes a pager that gets the page behind a token with `get`, and the first one without a token.
    pub(crate) fn new<T, F>(get: G) -> Self
    where
        G: FnMut(Option<String>) -> F,
        F: Future<Output = Result<Page<T>, Stop>>,
    {
        Self { get, next: Next::First, followed: HashSet::new(), hasher: RandomState::new() }
    }

    /// Returns the content of the next page; None after the last one.
    ///
    /// # Errors
    /// If the page cannot be got, or is unknown because the one before has a token that was followed before. The list
    /// then ends.
    pub(crate) async fn next<T, F>(&mut self) -> Result<Option<T>, Stop>
    where
        G: FnMut(Option<String>) -> F,
        F: Future<Output = Result<Page<T>, Stop>>,
    {
        let token = match std::mem::replace(&mut self.next, Next::End) {
            Next::End => return Ok(None),
            Next::Repeated => {
                let reason =
                    "the API returned the token of an earlier page, so that the next page is unknown";
                return Err(Stop::cut_off(reason).help("fetch again later"));
            }
            Next::First => None,
            Next::At(token) => Some(token),
        };
        let Page { content, next } = (self.get)(token).await?;
        self.next = match next.filter(|next| !next.is_empty()) {
            None => Next::End,
            Some(next) if self.followed.insert(self.hasher.hash_one(&next)) => Next::At(next),
            Some(_) => Next::Repeated,
        };
        Ok(Some(content))
    }

    /// Returns the contents of all pages together.
    ///
    /// # Errors
    /// As [`Pager::next`].
    pub(crate) async fn all<E, F>(mut self) -> Result<Vec<E>, Stop>
    where
        G: FnMut(Option<String>) -> F,
        F: Future<Output = Result<Page<Vec<E>>, Stop>>,
    {
        let mut found = Vec::new();
        while let Some(page) = self.next().await? {
            found.extend(page);
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use tagpol_model::CoverageStatus;

    /// Follows pages whose tokens are these, and returns the tokens that were requested and how it ended.
    fn follow(tokens: &[&str]) -> (Vec<Option<String>>, Option<CoverageStatus>) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut requested = Vec::new();
        let mut tokens = tokens.iter();
        let get = |token: Option<String>| {
            requested.push(token);
            let next = tokens.next().map(|token| (*token).to_owned());
            async move { Ok(Page { content: vec![()], next }) }
        };
        let end = runtime.block_on(Pager::new(get).all());
        (requested, end.err().map(|stop| stop.status))
    }

    #[test]
    fn pages_end_without_a_token_or_with_one_that_repeats() {
        let some = |token: &str| Some(token.to_owned());
        assert_eq!(follow(&[]), (vec![None], None));
        assert_eq!(follow(&["a", "b", ""]), (vec![None, some("a"), some("b")], None));
        let cut_off = Some(CoverageStatus::CutOff);
        assert_eq!(follow(&["a", "b", "a", "c"]), (vec![None, some("a"), some("b")], cut_off));
        assert_eq!(follow(&["a", "a"]), (vec![None, some("a")], cut_off));
    }

    #[test]
    fn a_page_that_repeats_a_token_is_kept() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut pager = Pager::new(|_| async { Ok(Page { content: 7, next: Some("same".to_owned()) }) });
        runtime.block_on(async {
            assert_eq!(pager.next().await.unwrap(), Some(7));
            assert_eq!(pager.next().await.unwrap(), Some(7));
            assert!(pager.next().await.is_err());
            assert_eq!(pager.next().await.unwrap(), None);
        });
    }

    #[test]
    fn texts_of_lists_stay_without_white_space() {
        let body = r#"{"Things": [ {"a":1.50} , {"a":"\u00e9"}], "NextToken": "t"}"#;
        let members: Members<'_> = serde_json::from_str(body).unwrap();
        let page = Page::of_members(&members, "x:List", "Things", "NextToken").unwrap();
        assert_eq!((page.content.text(), page.content.count()), (r#"[{"a":1.50},{"a":"\u00e9"}]"#, 2));
        assert_eq!(RawList::of_rows(&page.content.rows()), page.content);
        assert_eq!(compact("{\n \"a \\\" b\\\\\" :\t[ \" é \" ] }"), "{\"a \\\" b\\\\\":[\" é \"]}");
        assert_eq!(page.next.as_deref(), Some("t"));
        assert_eq!(page.content.rows_with("1.50"), [json!({"a": 1.5})]);
        assert_eq!(page.content.rows_with("none"), [json!(null); 0]);
        for half in [r#"{}"#, r#"{"Things": null}"#, r#"{"Things": {}}"#, r#"{"Things": [], "NextToken": 7}"#]
        {
            let members: Members<'_> = serde_json::from_str(half).unwrap();
            let page = Page::of_members(&members, "x:List", "Things", "NextToken");
            assert_eq!(page.unwrap_err().status, CoverageStatus::CutOff, "{half}");
        }
    }

    #[test]
    fn half_pages_are_not_whole() {
        let page = |response: Value| Page::of_json(response, "x:List", "Things", "NextToken");
        let next = Some("t".to_owned());
        assert_eq!(
            page(json!({"Things": [1], "NextToken": "t"})).unwrap(),
            Page { content: vec![json!(1)], next }
        );
        assert_eq!(page(json!({"Things": [], "NextToken": null})).unwrap().next, None);
        for half in [json!({}), json!({"Things": null}), json!({"Things": [], "NextToken": 7}), json!([])] {
            assert_eq!(page(half).unwrap_err().status, CoverageStatus::CutOff);
        }
    }
}
