#!/bin/sh
# Puts the shared library of DuckDB into .duckdb/, where .cargo/config.toml and link_duckdb.rs
# look for it. Linking it takes seconds; compiling DuckDB takes over 20 minutes.
#
# Asked in this order, until one gives a library that fits:
#   1. the directory named by TAGPOL_DUCKDB_DIR
#   2. the npm package @duckdb/node-bindings-<os>-<arch>, whose library must have the hash below
#   3. none: .duckdb/bundled is written, and make passes `--features bundled` to cargo
#
# What is fetched is installed only if its hash is pinned here. A library from elsewhere, such as one of
# the official release, is used only if TAGPOL_DUCKDB_DIR names its directory.
#
# Promises: .duckdb/ holds either a whole library with its stamp, or the marker, or nothing; each is
# written under a temporary name and renamed. A library that is there and fits its stamp is kept.
# Wants: a POSIX shell with tar, Python 3, and npm for the second source. No environment is needed.
set -eu

# DUCKDB_VERSION is what the `duckdb` crate in Cargo.toml is made for: its second number is 1 05 06.
DUCKDB_VERSION=1.5.6
NPM_VERSION=1.5.6-r.1

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
dir=$root/.duckdb
stamp=$dir/stamp
bundled=$dir/bundled

say() { printf 'setup: %s\n' "$*"; }
warn() { printf 'setup: %s\n' "$*" >&2; }

# Sets what depends on the machine: platform (npm's words), library, and pin, the sha256 of the library in
# the npm package. To pin another version: `npm pack` each package, and hash its library.
describe_machine() {
  library=libduckdb.so
  platform= pin=
  case "$(uname -s)/$(uname -m)" in
    Linux/x86_64 | Linux/amd64)
      platform=linux-x64
      pin=3f4962cdd266eab2b479a5b5a4a6d063d279b2954ae814ed00385d553b747633
      ;;
    Linux/aarch64 | Linux/arm64)
      platform=linux-arm64
      pin=23686593dba4ec22c6e581bb1c843b3964e84c4bc4d0063d8b4daddd2e20e30a
      ;;
    Darwin/arm64)
      platform=darwin-arm64 library=libduckdb.dylib
      pin=75a519cb914ae36ca22cff0995a8a2e8c9a46990b8c0a479514f741a0d93f344
      ;;
    Darwin/x86_64)
      # The same library for both architectures.
      platform=darwin-x64 library=libduckdb.dylib
      pin=75a519cb914ae36ca22cff0995a8a2e8c9a46990b8c0a479514f741a0d93f344
      ;;
  esac
}

sha256() {
  python3 -c '
import hashlib, sys
digest = hashlib.sha256()
with open(sys.argv[1], "rb") as file:
    while block := file.read(1 << 20):
        digest.update(block)
print(digest.hexdigest())' "$1"
}

# Prints the version that a library says it has, or nothing where it does not load here.
version_of() {
  python3 -c '
import ctypes, sys
library = ctypes.CDLL(sys.argv[1])
library.duckdb_library_version.restype = ctypes.c_char_p
print(library.duckdb_library_version().decode().removeprefix("v"))' "$1" 2>/dev/null || true
}

stamp_line() { sed -n "s/^$1=//p" "$stamp"; }

# True where the library is the one its stamp tells of, and still the one that is wanted.
is_ready() {
  [ -f "$dir/$library" ] && [ -f "$stamp" ] || return 1
  [ "$(stamp_line version)" = "$DUCKDB_VERSION" ] || return 1
  if [ -n "${TAGPOL_DUCKDB_DIR:-}" ] && [ "$(stamp_line source)" != "$TAGPOL_DUCKDB_DIR" ]; then
    return 1
  fi
  case "$(stamp_line source)" in
    @* | *://*)
      # Fetched, perhaps by a version of this script that pinned less.
      if [ "$(stamp_line sha256)" != "$pin" ]; then
        warn "$dir/$library was fetched and has another checksum than the pinned one; it is replaced"
        return 1
      fi
      ;;
  esac
  [ "$(sha256 "$dir/$library")" = "$(stamp_line sha256)" ] && return 0
  warn "$dir/$library is not as it was put there; it is replaced"
  return 1
}

