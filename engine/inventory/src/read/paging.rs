//! Whether the output of an API is all of it.
//!
//! In: the members of each page in addition to its records, and how many records it has, page by page in the order
//! in which they are read. Out: a [`Gap`] for each page that announces records which no later page delivers.
//!
//! A page that points to a next page is continued by the next page that is read of the same format and list,
//! in the same file or in a later one. Tokens are opaque, so that nothing else connects the two; where the
//! API answers for one region of one account at a time ([`Scope`]), a page of another region does not count.
//! The last page must point nowhere, and the records of all pages must reach the total that is announced.

use rustc_hash::FxHashMap;

use crate::format::Format;
use crate::gap::Gap;
use crate::tags::{Members, json_text};

/// Gaps that are listed one by one; all are counted.
const LISTED: usize = 100;

/// Members that hold where the next page begins, in any spelling; so does every member that begins with `next`.
const POINTERS: [&str; 7] = [
    "paginationtoken",
    "continuationtoken",
    "skiptoken",
    "pagetoken",
    "odatanextlink",
    "cursor",
    "lastevaluatedkey",
];

/// Members that are true when there is more.
const FLAGS: [&str; 5] = ["istruncated", "truncated", "resulttruncated", "hasmore", "hasnextpage"];

/// Members that count the records of all pages, or of this one.
const TOTALS: [&str; 6] = ["totalrecords", "totalcount", "totalresults", "totalsize", "odatacount", "count"];

/// What one page shows about records that are not on it.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) line: u64,
    /// The first of its lists.
    list: Option<&'static str>,
    pub(crate) records: u64,
    next: Option<String>,
    /// `Marker`, which some APIs return as the next page and others as the one that was asked for.
    marker: Option<String>,
    is_truncated: Option<bool>,
    /// Records that no later page has.
    lost: Option<String>,
    total: Option<(String, u64)>,
}

/// Whose records a page has, which tells the pages of several questions apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Records of any accounts and regions.
    Any,
    /// Records of one account or region, as far as they show it.
    Of(String),
    /// As [`Scope::Of`], but no record shows of which.
    Unknown,
}

impl Page {
    pub(crate) fn new(line: u64) -> Self {
        Self { line, ..Self::default() }
    }

    pub(crate) fn add_list(&mut self, list: &'static str) {
        self.list.get_or_insert(list);
    }

    /// Takes note of a member that is not a list of records; `name` and `value` are JSON.
    pub(crate) fn add_member(&mut self, name: &[u8], value: &[u8]) {
        let text = |bytes| std::str::from_utf8(bytes).ok();
        let Some((name, value)) = text(name).and_then(json_text).zip(text(value)) else { return };
        self.add(&name, value);
    }

    fn add(&mut self, name: &str, value: &str) {
        let folded: String =
            name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
        let folded = folded.as_str();
        if folded == "count" && value.starts_with('{') {
            return self.add_count(name, value);
        }
        if folded == "marker" {
            self.marker = is_given(value).then(|| name.to_owned());
        } else if POINTERS.contains(&folded) || folded.starts_with("next") {
            if is_given(value) {
                self.next = Some(name.to_owned());
            }
        } else if FLAGS.contains(&folded) {
            let is_true = unquoted(value).eq_ignore_ascii_case("true");
            self.is_truncated = Some(is_true);
            if is_true {
                self.next.get_or_insert_with(|| name.to_owned());
            }
        } else if folded.starts_with("unprocessed") || folded == "unreachable" {
            if is_given(value) {
                self.lost = Some(name.to_owned());
            }
        } else if TOTALS.contains(&folded)
            && let Ok(total) = unquoted(value).parse()
        {
            self.add_total(name, total);
        }
    }

    /// Reads the `Count` of Resource Explorer, which searches no further than 1000 resources.
    fn add_count(&mut self, name: &str, value: &str) {
        let Ok(Members(members)) = serde_json::from_str(value) else { return };
        for (member, value) in members {
            let field = format!("{name}.{member}");
            match (member.as_ref(), value.get()) {
                ("Complete", "false") => self.lost = Some(field),
                ("TotalResources", total) => {
                    if let Ok(total) = total.parse() {
                        self.add_total(&field, total);
                    }
                }
                _ => {}
            }
        }
    }

    fn add_total(&mut self, name: &str, total: u64) {
        if self.total.as_ref().is_none_or(|(_, known)| total > *known) {
            self.total = Some((name.to_owned(), total));
        }
    }

    /// Returns the member that points to a next page.
    fn next(&mut self) -> Option<String> {
        // File systems repeat the marker that was asked for, and have `NextMarker` for the next one.
        let is_echo = self.is_truncated == Some(false) || self.list == Some("FileSystems");
        self.next.take().or_else(|| self.marker.take().filter(|_| !is_echo))
    }
}

