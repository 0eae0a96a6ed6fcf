//! What the start of a JSON text shows, by which formats are distinguished.
//!
//! In: the first bytes of a file, cut off anywhere. Out: the paths of the members in it, with the
//! first text that stands at each. A path is written `.data[].id`: `.` before the name of a member,
//! `[]` for any element of an array. Nothing is required of the text; what is no JSON has no paths.

use rustc_hash::FxHashMap;

/// Bytes that are looked at.
const LIMIT: usize = 128 * 1024;

/// Names and brackets that a path has at most.
const DEPTH: usize = 6;

/// The members at the start of a text.
#[derive(Debug, Default)]
pub(crate) struct Probe {
    /// The first text at each path; empty where something else stands there.
    paths: FxHashMap<String, String>,
}

/// A bracket that is open.
enum Open {
    /// How long the path is outside of the object.
    Object(usize),
    /// How long the path is outside of the array.
    Array(usize),
}

impl Probe {
    /// Looks at the start of a text.
    pub(crate) fn of(text: &[u8]) -> Self {
        let mut probe = Self::default();
        let mut open: Vec<Open> = Vec::new();
        let mut path = String::new();
        let mut is_name = false;
        let mut rest = text.get(..LIMIT).unwrap_or(text);
        while let Some((byte, after)) = rest.split_first() {
            rest = after;
            match byte {
                b'{' => {
                    open.push(Open::Object(path.len()));
                    is_name = true;
                }
                b'[' => {
                    open.push(Open::Array(path.len()));
                    path.push_str("[]");
                }
                b'}' | b']' => {
                    match open.pop() {
                        Some(Open::Object(len) | Open::Array(len)) => path.truncate(len),
                        None => break,
                    }
                    is_name = false;
                }
                b',' => is_name = matches!(open.last(), Some(Open::Object(_))),
                b'"' => {
                    let Some((string, after)) = string(rest) else { break };
                    rest = after;
                    match open.last() {
                        Some(Open::Object(len)) if is_name => {
                            path.truncate(*len);
                            path.push('.');
                            path.push_str(&string);
                            is_name = false;
                            probe.note(&path, open.len(), "");
                        }
                        _ => probe.note(&path, open.len(), &string),
                    }
                }
                _ => {}
            }
        }
        probe
    }

    fn note(&mut self, path: &str, depth: usize, text: &str) {
        if depth > DEPTH {
            return;
        }
        let known = self.paths.entry(path.to_owned()).or_default();
        if known.is_empty() {
            text.clone_into(known);
        }
    }

    /// Whether there is a member at the path.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.paths.contains_key(path)
    }

    /// Whether there is a member of this name in a record: by itself, in an array, or in this list
    /// of an answer.
    pub(crate) fn has_in_record(&self, lists: &[&str], name: &str) -> bool {
        record_paths(lists, name).any(|path| self.has(&path))
    }

    /// Returns the names of the members of records that stand by themselves or in an array, sorted.
    pub(crate) fn record_names(&self) -> Vec<String> {
        self.names(&[".", "[]."], "")
    }

    /// Returns the dotted names of the members of an object in a record, sorted.
    pub(crate) fn names_within(&self, outer: &str) -> Vec<String> {
        self.names(&[&format!(".{outer}."), &format!("[].{outer}.")], &format!("{outer}."))
    }

    fn names(&self, starts: &[&str], prefix: &str) -> Vec<String> {
        let is_name = |rest: &&str| !rest.contains(['.', '[']);
        let name = |path: &String| {
            let rest = starts.iter().find_map(|start| path.strip_prefix(start)).filter(is_name)?;
            Some(format!("{prefix}{rest}"))
        };
        let mut names: Vec<String> = self.paths.keys().filter_map(name).collect();
        names.sort_unstable();
        names
    }

    /// Returns the first text of a member of a record.
    pub(crate) fn text_in_record(&self, lists: &[&str], name: &str) -> Option<&str> {
        record_paths(lists, name).find_map(|path| self.text(&path))
    }

    /// Returns the first text at the path.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.paths.get(path).map(String::as_str).filter(|text| !text.is_empty())
    }
}

fn record_paths(lists: &[&str], name: &str) -> impl Iterator<Item = String> {
    let alone = [format!(".{name}"), format!("[].{name}")];
    let listed =
        lists.iter().flat_map(move |list| [format!(".{list}[].{name}"), format!("[].{list}[].{name}")]);
    alone.into_iter().chain(listed.collect::<Vec<_>>())
}

/// Reads a string behind its quote; returns what follows it too. None if it has no end.
fn string(text: &[u8]) -> Option<(String, &[u8])> {
    let mut at = 0;
    loop {
        match text.get(at)? {
            b'"' => break,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    let (string, rest) = text.split_at_checked(at)?;
    // Names with escapes are none that is looked for.
    Some((String::from_utf8_lossy(string).into_owned(), rest.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_texts() {
        let probe =
            Probe::of(br#"{"count": 2, "data": [{"id": "a\"b", "x": {"y": ["z"]}}, {"id": "c", "n": 1}], "#);
        for path in [".count", ".data", ".data[].id", ".data[].x.y", ".data[].n"] {
            assert!(probe.has(path), "{path} in {probe:?}");
        }
        assert_eq!(probe.text(".data[].id"), Some(r#"a\"b"#));
        assert_eq!(probe.text(".data[].x.y[]"), Some("z"));
        assert!(probe.has_in_record(&["data"], "id") && !probe.has_in_record(&["value"], "id"));
        let rows = Probe::of(br#"[{"b": 1, "a": {"y": [{"z": 2}], "x": 3}}, {"c": null, "b": 4}]"#);
        assert_eq!(rows.record_names(), ["a", "b", "c"]);
        assert_eq!(rows.names_within("a"), ["a.x", "a.y"]);
        let lines = Probe::of(b"{\"id\": \"a\"}\n{\"id\": \"b\", \"more\": 1}\n");
        assert!(lines.has(".more") && lines.text(".id") == Some("a"));
    }

    #[test]
    fn what_is_no_json_has_no_end_and_no_harm() {
        for text in ["", "]", "{\"a", "{\"a\\", "id,name\n\"x\",\"y\"", "}{", "[[[[[[[[{\"deep\":1}]]]]]]]]"]
        {
            Probe::of(text.as_bytes());
        }
    }
}
