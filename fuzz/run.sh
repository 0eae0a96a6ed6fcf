#!/usr/bin/env bash
# Fuzzes one target, or all of them one after the other, for some time each, with the compiler that the
# repository is built with; cargo-fuzz and a nightly compiler are not needed.
#
#     fuzz/run.sh parse 600       # seconds
#     fuzz/run.sh all 600
#
# `make setup` has to be run before, since some targets link DuckDB. With `all`, the targets after one that
# fails are fuzzed too.
set -euo pipefail

cd "$(dirname "$0")"
all=$(sed -n 's/^path = "fuzz_targets\/\(.*\)\.rs"$/\1/p' Cargo.toml)
wanted=${1:?name a target: all, or one of $(echo $all)}
seconds=${2:-600}
host=$(rustc -vV | sed -n 's/^host: //p')
features=
if [ -e ../.duckdb/bundled ]; then features='--features bundled'; fi

python3 seeds.py
# What cargo-fuzz asks for, without a sanitizer: the code has no `unsafe` that one could watch.
export RUSTFLAGS='--cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1
  -Cllvm-args=-sanitizer-coverage-level=4
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
  -Cllvm-args=-sanitizer-coverage-pc-table
  -Cllvm-args=-sanitizer-coverage-trace-compares'

# What the targets need to see of a file: a Parquet footer is at its end, so those inputs are longer.
longest() {
  case $1 in
    parse | format | check) echo 4000 ;;
    *) echo 16384 ;;
  esac
}

fuzz() {
  # Inputs are written to folders of their own, which a run that is killed leaves behind; in memory where
  # that is possible, since snapshots wait for the disk.
  local scratch status=0
  scratch=$(mktemp -d /dev/shm/tagpol-fuzz.XXXXXX 2>/dev/null || mktemp -d)
  mkdir -p "artifacts/$1"
  cargo build --release --locked --target "$host" $features --bin "$1"
  TMPDIR=$scratch "${CARGO_TARGET_DIR:-target}/$host/release/$1" "corpus/$1" \
    -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len="$(longest "$1")" \
    -artifact_prefix="artifacts/$1/" || status=$?
  rm -rf "$scratch"
  return "$status"
}

failed=
for target in $all; do
  if [ "$wanted" = all ] || [ "$wanted" = "$target" ]; then
    known=yes
    fuzz "$target" || failed="$failed $target"
  fi
done
if [ -z "${known:-}" ]; then
  echo "there is no target $wanted; there are: $(echo $all)" >&2
  exit 2
fi
if [ -n "$failed" ]; then
  echo "failed:$failed; the inputs are in fuzz/artifacts" >&2
  exit 1
fi
