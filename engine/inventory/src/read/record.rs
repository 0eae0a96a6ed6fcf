//! One row of a plain inventory becomes a draft.
//!
//! In: the text of a JSON object, or the cells of a CSV row one by one. Out: a [`Record`]: the
//! draft, the currency of its cost, and notes about values that were left out. Fields that are not
//! known are kept in `meta`.

use std::borrow::Cow;

use super::fields::{Field, field};
use crate::error::ImportError;
use crate::identity::{fold_provider, identify};
use crate::inventory::Draft;
use crate::reject::Flaw;
use crate::sink::Sink;
use crate::tags::{Members, Tag, Tags, json_text, parse_cell, parse_tags, syntax_reason};
use crate::value::{parse_cost, parse_moment, parse_written_cost, shorten};

/// A row that could be read.
#[derive(Debug, Default)]
pub(crate) struct Record<'a> {
    pub(crate) draft: Draft<'a>,
    pub(crate) currency: Option<Cow<'a, str>>,
    pub(crate) notes: Vec<Note>,
}

/// A value that was left out or changed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) field: String,
    pub(crate) reason: String,
    pub(crate) text: String,
    /// Whether nothing is wrong, and a file shows it once.
    pub(crate) is_remark: bool,
}

impl Note {
    pub(crate) fn new(field: &str, reason: impl Into<String>, text: &str) -> Self {
        Self { field: field.to_owned(), reason: reason.into(), text: shorten(text), is_remark: false }
    }

    /// A remark on how values of the field are understood; shown for the first of a file.
    pub(crate) fn remark(field: Field, reason: String) -> Self {
        Self { is_remark: true, ..Self::new(field.as_str(), reason, "") }
    }

    /// Returns it as what is wrong with this resource on this line.
    pub(crate) fn into_flaw(self, line: u64, resource: &str) -> Flaw {
        if self.is_remark {
            return Flaw { line, ..Flaw::note(&self.field, &self.reason) };
        }
        Flaw::value(line, &self.field, resource, self.reason, self.text)
    }
}

/// Why a row could not be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadRow {
    pub(crate) reason: String,
    /// Place in the row where its syntax ends, line and column (in bytes) from 1.
    pub(crate) place: Option<(u64, u64)>,
    /// Whether the text ends before the object does.
    pub(crate) cut_off: bool,
}

impl BadRow {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), place: None, cut_off: false }
    }

    pub(crate) fn syntax(error: &serde_json::Error) -> Self {
        let reason = syntax_reason(error);
        let reason = match error.classify() {
            serde_json::error::Category::Data if reason.starts_with("it has more than") => reason,
            serde_json::error::Category::Data => format!("it is not a JSON object: {reason}"),
            _ => format!("it is not valid JSON: {reason}"),
        };
        Self { reason, place: Some((error.line() as u64, error.column() as u64)), cut_off: error.is_eof() }
    }
}

/// A member of an object that names a field.
struct Held<'m, 'a> {
    field: Field,
    rank: usize,
    name: &'m str,
    json: &'a str,
}

/// Reads a JSON object.
pub(crate) fn parse_record(json: &str) -> Result<Record<'_>, BadRow> {
    let Members(members) = serde_json::from_str(json).map_err(|error| BadRow::syntax(&error))?;
    let mut record = Record::default();
    let mut meta = Meta::default();
    let mut held: Vec<Held<'_, '_>> = Vec::with_capacity(members.len());
    for (name, value) in &members {
        let Some((field, rank)) = field(name) else {
            meta.add(name, value.get());
            continue;
        };
        let new = Held { field, rank, name, json: value.get() };
        match held.iter_mut().find(|old| old.field == field) {
            None => held.push(new),
            Some(old) if old.rank == rank => {
                let note = Note::new(name, "the field occurs twice; the later value is kept", old.json);
                record.notes.push(note);
                *old = new;
            }
            Some(old) => {
                let loser = if rank < old.rank { std::mem::replace(old, new) } else { new };
                meta.add(loser.name, loser.json);
            }
        }
    }
    for Held { field, json, .. } in held {
        record.set_json(field, json, &mut meta);
    }
    record.draft.meta = meta.into_json().map(Cow::Owned);
    record.correct_account();
    record.check()?;
    Ok(record)
}

