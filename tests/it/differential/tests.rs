//! The database agrees with the reference; and the generator itself: its programs keep their
//! promises, say everything, and tell mistakes.

use std::collections::BTreeSet;
use std::num::NonZero;

use chrono::{NaiveTime, SubsecRound};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tagpol_interp::{Row, State, Winner, evaluate};
use tagpol_plan::TextLimit;
use tagpol_sema::program::{
    Action, ActionKind, Check, CheckKind, CmpOp, CompareAs, Direction, Exemption, Func, MapTarget, Normalize,
    Otherwise, Policy, Pred, Regex, Rule, Source, TextOp, Value,
};

use super::database::Database;
use super::{Case, Search, agree, cases, charges, differences, promises};

/// Returns that many cases, always the same.
pub(super) fn samples(count: usize) -> Vec<Case> {
    let mut runner = TestRunner::deterministic();
    let strategy = cases(1);
    (0..count).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect()
}

#[test]
fn generated_programs_keep_their_promises() {
    for case in samples(200) {
        assert_eq!(promises::broken(&case.program), Vec::<String>::new(), "{:#?}", case.program);
    }
}

#[test]
fn simpler_programs_keep_their_promises_too() {
    let mut runner = TestRunner::deterministic();
    let mut tree = cases(1).new_tree(&mut runner).unwrap();
    for step in 0..500 {
        let moved = if step % 3 == 0 { tree.complicate() } else { tree.simplify() };
        assert_eq!(promises::broken(&tree.current().program), Vec::<String>::new());
        if !moved {
            break;
        }
    }
}

/// The database adds up charges by the tags that the reference gives to what they are for.
#[test]
fn costs_of_charges_agree_with_the_reference() {
    let folder = tempfile::TempDir::new().unwrap();
    let mut compared = 0;
    for case in samples(24) {
        match charges::compare(&case, &folder) {
            Ok(was_compared) => compared += usize::from(was_compared),
            Err(difference) => panic!("{difference}\n{case}"),
        }
    }
    assert!(compared >= 12, "only {compared} cases were compared");
}

#[test]
fn every_construct_of_the_program_occurs() {
    let text: String = samples(200).iter().map(|case| format!("{:?}", case.program)).collect();
    let constructs = [
        "Text(",
        "Matching(",
        "OneOf(",
        "Email",
        "Date",
        "Number",
        "Bool",
        "Url",
        "Literal(",
        "Glob(",
        "Regex(",
        "Missing",
        "Keep",
        "Lower",
        "Upper",
        "Trim",
        "Set",
        "Fill",
        "Const(",
        "And(",
        "Or(",
        "Not(",
        "Named(",
        "IsSet(",
        "IsMissing(",
        "IsUnknown(",
        "IsValid(",
        "IsFormat(",
        "Compare {",
        "In {",
        "Text {",
        "ComputedText {",
        "Matches {",
        "Within {",
        "Eq",
        "Ne",
        "Lt",
        "Le",
        "Gt",
        "Ge",
        "Money",
        "Duration",
        "Contains",
        "StartsWith",
        "EndsWith",
        "Like",
        "HasWord",
        "Last",
        "Next",
        "Tag(",
        "Native(",
        "NativeTag(",
        "SourceOf(",
        "ConfidenceOf(",
        "Inference {",
        "Attr(",
        "Template(",
        "Call(Length",
        "Call(Replace",
        "Call(Coalesce",
        "Extract(",
        "Lookup {",
        "OfNative {",
        "CountNative(",
        "Related {",
        "Relation {",
        "Today",
        "Now",
        "Shift {",
        "Meta(",
        "Remedy {",
        "Goal {",
        "\"EUR\"",
        "\"GBP\"",
        "Age",
        "MonthlyCost",
        "Charge(Category)",
        "Budget(",
        "each: Some(Charge(",
        "Created",
        "Require",
        "Forbid",
        "Exemption {",
        "grace: Some",
        "default: Some",
        "scope: Some",
        "negated: true",
        "ignore_case: true",
        "whole: false",
    ];
    for construct in constructs {
        assert!(text.contains(construct), "no {construct} in 200 programs");
    }
}

