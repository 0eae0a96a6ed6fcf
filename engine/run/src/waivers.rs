//! Waivers: the exemptions of a program and the findings that they waive.

use chrono::NaiveDate;
use tagpol_plan::QueryKind;
use tagpol_sema::program::{Loc, Program};

use crate::error::RunError;
use crate::evaluate::Run;
use crate::finding::{Finding, State};

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
    /// Returns what waives a finding, told by its index in the evaluation.
    pub fn of(&self, finding: usize) -> Option<&Waiver> {
        self.index_of(finding).and_then(|waiver| self.list.get(waiver))
    }

    /// Returns the index in [`Self::list`] of what waives a finding.
    pub(crate) fn index_of(&self, finding: usize) -> Option<usize> {
        let at = self.by_finding.binary_search_by_key(&finding, |(finding, _)| *finding).ok()?;
        self.by_finding.get(at).map(|(_, waiver)| *waiver)
    }

    /// Reads which exemption waives which of the findings.
    pub(crate) fn read(run: &Run, program: &Program, findings: &[Finding]) -> Result<Self, RunError> {
        let mut waivers = Self { list: declared(program), by_finding: Vec::new() };
        let mut exempt =
            findings.iter().enumerate().filter(|(_, finding)| finding.state == State::Exempt).peekable();
        if exempt.peek().is_none() {
            return Ok(waivers);
        }
        run.for_each(QueryKind::Waivers, |row| {
            // Both come in the order of checks and resources, and there is one for each.
            let next = exempt.next().filter(|(_, finding)| row.text(1).as_ref() == Some(&finding.resource));
            let (finding, _) = next.ok_or_else(|| row.unexpected("a waiver without a finding"))?;
            let waiver = row.index(2)?;
            let info = waivers.list.get_mut(waiver).ok_or_else(|| row.unexpected("an unknown exemption"))?;
            info.findings += 1;
            waivers.by_finding.push((finding, waiver));
            Ok(())
        })?;
        Ok(waivers)
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
