//! What the givens of tests reach: rules, branches and checks.
//!
//! A *point* is something that can happen for a resource: a rule fires, a part of a condition is
//! false, a check is violated. It is covered if it happens for one given of a test that was run.
//! Conditions have no side effects, so every part of them counts for every given, whatever stands
//! before it. Only what the project itself wrote is counted, not the modules that it uses.

mod points;

use tagpol_interp::{NativeStep, Patterns, Resource, RowResult};
use tagpol_sema::program::Loc;

use self::points::Probe;
use super::{Subject, TestRun};

/// What tests cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Ordered by file and place.
    pub points: Vec<Point>,
}

/// Something that can happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// What it is part of.
    pub kind: PointKind,
    /// What happens, as a sentence: `rule from-name fires`.
    pub what: String,
    /// Place of what it happens to.
    pub loc: Loc,
    /// For how many givens it happens.
    pub hits: u64,
}

/// What points are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PointKind {
    /// A rule fires, or gives a tag its value.
    Rule,
    /// A part of a condition is true or false; a key, an arm, a default, a waiver, a grace counts.
    Branch,
    /// A check holds or is violated.
    Check,
}

impl PointKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Rule, Self::Branch, Self::Check];

    /// Returns the word for it in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Branch => "branch",
            Self::Check => "check",
        }
    }
}

/// A part of some points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Those that happen.
    pub covered: usize,
    /// All of them.
    pub all: usize,
}

impl Tally {
    /// Counts points.
    pub fn of<'a>(points: impl IntoIterator<Item = &'a Point>) -> Self {
        points.into_iter().fold(Self::default(), |tally, point| Self {
            covered: tally.covered + usize::from(point.hits > 0),
            all: tally.all + 1,
        })
    }

    /// Returns the share of those that happen in percent; 100 of nothing.
    #[expect(clippy::cast_precision_loss, reason = "counts of points are small")]
    pub fn percent(self) -> f64 {
        if self.all == 0 { 100.0 } else { self.covered as f64 * 100.0 / self.all as f64 }
    }
}

impl Coverage {
    /// Returns the points file by file.
    pub fn files(&self) -> impl Iterator<Item = (&str, &[Point])> {
        let files = self.points.chunk_by(|a, b| a.loc.file == b.loc.file);
        files.filter_map(|points| Some((&*points.first()?.loc.file, points)))
    }

    /// Counts all points.
    pub fn tally(&self) -> Tally {
        Tally::of(&self.points)
    }
}

/// Returns what the tests of a run cover.
pub fn coverage(subject: Subject<'_>, run: &TestRun) -> Coverage {
    let mut probes = points::probes(subject);
    probes.retain(|probe| subject.places.is_own(&probe.loc));
    let mut hits = vec![0u64; probes.len()];
    let patterns = Patterns::default();
    for case in &run.cases {
        let seen = Seen::of(Resource::evaluated(subject.program, &case.options, &patterns, &case.row));
        for (probe, hits) in probes.iter().zip(&mut hits) {
            *hits += u64::from((probe.happens)(&seen));
        }
    }
    let points = probes.into_iter().zip(hits);
    let mut points: Vec<Point> =
        points.map(|(Probe { kind, what, loc, .. }, hits)| Point { kind, what, loc, hits }).collect();
    points.sort_by(|a, b| a.loc.cmp(&b.loc));
    Coverage { points }
}

/// A case, and all that points ask of it.
struct Seen<'a> {
    resource: Resource<'a>,
    result: RowResult,
    /// By tag: the native tags that were asked, up to the one that gave the value.
    natives: Vec<Vec<NativeStep>>,
}

impl<'a> Seen<'a> {
    fn of(resource: Resource<'a>) -> Self {
        let natives = resource.program().tags.iter().map(|tag| {
            let mut steps = resource.native_steps(tag);
            let deciding = steps.iter().position(|step| step.value.is_some());
            steps.truncate(deciding.map_or(steps.len(), |winner| winner + 1));
            steps
        });
        Self { natives: natives.collect(), result: resource.result(), resource }
    }
}