#[test]
fn every_outcome_occurs() {
    let mut sources = BTreeSet::new();
    let mut states = BTreeSet::new();
    let mut scopes = BTreeSet::new();
    let mut conflicts = BTreeSet::new();
    let mut depths = BTreeSet::new();
    for case in samples(400) {
        depths.insert(case.program.strata.len());
        for row in evaluate(&case.program, &case.resources, &case.options) {
            sources.extend(row.tags.iter().map(|tag| tag.source));
            conflicts.extend(row.tags.iter().filter(|tag| tag.conflict).map(|tag| tag.source));
            states.extend(row.checks.into_iter().flatten());
            scopes.extend(row.in_scope);
        }
    }
    let rules_and_native = [Some(Source::Set), Some(Source::Native), Some(Source::Fill)];
    let mut all_sources = BTreeSet::from(rules_and_native);
    assert_eq!(conflicts, all_sources);
    all_sources.extend([None, Some(Source::Decided), Some(Source::Inferred), Some(Source::Default)]);
    assert_eq!(sources, all_sources);
    assert_eq!(
        states,
        BTreeSet::from([State::None, State::Open, State::Pending, State::Exempt, State::Undetermined])
    );
    assert_eq!(scopes, BTreeSet::from([false, true]));
    assert!(depths.len() >= 4, "programs of {depths:?} strata");
}

/// Looks at 2,000 pairs of a program and an inventory, ten inventories for each program.
/// `TAGPOL_DIFFERENTIAL_PAIRS`, `…_INVENTORIES` and `…_SEED` make it look longer, and elsewhere: see
/// `make differential`.
#[test]
fn the_database_agrees_with_the_reference() {
    let number = |variable: &str, usual: u64| {
        let text = std::env::var(format!("TAGPOL_DIFFERENTIAL_{variable}")).ok();
        text.map_or(usual, |text| text.parse().unwrap())
    };
    let (pairs, inventories) = (number("PAIRS", 2000), number("INVENTORIES", 10));
    let seed = number("SEED", 1);
    let workers = std::thread::available_parallelism().map_or(1, NonZero::get) as u64;
    let programs = u32::try_from(pairs.div_ceil(inventories * workers)).unwrap();
    std::thread::scope(|scope| {
        for seed in seed..seed + workers {
            let inventories = usize::try_from(inventories).unwrap();
            let search = Search { programs, inventories, seed, shrinks: 600 };
            scope.spawn(move || {
                let database = Database::new();
                if let Err(report) = agree(search, |case| database.evaluate(case)) {
                    panic!("seed {seed}: {report}");
                }
            });
        }
    });
    println!("{} pairs of a program and an inventory agree", u64::from(programs) * inventories * workers);
}

/// DuckDB gives a text that is joined with a constant NULL no type.
#[test]
fn a_text_that_never_has_a_part_is_still_a_text() {
    let (database, mut runner) = (Database::new(), TestRunner::deterministic());
    let starts = |key: &str| Pred::Text {
        op: TextOp::StartsWith,
        value: Value::Native(key.to_owned()),
        patterns: vec!["p".to_owned()],
    };
    for key in ["env", "team", "owner"] {
        let mut case = cases(10).new_tree(&mut runner).unwrap().current();
        let none = Regex { pattern: "b".to_owned(), ignore_case: false };
        let part = Value::Extract(Box::new(Value::Text("a".to_owned())), none);
        let template = Value::Template(vec![Value::Text("a-".to_owned()), part]);
        for rule in &mut case.program.rules {
            // Its answer is kept for each distinct value.
            rule.when = Some(starts(key));
            rule.actions.iter_mut().for_each(|action| action.value = template.clone());
        }
        let expected = evaluate(&case.program, &case.resources, &case.options);
        let found = database.evaluate(&case).unwrap();
        assert_eq!(differences(&case, &expected, &found), Vec::<String>::new());
    }
}

/// The comparison with the database is one that can fail.
#[test]
fn a_mistake_of_the_database_is_found() {
    let database = Database::new();
    let search = Search { programs: 200, inventories: 1, seed: 1, shrinks: 0 };
    let mistakes: [Mistake; 4] = [
        |c| rules(c, |rule| rule.when = None),
        |c| values(c, |value| *value = value.trim().to_owned()),
        |c| policies(c, |policy| policy.scope = None),
        |c| policies(c, |policy| policy.grace = None),
    ];
    for mistake in mistakes {
        let mistaken = |case: &Case| {
            let mut believed = case.clone();
            mistake(&mut believed);
            database.evaluate(&believed)
        };
        assert!(agree(search, mistaken).is_err_and(|report| report.contains(", not ")));
    }
}

#[test]
fn the_reference_agrees_with_itself() {
    let same = |case: &Case| Ok(evaluate(&case.program, &case.resources, &case.options));
    assert_eq!(agree(Search { programs: 30, inventories: 1, seed: 1, shrinks: 0 }, same), Ok(()));
}

