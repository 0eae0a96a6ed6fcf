#!/usr/bin/env bash
# Evaluates for a step of GitHub Actions: annotations, a summary, a JSON report, and SARIF where SARIF is `true`.
# In: PROJECT, INVENTORY (lines), FAIL_ON. Out, as outputs of the step: `report`, `sarif` and `status`, the exit code of
# `tagpol eval`. Open findings do not fail this step, so that the next ones can tell of them; errors do.
set -euo pipefail

report=$RUNNER_TEMP/tagpol.json
sarif=$RUNNER_TEMP/tagpol.sarif
arguments=(eval "$PROJECT" -o github -o "json=$report")
if [ "$SARIF" = true ]; then arguments+=(-o "sarif=$sarif"); fi
if [ -n "$FAIL_ON" ]; then arguments+=(--fail-on "$FAIL_ON"); fi
while IFS= read -r file; do
  if [ -n "$file" ]; then arguments+=(--inventory "$file"); fi
done <<<"$INVENTORY"

status=0
tagpol "${arguments[@]}" || status=$?
printf '%s\n' "status=$status" "report=$report" "sarif=$sarif" >>"$GITHUB_OUTPUT"
if [ "$status" -gt 1 ]; then exit "$status"; fi
