//! Plans as text: the canonical form, its hash, and what is wrong with a text.

use chrono::{DateTime, Duration, Utc};
use sha2::{Digest as _, Sha256};

use super::Plan;

/// The version of the format that this program reads and writes.
pub const PLAN_VERSION: u32 = 1;

/// How long a plan may be applied.
const LIFETIME: Duration = Duration::hours(24);

/// Digits of the hash that are enough to confirm a plan.
const CONFIRM_DIGITS: usize = 12;

/// Why a plan cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The text is not a plan.
    #[error("this is not a plan: {0}")]
    NotAPlan(String),
    /// It was written by another version.
    #[error("the plan has version {0} of the format; this program reads version {PLAN_VERSION}")]
    Version(u64),
    /// Its content is not what its hash is of.
    #[error("the plan was edited: its content has the hash {actual}, its header {stated}")]
    Edited {
        /// The hash of the content.
        actual: String,
        /// The hash in the header.
        stated: String,
    },
    /// Its members contradict each other.
    #[error("the plan contradicts itself: {0}")]
    Contradiction(String),
    /// It is too old.
    #[error("the plan expired at {}", .0.format("%Y-%m-%d %H:%M:%S UTC"))]
    Expired(DateTime<Utc>),
    /// The confirmation is that of another plan.
    #[error("`{given}` does not confirm this plan, whose hash is {actual}")]
    NotConfirmed {
        /// What was given.
        given: String,
        /// The hash of the plan.
        actual: String,
    },
}

impl PlanError {
    /// Returns what to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NotAPlan(_) => "`tagpol remediate plan -o FILE` writes plans",
            Self::Version(_) | Self::Edited { .. } | Self::Contradiction(_) | Self::Expired(_) => {
                "make a new plan with `tagpol remediate plan`, and review it"
            }
            Self::NotConfirmed { .. } => {
                "review the plan with `tagpol remediate show`, which ends with the hash to confirm"
            }
        }
    }
}

impl Plan {
    /// Returns when a plan of a time expires.
    pub fn expiry(created: DateTime<Utc>) -> DateTime<Utc> {
        created.checked_add_signed(LIFETIME).unwrap_or(created)
    }