#[test]
fn a_mistake_is_reported_with_the_smallest_case() {
    let search = Search { programs: 300, inventories: 1, seed: 2, shrinks: 16_384 };
    let mistaken = |case: &Case| {
        let mut program = case.program.clone();
        program.exemptions.clear();
        Ok(evaluate(&program, &case.resources, &case.options))
    };
    let report = agree(search, mistaken).unwrap_err();
    let count = |item: &str| {
        let prefix = format!("  {item} ");
        report.lines().filter(|line| line.starts_with(&prefix)).count()
    };
    let counts = [count("policy"), count("exemption"), count("resource")];
    assert_eq!(counts, [1, 1, 1], "{report}");
    assert!(count("rule") + count("tag") <= 2, "{report}");
    assert!(report.contains("policy-0/check-0: Some(Exempt), not Some(Open)"), "{report}");
}

#[test]
fn an_evaluator_that_fails_is_reported_with_its_error() {
    let search = Search { programs: 1, inventories: 1, seed: 1, shrinks: 0 };
    let report = agree(search, |_| Err("no such column".to_owned())).unwrap_err();
    assert!(report.contains("no such column"), "{report}");
}

/// A mistake in an evaluator, as a change of what it believes it was given.
type Mistake = fn(&mut Case);

fn assert_found(mistakes: &[(&str, Mistake)]) {
    for (name, mistake) in mistakes {
        let mistaken = |case: &Case| {
            let mut believed = case.clone();
            mistake(&mut believed);
            Ok(evaluate(&believed.program, &believed.resources, &believed.options))
        };
        let search = Search { programs: 4000, inventories: 1, seed: 2, shrinks: 0 };
        assert!(agree(search, mistaken).is_err(), "not found: {name}");
    }
}

#[test]
fn mistakes_with_rules_are_found() {
    assert_found(&[
        ("lowest priority first", |c| rules(c, |rule| rule.priority = !rule.priority)),
        ("priorities are ignored", |c| rules(c, |rule| rule.priority = 0)),
        ("rules fire always", |c| rules(c, |rule| rule.when = None)),
        ("fill beats native", |c| actions(c, |action| action.kind = ActionKind::Set)),
        ("set is beaten by native", |c| actions(c, |action| action.kind = ActionKind::Fill)),
        ("the last of equals wins", |c| rules(c, |rule| rule.actions.reverse())),
        ("no defaults", |c| c.program.tags.iter_mut().for_each(|tag| tag.default = None)),
    ]);
}

#[test]
fn mistakes_with_native_tags_are_found() {
    assert_found(&[
        ("last arm first", |c| normalizes(c, |n| n.arms.reverse())),
        ("last key first", |c| normalizes(c, |n| n.keys.reverse())),
        ("no arm is missing", |c| {
            normalizes(c, |n| n.arms.retain(|arm| arm.target != MapTarget::Missing));
        }),
        ("otherwise keep", |c| normalizes(c, |n| n.otherwise = Otherwise::Keep)),
        ("no transforms", |c| normalizes(c, |n| n.transforms.clear())),
        ("no scopes", |c| normalizes(c, |n| n.scope = None)),
        ("the last normalize first", |c| {
            c.program.tags.iter_mut().for_each(|tag| tag.normalizes.reverse());
        }),
        ("raw values are trimmed", |c| values(c, |value| *value = value.trim().to_owned())),
        ("raw values are lower", |c| values(c, |value| *value = value.to_lowercase())),
        ("values end at NUL", |c| {
            values(c, |value| {
                *value = value.split('\0').next().unwrap_or_default().to_owned();
            })
        }),
        ("an empty value is missing", |c| {
            resources(c, |row| row.tags.retain(|(_, value)| !value.is_empty()));
        }),
    ]);
}

#[test]
fn mistakes_with_policies_are_found() {
    assert_found(&[
        ("no scopes", |c| policies(c, |policy| policy.scope = None)),
        ("no grace", |c| policies(c, |policy| policy.grace = None)),
        ("no exemptions", |c| c.program.exemptions.clear()),
        ("exemptions of a whole policy", |c| exemptions(c, |exemption| exemption.check = None)),
        ("exemptions end a day early", |c| {
            exemptions(c, |exemption| {
                exemption.until = exemption.until.pred_opt().unwrap_or_default();
            })
        }),
        ("the clock is a day", |c| {
            c.options.now = c.options.now.date_naive().and_time(NaiveTime::MIN).and_utc();
        }),
        ("times are whole seconds", |c| {
            resources(c, |row| {
                row.created = row.created.map(|time| time.trunc_subsecs(0));
            })
        }),
        ("costs are whole cents", |c| {
            resources(c, |row| {
                row.monthly_cost = row.monthly_cost.map(|cost| cost.round_dp(2));
            })
        }),
    ]);
}