impl<'a> Record<'a> {
    /// Sets a field to a JSON value.
    pub(crate) fn set_json(&mut self, field: Field, json: &'a str, meta: &mut Meta) {
        match (field, json.as_bytes().first()) {
            (_, Some(b'n')) => {}
            (Field::Tags, _) => match parse_tags(json) {
                Ok(tags) => self.add_tags(tags, json),
                Err(reason) => {
                    self.note(field, format!("{reason}; the resource has no tags from here"), json)
                }
            },
            (Field::Meta, Some(b'{')) => meta.add_members(json),
            (Field::Meta, _) => meta.add("meta", json),
            (_, Some(b'{' | b'[')) => {
                self.note(field, "expected a text, found a list or an object; it is ignored", json)
            }
            (_, Some(b'"')) => match json_text(json) {
                Some(text) => self.set_text(field, text),
                None => self.note(
                    field,
                    "the text holds half of a character (a lone surrogate); it is ignored",
                    json,
                ),
            },
            (_, _) => self.set_text(field, Cow::Borrowed(json)),
        }
    }

    /// Sets a field to a text; the empty text is not a value.
    pub(crate) fn set_text(&mut self, field: Field, text: Cow<'a, str>) {
        if text.is_empty() {
            return;
        }
        match field {
            Field::Id => self.draft.id = text,
            Field::Name => self.draft.name = Some(text),
            Field::Type => self.draft.type_ = Some(text),
            Field::Provider => self.draft.provider = Some(fold_provider(&text)),
            Field::Account => self.draft.account = Some(text),
            Field::Region => self.draft.region = Some(text),
            Field::Source => self.draft.source = Some(text),
            Field::Currency => self.currency = Some(text),
            Field::Meta => self.set_meta(text),
            Field::Cost => match parse_cost(&text) {
                Some(cost) => self.draft.monthly_cost = Some(crate::value::round_cost(cost)),
                None => self.set_written_cost(&text),
            },
            Field::Created => match parse_moment(&text) {
                Some(created) => self.draft.created = Some(created),
                None => {
                    self.note(field, "expected a time such as `2026-09-01T12:00:00Z`; it is ignored", &text)
                }
            },
            Field::Tags => match parse_cell(&text) {
                Ok(tags) => {
                    let notes = tags.notes;
                    let own = |(key, value): (Cow<'_, str>, Cow<'_, str>)| {
                        (key.into_owned().into(), value.into_owned().into())
                    };
                    self.add_tags(Tags { tags: tags.tags.into_iter().map(own).collect(), notes }, &text);
                }
                Err(reason) => {
                    self.note(field, format!("{reason}; the resource has no tags from here"), &text)
                }
            },
        }
    }

    /// Sets the cost to an amount with separators or a currency.
    fn set_written_cost(&mut self, text: &str) {
        match parse_written_cost(text) {
            Ok((cost, currency)) => {
                self.draft.monthly_cost = Some(crate::value::round_cost(cost));
                if self.currency.is_none() {
                    self.currency = currency.map(Cow::Borrowed);
                }
                let reason = format!("amounts such as `{}` are read as `{cost}`", shorten(text));
                self.notes.push(Note::remark(Field::Cost, reason));
            }
            Err(reason) => self.note(Field::Cost, format!("{reason}; the cost is ignored"), text),
        }
    }

