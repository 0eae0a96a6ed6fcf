//! What words stand for before anything is learned, measured on the environments of each organization.

use std::collections::BTreeSet;

use tagpol_suggest::{Labelled, WordRules};

use crate::list::{ENVIRONMENT, Row, TAGS, dataset, family, known, targets};

/// How often words are right, of an organization.
#[derive(Debug, Clone)]
pub(crate) struct Untrained {
    pub(crate) org: String,
    pub(crate) measured: usize,
    /// What one word or several of the same value claim.
    pub(crate) any: Claims,
    /// What words in two texts of a resource claim, such as its name and its account.
    pub(crate) agreed: Claims,
}

/// Values that were claimed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Claims {
    pub(crate) claimed: usize,
    pub(crate) right: usize,
    families: BTreeSet<String>,
}

impl Claims {
    fn add(&mut self, one: &Labelled, is_right: bool) {
        self.claimed += 1;
        self.right += usize::from(is_right);
        self.families.insert(family(&one.resource));
    }

    pub(crate) fn share(&self) -> f64 {
        self.right as f64 / self.claimed.max(1) as f64
    }

    /// Returns the 95% interval of the share (Wilson), in which a family counts once.
    pub(crate) fn interval(&self) -> (f64, f64) {
        match self.claimed {
            0 => (0.0, 1.0),
            _ => wilson(self.share(), self.families.len() as f64),
        }
    }
}

/// Returns the 95% interval (Wilson) of a share of independent answers.
pub(crate) fn wilson(share: f64, n: f64) -> (f64, f64) {
    let z = 1.96_f64;
    let center = share + z * z / (2.0 * n);
    let spread = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + z * z / n;
    (((center - spread) / whole).max(0.0), ((center + spread) / whole).min(1.0))
}

/// Measures an organization. None: too few of its resources have an environment.
pub(crate) fn measure(rows: &[Row], org: &str) -> Option<Untrained> {
    let tag = TAGS.iter().position(|(name, ..)| *name == ENVIRONMENT)?;
    let rules = WordRules::new(&targets());
    let asked = dataset(rows, |row| row.org == org, &[tag]);
    let (mut any, mut agreed) = (Claims::default(), Claims::default());
    for one in &asked {
        let Some(guess) = rules.guess(tag, &one.resource) else { continue };
        let is_right = known(one, tag) == Some(guess.value.as_str());
        any.add(one, is_right);
        if guess.fields > 1 {
            agreed.add(one, is_right);
        }
    }
    (asked.len() >= 20).then(|| Untrained { org: org.to_owned(), measured: asked.len(), any, agreed })
}
