//! Every mix of what can become of three listings: each has its own status, keeps what was read, and nothing counts as
//! untagged that was not listed.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::aws::{Answer, Asked, Aws, page, refusal, xml_refusal};
use super::coverage::{findings, manifest, with_policy};

/// What becomes of a listing of two pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Whole,
    ThrottledOnce,
    Denied,
    DeniedLater,
    Throttled,
    HalfAPage,
    NoList,
    TokenRepeats,
    NotEnabled,
}

const FATES: [Fate; 9] = [
    Fate::Whole,
    Fate::ThrottledOnce,
    Fate::Denied,
    Fate::DeniedLater,
    Fate::Throttled,
    Fate::HalfAPage,
    Fate::NoList,
    Fate::TokenRepeats,
    Fate::NotEnabled,
];

impl Fate {
    /// Returns the status in the coverage, and how many pages are kept.
    fn expected(self) -> (&'static str, usize) {
        match self {
            Self::Whole | Self::ThrottledOnce => ("whole", 2),
            Self::Denied => ("denied", 0),
            Self::DeniedLater => ("denied", 1),
            Self::Throttled | Self::HalfAPage | Self::NoList => ("cut-off", 1),
            Self::TokenRepeats => ("cut-off", 2),
            Self::NotEnabled => ("not-enabled", 0),
        }
    }
}

/// The sources and regions of the listings.
const LISTINGS: [(&str, &str); 3] =
    [("aws-ec2-volumes", "eu-west-1"), ("aws-ec2-volumes", "us-east-1"), ("aws-tagging", "eu-west-1")];

/// Volumes of a page: one with an owner and one without, then one without.
fn volumes(region: &str, is_second: bool, next: &str) -> Answer {
    let zone = format!("<availabilityZone>{region}a</availabilityZone>");
    let owner = "<tagSet><item><key>owner</key><value>ana</value></item></tagSet>";
    let letter = if region == "eu-west-1" { "a" } else { "b" };
    let volume =
        |id: u32, tags: &str| format!("<item><volumeId>vol-{id}{letter}</volumeId>{zone}{tags}</item>");
    let items = if is_second { volume(3, "") } else { volume(1, owner) + &volume(2, "") };
    (200, format!("<r><volumeSet>{items}</volumeSet><nextToken>{next}</nextToken></r>"))
}

/// Answers a request of a listing with a fate.
fn answer(fate: Fate, asked: &Asked, was_throttled: &AtomicBool) -> Answer {
    let is_xml = asked.service == "ec2";
    let is_second = match is_xml {
        true => asked.body.contains("NextToken="),
        false => asked.json()["PaginationToken"] == "2",
    };
    let refused = |xml: (u16, &str), json: &str| match is_xml {
        true => xml_refusal(xml.0, xml.1),
        false => refusal(json),
    };
    let rows = |next: &str| match is_xml {
        true => volumes(&asked.region, is_second, next),
        false => page(&[&format!("arn:aws:sqs:eu-west-1:111122223333:q{}", u8::from(is_second))], next),
    };
    let denied = || refused((403, "UnauthorizedOperation"), "AccessDeniedException");
    let throttled = || refused((503, "RequestLimitExceeded"), "ThrottlingException");
    match (fate, is_second) {
        (Fate::Denied, _) | (Fate::DeniedLater, true) => denied(),
        (Fate::NotEnabled, _) => refused((401, "OptInRequired"), "UnrecognizedClientException"),
        (Fate::Throttled, true) => throttled(),
        (Fate::ThrottledOnce, _) if !was_throttled.swap(true, Ordering::SeqCst) => throttled(),
        (Fate::HalfAPage, true) => (0, rows("").1),
        (Fate::NoList, true) => (200, if is_xml { "<r/>" } else { "{}" }.to_owned()),
        (Fate::TokenRepeats, true) | (_, false) => rows("2"),
        (_, true) => rows(""),
    }
}

fn judge(fates: [Fate; 3]) {
    let folder = with_policy();
    let were_throttled: [AtomicBool; 3] = Default::default();
    let aws = Aws::start(move |asked| {
        let source = match asked.action.as_str() {
            "DescribeVolumes" => "aws-ec2-volumes",
            "GetResources" => "aws-tagging",
            _ => return None,
        };
        let at = LISTINGS.iter().position(|listing| *listing == (source, asked.region.as_str()))?;
        Some(answer(fates[at], asked, &were_throttled[at]))
    });
    let args = ["--region", "eu-west-1,us-east-1", "--source", "aws-ec2-volumes,aws-tagging"];
    let run = aws.fetch(&folder, &[&args[..], &["--attempts", "2"]].concat());
    let is_whole = fates.iter().all(|fate| fate.expected().0 == "whole");
    assert_eq!(run.code, if is_whole { 0 } else { 3 }, "{fates:?} {run:#?}");
    let manifest = manifest(&folder);
    for ((source, region), fate) in LISTINGS.iter().zip(fates) {
        let parts = manifest["coverage"].as_array().unwrap();
        let part = parts.iter().find(|part| part["source"] == *source && part["region"] == *region);
        assert_eq!(part.unwrap()["status"], fate.expected().0, "{source} {region} of {fates:?}");
    }
    let pages = fates.map(|fate| fate.expected().1);
    // Three volumes on two pages, and one queue on each.
    let volumes = |pages: usize| [0, 2, 3][pages];
    let resources = volumes(pages[0]) + volumes(pages[1]) + pages[2];
    assert_eq!(manifest["counts"]["resources"], Value::from(resources), "{fates:?}");
    // An evaluation of nothing is an error.
    if resources > 0 {
        assert_eq!(findings(&folder), ((pages[0] + pages[1]) as u64, 0), "{fates:?}");
    }
}

/// Judges some mixes, or with `TAGPOL_TEST_MIXES` so many of all 729.
#[test]
fn each_mix_of_failures_has_its_coverage() {
    let all = FATES.len().pow(3);
    let wanted = std::env::var("TAGPOL_TEST_MIXES").map_or(12, |count| count.parse().unwrap());
    // Far from each other, so that few of them have each fate in each listing.
    let numbers = (0..wanted.min(all)).map(|number| number * 400 % all);
    for number in numbers {
        let fate = |place: u32| FATES[number / FATES.len().pow(place) % FATES.len()];
        judge([fate(0), fate(1), fate(2)]);
    }
}
