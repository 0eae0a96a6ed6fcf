//! An organization with teams, each of which has accounts for its environments.

use tagpol_suggest::{Labelled, Options, Resource, Target, Trained, train};

pub(crate) const ENVIRONMENT: usize = 0;
pub(crate) const TEAM: usize = 1;

const SYNONYMS: [(&str, &str); 7] = [
    ("prod", "production"),
    ("prd", "production"),
    ("live", "production"),
    ("dev", "development"),
    ("stg", "staging"),
    ("uat", "staging"),
    ("preprod", "staging"),
];

/// Names that hold the letters of an environment and not its word, or words of two, each with what may be
/// claimed of it.
pub(crate) const TRAPS: [(&str, &[&str]); 13] = [
    ("preprod-api", &["staging"]),
    ("nonprod-db", &["development", "staging"]),
    ("product-catalog", &[]),
    ("delivery-svc", &[]),
    ("domain-resolver", &[]),
    ("olive-cache", &[]),
    ("maintenance-fn", &[]),
    ("uat-prod-copy", &["staging"]),
    ("staging-main", &["staging"]),
    ("device-registry", &[]),
    ("latest-images", &[]),
    ("contest-app", &[]),
    ("reproducer", &[]),
];

pub(crate) fn targets() -> Vec<Target> {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<String>>();
    vec![
        Target {
            name: "environment".to_owned(),
            keys: texts(&["env"]),
            allowed: texts(&["production", "staging", "development"]),
            synonyms: SYNONYMS.map(|(word, value)| (word.to_owned(), value.to_owned())).to_vec(),
        },
        Target {
            name: "team".to_owned(),
            keys: texts(&["squad"]),
            allowed: Vec::new(),
            synonyms: Vec::new(),
        },
    ]
}

/// A resource of a team in an environment, with its tags.
pub(crate) fn resource(team: usize, environment: &str, number: usize) -> Resource {
    let kind = ["api", "worker", "store", "queue"][number % 4];
    let service = ["orders", "billing", "search"][number % 3];
    Resource {
        id: format!("arn:aws:x:eu-west-1:team{team}-{environment}:{service}-{kind}-{environment}-{number}"),
        name: Some(format!("{service}-{kind}-{environment}-{number}")),
        type_: Some(format!("aws:{kind}")),
        provider: Some("aws".to_owned()),
        account: Some(format!("team{}-{environment}", ["a", "b", "c", "d", "e", "f"][team % 6])),
        region: Some("eu-west-1".to_owned()),
        tags: vec![("env".to_owned(), environment.to_owned()), ("squad".to_owned(), format!("team {team}"))],
        ..Resource::default()
    }
}

/// The whole organization: resources with both tags.
pub(crate) fn organization() -> Vec<Labelled> {
    let environments = [("prod", "production"), ("stg", "staging"), ("dev", "development")];
    let mut all = Vec::new();
    for team in 0..6 {
        for (word, environment) in environments {
            for number in 0..14 {
                all.push(Labelled {
                    resource: resource(team, word, number),
                    values: vec![(ENVIRONMENT, environment.to_owned()), (TEAM, format!("team {team}"))],
                    refused: Vec::new(),
                });
            }
        }
    }
    all
}

/// Asserts that what the report of a training claims is what its model suggests: in each situation, the interval of a threshold
/// begins at it or above, and every suggestion with some confidence is covered by such a claim. Returns the number of suggestions
/// with a confidence of at least 0.5.
pub(crate) fn assert_claims_agree(trained: &Trained, resources: &[Resource]) -> usize {
    let mut confident = 0;
    for report in &trained.report.targets {
        let target = trained.model.target(&report.name).unwrap();
        for regime in &report.regimes {
            for threshold in regime.thresholds.iter().filter(|threshold| threshold.coverage > 0.0) {
                let claim = threshold.precision.low + 1e-6;
                assert!(claim >= threshold.confidence, "{}: {threshold:?}", report.name);
            }
        }
        let questions: Vec<(&Resource, &[usize])> =
            resources.iter().map(|one| (one, std::slice::from_ref(&target))).collect();
        for answer in trained.model.suggest(&questions).into_iter().flatten() {
            let Some(best) = answer.best() else { continue };
            let regime = &report.regimes[usize::from(!answer.family_seen)];
            let reached = regime
                .thresholds
                .iter()
                .rev()
                .find(|threshold| f64::from(best.confidence) >= threshold.confidence);
            let Some(reached) = reached else { continue };
            assert!(reached.coverage > 0.0, "{}: {best:?} {reached:?}", report.name);
            confident += 1;
        }
    }
    confident
}

pub(crate) fn trained(resources: &[Labelled], seed: u64) -> Trained {
    train(targets(), resources, &Options { seed, epochs: 8, ..Options::default() }, &mut |_| {}).unwrap()
}