# Takes the library at $1, told to come from $2, if it is of the wanted version.
# $3 is the sha256 it must have, or `any` for a library that the user named.
install_library() {
  sum=$(sha256 "$1")
  if [ "$3" != any ] && [ "$sum" != "$3" ]; then
    warn "$2: wrong checksum, the library is not used"
    warn "  expected sha256 $3"
    warn "  found    sha256 $sum"
    return 1
  fi
  version=$(version_of "$1")
  if [ "$version" != "$DUCKDB_VERSION" ]; then
    warn "$2: want DuckDB $DUCKDB_VERSION, found ${version:-a library that does not load on this machine}"
    return 1
  fi
  # The library before its stamp: whatever stops this in between, they do not fit and it is redone.
  cp "$1" "$work/library" &&
    chmod 644 "$work/library" &&
    printf 'version=%s\nsource=%s\nsha256=%s\n' "$version" "$2" "$sum" >"$work/stamp" &&
    mv -f "$work/library" "$dir/$library" &&
    mv -f "$work/stamp" "$stamp" &&
    rm -f "$bundled" || {
    warn "cannot write to $dir"
    exit 1
  }
  checked='version checked, checksum unknown'
  [ "$sum" = "$pin" ] && checked='version and checksum checked'
  say "DuckDB $DUCKDB_VERSION from $2 ($checked)"
}

from_directory() {
  [ -n "${TAGPOL_DUCKDB_DIR:-}" ] || return 1
  if [ ! -f "$TAGPOL_DUCKDB_DIR/$library" ]; then
    warn "TAGPOL_DUCKDB_DIR: no $library in $TAGPOL_DUCKDB_DIR"
    return 1
  fi
  install_library "$TAGPOL_DUCKDB_DIR/$library" "$TAGPOL_DUCKDB_DIR" any
}

from_npm() {
  package=@duckdb/node-bindings-$platform@$NPM_VERSION
  if ! command -v npm >/dev/null 2>&1; then
    warn "npm is not installed; $package is not tried"
    return 1
  fi
  say "fetching $package"
  mkdir "$work/npm"
  if ! (cd "$work/npm" && npm pack --fetch-retries=1 "$package" >pack.log 2>&1); then
    warn "$package: $(sed -n 's/^npm error //p' "$work/npm/pack.log" | head -n 2 | tr '\n' ' ')"
    return 1
  fi
  if ! tar -xzf "$work"/npm/*.tgz -C "$work/npm" "package/$library" 2>/dev/null; then
    warn "$package: no $library in it"
    return 1
  fi
  install_library "$work/npm/package/$library" "$package" "$pin"
}

# Stands in for a library: make and the build of DuckDB's own sources do the rest.
from_source() {
  rm -f "$dir/$library" "$stamp"
  : >"$work/bundled"
  mv -f "$work/bundled" "$bundled"
  warn "no prebuilt DuckDB $DUCKDB_VERSION could be had: it will be compiled from source"
  warn "  this takes over 20 minutes, once, and needs a C++ compiler"
  warn "  with plain cargo commands pass: --features bundled"
  warn "  to use a library that you have: TAGPOL_DUCKDB_DIR=FOLDER make setup"
  warn "  to try the prebuilt sources again: rm -r $dir && make setup"
}

need() {
  command -v "$1" >/dev/null 2>&1 && return 0
  warn "$1 is needed, and not found in PATH: $2"
  exit 1
}

main() {
  need python3 'install Python 3.9 or newer'
  describe_machine
  if is_ready; then
    say "DuckDB $DUCKDB_VERSION is there"
    return 0
  fi
  if [ -f "$bundled" ] && [ -z "${TAGPOL_DUCKDB_DIR:-}" ]; then
    say "DuckDB is compiled from source; to try the prebuilt ones again: rm -r $dir"
    return 0
  fi
  mkdir -p "$dir"
  work=$(mktemp -d "$dir/.new.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' HUP INT TERM
  from_directory && return 0
  if [ -n "$platform" ]; then
    from_npm && return 0
  else
    warn "no prebuilt DuckDB for $(uname -s)/$(uname -m)"
  fi
  from_source
}

main
