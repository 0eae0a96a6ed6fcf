//! The size of the SQL grows with that of the program, not faster.

use tagpol_plan::{Dialect, KnownValues, Layout, QueryKind, Request, Script, StatementLimits, lower};
use tagpol_sema::program::{
    ActionKind, Attr, Define, DefineId, Exemption, Func, Pred, Program, Regex, Table, TableColumn, TableId,
    TagId, TagType, TextOp, Value,
};

use crate::programs::{
    at, equals, noon, normalize, one_of, plan_with, policy, require, rule, script_with, tag, text,
};

/// Returns a program with that many tags, policies, and rules that fill one tag alike.
fn wide(n: u32) -> Program {
    let tags: Vec<TagId> = (0..n).map(TagId).collect();
    let named = |i: &TagId| {
        let mut tag = tag(&format!("tag-{}", i.0), one_of(&["a", "b"]));
        tag.normalizes = vec![normalize(&[&format!("tag-{}", i.0)], vec![])];
        tag
    };
    let fill = |i: u32| {
        let when = equals(Value::Attr(Attr::Name), &format!("n{i}"));
        rule(&format!("rule-{i}"), when, ActionKind::Fill, TagId(0), text(&format!("v{i}")))
    };
    let judge = |id: &TagId| {
        let scope = Pred::IsValid(*id);
        policy(
            &format!("policy-{}", id.0),
            Some(scope),
            vec![require("c", Pred::IsSet(Value::Tag(*id)), Some(*id))],
        )
    };
    Program {
        tags: tags.iter().map(named).collect(),
        rules: (0..n).map(fill).collect(),
        policies: tags.iter().map(judge).collect(),
        strata: vec![tags],
        ..Program::default()
    }
}

/// A policy with that many checks, and as many exemptions of all of them.
fn exempted(n: u32) -> Program {
    let check = |i: u32| require(&format!("c{i}"), equals(Value::Tag(TagId(0)), &format!("v{i}")), None);
    let exempt = |i: u32| Exemption {
        policy: 0,
        check: None,
        scope: Some(equals(Value::Attr(Attr::Name), &format!("n{i}"))),
        until: noon().date_naive(),
        because: "a reason".to_owned(),
        loc: at(i + 1),
    };
    Program {
        tags: vec![tag("t", TagType::Text)],
        policies: vec![policy("p", None, (0..n).map(check).collect())],
        exemptions: (0..n).map(exempt).collect(),
        strata: vec![vec![TagId(0)]],
        ..Program::default()
    }
}

/// A policy for each of that many lookups.
fn looking_up(n: u32) -> Program {
    let column =
        |name: &str| TableColumn { name: name.to_owned(), heading: name.to_owned(), ty: TagType::Text };
    let table = Table {
        name: "t".to_owned(),
        doc: String::new(),
        path: "t.csv".to_owned(),
        columns: vec![column("k"), column("v")],
        key: 0,
        loc: at(1),
    };
    let judge = |i: u32| {
        let key = Box::new(Value::Template(vec![Value::Attr(Attr::Name), text(&i.to_string())]));
        let cell = Value::Lookup { table: TableId(0), column: 1, key };
        policy(&format!("p{i}"), None, vec![require("c", Pred::IsSet(cell), None)])
    };
    Program { tables: vec![table], policies: (0..n).map(judge).collect(), ..Program::default() }
}

/// The layouts that scripts are made for: one evaluates resource by resource, one judges distinct values.
fn layouts() -> [Layout; 2] {
    let listed = ["name", "type", "account", "region"].map(str::to_owned).into();
    let values = KnownValues { listed, ..KnownValues::default() };
    [Layout::generic(), Layout { values: Some(values), ..Layout::generic() }]
}

fn size(program: &Program) -> usize {
    let plan = lower(program, &Layout::generic(), &Request::at(noon())).unwrap();
    Script::new(&plan, Dialect::DuckDb).to_string().len()
}

#[test]
fn twice_the_program_is_twice_the_sql() {
    let (once, twice) = (size(&wide(80)), size(&wide(160)));
    assert!(twice * 10 < once * 22, "{once} bytes grow to {twice}");
}

#[test]
fn many_statements_grow_no_faster() {
    let limits = StatementLimits { columns: 400, ..StatementLimits::all(40) };
    for layout in layouts() {
        for program in [wide, exempted, looking_up] {
            let size = |n: u32| {
                let plan = lower(&program(n), &layout, &Request { limits, ..Request::at(noon()) }).unwrap();
                Script::new(&plan, Dialect::DuckDb).to_string().len()
            };
            let (once, twice) = (size(400), size(800));
            assert!(twice * 10 < once * 22, "{once} bytes grow to {twice}");
        }
    }
}

