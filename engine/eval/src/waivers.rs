//! Waivers: the exemptions of a program and the findings that they waive.

use chrono::NaiveDate;
use tagpol_plan::QueryKind;
use tagpol_sema::program::{Loc, Program};

use crate::error::RunError;
use crate::finding::{Evaluation, State};
use crate::findings::Finding;
use crate::run::Run;

/// The exemptions of a program, and which of them waives a finding.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Waivers {
    /// Every exemption, ended ones too, in the order of the program.
    pub list: Vec<Waiver>,
    /// Index of a finding and index in the list, sorted.
    by_finding: Vec<(usize, usize)>,
}

/// An exemption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// Name of the policy.
    pub policy: String,
    /// Id of the check. None: all checks of the policy.
    pub check: Option<String>,
    /// The last day on which it counts, in UTC.
    pub until: NaiveDate,
    /// The reason.
    pub because: String,
    /// Findings that it waives, and that no earlier one does.
    pub findings: u64,
    /// Place of the item.
    pub loc: Loc,
}

impl Waivers {
    /// Returns what waives a finding, by its index in the evaluation.
    pub fn of(&self, finding: usize) -> Option<&Waiver> {
        self.index_of(finding).and_then(|waiver| self.list.get(waiver))
    }

    /// Returns the index in [`Self::list`] of what waives a finding.
    pub fn index_of(&self, finding: usize) -> Option<usize> {
        let at = self.by_finding.binary_search_by_key(&finding, |(finding, _)| *finding).ok()?;
        self.by_finding.get(at).map(|(_, waiver)| *waiver)
    }

    /// Reads which exemption waives which of the findings, and how many each waives in all.
    pub fn read(run: &Run, program: &Program, evaluation: &Evaluation) -> Result<Self, RunError> {
        let mut waivers = Self { list: declared(program), by_finding: Vec::new() };
        if evaluation.summary.exempt == 0 {
            return Ok(waivers);
        }
        let findings = evaluation.findings.iter().enumerate();
        let mut exempt = findings.filter(|(_, finding)| finding.state() == State::Exempt).peekable();
        run.for_each(QueryKind::Waivers, |row| {
            let (check, resource, waiver) =
                (row.index("check_index")?, row.text("resource_id"), row.index("exemption")?);
            let info = waivers.list.get_mut(waiver).ok_or_else(|| row.unexpected("an unknown exemption"))?;
            info.findings += 1;
            // Both come in the order of checks and resources; not all findings need to have been read.
            let is_it = |(_, finding): &(usize, Finding<'_>)| {
                finding.check() == check && Some(finding.resource()) == resource.as_deref()
            };
            waivers.by_finding.extend(exempt.next_if(is_it).map(|(finding, _)| (finding, waiver)));
            Ok(())
        })?;
        match exempt.next() {
            None => Ok(waivers),
            Some(_) => {
                let reason = "a waived finding without a waiver".to_owned();
                Err(RunError::Answer { query: QueryKind::Waivers.as_str(), reason })
            }
        }
    }
}

fn declared(program: &Program) -> Vec<Waiver> {
    let waiver = |exemption: &tagpol_sema::program::Exemption| {
        let policy = program.policies.get(exemption.policy);
        let check = exemption.check.and_then(|check| policy?.checks.get(check));
        Waiver {
            policy: policy.map_or_else(String::new, |policy| policy.name.clone()),
            check: check.map(|check| check.id.clone()),
            until: exemption.until,
            because: exemption.because.clone(),
            findings: 0,
            loc: exemption.loc.clone(),
        }
    };
    program.exemptions.iter().map(waiver).collect()
}
