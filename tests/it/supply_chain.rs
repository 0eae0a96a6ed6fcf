//! The checks on what comes from others: advisories of crates, and the library of DuckDB.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn write(folder: &Path, name: &str, text: &str) {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn copy_script(folder: &Path, name: &str) {
    let text = std::fs::read_to_string(root().join("scripts").join(name)).unwrap();
    write(folder, &format!("scripts/{name}"), &text);
}

fn output_of(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat()).into_owned()
}

/// Runs the check on a repository of one locked crate.
fn check_advisories(version: &str, ranges: &str, deny: &str, covered: &str) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    copy_script(folder.path(), "advisories.py");
    let snapshot = format!(
        "date = \"2026-01-01\"\nsource = \"db\"\ncrates = [\"{covered}\"]\n\n[[advisory]]\nid = \"RUSTSEC-1\"\n\
         crate = \"a\"\nkind = \"vulnerability\"\n{ranges}\n"
    );
    write(folder.path(), "scripts/advisories.toml", &snapshot);
    write(folder.path(), "deny.toml", deny);
    let package = format!("[[package]]\nname = \"a\"\nversion = \"{version}\"\nsource = \"registry+x\"\n");
    write(folder.path(), "fuzz/Cargo.lock", &package);
    let output = Command::new("python3").arg(folder.path().join("scripts/advisories.py")).output().unwrap();
    (output.status.success(), output_of(&output))
}

#[test]
fn a_version_is_affected_unless_a_range_of_the_advisory_excludes_it() {
    let ranges =
        "patched = [\"^1.2.3\", \">=2.1, <3\", \"~0.4.2\", \"=5.0.0\", \">7\"]\nunaffected = [\"<0.3\"]";
    for (version, affected) in [
        ("0.2.9", false),
        ("0.3.0", true),
        ("0.3.0-rc.1", false),
        ("0.4.1", true),
        ("0.4.9", false),
        ("0.5.0", true),
        ("1.2.2", true),
        ("1.2.3-alpha.2", true),
        ("1.2.3", false),
        ("1.99.0+build.7", false),
        ("2.0.0", true),
        ("2.1.0", false),
        ("3.0.0", true),
        ("5.0.0", false),
        ("5.0.1", true),
        ("7.0.0", true),
        ("7.0.1", false),
        ("10.0.0", false),
    ] {
        let (passes, output) = check_advisories(version, ranges, "", "a");
        assert_eq!(passes, !affected, "{version}: {output}");
        assert_eq!(output.contains("RUSTSEC-1"), affected, "{version}: {output}");
    }
}

#[test]
fn an_advisory_is_ignored_with_a_reason_only_and_while_it_is_needed() {
    let ranges = "patched = [\">= 2.0.0\"]\nunaffected = []";
    let ignore = |rest: &str| format!("[advisories]\nignore = [\n    {{ id = \"RUSTSEC-1\"{rest} }},\n]\n");
    let reason = ignore(", reason = \"no input reaches it\"");
    let (passes, output) = check_advisories("1.0.0", ranges, &reason, "a");
    assert!(passes, "{output}");
    let (passes, output) = check_advisories("1.0.0", ranges, &ignore(""), "a");
    assert!(!passes && output.contains("without a reason"), "{output}");
    let (passes, output) = check_advisories("2.0.0", ranges, &reason, "a");
    assert!(!passes && output.contains("remove the entry"), "{output}");
}

#[test]
fn a_crate_that_nobody_looked_up_is_an_error() {
    let (passes, output) = check_advisories("1.0.0", "patched = []\nunaffected = [\">=0\"]", "", "b");
    assert!(!passes && output.contains("`a` is not covered"), "{output}");
}

/// Runs the set-up on a machine of this kind, whose npm delivers a library of this content.
fn set_up(system: &str, machine: &str, library: &str, content: &str) -> (PathBuf, tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    copy_script(folder.path(), "setup.sh");
    let program = |name: &str, text: &str| {
        write(folder.path(), &format!("bin/{name}"), text);
        let path = folder.path().join("bin").join(name);
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    program("uname", &format!("#!/bin/sh\ncase $1 in -s) echo {system} ;; *) echo {machine} ;; esac\n"));
    program(
        "npm",
        &format!(
            "#!/bin/sh\nmkdir package && printf '%s' '{content}' >package/{library} && tar -czf a.tgz package\n"
        ),
    );
    let path = format!("{}:{}", folder.path().join("bin").display(), std::env::var("PATH").unwrap());
    let script = folder.path().join("scripts/setup.sh");
    let output =
        Command::new("sh").arg(script).env("PATH", path).env_remove("TAGPOL_DUCKDB_DIR").output().unwrap();
    (folder.path().join(".duckdb"), folder, output_of(&output))
}

#[test]
fn a_fetched_library_without_the_pinned_hash_is_refused_on_every_platform() {
    for (system, machine, library) in [
        ("Linux", "x86_64", "libduckdb.so"),
        ("Linux", "aarch64", "libduckdb.so"),
        ("Darwin", "arm64", "libduckdb.dylib"),
        ("Darwin", "x86_64", "libduckdb.dylib"),
    ] {
        let (place, _folder, output) = set_up(system, machine, library, "another library");
        assert!(output.contains("wrong checksum"), "{system} {machine}: {output}");
        assert!(!place.join(library).exists(), "{system} {machine}: {output}");
        assert!(place.join("bundled").exists(), "{system} {machine}: {output}");
    }
}

#[test]
fn nothing_is_fetched_for_a_platform_without_a_pin() {
    let (place, _folder, output) = set_up("Plan9", "mips", "libduckdb.so", "a library");
    assert!(output.contains("no prebuilt DuckDB for Plan9/mips") && !output.contains("fetching"), "{output}");
    assert!(!place.join("libduckdb.so").exists(), "{output}");
}
