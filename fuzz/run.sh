#!/usr/bin/env bash
# Fuzzes one target for some time, with the compiler that the repository is built with; cargo-fuzz and a
# nightly compiler are not needed.
#
#     fuzz/run.sh parse 600       # or format, check; seconds
set -euo pipefail

cd "$(dirname "$0")"
target=${1:?name a target: parse, format or check}
seconds=${2:-600}
host=$(rustc -vV | sed -n 's/^host: //p')

python3 seeds.py
mkdir -p "artifacts/$target"
# What cargo-fuzz asks for, without a sanitizer: the code has no `unsafe` that one could watch.
export RUSTFLAGS='--cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1
  -Cllvm-args=-sanitizer-coverage-level=4
  -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
  -Cllvm-args=-sanitizer-coverage-pc-table
  -Cllvm-args=-sanitizer-coverage-trace-compares'
cargo build --release --locked --target "$host" --bin "$target"
exec "${CARGO_TARGET_DIR:-target}/$host/release/$target" "corpus/$target" \
  -max_total_time="$seconds" -timeout=60 -max_len=4000 -artifact_prefix="artifacts/$target/"
