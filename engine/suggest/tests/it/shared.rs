//! A model of a real organization, if the shared data is available.

use std::path::PathBuf;

use tagpol_sema::formats::words;
use tagpol_suggest::{Labelled, Measurement, Model, Options, Resource, Trained, measure, train};

use crate::inventory::{TRAPS, assert_claims_agree};
use crate::list::{ENVIRONMENT, Split, TAGS, dataset, environment, having, rows, targets};

/// Trains on four of five resources of half of an organization. None, with a note, if the data is not available.
fn trained(org: &str) -> Option<(Trained, Vec<Labelled>)> {
    let name = "../../../shared/data/train/inventory_train.ndjson.gz";
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name);
    if !path.exists() {
        println!("skipped: {} is not at hand", path.display());
        return None;
    }
    let rows = rows(&path.to_string_lossy()).unwrap();
    let all: Vec<usize> = (0..TAGS.len()).collect();
    let data = dataset(&rows, |row| row.org == org, &all);
    let (asked, training): (Vec<Labelled>, Vec<Labelled>) =
        data.into_iter().step_by(2).partition(|one| Split::Random.asks(one));
    let options = Options { epochs: 8, ..Options::default() };
    Some((train(targets(), &training, &options, &mut |_| {}).unwrap(), asked))
}

/// A threshold promises a share of right values; the interval of what was right reaches it.
fn assert_promises_kept(tag: &str, measured: &Measurement) {
    for threshold in measured.report.thresholds.iter().filter(|threshold| threshold.coverage > 0.0) {
        assert!(threshold.precision.high >= threshold.confidence, "{tag}: {threshold:?}");
    }
}

/// Asserts that no wrong value is suggested with confidence for such names, wherever the resource belongs.
fn assert_not_misled(model: &Model, places: &[&Resource]) {
    let target = model.target(ENVIRONMENT).unwrap();
    for (name, right) in TRAPS {
        let nowhere = Resource { type_: Some("aws_s3_bucket".to_owned()), ..Resource::default() };
        for place in std::iter::once(&nowhere).chain(places.iter().copied()) {
            let named = Resource {
                id: name.to_owned(),
                name: Some(name.to_owned()),
                tags: Vec::new(),
                ..place.clone()
            };
            let answers = model.suggest(&[(&named, &[target])]);
            let Some(best) = answers[0][0].best() else { continue };
            let claimed = best.confidence >= 0.7;
            assert!(!claimed || right.contains(&best.value.as_str()), "{name}: {best:?}");
        }
    }
}

#[test]
fn a_real_organization_is_learned_and_promises_are_kept() {
    let Some((trained, asked)) = trained("alphagov") else { return };
    let model = &trained.model;
    for (tag, least) in [("owner", 0.97), ("project", 0.95), ("application", 0.9), (ENVIRONMENT, 0.5)] {
        let target = model.target(tag).unwrap();
        let measured = measure(model, target, &having(&asked, target));
        assert!(measured.report.measured > 50, "{tag}");
        assert!(measured.report.accuracy >= least, "{tag}: {}", measured.report.accuracy);
        assert!(measured.report.calibration_error < 0.2, "{tag}: {}", measured.report.calibration_error);
        assert_promises_kept(tag, &measured);
    }
    let missing: Vec<Resource> = asked.iter().map(|one| one.resource.clone()).collect();
    assert!(assert_claims_agree(&trained, &missing) > 0);
    // Places without a word of an environment.
    let silent = |one: &&Resource| {
        let place = one.context.iter().map(|(_, value)| value.as_str()).chain(one.account.as_deref());
        place.flat_map(words).all(|word| environment(&word).is_none())
    };
    let places: Vec<&Resource> = asked.iter().map(|one| &one.resource).filter(silent).step_by(20).collect();
    assert!(places.len() >= 3);
    assert_not_misled(model, &places);
}