    /// Corrects an account of AWS that was taken for a number, which loses its zeros at the start: an account
    /// has 12 digits. The one in the resource's ARN is certain.
    pub(crate) fn correct_account(&mut self) {
        let Some(account) = self.draft.account.as_deref() else { return };
        let digits = account.strip_suffix(".0").unwrap_or(account);
        let is_rounded = is_scientific(account);
        let is_number = digits.bytes().all(|b| b.is_ascii_digit()) && (8..=12).contains(&digits.len());
        if !(is_rounded || is_number) || (is_number && account.len() == 12) {
            return;
        }
        let identity = identify(&self.draft.id);
        let is_aws = self.draft.provider.as_deref().or(identity.provider) == Some("aws");
        let is_full = |account: &&str| account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
        let shown = shorten(account);
        if let Some(in_id) = identity.account.filter(is_full).filter(|_| is_aws) {
            let same = is_rounded || in_id.trim_start_matches('0') == digits.trim_start_matches('0');
            if same {
                let reason =
                    format!("accounts such as `{shown}` lost digits; the one in the id, `{in_id}`, is used");
                self.draft.account = Some(Cow::Owned(in_id.to_owned()));
                self.notes.push(Note::remark(Field::Account, reason));
            }
        } else if is_aws && is_number {
            let padded = format!("{digits:0>12}");
            let reason = format!(
                "accounts such as `{shown}` lost their zeros at the start and are read as `{padded}`"
            );
            self.draft.account = Some(Cow::Owned(padded));
            self.notes.push(Note::remark(Field::Account, reason));
        } else if is_rounded {
            let reason = "it is a rounded number instead of an account; format the column as text";
            let account = account.to_owned();
            self.note(Field::Account, reason, &account);
        }
    }

    pub(crate) fn add_tags(&mut self, tags: Tags<'a>, text: &str) {
        for reason in tags.notes {
            self.note(Field::Tags, reason, text);
        }
        self.draft.tags = tags.tags;
    }

    /// Sets the whole of `meta`, from a cell that must hold a JSON object.
    fn set_meta(&mut self, text: Cow<'a, str>) {
        let mut meta = Meta::default();
        meta.add_members(&text);
        match meta.into_json() {
            Some(json) => self.draft.meta = Some(Cow::Owned(json)),
            None => self.note(Field::Meta, "expected a JSON object; it is ignored", &text),
        }
    }

    /// Adds the tags that have columns of their own; they come after those of the `tags` column.
    pub(crate) fn add_tag_columns(&mut self, columns: Vec<Tag<'a>>) {
        let mut tags = Tags { tags: std::mem::take(&mut self.draft.tags), notes: Vec::new() };
        tags.tags.extend(columns);
        tags.drop_repeated_keys();
        self.add_tags(tags, "");
    }

    /// Hands the resource to the sink, its notes before it.
    pub(crate) fn hand_over(self, line: u64, sink: &mut Sink<'_>) -> Result<(), ImportError> {
        for note in self.notes {
            sink.reject(note.into_flaw(line, &self.draft.id))?;
        }
        if let Some(currency) = &self.currency {
            sink.set_currency(line, currency)?;
        }
        sink.resource(line, self.draft)
    }

    pub(crate) fn note(&mut self, field: Field, reason: impl Into<String>, text: &str) {
        self.notes.push(Note::new(field.as_str(), reason, text));
    }

    /// Refuses a record without an id, for this reason.
    pub(crate) fn check_id(&self, reason: &str) -> Result<(), BadRow> {
        if self.draft.id.trim().is_empty() { Err(BadRow::new(reason)) } else { Ok(()) }
    }

    /// Returns it with texts of its own.
    pub(crate) fn into_owned(self) -> Record<'static> {
        let Self { draft, currency, notes } = self;
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Record { draft: draft.into_owned(), currency: currency.map(own), notes }
    }

    /// Refuses a row that names no resource.
    pub(crate) fn check(&self) -> Result<(), BadRow> {
        if self.draft.id.trim().is_empty() {
            return Err(BadRow::new("it has no `id` (nor `resource_id` nor `arn`)"));
        }
        Ok(())
    }
}

/// The text of a JSON object that grows member by member.
#[derive(Debug, Default)]
pub(crate) struct Meta {
    json: String,
}

