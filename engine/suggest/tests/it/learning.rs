//! What models learn, and what they claim.

use tagpol_suggest::{Basis, Labelled, Model, Reason, Resource, compare_models};

use crate::inventory::{ENVIRONMENT, TEAM, TRAPS, assert_claims_agree, organization, resource, trained};

fn best(model: &Model, resource: &Resource, target: usize) -> (String, f32, f32) {
    let answers = model.suggest(&[(resource, &[target])]);
    let best = answers[0][0].best().unwrap();
    (best.value.clone(), best.probability, best.confidence)
}

fn without_tags(team: usize, environment: &str, number: usize) -> Resource {
    Resource { tags: Vec::new(), ..resource(team, environment, number) }
}

#[test]
fn what_resources_have_in_common_is_learned_and_explained() {
    let all = organization();
    let trained = trained(&all, 1);
    let model = &trained.model;
    let missing = without_tags(2, "prod", 40);
    let (value, probability, confidence) = best(model, &missing, ENVIRONMENT);
    assert_eq!(value, "production");
    assert!(probability > 0.8 && confidence <= probability, "{probability} {confidence}");
    assert_eq!(best(model, &missing, TEAM).0, "team 2");
    let reasons = model.reasons(&missing, TEAM, "team 2");
    let counted = reasons.iter().any(|reason| matches!(reason, Reason::Similar { with: 14, of: 14, .. }));
    assert!(counted, "{reasons:?}");
    let reasons = model.reasons(&missing, ENVIRONMENT, "production");
    assert!(reasons.contains(&Reason::Word { word: "prod".to_owned() }), "{reasons:?}");
    // Each is measured on held-out resources, beside simple methods.
    let names: Vec<&str> = trained.report.targets.iter().map(|target| target.name.as_str()).collect();
    assert_eq!(names, ["environment", "team"]);
    for target in &trained.report.targets {
        assert!(target.all.measured > 200, "{target:?}");
        for (baseline, share) in &target.all.baselines {
            assert!(target.all.accuracy >= *share - 0.02, "{} {baseline:?} {share}", target.name);
        }
        for threshold in &target.all.thresholds {
            let kept = threshold.coverage == 0.0 || threshold.precision.share >= threshold.confidence;
            assert!(kept, "{} {threshold:?}", target.name);
        }
    }
    // The same seed and resources give the same model.
    let again = crate::inventory::trained(&all, 1);
    assert_eq!(again.report, trained.report);
    assert_eq!(best(&again.model, &missing, ENVIRONMENT), best(model, &missing, ENVIRONMENT));
    // A model that was trained on the same is not better.
    let comparison = compare_models(model, &again.model, &all);
    assert!(!comparison.is_won() && comparison.basis == Basis::HeldOut, "{comparison:?}");
    assert_eq!(comparison.champion, comparison.challenger);
}

#[test]
fn the_report_claims_what_is_suggested() {
    let all = organization();
    let missing: Vec<Resource> = (0..6)
        .flat_map(|team| ["prod", "stg", "dev"].map(|environment| without_tags(team, environment, 40)))
        .collect();
    assert!(assert_claims_agree(&trained(&all, 1), &missing) > 0);
    // Few of them, and values that contradict each other.
    let mut few: Vec<Labelled> = all.into_iter().step_by(7).collect();
    for (at, one) in few.iter_mut().enumerate().filter(|(at, _)| at % 3 == 0) {
        one.values =
            vec![(ENVIRONMENT, ["production", "staging"][at % 2].to_owned()), (TEAM, "team 0".to_owned())];
    }
    assert_claims_agree(&trained(&few, 1), &missing);
}

#[test]
fn misleading_names_get_no_confident_wrong_environment() {
    let model = trained(&organization(), 1).model;
    for (name, right) in TRAPS {
        let resource = Resource {
            id: name.to_owned(),
            name: Some(name.to_owned()),
            type_: Some("aws:api".to_owned()),
            ..Resource::default()
        };
        let (value, _, confidence) = best(&model, &resource, ENVIRONMENT);
        assert!(confidence < 0.9 || right.contains(&value.as_str()), "{name}: {value} {confidence}");
    }
}

#[test]
fn a_resource_unlike_all_others_gets_no_confidence() {
    let model = trained(&organization(), 1).model;
    let stranger = Resource {
        id: "zzz".to_owned(),
        name: Some("qqqq-xyzzy".to_owned()),
        type_: Some("foo".to_owned()),
        ..Resource::default()
    };
    let answers = model.suggest(&[(&stranger, &[ENVIRONMENT, TEAM])]);
    for answer in &answers[0] {
        assert!(answer.out_of_distribution && !answer.family_seen);
        assert!(answer.suggestions.iter().all(|one| one.confidence == 0.0), "{answer:?}");
    }
}

/// A value that people reject for many resources becomes less likely for similar ones.
#[test]
fn refusals_change_the_next_training() {
    let mut all = organization();
    let missing = without_tags(3, "stg", 50);
    let before = best(&trained(&all, 1).model, &missing, TEAM);
    assert_eq!(before.0, "team 3");
    for one in &mut all {
        if one.resource.account == missing.account {
            one.values.retain(|(target, _)| *target != TEAM);
            one.refused = vec![(TEAM, "team 3".to_owned())];
        }
    }
    let after = trained(&all, 1).model.suggest(&[(&missing, &[TEAM])]);
    let likely =
        after[0][0].suggestions.iter().find(|one| one.value == "team 3").map_or(0.0, |one| one.probability);
    assert!(likely < before.1, "{likely} {before:?}");
}

#[test]
fn too_few_resources_make_no_model() {
    let few: Vec<Labelled> = organization().into_iter().take(10).collect();
    let none = tagpol_suggest::train(crate::inventory::targets(), &few, &Default::default(), &mut |_| {});
    assert!(none.is_none());
}