#[test]
fn mistakes_with_predicates_are_found() {
    assert_found(&[
        ("not in is true where missing", |c| {
            leaves(c, |pred| {
                if let Pred::In { negated, .. } = pred
                    && std::mem::take(negated)
                {
                    *pred = Pred::Not(Box::new(pred.clone()));
                }
            })
        }),
        ("!= is true where missing", |c| {
            leaves(c, |pred| {
                if let Pred::Compare { op: op @ CmpOp::Ne, .. } = pred {
                    *op = CmpOp::Eq;
                    *pred = Pred::Not(Box::new(pred.clone()));
                }
            })
        }),
        ("an end is left out", |c| {
            leaves(c, |pred| match pred {
                Pred::Compare { op: op @ CmpOp::Le, .. } => *op = CmpOp::Lt,
                Pred::Compare { op: op @ CmpOp::Ge, .. } => *op = CmpOp::Gt,
                _ => {}
            })
        }),
        ("numbers compare as text", |c| {
            leaves(c, |pred| {
                if let Pred::Compare { by: by @ CompareAs::Number, .. } = pred {
                    *by = CompareAs::Text;
                }
            })
        }),
        ("dates compare as text", |c| {
            leaves(c, |pred| {
                if let Pred::Compare { by: by @ CompareAs::Date, .. } = pred {
                    *by = CompareAs::Text;
                }
            })
        }),
        ("last is next", |c| {
            leaves(c, |pred| {
                if let Pred::Within { direction: direction @ Direction::Last, .. } = pred {
                    *direction = Direction::Next;
                }
            })
        }),
        ("a word is a part", |c| text_op(c, TextOp::HasWord, TextOp::Contains)),
        ("a part is a start", |c| text_op(c, TextOp::Contains, TextOp::StartsWith)),
        ("an end is a part", |c| text_op(c, TextOp::EndsWith, TextOp::Contains)),
        ("a glob is a text", |c| text_op(c, TextOp::Like, TextOp::Contains)),
        ("only the first pattern counts", |c| {
            leaves(c, |pred| {
                if let Pred::Text { patterns, .. } = pred {
                    patterns.truncate(1);
                }
            })
        }),
        ("a computed part is a start", |c| computed_op(c, TextOp::Contains, TextOp::StartsWith)),
        ("a computed end is a part", |c| computed_op(c, TextOp::EndsWith, TextOp::Contains)),
        ("a computed text that is missing is empty", |c| {
            leaves(c, |pred| {
                if let Pred::ComputedText { operand, .. } = pred {
                    let parts = vec![operand.clone(), Value::Text(String::new())];
                    *operand = Value::Call(Func::Coalesce, parts);
                }
            })
        }),
        ("a part matches", |c| {
            leaves(c, |pred| {
                if let Pred::Matches { whole, .. } = pred {
                    *whole = false;
                }
            })
        }),
        ("case matters", |c| {
            leaves(c, |pred| {
                if let Pred::Matches { regex, .. } = pred {
                    regex.ignore_case = false;
                }
            })
        }),
        ("every value is valid", |c| {
            leaves(c, |pred| {
                if let Pred::IsValid(id) = pred {
                    *pred = Pred::IsSet(Value::Tag(*id));
                }
            })
        }),
    ]);
}

fn normalizes(case: &mut Case, change: fn(&mut Normalize)) {
    case.program.tags.iter_mut().flat_map(|tag| &mut tag.normalizes).for_each(change);
}

fn rules(case: &mut Case, change: fn(&mut Rule)) {
    case.program.rules.iter_mut().for_each(change);
}

fn actions(case: &mut Case, change: fn(&mut Action)) {
    case.program.rules.iter_mut().flat_map(|rule| &mut rule.actions).for_each(change);
}

fn policies(case: &mut Case, change: fn(&mut Policy)) {
    case.program.policies.iter_mut().for_each(change);
}

fn exemptions(case: &mut Case, change: fn(&mut Exemption)) {
    case.program.exemptions.iter_mut().for_each(change);
}

fn resources(case: &mut Case, change: fn(&mut Row)) {
    case.resources.iter_mut().for_each(change);
}

fn values(case: &mut Case, change: fn(&mut String)) {
    let tags = case.resources.iter_mut().flat_map(|row| &mut row.tags);
    tags.map(|(_, value)| value).for_each(change);
}

