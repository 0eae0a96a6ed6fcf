//! Conditions become bits, and what can give a tag its value gets columns of them.

use std::collections::HashMap;

use super::super::note;
use super::Distinct;
use super::reads::{Reads, truth_of_missing};
use crate::ir::{Arm, ColumnId, Expr, Function, Type};

/// Expressions that a fact may be made of. Columns that are read more than once are written out at each use,
/// so conditions that read one another twice grow exponentially; those stay as they are.
const MOST_UNFOLDED: usize = 1000;

/// The facts of one subject.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// The conditions, over the subject.
    conditions: Vec<Expr>,
    /// The place of each condition among them.
    places: HashMap<Expr, usize>,
    /// The columns with their answers, [`Expr::BITS`] a column.
    columns: Vec<ColumnId>,
}

/// Conditions on one subject that become bits; others are computed resource by resource. All that can give a
/// tag its value has each bit, so without a limit a plan would grow with rules times conditions.
const FACTS_LIMIT: usize = 512;

/// The facts that go into one column.
struct Sheet<'f> {
    subject: ColumnId,
    conditions: &'f [Expr],
    /// What the columns that can give the subject its value say.
    given: HashMap<ColumnId, ColumnId>,
}

impl Distinct<'_> {
    /// Puts bits in the place of conditions that refer to one subject alone.
    pub(super) fn replace_conditions(&mut self) {
        for id in self.ids() {
            let Some(traits) = self.traits.get(id.0 as usize) else { continue };
            if traits.root == Reads::Several {
                let original = traits.original.clone();
                let rewritten = self.rewrite(&original, false);
                self.set_expr(id, rewritten);
            }
        }
    }

    /// `filter`: whether NULL counts as false where the expression stands.
    fn rewrite(&mut self, expr: &Expr, filter: bool) -> Expr {
        if let Some(bit) = self.as_fact(expr, filter) {
            return bit;
        }
        match expr {
            Expr::And(_) | Expr::Or(_) => expr.map_children(|part| self.rewrite(part, filter)),
            Expr::Truth(inner) => {
                let inner = self.rewrite(inner, true);
                self.columns.truth(inner)
            }
            Expr::Case { arms, otherwise } => {
                let arms = arms.iter().map(|arm| Arm {
                    when: self.rewrite(&arm.when, true),
                    then: self.rewrite(&arm.then, false),
                });
                let arms = arms.collect();
                let otherwise = otherwise.as_ref().map(|e| Box::new(self.rewrite(e, false)));
                Expr::Case { arms, otherwise }
            }
            _ => expr.map_children(|child| self.rewrite(child, false)),
        }
    }

    fn as_fact(&mut self, expr: &Expr, filter: bool) -> Option<Expr> {
        if !self.is_condition(expr) || self.asks_for_code(expr) {
            return None;
        }
        let Reads::One(subject) = self.subject(expr) else { return None };
        if self.unfolded_size(expr, subject, &mut HashMap::new()) > MOST_UNFOLDED {
            return None;
        }
        let condition = self.over_subject(expr, subject);
        let nullable = self.columns.is_nullable(&condition);
        let condition = match (nullable, filter) {
            (false, _) => condition,
            (true, true) => Expr::Truth(Box::new(condition)),
            (true, false) => return None,
        };
        self.bit(subject, condition)
    }

    /// Whether the condition compares a state or a source, which is quick as it is.
    fn asks_for_code(&self, condition: &Expr) -> bool {
        let Expr::Compare(_, column, _) = condition else { return false };
        self.columns.get(column).is_some_and(|column| column.ty == Type::Code)
    }

    /// Returns how many expressions [`Self::over_subject`] returns, saturating.
    fn unfolded_size(&self, expr: &Expr, subject: ColumnId, known: &mut HashMap<ColumnId, usize>) -> usize {
        let Expr::Column(id) = expr else {
            let mut size: usize = 1;
            expr.for_each_child(|child| {
                size = size.saturating_add(self.unfolded_size(child, subject, known));
            });
            return size;
        };
        if let Some(size) = known.get(id) {
            return *size;
        }
        let size = match self.traits.get(id.0 as usize) {
            Some(traits) if *id != subject && traits.root != Reads::One(subject) => {
                self.unfolded_size(&traits.original, subject, known)
            }
            _ => 1,
        };
        known.insert(*id, size);
        size
    }

    /// Returns the condition over the subject itself. What follows from a raw column stays, since it
    /// is in the dictionary too.
    fn over_subject(&self, expr: &Expr, subject: ColumnId) -> Expr {
        if let Expr::Column(id) = expr {
            let traits = self.traits.get(id.0 as usize);
            return match traits {
                Some(traits) if *id != subject && traits.root != Reads::One(subject) => {
                    self.over_subject(&traits.original, subject)
                }
                _ => expr.clone(),
            };
        }
        expr.map_children(|child| self.over_subject(child, subject))
    }

    /// Returns the bit of a condition, a new one unless it was asked before. None: there are too many.
    fn bit(&mut self, subject: ColumnId, condition: Expr) -> Option<Expr> {
        let facts = self.facts.entry(subject).or_default();
        let at = match facts.places.get(&condition) {
            Some(at) => *at,
            None if facts.conditions.len() >= FACTS_LIMIT => return None,
            None => {
                let at = facts.conditions.len();
                facts.places.insert(condition.clone(), at);
                facts.conditions.push(condition);
                at
            }
        };
        if facts.columns.len() <= at / Expr::BITS {
            let column = self.facts_column(subject);
            self.facts.entry(subject).or_default().columns.push(column);
        }
        let columns = self.facts.get(&subject).map(|facts| facts.columns.as_slice()).unwrap_or_default();
        let column = columns.last().copied().unwrap_or(subject);
        let column = columns.get(at / Expr::BITS).copied().unwrap_or(column);
        #[expect(clippy::cast_possible_truncation, reason = "a remainder of 32")]
        let bit = (at % Expr::BITS) as u32;
        Some(Expr::Bit(Box::new(Expr::Column(column)), bit))
    }

    /// Adds a column for the facts of a subject, to be filled in when all of them are known.
    fn facts_column(&mut self, subject: ColumnId) -> ColumnId {
        let name = self.columns.get(&Expr::Column(subject)).map(|column| column.name.clone());
        let name = name.unwrap_or_default();
        let bare = name.strip_prefix("tag_").or(name.strip_prefix("raw_")).unwrap_or(&name).to_owned();
        let about = note(format!("what is true of `{bare}`"), None);
        self.columns.add(&format!("facts_{bare}"), Expr::Bits(Vec::new()), Type::Bits, about)
    }

    /// Fills in the columns of facts.
    pub(super) fn fill_facts(&mut self) {
        self.examine();
        for (subject, facts) in std::mem::take(&mut self.facts) {
            let chunks = facts.conditions.chunks(Expr::BITS);
            for (conditions, column) in chunks.zip(facts.columns) {
                let mut sheet = Sheet { subject, conditions, given: HashMap::new() };
                let filled = if self.tags.contains(&subject) && self.is_several(subject) {
                    let given = self.given(&Expr::Column(subject), &mut sheet);
                    let missing = sheet.of_missing();
                    let given = match given {
                        Expr::Coalesce(parts) => parts,
                        other => vec![other],
                    };
                    self.columns.coalesce(given.into_iter().chain([missing]), Type::Bits)
                } else {
                    Expr::Bits(conditions.to_vec())
                };
                self.set_expr(column, filled);
                self.set_root(column);
            }
        }
    }

    fn is_several(&self, id: ColumnId) -> bool {
        self.traits.get(id.0 as usize).is_none_or(|traits| traits.root == Reads::Several)
    }

    fn set_root(&mut self, id: ColumnId) {
        let expr = self.expr(id);
        let root = self.root(&expr);
        if let Some(traits) = self.traits.get_mut(id.0 as usize) {
            traits.root = root;
            traits.original = expr;
        }
    }

    /// Returns the facts of the value that an expression gives; NULL if it gives none.
    fn given(&mut self, expr: &Expr, sheet: &mut Sheet<'_>) -> Expr {
        match expr {
            Expr::Null(_) => Expr::Null(Type::Bits),
            Expr::Literal(_) => sheet.of(expr),
            Expr::Column(id) if *id != sheet.subject => self.given_by(*id, sheet),
            Expr::Column(id) => {
                let value = self.expr(*id);
                self.given(&value, sheet)
            }
            Expr::Coalesce(parts) => {
                let parts: Vec<Expr> = parts.iter().map(|part| self.given(part, sheet)).collect();
                self.columns.coalesce(parts, Type::Bits)
            }
            Expr::Case { arms, otherwise } => {
                let arms: Vec<Arm> = arms
                    .iter()
                    .map(|arm| Arm { when: arm.when.clone(), then: self.given(&arm.then, sheet) })
                    .collect();
                let otherwise = otherwise.as_ref().map(|e| Box::new(self.given(e, sheet)));
                Expr::Case { arms, otherwise }
            }
            other => {
                let facts = sheet.where_set(other);
                self.asked_of_columns(&facts)
            }
        }
    }

    /// Gives tests of the text of a column columns of their own. Within a case a database asks them of
    /// resources, and by themselves once for each entry of a dictionary page.
    fn asked_of_columns(&mut self, expr: &Expr) -> Expr {
        let expr = expr.map_children(|child| self.asked_of_columns(child));
        let of = match &expr {
            Expr::Matches { value, .. } => value.as_ref(),
            Expr::Call(Function::IsEmail | Function::IsUrl | Function::IsNumber, args) => {
                match args.as_slice() {
                    [value] => value,
                    _ => return expr,
                }
            }
            _ => return expr,
        };
        let Some(name) = self.columns.get(of).map(|column| format!("matches_{}", column.name)) else {
            return expr;
        };
        let column = self.columns.share(&name, expr, Type::Bool, None);
        self.examine();
        column
    }

    fn given_by(&mut self, id: ColumnId, sheet: &mut Sheet<'_>) -> Expr {
        if let Some(known) = sheet.given.get(&id) {
            return Expr::Column(*known);
        }
        let value = self.expr(id);
        if self.is_several(id) {
            // In its place among the others, where it is asked only of resources that nothing before
            // it gives a value.
            return match value {
                Expr::Case { .. } | Expr::Coalesce(_) => self.given(&value, sheet),
                _ => {
                    let facts = sheet.where_set(&Expr::Column(id));
                    self.asked_of_columns(&facts)
                }
            };
        }
        let facts = sheet.where_set(&Expr::Column(id));
        let name = |id| self.columns.get(&Expr::Column(id)).map_or("", |column| column.name.as_str());
        let name = format!("facts_{}_{}", name(sheet.subject), name(id));
        let column = self.columns.add(&name, facts, Type::Bits, None);
        self.examine();
        self.set_root(column);
        sheet.given.insert(id, column);
        Expr::Column(column)
    }
}

impl Sheet<'_> {
    /// Returns the facts of a value.
    fn of(&self, value: &Expr) -> Expr {
        Expr::Bits(self.conditions.iter().map(|c| substituted(c, self.subject, value)).collect())
    }

    /// Returns the facts if there is no value.
    fn of_missing(&self) -> Expr {
        let none = Expr::Null(Type::Text);
        let conditions = self.conditions.iter().map(|c| substituted(c, self.subject, &none));
        Expr::Bits(conditions.map(|c| truth_of_missing(&c).map_or(c, Expr::bool)).collect())
    }

    /// Returns the facts of a value, NULL if there is none.
    fn where_set(&self, value: &Expr) -> Expr {
        let set = Expr::IsNotNull(Box::new(value.clone()));
        Expr::only_where(set, self.of(value), Type::Bits)
    }
}

fn substituted(expr: &Expr, column: ColumnId, value: &Expr) -> Expr {
    if *expr == Expr::Column(column) {
        return value.clone();
    }
    expr.map_children(|child| substituted(child, column, value))
}
