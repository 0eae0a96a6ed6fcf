//! `list`: named values, and conditions that name them.

use super::value::Ty;
use super::{Ctx, Typed, Used, checked, table_decl};
use crate::codes::Code;
use crate::hir::{self, Body, Name, NodeId, TextPart, Value};
use crate::names::{Def, Wanted};
use crate::program::{self, CompareAs, Pred, TableId};

/// Members of a list that are reported one by one where a condition names it.
const MEMBER_ERRORS: usize = 5;

impl Ctx<'_> {
    /// Checks a list by itself. Whether its members fit is checked where a condition names it.
    pub(super) fn list(&mut self, body: &hir::List) -> Option<Typed> {
        if body.members.is_empty() {
            let draft = self.draft(Code::E0020, body.id, "this list is empty");
            self.report(draft.help("add at least one value"));
            return None;
        }
        let mut are_plain = true;
        for member in &body.members {
            are_plain &= match member {
                Value::Text(text) => {
                    let reported = self.drafts.len();
                    self.plain_text(text);
                    self.drafts.len() == reported
                }
                Value::Path(_, _, steps) if steps.is_empty() => true,
                Value::Number(..) | Value::Date(..) | Value::Bool(..) | Value::Quantity(_) => true,
                other => {
                    let draft = self.draft(Code::E0020, other.id(), "a list contains plain values only");
                    self.report(
                        draft.help("write texts in quotes, numbers, dates, or members of an enumeration"),
                    );
                    false
                }
            };
        }
        are_plain.then_some(Typed::List)
    }

    /// `owner in NAME`: the value is in a list, or a key of a table.
    pub(super) fn is_in_named(&mut self, value: &Value, negated: bool, name: &Name) -> Option<Pred> {
        match self.scope().names.get(&name.text).copied() {
            Some(def @ Def::List(index)) => {
                self.used(name.id, Used::Def(def));
                self.reads.lists.insert(index);
                let (value, ty) = self.value(value, None)?;
                let (list, by) =
                    self.named_members(index, name.id, |ctx, members| ctx.members(&ty, members))?;
                Some(Pred::In { value, list, negated, by })
            }
            Some(Def::Table(table)) => self.is_in_table(value, negated, name, table),
            Some(_) if self.scope().may_define(&name.text) => None,
            found => {
                self.no_collection(value, name, found);
                None
            }
        }
    }

    /// A value is in a table where it is the key of a row: where the cell of the key column in its
    /// row is there. `not in` is a comparison, so it is false if the value is missing.
    fn is_in_table(&mut self, value: &Value, negated: bool, name: &Name, table: TableId) -> Option<Pred> {
        self.used(name.id, Used::Def(Def::Table(table)));
        self.reads.tables.insert(table);
        let key = self.lookup_key(value)?;
        let item = self.scope().tables.get(table.0 as usize)?;
        let column = table_decl(self.db, self.project, item.clone()).table.as_ref()?.key;
        let row = program::Value::Lookup { table, column, key: Box::new(key.clone()) };
        Some(match negated {
            false => Pred::IsSet(row),
            true => Pred::And(vec![Pred::IsSet(key), Pred::Not(Box::new(Pred::IsSet(row)))]),
        })
    }

    /// Hands the members of a list to `read`, as if they were written in place of its name. What is
    /// wrong with them is wrong with this use of the list: it points at the name, and at the list.
    pub(super) fn named_members<T>(
        &mut self,
        index: usize,
        at: NodeId,
        read: impl FnOnce(&mut Self, &[Value]) -> Option<T>,
    ) -> Option<T> {
        let list = self.scope().lists.get(index)?;
        // A list that is wrong has been reported.
        checked(self.db, self.project, list.clone()).typed.as_ref()?;
        let hir = list.item(self.db)?;
        let Body::List(body) = &hir.body else { return None };
        let members: Vec<Value> = body.members.iter().filter_map(|member| placed_at(at, member)).collect();
        let (drafts, uses) = (self.drafts.len(), self.uses.len());
        let found = read(self, &members);
        // The name of the list stands for no member, and no fix of a member fits there.
        self.uses.truncate(uses);
        // They are all at the name of the list: thousands of them would say no more than a few.
        let more = self.drafts.len().saturating_sub(drafts + MEMBER_ERRORS);
        self.drafts.truncate(drafts + MEMBER_ERRORS);
        if more > 0 {
            let draft = self.draft(Code::E0020, at, format!("{more} more members of this list are wrong"));
            self.report(draft);
        }
        for draft in self.drafts.iter_mut().skip(drafts) {
            draft.fix = None;
            draft.related.push((list.name_anchor(), "the list is defined here".to_owned()));
        }
        found
    }

    /// Types the members of a list that are compared with a value of a type.
    pub(super) fn members(&mut self, ty: &Ty, list: &[Value]) -> Option<(Vec<program::Value>, CompareAs)> {
        let mut members = Vec::new();
        let mut by = None;
        for member in list {
            let Some((value, member_ty)) = self.value(member, Some(ty)) else { continue };
            if !value.is_literal() {
                let draft = self
                    .draft(Code::E0020, member.id(), "a list contains plain values only")
                    .help("compare with another tag by `==`");
                self.report(draft);
                continue;
            }
            by = self.compare_as(member.id(), ty, &member_ty, member.id()).or(by);
            members.push(value);
        }
        (members.len() == list.len()).then_some(())?;
        Some((members, by?))
    }

    /// Reports what is neither a list nor a table behind `in`.
    fn no_collection(&mut self, value: &Value, name: &Name, found: Option<Def>) {
        if self.scope().may_define(&name.text) {
            return;
        }
        let word = &name.text;
        let in_brackets = format!("`in` takes a list: `[{word}]`");
        let draft = match found {
            _ if self.has_member(value, word) => self
                .draft(Code::E0010, name.id, format!("there is no list `{word}`"))
                .help(in_brackets)
                .fix(format!("[{word}]")),
            Some(other) => {
                let draft = self.draft(
                    Code::E0014,
                    name.id,
                    format!("`{word}` is {}, not a list or a table", other.kind()),
                );
                let help = "`in` takes a list like `[\"a\", \"b\"]`, or the name of a list or a table";
                let is_tag = matches!(other, Def::Tag(_));
                draft.help(if is_tag { "compare with another tag by `==`" } else { help })
            }
            None => self
                .draft(Code::E0010, name.id, format!("there is no list or table `{word}`"))
                .help(format!("define it: `list {word} = [\"a\", \"b\"]`; a single value is written in brackets: `[\"{word}\"]`"))
                .meant(self.similar(word, Wanted::Collection).as_deref()),
        };
        self.report(draft);
    }
}

/// A plain value as if it stood at another place. None: it is not plain.
fn placed_at(at: NodeId, value: &Value) -> Option<Value> {
    Some(match value {
        Value::Text(text) => Value::Text(hir::Text {
            id: at,
            value: text.value.clone(),
            bad_escapes: Vec::new(),
            parts: vec![TextPart::Text(text.value.clone())],
            dollars: Vec::new(),
        }),
        Value::Number(_, number) => Value::Number(at, number.clone()),
        Value::Date(_, date) => Value::Date(at, date.clone()),
        Value::Bool(_, truth) => Value::Bool(at, *truth),
        Value::Quantity(quantity) => {
            let unit = Name { id: at, text: quantity.unit.text.clone() };
            Value::Quantity(hir::Quantity { id: at, number: quantity.number.clone(), unit })
        }
        Value::Path(_, name, _) => Value::Path(at, Name { id: at, text: name.text.clone() }, Vec::new()),
        Value::Regex(_) | Value::Call(..) | Value::List(..) | Value::Native(_) | Value::Sum(..) => {
            return None;
        }
    })
}