/// Whether a JSON value is something: neither null nor false nor empty.
fn is_given(json: &str) -> bool {
    let inner = |open, close| json.strip_prefix(open).and_then(|rest: &str| rest.strip_suffix(close));
    let bare = inner('"', '"').or_else(|| inner('[', ']')).or_else(|| inner('{', '}')).unwrap_or(json);
    !matches!(bare.trim_ascii(), "" | "null" | "false")
}

fn unquoted(json: &str) -> &str {
    json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(json)
}

/// The pages of all files of an import so far.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    open: FxHashMap<(Format, &'static str), OpenPages>,
    gaps: Vec<Gap>,
    count: u64,
}

/// Pages of one kind that are still to be continued.
#[derive(Debug, Default)]
struct OpenPages {
    /// By account and region, where those are known.
    by_scope: FxHashMap<Option<String>, Gap>,
    latest: Option<String>,
}

impl OpenPages {
    /// Returns the account and region of a page. One without records has those of the page before it, if
    /// that is in the same file: in another file it may be all of another region.
    fn scope(&self, scope: Scope, file: &str) -> Option<String> {
        match scope {
            Scope::Any => None,
            Scope::Of(scope) => Some(scope),
            Scope::Unknown => {
                let before = self.by_scope.get(&self.latest).filter(|before| before.file == file);
                before.and_then(|_| self.latest.clone())
            }
        }
    }
}

impl Coverage {
    /// Adds the page that was read last.
    pub(crate) fn add_page(&mut self, file: &str, format: Format, mut page: Page, scope: Scope) {
        let next = page.next();
        let lost = page.lost.take();
        let open = self.open.entry((format, page.list.unwrap_or_default())).or_default();
        let scope = open.scope(scope, file);
        let before = open.by_scope.remove(&scope).or_else(|| open.by_scope.remove(&None));
        let read = page.records.saturating_add(before.as_ref().map_or(0, |gap| gap.read));
        let before = before.and_then(|gap| Some((gap.field, gap.total?)));
        let announced = page.total.take().into_iter().chain(before).max_by_key(|(_, total)| *total);
        let total = announced.as_ref().map(|(_, total)| *total);
        let gap = |field| Gap { file: file.to_owned(), line: page.line, format, field, read, total };
        let unmet = announced.filter(|(_, total)| *total > read).map(|(field, _)| field);
        if let Some(field) = next.or(unmet).filter(|_| lost.is_none()) {
            open.latest.clone_from(&scope);
            open.by_scope.insert(scope, gap(field));
        }
        if let Some(field) = lost {
            let lost = gap(field);
            self.add_gap(lost);
        }
    }

    /// Adds what is missing for good.
    pub(crate) fn add_gap(&mut self, gap: Gap) {
        self.count += 1;
        if self.gaps.len() < LISTED {
            self.gaps.push(gap);
        }
    }

