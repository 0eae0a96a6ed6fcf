//! Places of conditions have the shape of the conditions.

use tagpol_sema::condition_places::{Place, places};
use tagpol_sema::program::Pred;
use tagpol_sema::{Database, analysis};

const TEXT: &str = "\
tag a: text
tag on: bool
tag t: text
normalize a where resource.provider == aws {
  keys \"b\", \"A\"
}
define d = on and
  (a == \"x\" or a is not email)
rule r {
  when d
  when not (on and a in [\"x\"])
  set t = \"y\"
}
rule s { fill t = \"z\" }
policy p {
  severity low
  for resource where not on
  require a, on is set
  forbid x: on or a contains \"x\"
}
exempt p { for resource where on until 2026-12-31 because \"x\" }
exempt p/a, p/x { until 2026-12-31 because \"x\" }
table rows from \"rows.csv\" key a { a: text }
list names = [\"x\"]
define e = a not in rows or (a in rows and a not in names)
";

/// Prints the places of the parts of a condition, in the shape of the condition.
fn shape(pred: &Pred, place: &Place) -> String {
    let parts: Vec<&Pred> = match pred {
        Pred::And(parts) | Pred::Or(parts) => parts.iter().collect(),
        Pred::Not(inner) => vec![inner],
        _ => Vec::new(),
    };
    assert_eq!(parts.len(), place.parts.len(), "{pred:?}");
    let inner: Vec<String> = parts.iter().zip(&place.parts).map(|(pred, place)| shape(pred, place)).collect();
    let at = format!("{}:{}", place.loc.line, place.loc.column);
    if inner.is_empty() { at } else { format!("{at}({})", inner.join(" ")) }
}

#[test]
fn places_have_the_shape_of_their_conditions() {
    let db = Database::default();
    let project = db.project([("a.tagpol".to_owned(), TEXT.to_owned())]);
    let (analysis, places) = (analysis(&db, project), places(&db, project));
    assert_eq!(analysis.diagnostics, []);
    let program = &analysis.program;
    let defined = shape(&program.defines[0].pred, places.defines[0].as_ref().unwrap());
    assert_eq!(defined, "7:12(7:12 8:4(8:4 8:16(8:16)))");
    let tables = shape(&program.defines[1].pred, places.defines[1].as_ref().unwrap());
    assert_eq!(tables, "25:12(25:12(25:12 25:12(25:12)) 25:30(25:30 25:44))");
    let when = shape(program.rules[0].when.as_ref().unwrap(), places.rules[0].as_ref().unwrap());
    assert_eq!(when, "10:8(10:8 11:13(11:13(11:13 11:20)))");
    assert_eq!(places.rules[1], None);
    let (policy, at) = (&program.policies[0], &places.policies[0]);
    assert_eq!(shape(policy.scope.as_ref().unwrap(), at.scope.as_ref().unwrap()), "17:26(17:26)");
    let checks = policy.checks.iter().zip(&at.checks).map(|(check, place)| shape(&check.pred, place));
    assert_eq!(checks.collect::<Vec<_>>(), ["18:11", "18:14", "19:13(19:13 19:19)"]);
    let scope = shape(program.exemptions[0].scope.as_ref().unwrap(), places.exemptions[0].as_ref().unwrap());
    assert_eq!((scope.as_str(), &places.exemptions[1..]), ("21:31", &[None, None][..]));
    let normalize = &places.normalizes[0][0];
    let scope = program.tags[0].normalizes[0].scope.as_ref().unwrap();
    assert_eq!(shape(scope, normalize.scope.as_ref().unwrap()), "4:19");
    let keys: Vec<(u32, u32)> = normalize.keys.iter().map(|loc| (loc.line, loc.column)).collect();
    assert_eq!(keys, [(5, 8), (5, 13)]);
    assert_eq!(places.normalizes[1], []);
    let own: Vec<&str> = places.own_files.iter().map(|file| &**file).collect();
    assert_eq!(own, ["a.tagpol"]);
}
