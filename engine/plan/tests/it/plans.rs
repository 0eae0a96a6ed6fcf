//! Plans of small programs: normalization, precedence, conflicts.

use tagpol_plan::ir::{AttrColumn, Expr, Field};
use tagpol_plan::{Layout, Plan, Request, lower};
use tagpol_sema::program::{
    ActionKind, Attr, MapTarget, Otherwise, Pattern, Pred, Program, Source, TagId, TagType, Transform, Value,
};

use crate::programs::{
    arm, equals, governance, literals, noon, normalize, plan_with, regex, rule, tag, text,
};

/// Returns the lines of layers, without those of attributes, tallies and queries.
fn layers(plan: &Plan) -> String {
    let text = plan.to_string();
    let (layers, _) = text.split_once("evaluated\n").unwrap();
    let totals = ["  open_", "  in_any_scope", "  passing"];
    let wanted =
        |line: &&str| !line.contains("= field ") && !totals.iter().any(|total| line.starts_with(total));
    let mut lines: Vec<&str> = layers.lines().filter(wanted).collect();
    // Layers that held nothing else.
    while lines.pop_if(|line| line.starts_with("layer ")).is_some() {}
    lines.join("\n")
}

fn one_tag(mut change: impl FnMut(&mut Program)) -> Program {
    let mut program = Program {
        tags: vec![tag("team", TagType::Text)],
        strata: vec![vec![TagId(0)]],
        ..Program::default()
    };
    change(&mut program);
    program
}

#[test]
fn spellings_stand_in_order_of_trust() {
    let program = one_tag(|p| p.tags[0].normalizes = vec![normalize(&["squad", "Team"], vec![])]);
    let plan = plan_with(&program, &["TEAM", "Squad", "Team", "other", "team", "t_e_a_m"], 0);
    insta::assert_snapshot!(layers(&plan));
}

#[test]
fn scopes_of_normalizes_decide_which_map_is_asked() {
    let program = one_tag(|p| {
        let mut aws = normalize(&["team"], vec![arm(literals(&["x"]), MapTarget::Missing)]);
        aws.scope = Some(equals(Value::Attr(Attr::Provider), "aws"));
        p.tags[0].normalizes = vec![aws];
    });
    insta::assert_snapshot!(layers(&plan_with(&program, &["team"], 0)));
}

#[test]
fn maps_give_groups_and_transforms_tidy_the_rest() {
    let program = one_tag(|p| {
        let value = |text: &str| MapTarget::Value(text.to_owned());
        let patterns = vec![
            Pattern::Literal("Ops".to_owned()),
            Pattern::Regex(regex("team-(.)(x)?")),
            Pattern::Glob("sre-?".to_owned()),
        ];
        let mut n = normalize(&["team"], vec![arm(patterns, value("$1-$3-$$"))]);
        n.transforms = vec![Transform::Trim, Transform::Upper];
        n.otherwise = Otherwise::Missing;
        p.tags[0].ty = TagType::Matching(regex("[A-Z]+"));
        p.tags[0].normalizes = vec![n];
    });
    insta::assert_snapshot!(layers(&plan_with(&program, &["team"], 0)));
}

#[test]
fn rules_stand_around_the_native_value() {
    let fires = |name: &str| equals(Value::Attr(Attr::Name), name);
    let program = one_tag(|p| {
        let mut strong = rule("strong", fires("a"), ActionKind::Set, TagId(0), text("A"));
        strong.priority = 5;
        p.rules = vec![
            rule("weak", fires("b"), ActionKind::Set, TagId(0), text("B")),
            strong,
            rule("fill-one", fires("c"), ActionKind::Fill, TagId(0), text("C")),
            rule("fill-two", fires("d"), ActionKind::Fill, TagId(0), text("D")),
            rule("fill-same", fires("e"), ActionKind::Fill, TagId(0), text("D")),
        ];
        p.tags[0].default = Some("nobody".to_owned());
    });
    let plan = plan_with(&program, &["team"], 1);
    insta::assert_snapshot!(layers(&plan));
    let sources: Vec<Source> = plan.provenance.iter().map(|p| p.origin.source()).collect();
    use Source::{Default, Fill, Native, Set};
    assert_eq!(sources, [Set, Set, Native, Fill, Fill, Fill, Default]);
}

#[test]
fn equals_with_the_same_constant_are_in_no_conflict() {
    let program = one_tag(|p| {
        let gives = |name: &str| {
            let when = equals(Value::Attr(Attr::Name), name);
            rule(name, when, ActionKind::Fill, TagId(0), text("same"))
        };
        p.rules = vec![gives("a"), gives("b"), gives("c")];
    });
    assert_eq!(plan_with(&program, &[], 0).tags[0].conflict, None);
}

#[test]
fn keys_are_read_as_written_without_a_snapshot() {
    let plan = lower(&governance(), &Layout::generic(), &Request::at(noon())).unwrap();
    let keys: Vec<&str> = plan
        .columns
        .iter()
        .filter_map(|c| match &c.expr {
            Expr::Field(Field::Key(key)) => Some(key.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(keys, ["cost-center", "env", "environment", "owner", "review-date"]);
}

#[test]
fn a_tag_without_anything_that_gives_it_a_value_is_missing() {
    let plan = plan_with(&one_tag(|_| ()), &["unrelated"], 0);
    insta::assert_snapshot!(layers(&plan), @r"
    scan resources
    layer 1
      tag_team: text = null
      provenance_team: integer = null
      source_team: code = null
    ");
}

#[test]
fn checks_are_ordered_by_severity() {
    let plan = plan_with(&governance(), &[], 0);
    let ids: Vec<String> = plan.checks.iter().map(|c| format!("{}/{}", c.policy_name, c.id)).collect();
    assert_eq!(ids, ["prod-standard/cost-center", "prod-standard/owner", "high-cost/review-date"]);
    assert_eq!(plan.check_index(0, 0), Some(2));
    assert_eq!(plan.check_index(1, 1), Some(1));
    assert_eq!(plan.check_index(2, 0), None);
}

#[test]
fn an_expired_exemption_does_not_count() {
    let mut program = governance();
    program.exemptions[0].until = noon().date_naive().pred_opt().unwrap();
    let plan = plan_with(&program, &[], 0).to_string();
    assert!(!plan.contains("exempt_"), "{plan}");
}

#[test]
fn every_column_reads_earlier_layers_only() {
    let mut program = governance();
    program.rules[0].when = Some(Pred::IsSet(Value::Tag(TagId(0))));
    let plan = plan_with(&program, &["env", "cost-center", "owner"], 1);
    for column in &plan.columns {
        let is_field = matches!(column.expr, Expr::Field(_));
        assert_eq!(column.layer == 0, is_field, "{}", column.name);
    }
    let names: std::collections::BTreeSet<&str> = plan.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names.len(), plan.columns.len());
    assert!(AttrColumn::ALL.iter().all(|attr| names.contains(attr.as_str())));
}
