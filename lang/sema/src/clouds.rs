//! What the clouds accept as tags: lengths, characters, counts, and keys that belong to the clouds themselves.
//!
//! | | key | value | tags |
//! |---|---|---|---|
//! | AWS | 128 characters: letters, digits, spaces and `_.:/=+-@`; not `aws:…` | 256 of the same | 50, without `aws:…` |
//! | Azure | 512 characters but `<>%&\?/`; 128 on storage accounts | 256 characters | 50; 15 on some types |
//! | GCP | 63 characters: lower-case letters, digits, `_` and `-`; a letter first | 63 of the same | 64 |
//!
//! The lints of remedies, the checks of `write`, and remediation use the same limits. The ids by which the clouds find
//! resources are here as well ([`Cloud::wrong_id`]), since they become parts of addresses.

use std::sync::LazyLock;

use regex::Regex;

/// A cloud that tags can be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names are clear")]
pub enum Cloud {
    Aws,
    Azure,
    Gcp,
}

/// Beginnings of keys that the clouds and their services set themselves, in lower case.
const RESERVED: [(Cloud, &str); 10] = [
    (Cloud::Aws, "aws:"),
    (Cloud::Aws, "eks:"),
    (Cloud::Aws, "kubernetes.io/"),
    (Cloud::Azure, "hidden-"),
    (Cloud::Azure, "azure"),
    (Cloud::Azure, "windows"),
    (Cloud::Azure, "microsoft"),
    (Cloud::Azure, "kubernetes.io"),
    (Cloud::Gcp, "goog-"),
    (Cloud::Gcp, "k8s-"),
];

/// Types of Azure, or all types of a service with a `/` at the end, that have 15 tags at most.
const FEW_TAGS: [&str; 4] = [
    "microsoft.automation/",
    "microsoft.cdn/",
    "microsoft.network/dnszones",
    "microsoft.network/privatednszones",
];

impl Cloud {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Aws, Self::Azure, Self::Gcp];

    /// Returns the name that `resource.provider` has for it.
    pub fn provider(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Azure => "azure",
            Self::Gcp => "gcp",
        }
    }

    /// Returns the cloud of a provider's name.
    pub fn of_provider(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cloud| cloud.provider() == name)
    }

    /// Whether two keys are one tag there: Azure ignores case.
    pub fn is_same_key(self, one: &str, other: &str) -> bool {
        one == other || (self == Self::Azure && one.to_lowercase() == other.to_lowercase())
    }

    /// Returns the beginning that makes a key one of the cloud's own: it must not be written or deleted.
    pub fn reserved_prefix(self, key: &str) -> Option<&'static str> {
        let key = key.to_lowercase();
        let of_cloud = RESERVED.iter().filter(|(cloud, _)| *cloud == self);
        of_cloud.map(|(_, prefix)| *prefix).find(|prefix| key.starts_with(prefix))
    }

    /// Returns how many tags a resource of a type may have.
    pub fn most_tags(self, type_: Option<&str>) -> usize {
        let type_ = type_.unwrap_or_default().to_lowercase();
        match self {
            Self::Azure if FEW_TAGS.iter().any(|few| type_.starts_with(few)) => 15,
            // It keeps 14 labels of its backups for itself.
            Self::Gcp if type_ == "sqladmin.googleapis.com/instance" => 50,
            Self::Aws | Self::Azure => 50,
            Self::Gcp => 64,
        }
    }

    /// Whether a tag counts towards [`Self::most_tags`].
    pub fn is_counted(self, key: &str) -> bool {
        self != Self::Aws || !key.to_lowercase().starts_with("aws:")
    }

    /// Returns why a tag may not have a name there, to be read after "since". None: it may.
    pub fn wrong_name(self, name: &str) -> Option<String> {
        self.wrong_length_of_name(name, None).or_else(|| self.wrong_letters_of_name(name))
    }

    /// As [`Self::wrong_name`], for resources of a type, some of which accept less.
    pub fn wrong_name_on(self, name: &str, type_: Option<&str>) -> Option<String> {
        let type_ = type_.map(str::to_lowercase);
        let type_ = type_.as_deref();
        self.wrong_length_of_name(name, type_)
            .or_else(|| self.wrong_letters_of_name(name))
            .or_else(|| wrong_on_azure(name, type_.filter(|_| self == Self::Azure)?))
    }

    fn wrong_length_of_name(self, name: &str, type_: Option<&str>) -> Option<String> {
        let longest = match self {
            Self::Aws => 128,
            Self::Azure if type_ == Some("microsoft.storage/storageaccounts") => 128,
            Self::Azure => 512,
            Self::Gcp => 63,
        };
        let length = name.chars().count();
        (length == 0 || length > longest).then(|| format!("names have 1 to {longest} characters there"))
    }

    fn wrong_letters_of_name(self, name: &str) -> Option<String> {
        match self {
            Self::Aws if name.to_lowercase().starts_with("aws:") => {
                Some("names beginning with `aws:` are reserved".to_owned())
            }
            Self::Gcp if !name.starts_with(char::is_alphabetic) => {
                Some("names begin with a lower-case letter there".to_owned())
            }
            Self::Azure if name.contains(['<', '>', '%', '&', '\\', '?', '/']) => {
                Some("names there cannot contain `<>%&\\?/`".to_owned())
            }
            Self::Aws | Self::Gcp if !self.is_of_alphabet(name) => {
                Some(format!("names have only {} there", self.alphabet()))
            }
            _ => None,
        }
    }

    /// Returns why a text is not a legal value there, to be read after "since". None: it is one.
    pub fn wrong_value(self, value: &str) -> Option<String> {
        if !self.is_of_alphabet(value) {
            return Some(format!("values have only {} there", self.alphabet()));
        }
        let longest = self.longest_value();
        (value.chars().count() > longest).then(|| format!("values have at most {longest} characters there"))
    }

    fn is_of_alphabet(self, text: &str) -> bool {
        static AWS: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r"\A[\p{L}\p{Z}\p{N}_.:/=+\-@]*\z").ok());
        static GCP: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r"\A[\p{Ll}\p{Lo}\p{N}_-]*\z").ok());
        let alphabet = match self {
            Self::Aws => &AWS,
            Self::Gcp => &GCP,
            Self::Azure => return true,
        };
        alphabet.as_ref().is_some_and(|alphabet| alphabet.is_match(text))
    }

    /// Returns how many characters a value may have.
    pub fn longest_value(self) -> usize {
        match self {
            Self::Aws | Self::Azure => 256,
            Self::Gcp => 63,
        }
    }

    /// Returns why a text is not an id by which the cloud finds a resource, to be read after "since". None: it is one.
    ///
    /// Ids come from inventories, which anybody may have written, and become parts of addresses of the clouds' APIs: no id
    /// that is accepted changes the host or leaves its path.
    pub fn wrong_id(self, id: &str) -> Option<String> {
        let reason = |form: &str| Some(format!("ids there have the form `{form}`"));
        if id.contains(char::is_control) {
            return Some("ids there have no control characters".to_owned());
        }
        match self {
            Self::Aws if !is_arn(id) => reason("arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE"),
            Self::Azure if !is_path(id, &["", "subscriptions"]) => reason("/subscriptions/…"),
            Self::Gcp if !is_full_resource_name(id) => reason("//SERVICE.googleapis.com/…"),
            _ => None,
        }
    }

    /// Returns the characters of values in words.
    pub fn alphabet(self) -> &'static str {
        match self {
            Self::Aws => "letters, digits, spaces and `_.:/=+-@`",
            Self::Azure => "characters",
            Self::Gcp => "lower-case letters, digits, `_` and `-`",
        }
    }
}