fn text_op(case: &mut Case, from: TextOp, to: TextOp) {
    each_leaf(case, &|pred| {
        if let Pred::Text { op, .. } = pred
            && *op == from
        {
            *op = to;
        }
    });
}

fn computed_op(case: &mut Case, from: TextOp, to: TextOp) {
    each_leaf(case, &|pred| {
        if let Pred::ComputedText { op, .. } = pred
            && *op == from
        {
            *op = to;
        }
    });
}

fn leaves(case: &mut Case, change: fn(&mut Pred)) {
    each_leaf(case, &change);
}

/// Changes each predicate of the program that is not made of others.
fn each_leaf(case: &mut Case, change: &dyn Fn(&mut Pred)) {
    let program = &mut case.program;
    let scopes = program.policies.iter_mut().filter_map(|policy| policy.scope.as_mut());
    scopes.for_each(|pred| each_leaf_of(pred, change));
    let checks = program.policies.iter_mut().flat_map(|policy| &mut policy.checks);
    checks.for_each(|check| each_leaf_of(&mut check.pred, change));
    let whens = program.rules.iter_mut().filter_map(|rule| rule.when.as_mut());
    whens.for_each(|pred| each_leaf_of(pred, change));
}

fn each_leaf_of(pred: &mut Pred, change: &dyn Fn(&mut Pred)) {
    match pred {
        Pred::And(all) | Pred::Or(all) => all.iter_mut().for_each(|p| each_leaf_of(p, change)),
        Pred::Not(inner) => each_leaf_of(inner, change),
        leaf => change(leaf),
    }
}

#[test]
fn differences_name_the_resource_the_tag_and_the_check() {
    let lines: BTreeSet<String> = samples(20)
        .iter()
        .flat_map(|case| {
            let expected = evaluate(&case.program, &case.resources, &case.options);
            let mut found = expected.clone();
            for row in &mut found {
                row.tags[0].winner = Some(Winner::Default);
                row.tags[0].value = Some("other".to_owned());
                row.checks.iter_mut().flatten().for_each(|state| *state = State::Open);
            }
            differences(case, &expected, &found)
        })
        .collect();
    let any = |parts: [&str; 2]| lines.iter().any(|l| parts.iter().all(|p| l.contains(p)));
    assert!(any(["tag active: ", "not \"other\" from Default"]), "{lines:#?}");
    assert!(any([" policy-0/check-0: ", "not Some(Open)"]), "{lines:#?}");
}

/// What is computed of a missing value is missing, however the value is judged.
#[test]
fn computed_texts_of_missing_values_are_missing() {
    let native = |key: &str| Value::Native(key.to_owned());
    let text = |text: &str| Value::Text(text.to_owned());
    let computed = || Value::Template(vec![native("Order"), text("'")]);
    let trimmed = || Value::Call(Func::Trim, vec![computed()]);
    let replaced = || Value::Call(Func::Replace, vec![native("Order"), text("a"), text("b")]);
    let compare = |left: Value, op| Pred::Compare { op, left, right: text(""), by: CompareAs::Text };
    let conditions = [
        compare(trimmed(), CmpOp::Le),
        compare(computed(), CmpOp::Le),
        compare(replaced(), CmpOp::Ge),
        Pred::Or(vec![Pred::IsMissing(native("Team")), compare(trimmed(), CmpOp::Le)]),
        Pred::Not(Box::new(compare(replaced(), CmpOp::Lt))),
    ];
    let (database, mut runner) = (Database::new(), TestRunner::deterministic());
    for (limit, resources) in [(34, 200), (3, 200), (65_536, 200), (34, 10)] {
        let any = || cases(resources / 5).new_tree(&mut runner).unwrap().current();
        let has_checks = |case: &Case| case.program.policies.iter().any(|policy| !policy.checks.is_empty());
        let mut case = std::iter::repeat_with(any).find(has_checks).unwrap();
        case.options.text_limit = TextLimit(limit);
        case.program.exemptions.clear();
        let policy = case.program.policies[0].clone();
        let check = policy.checks[0].clone();
        let checks = conditions.iter().zip(0..).map(|(pred, at)| Check {
            id: format!("c{at}"),
            kind: CheckKind::Forbid,
            pred: pred.clone(),
            tag: None,
            ..check.clone()
        });
        case.program.policies = vec![Policy {
            scope: None,
            grace: None,
            checks: checks.collect(),
            remedies: Vec::new(),
            ..policy
        }];
        let expected = evaluate(&case.program, &case.resources, &case.options);
        let found = database.evaluate(&case).unwrap();
        assert_eq!(differences(&case, &expected, &found), Vec::<String>::new());
    }
}
