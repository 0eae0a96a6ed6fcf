//! Tags as JSON, in the shapes that bills, APIs and people write them.
//!
//! In: the text of one JSON value, or of a cell. Out: the tags in the order written, no key twice,
//! keys and values exactly as found. `null` is an absent tag; numbers and booleans become the text
//! they are written with, so a valueless tag of a FOCUS bill is `true`; nested values become their
//! JSON text.

use std::borrow::Cow;
use std::fmt;

use rustc_hash::FxHashMap;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::read::MEMBER_LIMIT;

/// One tag: key and value.
pub(crate) type Tag<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Tags and what had to be left out of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Tags<'a> {
    pub(crate) tags: Vec<Tag<'a>>,
    /// What a user should know, one sentence each.
    pub(crate) notes: Vec<String>,
}

/// Reads the tags of a JSON value: an object, a list of `{"Key": …, "Value": …}`, `null`, or a
/// string that holds one of these.
///
/// # Errors
///
/// Returns what is wrong, where it is none of them.
pub(crate) fn parse_tags(json: &str) -> Result<Tags<'_>, String> {
    let json = json.trim_ascii();
    match json.as_bytes().first() {
        Some(b'{') => parse_object(json),
        Some(b'[') => parse_list(json),
        Some(b'"') => {
            let inner: String = serde_json::from_str(json).map_err(|e| syntax_reason(&e))?;
            Ok(parse_cell(&inner)?.into_owned())
        }
        _ if json == "null" => Ok(Tags::default()),
        _ => Err("the tags are neither a JSON object nor a list of keys and values".to_owned()),
    }
}

/// Reads the tags of a cell: what [`parse_tags`] reads, nothing at all, or the members of an object
/// without its braces, as some Azure exports write them.
///
/// # Errors
///
/// Returns what is wrong.
pub(crate) fn parse_cell(cell: &str) -> Result<Tags<'_>, String> {
    let cell = cell.trim_ascii();
    match cell.as_bytes().first() {
        None => Ok(Tags::default()),
        Some(b'"') => Ok(parse_object(&format!("{{{cell}}}"))?.into_owned()),
        Some(b'{' | b'[') => parse_tags(cell),
        _ if cell == "null" => Ok(Tags::default()),
        _ => Err("the tags are not a JSON object".to_owned()),
    }
}

/// Reads the tags at the start of a cell that is not valid JSON as a whole, up to the first that cannot be read: of
/// `{"env":"prod"}:` there is one. None: there are none.
pub(crate) fn parse_start(cell: &str) -> Option<Tags<'_>> {
    let cell = cell.trim_ascii();
    let mut rest = cell.strip_prefix('{').unwrap_or(cell).trim_ascii_start();
    let mut tags = Tags::default();
    while let Some((key, after)) = first_value(rest) {
        let Some(key) = json_text(key.get()) else { break };
        let Some(after) = after.trim_ascii_start().strip_prefix(':') else { break };
        let Some((value, after)) = first_value(after) else { break };
        let after = after.trim_ascii_start();
        // What goes on within the value is not read to its end.
        if !(after.is_empty() || after.starts_with([',', '}'])) {
            break;
        }
        tags.add(key, value);
        let Some(next) = after.strip_prefix(',') else { break };
        rest = next;
    }
    if tags.tags.is_empty() {
        return None;
    }
    tags.drop_repeated_keys();
    let keys: Vec<String> =
        tags.tags.iter().take(8).map(|(key, _)| format!("`{}`", crate::value::shorten(key))).collect();
    tags.notes.push(format!("the tags are not valid JSON; read of them: {}", keys.join(", ")));
    Some(tags)
}

/// Returns the JSON value at the start of a text, and what follows it.
fn first_value(text: &str) -> Option<(&RawValue, &str)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    let value = values.next()?.ok()?;
    Some((value, text.get(values.byte_offset()..)?))
}

impl Tags<'_> {
    fn into_owned(self) -> Tags<'static> {
        let own = |(key, value): Tag<'_>| (Cow::Owned(key.into_owned()), Cow::Owned(value.into_owned()));
        Tags { tags: self.tags.into_iter().map(own).collect(), notes: self.notes }
    }
}

fn parse_object(json: &str) -> Result<Tags<'_>, String> {
    let Members(members) = serde_json::from_str(json).map_err(|e| syntax_reason(&e))?;
    let mut tags = Tags { tags: Vec::with_capacity(members.len()), notes: Vec::new() };
    for (key, value) in members {
        tags.add(key, value);
    }
    tags.drop_repeated_keys();
    Ok(tags)
}