    /// Returns the first gaps in the order of files and lines, and how many there are.
    pub(crate) fn finish(mut self) -> (Vec<Gap>, u64) {
        let open = std::mem::take(&mut self.open).into_values();
        let mut left: Vec<Gap> = open.flat_map(|pages| pages.by_scope.into_values()).collect();
        left.sort_by(|a, b| (&a.file, a.line, &a.field).cmp(&(&b.file, b.line, &b.field)));
        for gap in left {
            self.add_gap(gap);
        }
        (self.gaps, self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(members: &[(&str, &str)], list: &'static str, records: u64) -> Page {
        let mut page = Page { records, ..Page::new(1) };
        page.add_list(list);
        for (name, value) in members {
            page.add_member(format!("\"{name}\"").as_bytes(), value.as_bytes());
        }
        page
    }

    /// Returns the members that announce more than the pages have; each page has one record of this scope.
    fn gaps(pages: &[(&str, &str, Option<&str>)]) -> Vec<String> {
        let mut coverage = Coverage::default();
        for (name, value, scope) in pages {
            let page = page(&[(name, value)], "Volumes", 1);
            let scope = scope.map_or(Scope::Any, |scope| Scope::Of(scope.to_owned()));
            coverage.add_page("f", Format::AwsDescribe, page, scope);
        }
        let (gaps, count) = coverage.finish();
        assert_eq!(gaps.len() as u64, count);
        gaps.into_iter().map(|gap| format!("{} {}", gap.field, gap.read)).collect()
    }

    #[test]
    fn members_that_announce_more() {
        for name in [
            "PaginationToken",
            "NextToken",
            "nextToken",
            "NextMarker",
            "Marker",
            "skip_token",
            "$skipToken",
            "skipToken",
            "nextLink",
            "@odata.nextLink",
            "nextPageToken",
            "NextContinuationToken",
        ] {
            assert_eq!(gaps(&[(name, "\"abc\"", None)]), [format!("{name} 1")]);
            for empty in ["\"\"", "null", "\" \""] {
                assert_eq!(gaps(&[(name, empty, None)]), [""; 0], "{name} {empty}");
            }
        }
        for (name, more, all) in [
            ("IsTruncated", "true", "false"),
            ("resultTruncated", "\"true\"", "\"false\""),
            ("total_records", "2", "1"),
            ("totalRecords", "5000", "1"),
            ("count", "2", "1"),
            ("@odata.count", "2", "1"),
            ("unprocessedResourceKeys", "[{}]", "[]"),
            ("unreachable", "[\"europe-west1\"]", "[ ]"),
        ] {
            assert_eq!(gaps(&[(name, more, None)]), [format!("{name} 1")]);
            assert_eq!(gaps(&[(name, all, None)]), [""; 0], "{name}");
        }
        assert_eq!(
            gaps(&[("Count", r#"{"TotalResources":1,"Complete":false}"#, None)]),
            ["Count.Complete 1"]
        );
        assert_eq!(gaps(&[("Count", r#"{"TotalResources":3}"#, None)]), ["Count.TotalResources 1"]);
        assert_eq!(gaps(&[("Count", r#"{"TotalResources":1,"Complete":true}"#, None)]), [""; 0]);
        for other in ["context", "Token", "marker_of_something", "ResponseMetadata"] {
            assert_eq!(gaps(&[(other, "\"abc\"", None)]), [""; 0], "{other}");
        }
    }

    #[test]
    fn a_marker_may_be_that_of_the_question() {
        let mut coverage = Coverage::default();
        let marked = [("Marker", "\"abc\""), ("IsTruncated", "false")];
        coverage.add_page("f", Format::AwsDescribe, page(&marked, "DBInstances", 1), Scope::Any);
        coverage.add_page("f", Format::AwsDescribe, page(&marked[..1], "FileSystems", 1), Scope::Any);
        assert_eq!(coverage.finish().1, 0);
    }

    #[test]
    fn pages_that_continue_others() {
        let (more, end) = (("NextToken", "\"abc\"", None), ("NextToken", "null", None));
        assert_eq!(gaps(&[more, end]), [""; 0]);
        assert_eq!(gaps(&[more, more, end]), [""; 0]);
        assert_eq!(gaps(&[more, more]), ["NextToken 2"]);
        // Pages in the wrong order, or an answer of its own behind one that goes on.
        assert_eq!(gaps(&[end, more]), ["NextToken 1"]);
        let (here, there) = (Some("eu-west-1"), Some("us-east-1"));
        let (more, end) = (("NextToken", "\"abc\"", here), ("NextToken", "null", here));
        assert_eq!(gaps(&[more, ("NextToken", "null", there)]), ["NextToken 1"]);
        assert_eq!(gaps(&[more, ("NextToken", "\"x\"", there), end]), ["NextToken 1"]);
        assert_eq!(gaps(&[more, ("NextToken", "\"x\"", there), end, ("", "", there)]), [""; 0]);
    }

    #[test]
    fn an_empty_page_continues_one_in_its_own_file() {
        for (file, gaps) in [("a", 0), ("b", 1)] {
            let mut coverage = Coverage::default();
            let more = page(&[("NextToken", "1")], "Volumes", 1);
            coverage.add_page("a", Format::AwsDescribe, more, Scope::Of("eu-west-1".to_owned()));
            coverage.add_page(file, Format::AwsDescribe, page(&[], "Volumes", 0), Scope::Unknown);
            assert_eq!(coverage.finish().1, gaps, "{file}");
        }
    }

    #[test]
    fn totals_count_over_pages() {
        let total = ("total_records", "3", None);
        assert_eq!(gaps(&[total, total, total]), [""; 0]);
        assert_eq!(gaps(&[total, total]), ["total_records 2"]);
        assert_eq!(gaps(&[total, ("skip_token", "null", None)]), ["total_records 2"]);
        // Lost records are not found again on a later page.
        let lost = ("unreachable", "[1]", None);
        assert_eq!(gaps(&[lost, ("unreachable", "[]", None)]), ["unreachable 1"]);
    }

    #[test]
    fn many_gaps_are_counted_and_some_listed() {
        let mut coverage = Coverage::default();
        for number in 0..1000 {
            let page = page(&[("NextToken", "1")], "Volumes", 1);
            coverage.add_page("f", Format::AwsDescribe, page, Scope::Of(number.to_string()));
        }
        let (gaps, count) = coverage.finish();
        assert_eq!((gaps.len(), count), (LISTED, 1000));
    }
}