/// Whether a text is an ARN whose parts before the resource can be parts of an address.
fn is_arn(id: &str) -> bool {
    let parts: Vec<&str> = id.splitn(6, ':').collect();
    let ["arn", partition, service, region, account, resource] = parts.as_slice() else { return false };
    let is_plain = |text: &&str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let are_plain = [partition, service, region].into_iter().all(is_plain);
    let is_account = account.bytes().all(|byte| byte.is_ascii_digit());
    are_plain && is_account && !partition.is_empty() && !service.is_empty() && !resource.is_empty()
}

/// Whether a text is a path that begins with some segments, regardless of case, has more, and stays where it is if it is
/// put into an address.
fn is_path(path: &str, start: &[&str]) -> bool {
    let segments: Vec<&str> = path.split('/').collect();
    let Some((first, rest)) = segments.split_at_checked(start.len()) else { return false };
    let is_segment =
        |segment: &&str| !matches!(*segment, "" | "." | "..") && !segment.contains(['?', '#', '%', '\\']);
    first.iter().zip(start).all(|(one, other)| one.eq_ignore_ascii_case(other))
        && !rest.is_empty()
        && rest.iter().all(is_segment)
}

/// Whether a text is a full resource name of Google Cloud.
fn is_full_resource_name(id: &str) -> bool {
    let Some((host, path)) = id.strip_prefix("//").and_then(|id| id.split_once('/')) else { return false };
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    host.strip_suffix(".googleapis.com").is_some_and(|name| !name.is_empty() && is_plain(name))
        && is_path(path, &[])
}