fn parse_list(json: &str) -> Result<Tags<'_>, String> {
    let Pairs { mut tags, has_nameless } = serde_json::from_str(json).map_err(|e| syntax_reason(&e))?;
    if has_nameless {
        return Err("the list of tags has an entry without a `Key`".to_owned());
    }
    tags.drop_repeated_keys();
    Ok(tags)
}

impl<'a> Tags<'a> {
    fn add(&mut self, key: Cow<'a, str>, value: &'a RawValue) {
        match value.get() {
            "null" => {}
            json if json.starts_with('"') => match json_text(json) {
                Some(text) => self.tags.push((key, text)),
                None => self.notes.push(format!(
                    "the value of tag `{}` is half of a character (a lone surrogate) and is ignored",
                    crate::value::shorten(&key)
                )),
            },
            json => self.tags.push((key, Cow::Borrowed(json))),
        }
    }

    /// Keeps the last value of each key, in its place, and notes the others.
    pub(crate) fn drop_repeated_keys(&mut self) {
        if !has_repeated_key(&self.tags) {
            return;
        }
        let mut last: FxHashMap<String, usize> = FxHashMap::default();
        for (at, (key, _)) in self.tags.iter().enumerate() {
            if last.insert(key.clone().into_owned(), at).is_some() {
                let key = crate::value::shorten(key);
                self.notes.push(format!("the tag `{key}` occurs twice; the later value is kept"));
            }
        }
        let mut at = 0;
        self.tags.retain(|(key, _)| {
            let kept = last.get(key.as_ref()) == Some(&at);
            at += 1;
            kept
        });
    }
}

/// Whether two tags have the same key. Looks pair by pair where that is quicker than hashing.
fn has_repeated_key(tags: &[Tag<'_>]) -> bool {
    if tags.len() > 24 {
        let mut seen = rustc_hash::FxHashSet::default();
        return !tags.iter().all(|(key, _)| seen.insert(key.as_ref()));
    }
    tags.iter().enumerate().any(|(at, (key, _))| tags.iter().take(at).any(|(before, _)| before == key))
}

/// Returns the text of a JSON string; none where it is another value or cannot be text.
pub(crate) fn json_text(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        return serde_json::from_str(json).ok().map(Cow::Owned);
    }
    Some(Cow::Borrowed(inner))
}

/// Returns the parser's message without its own "at line x column y".
pub(crate) fn syntax_reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split_once(" at line ").map_or(text.as_str(), |(reason, _)| reason).to_owned()
}

/// The members of a JSON object in their order, repeated ones too.
#[derive(Debug)]
pub(crate) struct Members<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Members<'a> {
    /// Returns the JSON of a member; none where it is absent or `null`. Of equals the last counts.
    pub(crate) fn json(&self, name: &str) -> Option<&'a str> {
        let value = self.0.iter().rev().find(|(found, _)| found == name)?.1.get();
        (value != "null").then_some(value)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct MembersVisitor;
        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(Text(key)) = map.next_key()? {
                    if members.is_empty() {
                        members.reserve(8);
                    }
                    members.push((key, map.next_value()?));
                    if members.len() > MEMBER_LIMIT {
                        return Err(too_many("members"));
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(MembersVisitor)
    }
}

/// A JSON array of objects with keys and values.
#[derive(Default)]
struct Pairs<'a> {
    tags: Tags<'a>,
    /// Whether one of them has no key.
    has_nameless: bool,
}

impl<'a> Pairs<'a> {
    fn add(&mut self, members: &Members<'a>) {
        let find = |wanted: &str| {
            members.0.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| *value)
        };
        match (find("key").and_then(|key| json_text(key.get())), find("value")) {
            (None, _) => self.has_nameless = true,
            (Some(key), Some(value)) => self.tags.add(key, value),
            (Some(key), None) => self.tags.tags.push((key, Cow::Borrowed(""))),
        }
    }
}

/// Returns the error for a list or an object that takes too much memory.
fn too_many<E: serde::de::Error>(what: &str) -> E {
    E::custom(format_args!("it has more than {MEMBER_LIMIT} {what}"))
}

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;
        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = Pairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of `{\"Key\": …, \"Value\": …}`")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Pairs<'de>, A::Error> {
                let mut pairs = Pairs::default();
                while let Some(pair) = seq.next_element::<Members<'de>>()? {
                    pairs.add(&pair);
                    if pairs.tags.tags.len() > MEMBER_LIMIT {
                        return Err(too_many("tags"));
                    }
                }
                Ok(pairs)
            }
        }
        deserializer.deserialize_seq(PairsVisitor)
    }
}

