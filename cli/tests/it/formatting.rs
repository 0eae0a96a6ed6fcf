//! `tagpol fmt`

use std::io::Write as _;
use std::process::Stdio;

use crate::support::{Folder, Run, repository, tagpol};

const UGLY: &str = "tag   owner:email\npolicy owned {\nseverity high\nrequire   owner }\n";
const NEAT: &str = "tag owner: email\n\npolicy owned {\n  severity high\n  require owner\n}\n";

/// Runs the program with a standard input.
fn piped(args: &[&str], input: &str) -> Run {
    let mut command = tagpol();
    let command = command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    Run::of(child.wait_with_output().unwrap())
}

#[test]
fn files_are_rewritten_where_they_are() {
    let folder = Folder::with(&[("a.tagpol", UGLY), ("sub/b.tagpol", NEAT), (".hidden/c.tagpol", UGLY)]);
    let before = folder.entries();
    let out = folder.run(&["fmt", "."]).ends_with(0);
    assert_eq!(out, "formatted a.tagpol\n1 file formatted, 1 file unchanged\n");
    assert_eq!((folder.read("a.tagpol"), folder.read(".hidden/c.tagpol")), (NEAT.into(), UGLY.into()));
    assert_eq!(folder.entries(), before);
    let again = folder.run(&["fmt", "a.tagpol", "sub", "a.tagpol"]).ends_with(0);
    assert_eq!(again, "0 files formatted, 2 files unchanged\n");
}

#[test]
fn the_project_around_here_is_what_is_meant() {
    let folder = Folder::with(&[
        ("tagpol.toml", "policies = \"policies\"\n"),
        ("policies/a.tagpol", UGLY),
        ("drafts/b.tagpol", UGLY),
    ]);
    let out = folder.run(&["fmt"]).ends_with(0);
    assert_eq!(out, "formatted policies/a.tagpol\n1 file formatted, 0 files unchanged\n");
    assert_eq!(folder.read("drafts/b.tagpol"), UGLY);
}

#[test]
fn check_changes_nothing() {
    let folder = Folder::with(&[("a.tagpol", UGLY), ("b.tagpol", NEAT)]);
    let out = folder.run(&["fmt", "--check"]).ends_with(1);
    assert_eq!(out, "would format a.tagpol\n1 file would change, 1 file unchanged\n");
    assert_eq!(folder.read("a.tagpol"), UGLY);
    folder.run(&["fmt", "--check", "b.tagpol"]).ends_with(0);
}

#[test]
fn a_difference_can_be_applied() {
    let folder = Folder::with(&[("a.tagpol", UGLY), ("b.tagpol", NEAT)]);
    let out = folder.run(&["fmt", "--diff"]).ends_with(1);
    let expected = "\
--- a.tagpol
+++ a.tagpol
@@ -1,4 +1,6 @@
-tag   owner:email
+tag owner: email
+
 policy owned {
-severity high
-require   owner }
+  severity high
+  require owner
+}
";
    assert_eq!(out, expected);
    assert_eq!(folder.read("a.tagpol"), UGLY);
    assert_eq!(folder.run(&["fmt", "--diff", "b.tagpol"]).ends_with(0), "");
    let coloured = folder.run(&["fmt", "--diff", "--color", "always"]).ends_with(1);
    assert!(coloured.contains("\u{1b}[32m+tag owner: email\u{1b}[0m\n"), "{coloured:?}");
}

#[test]
fn standard_input_goes_to_standard_output() {
    assert_eq!(piped(&["fmt", "-"], UGLY).ends_with(0), NEAT);
    assert_eq!(piped(&["fmt", "-", "--check"], UGLY).ends_with(1), "");
    assert_eq!(piped(&["fmt", "-", "--check"], NEAT).ends_with(0), "");
    assert!(piped(&["fmt", "-", "--diff"], UGLY).ends_with(1).starts_with("--- <stdin>\n"));
    let text = "// \u{1b}[31mred\u{1b}[0m\r\ntag a:\ttext\r\n";
    assert_eq!(piped(&["fmt", "-"], text).ends_with(0), text.replace('\t', " "), "a comment is no colour");
}

