//! Compliance check: gaps by the controls of frameworks.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::{STEPS, Steps};
use crate::facts::{Topic, check_name, controls, worst_checks};
use crate::input::AdviceInput;
use crate::sentence::{Part, list, name, sentence, several, value};

pub(super) fn add(input: &AdviceInput, steps: &mut Steps<'_>) {
    let controls = controls(input);
    let mut gaps: Vec<_> = controls.iter().enumerate().filter(|(_, control)| control.is_gap()).collect();
    gaps.sort_by_key(|(at, control)| {
        let worst = control.failing_checks().map(|check| check.severity).min();
        (worst, Reverse(control.open + control.pending), *at)
    });
    for (at, control) in gaps.iter().take(STEPS * 2) {
        let checks = list(control.failing_checks().take(STEPS).map(|check| name(&check_name(check))));
        let sentence = sentence![
            "Close the gap in ",
            name(control.framework),
            " control ",
            value(control.id),
            ": fix ",
            control.findings(),
            " of ",
            checks,
            ".",
        ];
        steps.add(&[Topic::Control(*at)], sentence);
    }
    let names: BTreeSet<&str> = controls.iter().map(|control| control.framework).collect();
    for (at, framework) in names.iter().enumerate() {
        if !controls.iter().any(|control| control.framework == *framework && control.is_gap()) {
            let sentence = sentence![
                "Keep ",
                name(framework),
                " as it is: the policies find no gap. Policies check what they describe, and not the whole framework.",
            ];
            steps.add(&[Topic::Framework(at)], sentence);
        }
    }
    if input.policies_without_controls > 0 {
        let policies = several(input.policies_without_controls, "policy", "policies");
        let sentence = sentence![
            "Add the controls that they support to ",
            policies,
            ", so that gaps can be reported by framework.",
        ];
        steps.add(&[Topic::WithoutControls], sentence);
    }
    add_without_framework(input, controls.is_empty(), steps);
    if input.undetermined > 0 {
        let checks = several(input.undetermined, "check", "checks");
        steps.add(
            &[Topic::Undetermined],
            sentence!["Evaluate again when the values are known: ", checks, " could not be decided."],
        );
    }
    if input.waived > 0 {
        let waived = several(input.waived, "finding is", "findings are");
        steps.add(
            &[Topic::Waived],
            sentence!["Review the waivers before an audit: ", waived, " not counted."],
        );
    }
}

/// Without controls the worst checks are the gaps.
fn add_without_framework(input: &AdviceInput, applies: bool, steps: &mut Steps<'_>) {
    if !applies {
        return;
    }
    for at in worst_checks(input).into_iter().take(STEPS) {
        let Some(check) = input.checks.get(at) else { continue };
        let sentence = sentence![
            "Fix ",
            name(&check_name(check)),
            " first on ",
            Part::Count(check.failing()),
            if check.failing() == 1 { " resource" } else { " resources" },
            "; it is ",
            check.severity.as_str(),
            ".",
        ];
        steps.add(&[Topic::Check(at)], sentence);
    }
}
