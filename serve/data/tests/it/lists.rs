//! Filters, cursors, facets, totals and exports.

use std::collections::BTreeSet;

use tagpol_app::Project;
use tagpol_serve_data::{
    Compliance, Conditions, DataError, FacetOf, Filter, Generation, Query, Sort, SortBy, all_facets,
};

use crate::shop::{NOW, Shop};

fn ids(generation: &Generation, filter: &Filter) -> Vec<String> {
    let query = Query { filter: filter.clone(), ..Query::default() };
    let page = generation.page(&query).unwrap();
    assert_eq!(page.total, Some(page.rows.len() as u64));
    assert_eq!(generation.totals(filter).unwrap().resources, page.rows.len() as u64);
    page.rows.into_iter().map(|row| row.id).collect()
}

fn words(q: &str) -> Filter {
    Filter { q: Some(q.to_owned()), ..Filter::default() }
}

#[test]
fn words_are_found_anywhere() {
    let shop = Shop::new();
    let generation = shop.open(&shop.build(NOW).id);
    assert_eq!(ids(&generation, &words("SHOP")), ["i-2", "i-1"]);
    assert_eq!(ids(&generation, &words("payments arch")), ["i-4"]);
    assert_eq!(ids(&generation, &words("jane@ i-1")), ["i-1"]);
    assert_eq!(ids(&generation, &words("prd")), [""; 0]);
    let page = generation.page(&Query { filter: words("archiv"), ..Query::default() }).unwrap();
    assert_eq!(page.rows.len(), 1);
    let page = generation.page(&Query { filter: words("archvie"), ..Query::default() }).unwrap();
    let similar: Vec<Option<&str>> = page.similar.iter().map(|similar| similar.name.as_deref()).collect();
    assert_eq!((page.total, similar), (Some(0), vec![Some("archive")]));
}

#[test]
fn conditions_mean_what_they_mean_in_policies() {
    let shop = Shop::new();
    let generation = shop.open(&shop.build(NOW).id);
    let conditions = Conditions::of(Project::open(Some(shop.path())).unwrap()).unwrap();
    let found = |text: &str| {
        let condition = Some(conditions.read(text).unwrap());
        ids(&generation, &Filter { condition, ..Filter::default() })
    };
    assert_eq!(found("environment == production and resource.monthly-cost > 200 USD"), ["i-2"]);
    assert_eq!(found("owner is missing"), ["i-2", "i-3", "i-4"]);
    assert_eq!(found("team matches /PAY.*/i or resource.name has word \"shop\""), ["i-2", "i-1", "i-4"]);
    assert_eq!(found("team.source == fill"), ["i-1"]);
    assert_eq!(found("in-production"), ["i-2", "i-1"]);
    assert_eq!(found("not (environment is valid)"), ["i-3"]);
    assert_eq!(found("team.confidence > 0.5"), [""; 0]);
    assert_eq!(found("true\n"), ["i-2", "i-1", "i-3", "i-4"]);
}

