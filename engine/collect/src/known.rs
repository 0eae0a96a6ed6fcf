//! Names that the clouds have, to find typing errors before anything is requested.
//!
//! Lists of regions, services and types of AWS are complete as of this version, from the models of botocore and the schemas
//! of CloudFormation; those of Azure and Google Cloud have the usual types. A name that no list can have, such as a type of
//! a new service, is only refused if it is nearly one that is known.

use crate::error::CollectError;

const AWS_REGIONS: &str = include_str!("known/aws_regions.txt");
const AWS_SERVICES: &str = include_str!("known/aws_services.txt");
const AWS_TYPES: &str = include_str!("known/aws_types.txt");
const AZURE_TYPES: &str = include_str!("known/azure_types.txt");
const GCP_TYPES: &str = include_str!("known/gcp_types.txt");

/// Edits between a name and one that was probably meant.
const NEAR: usize = 2;

/// Checks the name of a region of AWS.
///
/// # Errors
/// If there is none of this name.
pub(crate) fn check_aws_region(region: &str) -> Result<(), CollectError> {
    if AWS_REGIONS.lines().any(|known| known == region) {
        return Ok(());
    }
    let help = "without `--region`, all regions that are enabled are listed";
    Err(unknown(format!("`{region}` is not a region of AWS"), nearest(region, AWS_REGIONS.lines()), help))
}

/// Checks a type of AWS: of a service (`ec2`), with its kind (`ec2:instance`), or as CloudFormation names it.
///
/// # Errors
/// If there is none of this name.
pub(crate) fn check_aws_type(type_: &str) -> Result<(), CollectError> {
    let help = "types are like `ec2:instance`, `ec2`, or `AWS::EC2::Instance`";
    let fail = |near: Option<String>| Err(unknown(format!("`{type_}` is not a type of AWS"), near, help));
    if type_.contains("::") {
        let is_known = AWS_TYPES.lines().any(|known| known == type_);
        // Organizations may register types of their own.
        let is_own = !starts_with(type_, "AWS::") && type_.split("::").all(|part| !part.is_empty());
        return if is_known || is_own { Ok(()) } else { fail(nearest(type_, AWS_TYPES.lines())) };
    }
    let (service, kind) =
        type_.split_once(':').map_or((type_, None), |(service, kind)| (service, Some(kind)));
    if !AWS_SERVICES.lines().any(|known| known == service) {
        let near = nearest(service, AWS_SERVICES.lines());
        return fail(near.map(|near| kind.map_or(near.clone(), |kind| format!("{near}:{kind}"))));
    }
    let Some(kind) = kind else { return Ok(()) };
    let kinds: Vec<String> = AWS_TYPES
        .lines()
        .filter_map(|known| {
            let (of, kind) = known.strip_prefix("AWS::")?.split_once("::")?;
            of.eq_ignore_ascii_case(service).then(|| kind.to_lowercase())
        })
        // Kinds that ARNs name otherwise.
        .chain(["db", "cluster", "table", "natgateway", "network-interface"].map(str::to_owned))
        .collect();
    // Kinds of ARNs may have dashes where CloudFormation has none, and there are others.
    let plain = kind.replace('-', "");
    if kind.is_empty() || kind.contains(':') {
        return fail(None);
    }
    if kinds.iter().any(|known| *known == kind || *known == plain) {
        return Ok(());
    }
    match nearest(kind, kinds.iter().map(String::as_str)) {
        Some(near) => fail(Some(format!("{service}:{near}"))),
        None => Ok(()),
    }
}

/// Checks a type of Azure: a namespace and a kind, in any case.
///
/// # Errors
/// If it is none, or nearly one that is known.
pub(crate) fn check_azure_type(type_: &str) -> Result<(), CollectError> {
    let folded = type_.to_lowercase();
    let is_name = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    let mut parts = folded.split('/');
    let is_type = parts.next().is_some_and(|namespace| is_name(namespace) && namespace.contains('.'))
        && folded.contains('/')
        && parts.all(is_name);
    check(
        type_,
        &folded,
        (is_type, AZURE_TYPES),
        "Azure",
        "types are like `microsoft.compute/virtualmachines`",
    )
}