/// A string that is borrowed where it has no escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(TextVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(cell: &str) -> Vec<(String, String)> {
        let tags = parse_cell(cell).unwrap();
        assert_eq!(tags.notes, Vec::<String>::new(), "{cell}");
        tags.tags.into_iter().map(|(k, v)| (k.into_owned(), v.into_owned())).collect()
    }

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn values_become_the_text_they_are_written_with() {
        let cell = r#"{"n":1.10,"big":12345678901234567890123,"yes":true,"no":false,"gone":null,"deep":{"a":[1]},"empty":""}"#;
        let expected = [
            ("n", "1.10"),
            ("big", "12345678901234567890123"),
            ("yes", "true"),
            ("no", "false"),
            ("deep", r#"{"a":[1]}"#),
            ("empty", ""),
        ];
        assert_eq!(read(cell), pairs(&expected));
    }

    #[test]
    fn shapes_that_people_write() {
        let expected = pairs(&[("env", "prod"), ("a\"b", "é\n")]);
        for cell in [
            r#"{"env": "prod", "a\"b": "é\n"}"#,
            r#"[{"Key":"env","Value":"prod"},{"key":"a\"b","value":"\u00e9\n"}]"#,
            r#" "env": "prod","a\"b": "é\n" "#,
        ] {
            assert_eq!(read(cell), expected, "{cell}");
        }
        assert_eq!(parse_tags(r#""{\"env\":\"prod\"}""#).unwrap().tags, [("env".into(), "prod".into())]);
        for none in ["", "  ", "null", "{}", "[]"] {
            assert_eq!(read(none), [], "{none}");
        }
        for bad in ["env=prod", "42", r#"{"a":}"#, r#"{"a":"b""#, r#"[{"Value":"x"}]"#, r#"["a"]"#, r#""a""#]
        {
            assert!(parse_cell(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_tags_at_the_start_of_what_is_not_json() {
        for (cell, keys) in [
            (r#"{"env":"prod","team":"shop"}:"#, &["env", "team"][..]),
            (r#""env": "prod","team": "shop"}"#, &["env", "team"]),
            (r#"{"env":"prod","meta":{"team":"x"},"n":1,"cut":"of"#, &["env", "meta", "n"]),
            (r#"{"env":"prod","meta":{"team":"x""#, &["env"]),
            (r#"{"env":"pr"od","team":"shop"}"#, &[]),
            ("{'env': 'prod'}", &[]),
            (r#"[{"Key":"env","Value":"prod"},"#, &[]),
            ("env=prod", &[]),
            ("", &[]),
        ] {
            let tags = parse_start(cell).unwrap_or_default();
            let found: Vec<&str> = tags.tags.iter().map(|(key, _)| key.as_ref()).collect();
            assert_eq!(found, keys, "{cell}");
            assert_eq!(tags.notes.is_empty(), keys.is_empty(), "{cell}");
        }
    }

    #[test]
    fn keys_are_kept_exactly() {
        let cell = "{\"env\":\"1\",\"Env\":\"2\",\" env\":\"3\",\"env\u{a0}\":\"4\",\"\":\"5\"}";
        assert_eq!(
            read(cell),
            pairs(&[("env", "1"), ("Env", "2"), (" env", "3"), ("env\u{a0}", "4"), ("", "5")])
        );
    }

    #[test]
    fn the_later_of_two_equal_keys_stands() {
        let many: String = (0..40).map(|i| format!(",\"k{i}\":\"{i}\"")).collect();
        for (cell, len) in
            [(r#"{"a":"1","b":"2","a":"3"}"#.to_owned(), 2), (format!(r#"{{"a":"1","a":"3"{many}}}"#), 41)]
        {
            let tags = parse_cell(&cell).unwrap();
            assert_eq!(tags.notes, ["the tag `a` occurs twice; the later value is kept"]);
            assert_eq!(tags.tags.len(), len);
            assert!(tags.tags.contains(&("a".into(), "3".into())));
        }
    }

    #[test]
    fn half_characters_are_left_out() {
        let tags = parse_cell(r#"{"a":"\ud800","b":"c"}"#).unwrap();
        assert_eq!(tags.tags, [("b".into(), "c".into())]);
        assert_eq!(tags.notes.len(), 1);
    }
}