/// What a database binds: for each statement the selections times the columns that they read.
#[test]
fn no_statement_holds_more_than_its_limits() {
    let limits = StatementLimits { columns: 100, ..StatementLimits::all(20) };
    for layout in layouts() {
        for program in [wide(150), exempted(150), looking_up(150)] {
            let plan = lower(&program, &layout, &Request { limits, ..Request::at(noon()) }).unwrap();
            let script = Script::new(&plan, Dialect::DuckDb);
            let is_table = plan.dictionaries.is_empty();
            for sql in script.statements().filter(|_| is_table) {
                let computed = sql.lines().filter(|line| line.contains(" AS ")).count();
                assert!(computed < 100 + 20, "{computed} columns in {sql}");
                assert!(sql.matches("(SELECT lookup_").count() <= 20, "{sql}");
            }
            for sql in QueryKind::ALL.iter().flat_map(|kind| script.query(*kind)) {
                assert!(sql.matches("UNION ALL").count() < 20, "{sql}");
                let needed = sql.split_once("\n  FROM columns_").map_or("", |(needed, _)| needed);
                assert!(needed.lines().count() < 20 * 4 + 20, "{sql}");
            }
        }
    }
}

#[test]
fn predicates_that_use_each_other_twice_stay_small() {
    let named = |i: u32| Box::new(Pred::Named(DefineId(i)));
    let define = |i: u32| {
        let own = equals(Value::Attr(Attr::Region), &format!("r{i}"));
        let pred = match i.checked_sub(1) {
            None => own,
            Some(j) => Pred::Or(vec![Pred::And(vec![*named(j), own]), Pred::Not(named(j))]),
        };
        Define { name: format!("d{i}"), pred, loc: at(i + 1) }
    };
    let last = Pred::Named(DefineId(39));
    let program = Program {
        defines: (0..40).map(define).collect(),
        policies: vec![policy("p", Some(last), vec![require("c", Pred::Const(false), None)])],
        ..Program::default()
    };
    assert!(size(&program) < 20_000);
}

#[test]
fn many_tallies_are_summed_as_a_tree() {
    let sql = script_with(&wide(40), &[]).to_string();
    assert!(sql.contains("))\n") || sql.contains(") + ("), "{sql}");
}

#[test]
fn names_that_read_alike_stay_apart() {
    let long = "x".repeat(60);
    let tags = vec![
        tag("a-b", TagType::Text),
        tag("a_b", TagType::Text),
        tag(&format!("{long}1"), TagType::Text),
        tag(&format!("{long}2"), TagType::Text),
    ];
    let program = Program { strata: vec![(0..4).map(TagId).collect()], tags, ..Program::default() };
    let plan = plan_with(&program, &["A-B", "a_b"], 2);
    let names: std::collections::BTreeSet<&str> =
        plan.output.iter().map(|&id| plan.column(id).name.as_str()).collect();
    assert_eq!(names.len(), plan.output.len());
}

/// A call in a call in a call: what is read twice is a column, or each would double the statements.
#[test]
fn nested_calls_do_not_double() {
    let size_of = |calls: usize| {
        let name = Value::Attr(Attr::Name);
        let replaced = |value| Value::Call(Func::Replace, vec![value, text("a"), text("b")]);
        let regex = Regex { pattern: "(a+)b".to_owned(), ignore_case: false };
        let extracted = |value| Value::Extract(Box::new(value), regex.clone());
        let doubled = |value: Value| Value::Template(vec![value.clone(), Value::Bool(true)]);
        let value = (0..calls).fold(name, |value, _| doubled(extracted(replaced(value))));
        let policy = policy("p", None, vec![require("c", Pred::IsSet(value), None)]);
        size(&Program { policies: vec![policy], ..Program::default() })
    };
    let (ten, twenty) = (size_of(10), size_of(20));
    assert!(twenty < 3 * ten, "{ten}, {twenty}");
}

/// Globs that a database would try again and again become regular expressions.
#[test]
fn globs_of_many_stars_are_regular_expressions() {
    let sql = |pattern: &str| {
        let value = Value::Attr(Attr::Name);
        let like = Pred::Text { op: TextOp::Like, value, patterns: vec![pattern.to_owned()] };
        let policy = policy("p", None, vec![require("c", like, None)]);
        let program = Program { policies: vec![policy], ..Program::default() };
        let plan = lower(&program, &Layout::generic(), &Request::at(noon())).unwrap();
        Script::new(&plan, Dialect::DuckDb).to_string()
    };
    for pattern in ["*a?*b*", "*a*b?", "a_b*c*d", "*5%*x*y*"] {
        let found = sql(pattern);
        assert!(found.contains("regexp_full_match(name, '(?s:"), "{pattern}: {found}");
    }
    for pattern in ["*a*b*c*", "a?b", "*a_b*", "a?*"] {
        let found = sql(pattern);
        assert!(found.contains("name LIKE "), "{pattern}: {found}");
    }
}