/// Checks a type of Google Cloud: a service and a kind.
///
/// # Errors
/// If it is none, or nearly one that is known.
pub(crate) fn check_gcp_type(type_: &str) -> Result<(), CollectError> {
    let is_type = type_.split_once('/').is_some_and(|(service, kind)| {
        service.ends_with(".googleapis.com")
            && kind.starts_with(|c: char| c.is_ascii_uppercase())
            && kind.bytes().all(|b| b.is_ascii_alphanumeric())
    });
    check(
        type_,
        type_,
        (is_type, GCP_TYPES),
        "Google Cloud",
        "types are like `compute.googleapis.com/Instance`",
    )
}

fn check(
    type_: &str,
    folded: &str,
    (is_type, known): (bool, &str),
    cloud: &str,
    help: &str,
) -> Result<(), CollectError> {
    if known.lines().any(|known| known == folded) {
        return Ok(());
    }
    let near = nearest(folded, known.lines());
    match is_type && near.is_none() {
        true => Ok(()),
        false => Err(unknown(format!("`{type_}` is not a type of {cloud}"), near, help)),
    }
}

/// Returns the error for a name that is not known, with the name that was probably meant, else with what names are like.
pub(crate) fn unknown(message: String, near: Option<String>, help: &str) -> CollectError {
    let help = near.map_or_else(|| help.to_owned(), |near| format!("did you mean `{near}`?"));
    CollectError::Unknown { message, help }
}

/// Returns the name that was probably meant: one with few other letters, or the same in another case.
pub fn nearest<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> Option<String> {
    let folded = name.to_lowercase();
    let distance = |known: &str| strsim::osa_distance(&folded, &known.to_lowercase());
    let near = known.map(|known| (distance(known), known)).min_by_key(|(distance, _)| *distance)?;
    // Of a short name, two letters are most of it.
    (near.0 <= NEAR.min(name.chars().count() / 3)).then(|| near.1.to_owned())
}

fn starts_with(text: &str, start: &str) -> bool {
    text.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn help(result: Result<(), CollectError>) -> Option<String> {
        result.err().map(|error| error.help().unwrap().to_owned())
    }

    #[test]
    fn names_that_are_nearly_right_are_suggested() {
        let meant = |name: &str| Some(format!("did you mean `{name}`?"));
        assert_eq!(help(check_aws_region("eu-west-1")), None);
        assert_eq!(help(check_aws_region("eu-wst-1")), meant("eu-west-1"));
        assert_eq!(help(check_aws_region("EU-WEST-1")), meant("eu-west-1"));
        assert!(help(check_aws_region("mars-north-1")).unwrap().contains("without `--region`"));
        for known in [
            "ec2",
            "ec2:instance",
            "ec2:security-group",
            "s3:bucket",
            "rds:db",
            "AWS::SQS::Queue",
            "Acme::Web::Site",
        ] {
            assert_eq!(help(check_aws_type(known)), None, "{known}");
        }
        assert_eq!(help(check_aws_type("ec2:instnce")), meant("ec2:instance"));
        assert_eq!(help(check_aws_type("lamda:function")), meant("lambda:function"));
        assert_eq!(help(check_aws_type("AWS::SQS::Queu")), meant("AWS::SQS::Queue"));
        assert_eq!(help(check_aws_type("aws::sqs::queue")), meant("AWS::SQS::Queue"));
        assert!(help(check_aws_type("nosuchservice")).unwrap().contains("types are like"));
        assert_eq!(help(check_azure_type("Microsoft.Compute/virtualMachines")), None);
        assert_eq!(help(check_azure_type("microsoft.quantum/workspaces")), None);
        assert_eq!(
            help(check_azure_type("microsoft.compute/virtualmachine")),
            meant("microsoft.compute/virtualmachines")
        );
        assert!(help(check_azure_type("disks")).is_some());
        assert_eq!(help(check_gcp_type("compute.googleapis.com/Instance")), None);
        assert_eq!(
            help(check_gcp_type("compute.googleapis.com/instance")),
            meant("compute.googleapis.com/Instance")
        );
        assert!(help(check_gcp_type("Instance")).is_some());
    }
}