impl Meta {
    /// Adds a member; `json` is the text of a valid value.
    pub(crate) fn add(&mut self, name: &str, json: &str) {
        self.json.push(if self.json.is_empty() { '{' } else { ',' });
        self.json.push_str(&serde_json::Value::from(name).to_string());
        self.json.push(':');
        self.json.push_str(json);
    }

    /// Adds the members of an object, or, where it is none, nothing.
    fn add_members(&mut self, json: &str) {
        if let Ok(Members(members)) = serde_json::from_str(json) {
            for (name, value) in members {
                self.add(&name, value.get());
            }
        }
    }

    /// Returns the object; none where it has no members.
    pub(crate) fn into_json(mut self) -> Option<String> {
        if self.json.is_empty() {
            return None;
        }
        self.json.push('}');
        Some(self.json)
    }
}

/// Whether spreadsheets and data frames would write a number so: `1.23457E+10`, `1E+11`. Names such as `e`
/// and `12e4`, which an account can have, are none.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let has_mark = exponent.starts_with('+') || mantissa.contains('.');
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    has_mark && [whole, fraction, exponent].into_iter().all(is_digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_and_what_is_not_one() {
        let json = r#"{"arn":"arn:x","id":"i-1","name":null,"region":"","account":111122223333,"Provider":"AWS","cost":1.10,
            "created":"2026-09-01","x":{"y":1.0},"meta":{"z":"\"q\""},"tags":{"env":"prod"},"currency":"EUR"}"#;
        let record = parse_record(json).unwrap();
        assert!(record.notes.is_empty());
        assert_eq!(record.currency.as_deref(), Some("EUR"));
        let draft = record.draft;
        assert_eq!((draft.id.as_ref(), draft.name, draft.region), ("i-1", None, None));
        assert_eq!(
            (draft.account.as_deref(), draft.provider.as_deref()),
            (Some("111122223333"), Some("aws"))
        );
        assert_eq!(draft.monthly_cost.unwrap().to_string(), "1.10");
        assert!(draft.created.is_some());
        assert_eq!(draft.meta.as_deref(), Some(r#"{"arn":"arn:x","x":{"y":1.0},"z":"\"q\""}"#));
        assert_eq!(draft.tags, [("env".into(), "prod".into())]);
    }

    #[test]
    fn bad_values_are_left_out_with_a_note() {
        let json = r#"{"id":"i-1","id":"i-2","name":["x"],"cost":"5 apples","created":"soon","tags":7,"region":"\ud800"}"#;
        let record = parse_record(json).unwrap();
        assert_eq!(record.draft.id, "i-2");
        let fields: Vec<&str> = record.notes.iter().map(|note| note.field.as_str()).collect();
        assert_eq!(fields, ["id", "name", "monthly_cost", "created", "tags", "region"]);
        let draft = record.draft;
        assert!(
            draft.name.is_none()
                && draft.monthly_cost.is_none()
                && draft.created.is_none()
                && draft.tags.is_empty()
        );
    }

    #[test]
    fn bad_rows() {
        for (json, reason) in [
            ("{\"name\":\"x\"}", "it has no `id`"),
            ("{\"id\":\" \"}", "it has no `id`"),
            ("[1]", "it is not a JSON object"),
            ("{\"id\":\"a\"} x", "it is not valid JSON: trailing"),
            ("{\"id\":", "it is not valid JSON: EOF"),
        ] {
            let bad = parse_record(json).unwrap_err();
            assert!(bad.reason.starts_with(reason), "{json}: {}", bad.reason);
            assert_eq!(bad.cut_off, json == "{\"id\":");
        }
    }

    #[test]
    fn a_name_with_an_e_is_not_a_number() {
        for number in ["1.23457E+10", "1E+11", "1.2e10"] {
            assert!(is_scientific(number), "{number}");
        }
        for name in ["e", "E", "12e4", "e+", "1e+", ".e+1", "1.e+1", "+", "..e+..", "1.2.3e+4", "10e12-prod"]
        {
            assert!(!is_scientific(name), "{name}");
        }
    }
}