    /// Returns the hash of everything but the hash: 64 hexadecimal digits.
    pub fn computed_hash(&self) -> String {
        let unsealed = Self { content_hash: String::new(), ..self.clone() };
        // Members are in the order of the structs and maps in that of their keys, so the text is always the same.
        let text = serde_json::to_string(&unsealed).unwrap_or_default();
        Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Puts the hash of the content into the header.
    #[must_use]
    pub fn seal(self) -> Self {
        let content_hash = self.computed_hash();
        Self { content_hash, ..self }
    }

    /// Returns the text of the file, which is JSON for people to read.
    pub fn to_text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads a plan.
    ///
    /// # Errors
    /// [`PlanError`] for a text that is not a plan, has another version or was edited.
    pub fn parse(text: &str) -> Result<Self, PlanError> {
        let not_a_plan = |error: &dyn std::fmt::Display| PlanError::NotAPlan(error.to_string());
        let value: serde_json::Value = serde_json::from_str(text).map_err(|error| not_a_plan(&error))?;
        let version = value.get("tagpol_plan").and_then(serde_json::Value::as_u64);
        match version {
            None => return Err(PlanError::NotAPlan("it has no member `tagpol_plan`".to_owned())),
            Some(version) if version != u64::from(PLAN_VERSION) => return Err(PlanError::Version(version)),
            Some(_) => {}
        }
        // From the text, so that the error has its line.
        let plan: Self = serde_json::from_str(text).map_err(|error| not_a_plan(&error))?;
        let actual = plan.computed_hash();
        if actual != plan.content_hash {
            return Err(PlanError::Edited { actual, stated: plan.content_hash });
        }
        plan.check()?;
        Ok(plan)
    }

    /// Checks what the types do not: a plan with a right hash may still be written by another program.
    fn check(&self) -> Result<(), PlanError> {
        let wrong = |reason: String| Err(PlanError::Contradiction(reason));
        if let super::PlanKind::Rollback(of) = &self.kind
            && !(of.len() == 64 && of.bytes().all(|byte| byte.is_ascii_hexdigit()))
        {
            return wrong(format!("`{of}` is not the hash of a plan"));
        }
        if self.expires > Self::expiry(self.created) {
            return wrong("it is valid for more than 24 hours".to_owned());
        }
        if let Some([one, other]) = self.resources.array_windows().find(|[one, other]| one.id >= other.id) {
            return wrong(format!("`{}` is after `{}`, or listed twice", other.id, one.id));
        }
        for resource in &self.resources {
            let mut keys = std::collections::BTreeSet::new();
            for change in &resource.changes {
                let old = change.previous_key.as_ref().unwrap_or(&change.key);
                if resource.tags.get(old) != change.before.as_ref() {
                    return wrong(format!("`{}` of `{}` has another value before", old, resource.id));
                }
                let both = [Some(&change.key), change.previous_key.as_ref()];
                if !both.into_iter().flatten().all(|key| keys.insert(key)) {
                    return wrong(format!("`{}` of `{}` changes twice", change.key, resource.id));
                }
            }
            if resource.changes.is_empty() {
                return wrong(format!("`{}` has no changes", resource.id));
            }
        }
        Ok(())
    }

    /// Checks that a hash confirms the plan.
    ///
    /// # Errors
    /// [`PlanError::NotConfirmed`].
    pub fn confirm(&self, given: &str) -> Result<(), PlanError> {
        let is_meant = given.len() >= CONFIRM_DIGITS && self.content_hash.starts_with(given);
        if !is_meant {
            let (given, actual) = (given.to_owned(), self.content_hash.clone());
            return Err(PlanError::NotConfirmed { given, actual });
        }
        Ok(())
    }

    /// Checks that the plan may still be started.
    ///
    /// # Errors
    /// [`PlanError::Expired`].
    pub fn check_expiry(&self, now: DateTime<Utc>) -> Result<(), PlanError> {
        if now >= self.expires {
            return Err(PlanError::Expired(self.expires));
        }
        Ok(())
    }
}

/// Times as `2026-11-30T12:00:00Z`.
pub(crate) mod rfc3339 {
    use chrono::{DateTime, SecondsFormat, Utc};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&time.to_rfc3339_opts(SecondsFormat::Secs, true))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let time = DateTime::parse_from_rfc3339(&text).map_err(serde::de::Error::custom)?;
        Ok(time.with_timezone(&Utc))
    }
}