/// Returns why a type of Azure, in lower case, does not accept a name that others accept.
fn wrong_on_azure(name: &str, type_: &str) -> Option<String> {
    let is_one_of = |types: &[&str]| types.iter().any(|one| type_.starts_with(one));
    let is_dns = is_one_of(&["microsoft.network/dnszones", "microsoft.network/trafficmanagerprofiles"]);
    if is_dns && (name.contains(' ') || name.starts_with(|first: char| first.is_ascii_digit())) {
        return Some(format!("names on {type_} have no spaces and do not begin with a digit"));
    }
    if is_one_of(&["microsoft.network/frontdoors"]) && name.contains(['#', ':']) {
        return Some(format!("names on {type_} cannot contain `#` or `:`"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tags() {
        let wrong = |name: &str| Cloud::ALL.map(|cloud| cloud.wrong_name(name).is_some());
        assert_eq!(wrong("cost-center"), [false, false, false]);
        assert_eq!(wrong("Cost Center"), [false, false, true]);
        assert_eq!(wrong("aws:name"), [true, false, true]);
        assert_eq!(wrong("1st"), [false, false, true]);
        assert_eq!(wrong("r&d"), [true, true, true]);
        assert_eq!(wrong(&"x".repeat(64)), [false, false, true]);
        assert_eq!(wrong(&"x".repeat(129)), [true, false, true]);
        assert_eq!(wrong(&"x".repeat(513)), [true, true, true]);
        assert_eq!(wrong(""), [true, true, true]);
    }

    #[test]
    fn some_types_accept_less() {
        let wrong = |name: &str, type_: &str| Cloud::Azure.wrong_name_on(name, Some(type_)).is_some();
        assert!(wrong(&"x".repeat(129), "Microsoft.Storage/storageAccounts"));
        assert!(!wrong(&"x".repeat(129), "microsoft.compute/virtualmachines"));
        assert!(wrong("cost center", "microsoft.network/dnszones"));
        assert!(wrong("1st", "microsoft.network/trafficManagerProfiles"));
        assert!(wrong("a:b", "microsoft.network/frontdoors"));
        assert!(!wrong("a:b", "microsoft.network/virtualnetworks"));
        assert_eq!(Cloud::Azure.most_tags(Some("microsoft.cdn/profiles")), 15);
        assert_eq!(Cloud::Gcp.most_tags(Some("sqladmin.googleapis.com/Instance")), 50);
        assert_eq!(Cloud::ALL.map(|cloud| cloud.most_tags(Some("ec2:instance"))), [50, 50, 64]);
    }

    #[test]
    fn no_id_leads_to_another_address() {
        for (cloud, id) in [
            (Cloud::Aws, "arn:aws:s3:::logs"),
            (Cloud::Aws, "arn:aws-cn:sqs:cn-north-1:111122223333:jobs"),
            (Cloud::Azure, "/subscriptions/0-1"),
            (Cloud::Azure, "/Subscriptions/0-1/resourceGroups/web rg/providers/Microsoft.Web/sites/a.b"),
            (Cloud::Gcp, "//storage.googleapis.com/data"),
            (Cloud::Gcp, "//bigquery.googleapis.com/projects/p/datasets/d/tables/t"),
        ] {
            assert_eq!(cloud.wrong_id(id), None, "{id}");
            for piece in ["/..", "/.", "//x", "?x", "#x", "/", "\\..", "%2e%2e/x", "\n", "\0"] {
                let is_wrong = cloud.wrong_id(&format!("{id}{piece}")).is_some();
                // An ARN is sent in the body of a request.
                let in_body = cloud == Cloud::Aws && !piece.contains(char::is_control);
                assert!(is_wrong || in_body, "{id}{piece}");
            }
        }
        for id in [
            "",
            "i-0abc",
            ".evil.example/x",
            "@evil.example/x",
            "subscriptions/x",
            "/subscriptions",
            "/subscriptions/",
            "/subscriptions/../x",
            "/providers/x",
            "//evil.example/x",
            "//googleapis.com/x",
            "//x.googleapis.com",
            "//x.googleapis.com/",
            "//a@b.googleapis.com/x",
            "//evil.example/.googleapis.com/x",
            "arn:aws:sqs:eu-west-1:1",
            "arn:aws:sqs:evil.example/:1:x",
            "arn:aws:sqs:a:b/c:x",
            "arn:aws:s/q:a:1:x",
            "arn:::::x",
        ] {
            let accepting = Cloud::ALL.into_iter().find(|cloud| cloud.wrong_id(id).is_none());
            assert_eq!(accepting, None, "{id}");
        }
    }

    #[test]
    fn keys_of_the_clouds_themselves() {
        assert_eq!(Cloud::Aws.reserved_prefix("AWS:cloudformation:stack-name"), Some("aws:"));
        assert_eq!(Cloud::Aws.reserved_prefix("kubernetes.io/cluster/a"), Some("kubernetes.io/"));
        assert_eq!(Cloud::Azure.reserved_prefix("hidden-link:/x"), Some("hidden-"));
        assert_eq!(Cloud::Gcp.reserved_prefix("goog-gke-node"), Some("goog-"));
        assert_eq!(Cloud::Aws.reserved_prefix("owner"), None);
        assert!(!Cloud::Aws.is_counted("aws:x") && Cloud::Azure.is_counted("aws:x"));
        assert!(Cloud::Azure.is_same_key("Owner", "oWNER") && !Cloud::Aws.is_same_key("Owner", "owner"));
    }
}