#[test]
fn mistakes_in_conditions_have_their_places() {
    let shop = Shop::new();
    let generation = shop.open(&shop.build(NOW).id);
    let conditions = Conditions::of(Project::open(Some(shop.path())).unwrap()).unwrap();
    let mistakes = |text: &str| {
        let filter =
            conditions.read(text).map(|condition| Filter { condition: Some(condition), ..Filter::default() });
        match filter.and_then(|filter| generation.totals(&filter)) {
            Err(DataError::Condition { mistakes, .. }) => {
                let shown = |mistake: &tagpol_serve_data::ConditionMistake| {
                    format!("{}: {}", text.get(mistake.range.clone()).unwrap(), mistake.message)
                };
                mistakes.iter().map(shown).collect::<Vec<_>>().join("; ")
            }
            other => panic!("{text}: {other:?}"),
        }
    };
    let all: Vec<String> = [
        "enviroment == production",
        "environment == productive",
        "owner ==",
        "",
        "true\npolicy more { require owner }",
        "true\ntable t from \"/etc/passwd\" { key a: text }",
        "native[\"secret-key\"] == \"prd\"",
        "any native key contains \"e\"",
        "resource.meta[\"x\"] == \"y\"",
        "native.environment == \"prd\"",
        "resource.monthly-cost > 5 EUR",
    ]
    .iter()
    .map(|text| format!("{text}\n  {}", mistakes(text)))
    .collect();
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn pages_have_every_resource_once_in_every_order() {
    let shop = Shop::new();
    let generation = shop.open(&shop.build(NOW).id);
    let attributes = ["provider", "account", "region", "type", "source"];
    let attributes = attributes.map(|name| SortBy::Attribute(name.to_owned()));
    let tags = ["environment", "owner", "team"].map(|name| SortBy::Tag(name.to_owned()));
    let others = [SortBy::Cost, SortBy::Id, SortBy::Name, SortBy::Created, SortBy::Open, SortBy::Compliance];
    for by in attributes.into_iter().chain(tags).chain(others) {
        for reverse in [false, true] {
            let sort = Sort { by: by.clone(), reverse };
            let all = Query { sort: sort.clone(), ..Query::default() };
            let all: Vec<String> =
                generation.page(&all).unwrap().rows.into_iter().map(|row| row.id).collect();
            let mut query = Query { sort, limit: 1, ..Query::default() };
            let mut paged = Vec::new();
            loop {
                let page = generation.page(&query).unwrap();
                paged.extend(page.rows.into_iter().map(|row| row.id));
                query.after = page.next;
                if query.after.is_none() {
                    break;
                }
            }
            assert_eq!(paged, all, "{by:?} {reverse}");
            assert_eq!(paged.iter().collect::<BTreeSet<_>>().len(), 4);
        }
    }
}

#[test]
fn a_cursor_belongs_to_its_question() {
    let shop = Shop::new();
    let first = shop.open(&shop.build(NOW).id);
    let next = first.page(&Query { limit: 1, ..Query::default() }).unwrap().next;
    let other = Query { limit: 1, after: next.clone(), filter: words("shop"), ..Query::default() };
    assert!(matches!(first.page(&other), Err(DataError::CursorOfOtherQuestion)));
    let second = shop.open(&shop.build(NOW).id);
    let same = Query { limit: 1, after: next, ..Query::default() };
    assert!(matches!(second.page(&same), Err(DataError::CursorOfOtherGeneration { .. })));
    for bytes in [&b""[..], b"{}", b"\xff", br#"{"generation":1}"#] {
        let wrong = Query { after: Some(bytes.to_vec()), ..Query::default() };
        assert!(matches!(first.page(&wrong), Err(DataError::NotACursor)));
    }
}

#[test]
fn facets_count_without_their_own_part_of_the_filter() {
    let shop = Shop::new();
    let generation = shop.open(&shop.build(NOW).id);
    let filter = Filter {
        tags: vec![("team".to_owned(), vec![Some("payments".to_owned())])],
        attributes: vec![("provider".to_owned(), vec![Some("aws".to_owned())])],
        ..Filter::default()
    };
    assert_eq!(ids(&generation, &filter), ["i-2"]);
    let shown = |filter: &Filter| {
        let facets = generation.facets(filter, &all_facets(&generation)).unwrap();
        let value = |value: &tagpol_serve_data::FacetValue| {
            let name = value.value.as_deref().unwrap_or("(missing)");
            let cost = value.cost.map_or_else(|| "unknown".to_owned(), |cost| cost.to_string());
            format!("{name} {} {cost}", value.resources)
        };
        let facet = |facet: &tagpol_serve_data::Facet| {
            let values: Vec<String> = facet.values.iter().map(value).collect();
            format!("{:?}: {}", facet.of, values.join(", "))
        };
        facets.iter().map(facet).collect::<Vec<_>>().join("\n")
    };
    insta::assert_snapshot!(format!(
        "{}\n\n{}\n\n{}",
        shown(&Filter::default()),
        shown(&filter),
        shown(&words("shop"))
    ));
    assert_eq!(FacetOf::parse("team", &generation).unwrap(), FacetOf::Tag("team".to_owned()));
    assert!(FacetOf::parse("teem", &generation).is_err());
}

#[test]
fn filters_by_findings_and_sources() {
    let shop = Shop::new();
    let generation = shop.open(&shop.build(NOW).id);
    let of = |policies: &[&str]| Filter {
        policies: policies.iter().map(|name| (*name).to_owned()).collect(),
        ..Filter::default()
    };
    assert_eq!(ids(&generation, &of(&["production-is-owned"])), ["i-2"]);
    assert_eq!(ids(&generation, &of(&["production-is-owned/owner", "has-environment"])), ["i-2", "i-3"]);
    let error = generation.totals(&of(&["has-enviroment"])).unwrap_err().to_string();
    assert_eq!(error, "there is no policy `has-enviroment`; did you mean `has-environment`?");
    let low = tagpol_sema::program::Severity::Low;
    assert_eq!(ids(&generation, &Filter { severities: vec![low], ..Filter::default() }), ["i-3"]);
    let fill = tagpol_sema::program::Source::Fill;
    assert_eq!(ids(&generation, &Filter { sources: vec![fill], ..Filter::default() }), ["i-1"]);
    let compliant = Filter { compliance: vec![Compliance::Compliant], ..Filter::default() };
    assert_eq!(ids(&generation, &compliant), ["i-1", "i-4"]);
    let missing = Filter { tags: vec![("owner".to_owned(), vec![None])], ..Filter::default() };
    assert_eq!(ids(&generation, &missing), ["i-2", "i-3", "i-4"]);
}

#[test]
fn an_export_has_exactly_the_rows_of_the_filter() {
    let shop = Shop::new();
    let generation = shop.open(&shop.build(NOW).id);
    let mut export = generation.export(&words("i-")).unwrap();
    let rows = export.next_batch().unwrap();
    let exported: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(exported, ["i-2", "i-1", "i-3", "i-4"]);
    assert!(export.next_batch().unwrap().is_empty());
}