#[test]
fn a_range_formats_what_it_touches() {
    let text = "tag   a: text\ntag   b: text\ntag   c: text\n";
    assert_eq!(
        piped(&["fmt", "-", "--range", "2"], text).ends_with(0),
        "tag   a: text\ntag b: text\ntag   c: text\n"
    );
    let folder = Folder::with(&[("a.tagpol", text), ("b.tagpol", text)]);
    folder.run(&["fmt", "a.tagpol", "--range", "2-9"]).ends_with(0);
    assert_eq!(folder.read("a.tagpol"), "tag   a: text\ntag b: text\ntag c: text\n");
    for (args, said) in [
        (&["fmt", "--range", "1-2"][..], "`--range` applies to one file"),
        (&["fmt", "b.tagpol", "--range", "4"], "there is no line 4"),
        (&["fmt", "b.tagpol", "--range", "0-1"], "like 12-20"),
        (&["fmt", "b.tagpol", "--range", "2-1"], "like 12-20"),
    ] {
        folder.run(args).fails_with(2, &[said]);
    }
    assert_eq!(folder.read("b.tagpol"), text);
}

#[test]
fn what_is_broken_is_left_and_named() {
    let folder =
        Folder::with(&[("a.tagpol", "tag   a:text\n  oops   x\n\ntag   b:text\n"), ("b.tagpol", NEAT)]);
    let run = folder.run(&["fmt"]);
    assert_eq!(folder.read("a.tagpol"), "tag a: text\n  oops   x\n\ntag b: text\n");
    for part in ["warning: `a.tagpol` has 1 syntax error", "a.tagpol:2:3: unexpected `oops`"] {
        assert!(run.err.contains(part), "{run:#?}");
    }
    assert_eq!(run.ends_with(2), "formatted a.tagpol\n1 file formatted, 1 file unchanged\n");
    folder.run(&["fmt", "--check"]).ends_with(2);
}

#[test]
fn one_bad_file_keeps_no_other_from_its_form() {
    let folder = Folder::with(&[("b.tagpol", UGLY)]);
    folder.write("a.tagpol", b"tag owner: text\n// \xe9\n");
    let run = folder.run(&["fmt"]);
    assert!(run.err.contains("not UTF-8") && run.err.contains("a.tagpol:2:4"), "{run:#?}");
    run.ends_with(2);
    assert_eq!(folder.read("b.tagpol"), NEAT);
    for (args, said) in [
        (&["fmt", "nowhere"][..], "no file or folder `nowhere`"),
        (&["fmt", "-", "b.tagpol"], "goes with no other path"),
        (&["fmt", "--check", "--diff"], "cannot be used with"),
    ] {
        folder.run(args).fails_with(2, &[said]);
    }
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::with(&[("real/a.tagpol", UGLY), ("locked.tagpol", UGLY)]);
    let mode = |name: &str, mode: u32| {
        std::fs::set_permissions(folder.path().join(name), PermissionsExt::from_mode(mode)).unwrap();
    };
    mode("real/a.tagpol", 0o640);
    mode("locked.tagpol", 0o444);
    std::os::unix::fs::symlink("real/a.tagpol", folder.path().join("link.tagpol")).unwrap();
    folder.run(&["fmt", "link.tagpol"]).ends_with(0);
    assert!(folder.path().join("link.tagpol").is_symlink());
    assert_eq!(folder.read("real/a.tagpol"), NEAT);
    let permissions = std::fs::metadata(folder.path().join("real/a.tagpol")).unwrap().permissions();
    assert_eq!(permissions.mode() & 0o777, 0o640);
    let locked = folder.run(&["fmt", "locked.tagpol"]);
    assert!(locked.err.contains("cannot write `locked.tagpol`"), "{locked:#?}");
    assert_eq!(folder.read("locked.tagpol"), UGLY);
}

#[test]
fn policies_of_this_repository_are_formatted() {
    let root = repository();
    let folders = ["stdlib", "examples", "cli/src/templates"].map(|folder| root.join(folder));
    Run::of(tagpol().args(["fmt", "--check"]).args(folders).output().unwrap()).ends_with(0);
}