/// Clouds by the names of their providers.
pub(super) mod cloud {
    use serde::{Deserialize, Deserializer, Serializer};
    use tagpol_sema::clouds::Cloud;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference over")]
    pub(crate) fn serialize<S: Serializer>(cloud: &Cloud, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(cloud.provider())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cloud, D::Error> {
        let name = String::deserialize(deserializer)?;
        let unknown = || serde::de::Error::custom(format!("`{name}` is not a cloud that can be written to"));
        Cloud::of_provider(&name).ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::super::*;
    use super::*;

    fn plan() -> Plan {
        let created = DateTime::from_timestamp(1_796_000_000, 0).unwrap();
        let change = TagChange {
            operation: Operation::Replace,
            key: "env".to_owned(),
            previous_key: None,
            before: Some("n/a".to_owned()),
            after: Some("production".to_owned()),
            tag: "environment".to_owned(),
            closes: Vec::new(),
            provenance: Provenance {
                source: ProvenanceSource::Decided,
                by: Some("ann".to_owned()),
                name: None,
                place: None,
                confidence: None,
            },
        };
        let resource = PlannedResource {
            id: "arn:aws:sqs:eu-west-1:111122223333:jobs".to_owned(),
            cloud: Cloud::Aws,
            account: Some("111122223333".to_owned()),
            region: Some("eu-west-1".to_owned()),
            type_: Some("sqs".to_owned()),
            name: None,
            tags: BTreeMap::from([("env".to_owned(), "n/a".to_owned())]),
            terraform: None,
            changes: vec![change],
        };
        let plan = Plan {
            tagpol_plan: PLAN_VERSION,
            content_hash: String::new(),
            kind: PlanKind::Remediation,
            program_hash: "0123456789abcdef".to_owned(),
            snapshot: PlannedSnapshot { id: "s".to_owned(), content_hash: "h".to_owned() },
            created,
            expires: Plan::expiry(created),
            settings: PlanSettings::default(),
            resources: vec![resource],
            effects: Vec::new(),
            closes_elsewhere: Vec::new(),
            skipped: Vec::new(),
        };
        plan.seal()
    }

    #[test]
    fn a_plan_is_read_as_it_was_written() {
        let plan = plan();
        assert_eq!(Plan::parse(&plan.to_text()), Ok(plan.clone()));
        let compact = serde_json::to_string(&plan).unwrap();
        assert_eq!(Plan::parse(&compact), Ok(plan.clone()));
        assert_eq!(plan.resources[0].tags_after(), BTreeMap::from([("env".into(), "production".into())]));
    }

    #[test]
    fn every_edit_is_noticed() {
        let (plan, text) = (plan(), plan().to_text());
        for (old, new) in [("n/a", "na"), ("production", "staging"), ("jobs", "mail"), ("ann", "bob")] {
            assert!(matches!(Plan::parse(&text.replace(old, new)), Err(PlanError::Edited { .. })), "{old}");
        }
        assert!(matches!(Plan::parse(&text.replace("\"tag\":", "\"tga\":")), Err(PlanError::NotAPlan(_))));
        assert_eq!(Plan::parse(&text.replace("_plan\": 1", "_plan\": 2")), Err(PlanError::Version(2)));
        for broken in ["", "{}", "[]", "{\"tagpol_plan\": 1}", text.split_at(text.len() / 2).0] {
            assert!(matches!(Plan::parse(broken), Err(PlanError::NotAPlan(_))), "{broken}");
        }
        let again = Plan { created: plan.created + Duration::days(-9), ..plan }.seal();
        assert!(matches!(Plan::parse(&again.to_text()), Err(PlanError::Contradiction(_))));
        // The hash names the journal of the plan that is undone.
        let again = Plan { kind: PlanKind::Rollback("../../x".to_owned()), ..self::plan() }.seal();
        assert!(matches!(Plan::parse(&again.to_text()), Err(PlanError::Contradiction(_))));
    }

    #[test]
    fn no_mutation_is_read_as_another_plan() {
        let (plan, text) = (plan(), plan().to_text().into_bytes());
        for at in 0..text.len() {
            for byte in [b' ', b'0', b'a', b'"', b'}', 0xff] {
                let mut text = text.clone();
                text[at] = byte;
                let Ok(text) = String::from_utf8(text) else { continue };
                // White space does not count.
                assert!(Plan::parse(&text).is_err() || Plan::parse(&text) == Ok(plan.clone()), "{text}");
            }
        }
    }

    #[test]
    fn a_plan_is_confirmed_by_the_beginning_of_its_hash_until_it_expires() {
        let plan = plan();
        let hash = plan.content_hash.clone();
        assert_eq!(plan.confirm(&hash), Ok(()));
        assert_eq!(plan.confirm(hash.split_at(12).0), Ok(()));
        assert!(matches!(plan.confirm(hash.split_at(11).0), Err(PlanError::NotConfirmed { .. })));
        assert_eq!(plan.check_expiry(plan.created), Ok(()));
        assert_eq!(plan.check_expiry(plan.expires), Err(PlanError::Expired(plan.expires)));
    }
}
