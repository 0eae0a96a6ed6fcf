//! What a project's files name lies inside the project, and what lies outside is neither read, shown,
//! written nor removed. Whatever the user names on the command line may lie anywhere.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{CLEAN, DIRTY, Folder, NOW, OWNED, Run};

/// What no output may show.
const SECRET: &str = "invented-secret-0123";

/// A folder with secrets, and a project `repo` in it that reads the table `NAME`.
fn with_table(name: &str) -> Folder {
    let policies = format!(
        "tag owner: text\ntable t from \"{name}\" key k {{ k: text }}\nrule r {{ fill owner = t[\"x\"].k }}\n\
         policy p {{ severity low  require owner == \"nobody\" }}\ntest \"t\" {{ given {{ }} expect owner == \"nobody\" }}\n"
    );
    Folder::with(&[
        ("secret.csv", &format!("k\n{SECRET}\n")),
        ("secret.json", &format!("{{\"k\": \"{SECRET}\"}}\n")),
        ("secret.txt", &format!("{SECRET}\nmore of it\n")),
        ("repo/tagpol.toml", ""),
        ("repo/policies/p.tagpol", &policies),
        ("repo/.git/config", &format!("[{SECRET}]\n")),
        ("repo/i.csv", DIRTY),
    ])
}

fn shows_no_secret(run: &Run) {
    for text in [&run.out, &run.err] {
        assert!(!text.contains(SECRET), "{run:#?}");
    }
}

const COMMANDS: [&[&str]; 7] = [
    &["check", "repo"],
    &["test", "repo"],
    &["eval", "repo", "-i", "repo/i.csv", "--format", "json"],
    &["explain", "a", "--project", "repo", "-i", "repo/i.csv"],
    &["compile", "repo"],
    &["doc", "repo"],
    &["cost", "repo", "--by", "owner", "-i", "repo/i.csv"],
];

#[test]
fn a_table_outside_of_the_project_is_an_error_that_shows_nothing_of_it() {
    let links = [("link.csv", "../../secret.csv"), ("folder", "../.."), ("loop.csv", "loop.csv")];
    let names = [
        "../../secret.csv",
        "../../secret.json",
        "../../secret.txt",
        "../../none.csv",
        "link.csv",
        "folder/secret.csv",
        "folder/../secret.csv",
        "loop.csv",
        "/etc/passwd",
        "../.git/config",
        "/dev/stdin",
        "/dev/zero",
        "pipe",
        ".",
    ];
    for name in names {
        let folder = with_table(name);
        for (link, target) in links {
            symlink(target, folder.path().join("repo/policies").join(link)).unwrap();
        }
        make_pipe(&folder.path().join("repo/policies/pipe"));
        for command in COMMANDS {
            let run = folder.run(command);
            assert_eq!(run.code, 2, "{name}: {run:#?}");
            assert!(format!("{}{}", run.out, run.err).contains("E0050"), "{name}: {run:#?}");
            shows_no_secret(&run);
        }
    }
}

#[test]
fn a_table_elsewhere_in_the_project_is_read() {
    let folder = with_table("../tables/t.csv");
    folder.write("repo/tables/t.csv", "k\nx\n");
    // Also if only a part of the project is named.
    for path in ["repo", "repo/policies", "repo/policies/p.tagpol"] {
        folder.run(&["check", path]).ends_with(0);
    }
    // A project of its own inside of it ends at its own root.
    folder.write("repo/policies/tagpol.toml", "");
    let refused = folder.run(&["check", "repo/policies"]).ends_with(2);
    assert!(refused.contains("it is outside the project `repo/policies`"), "{refused}");
}

#[test]
fn cells_of_a_table_are_not_shown_when_they_are_wrong() {
    let policies = "table t from \"t.csv\" key k { k: text  n: number }\ntag owner: text\n\
                    rule r { fill owner = t[\"x\"].k }\npolicy p { severity low  require owner }\n";
    let table = format!("k,n\n{SECRET},1\n{SECRET},{SECRET}\n");
    let folder = Folder::with(&[("p.tagpol", policies), ("t.csv", &table), ("i.csv", DIRTY)]);
    let run = folder.run(&["eval", "-i", "i.csv"]);
    shows_no_secret(&run);
    run.fails_with(3, &["t.csv:3", "`n`", "number", "`k`", "line 2"]);
    let heading = Folder::with(&[("p.tagpol", policies), ("t.csv", &format!("{SECRET},k\n1,2\n"))]);
    let run = heading.run(&["check"]);
    assert_eq!(run.code, 2);
    shows_no_secret(&run);
}

#[test]
fn policies_and_manifests_are_no_links_and_no_pipes() {
    let secret = format!("{SECRET} = 1\n[{SECRET}\n");
    for name in ["p.tagpol", "tagpol.toml"] {
        let folder = Folder::with(&[("secret", &secret), ("repo/q.tagpol", OWNED), ("repo/i.csv", CLEAN)]);
        let path = folder.path().join("repo").join(name);
        symlink("../secret", &path).unwrap();
        for command in
            [&["check", "repo"][..], &["fmt", "repo", "--check"], &["eval", "repo", "-i", "repo/i.csv"]]
        {
            let run = folder.run(command);
            assert!(run.code == 2 || command[0] == "fmt" && name == "tagpol.toml", "{name}: {run:#?}");
            shows_no_secret(&run);
        }
        fs::remove_file(&path).unwrap();
        make_pipe(&path);
        folder.run(&["check", "repo"]).fails_with(2, &["a named pipe, not a regular file"]);
    }
    // A link that the user names is the user's.
    let folder = Folder::with(&[("elsewhere/p.tagpol", OWNED)]);
    symlink("elsewhere/p.tagpol", folder.path().join("named.tagpol")).unwrap();
    symlink("elsewhere", folder.path().join("folder")).unwrap();
    folder.run(&["check", "named.tagpol"]).ends_with(0);
    folder.run(&["check", "folder"]).ends_with(0);
}

#[test]
fn linked_folders_of_policies_are_no_silent_loss() {
    let folder = Folder::with(&[
        ("repo/p.tagpol", OWNED),
        ("shared/q.tagpol", "tag team: text\n"),
        ("data/x.csv", ""),
    ]);
    symlink("../data", folder.path().join("repo/data")).unwrap();
    folder.run(&["check", "repo"]).ends_with(0);
    symlink("../shared", folder.path().join("repo/shared")).unwrap();
    folder.run(&["check", "repo"]).fails_with(2, &["`repo/shared` is a symbolic link"]);
}

#[test]
fn what_the_manifest_names_lies_inside_the_project() {
    let settings = [
        "inventory = [\"../outside.csv\"]",
        "inventory = [\"/etc/passwd\"]",
        "inventory = [\"link.csv\"]",
        "inventory = [\"data\"]",
        "inventory = [\".git/list.csv\"]",
        "inventory = [\"pipe\"]",
        // What the system makes of these is not what their text says.
        "inventory = [\"link/../outside.csv\"]",
        "policies = \"link/../p\"",
        "snapshots = \"link/../snapshots\"",
        "state = \"link/../state.db\"",
        "[doc]\noutput = \"link/../doc.md\"",
        "[doc]\noutput = \"linked-pages\"",
        "policies = \"..\"",
        "policies = \"link\"",
        "policies = \"/\"",
        "snapshots = \"../snapshots\"",
        "snapshots = \"link/snapshots\"",
        "state = \"../state.db\"",
        "state = \"link/state.db\"",
        "state = \"link.csv\"",
        "state = \"pipe\"",
        "[doc]\noutput = \"../doc.md\"",
        "[doc]\noutput = \"link.csv\"",
        "[doc]\noutput = \"link\"",
    ];
    for setting in settings {
        let folder = Folder::with(&[
            ("outside.csv", &format!("id,tag:owner\n{SECRET},\n")),
            ("repo/tagpol.toml", setting),
            ("repo/p.tagpol", OWNED),
            ("repo/.git/list.csv", DIRTY),
            ("repo/data/a.csv", DIRTY),
            ("home/keep", "x"),
        ]);
        let repo = folder.path().join("repo");
        symlink("../outside.csv", repo.join("link.csv")).unwrap();
        symlink("../../outside.csv", repo.join("data/b.csv")).unwrap();
        symlink("../home", repo.join("link")).unwrap();
        make_pipe(&repo.join("pipe"));
        // A folder for pages in which one is a link.
        fs::create_dir(repo.join("linked-pages")).unwrap();
        symlink("../../planted.md", repo.join("linked-pages/index.md")).unwrap();
        let before = folder.entries();
        let command: &[&str] = match setting {
            _ if setting.starts_with("snapshots") => {
                &["snapshot", "import", "--project", "repo", "outside.csv"]
            }
            _ if setting.starts_with("state") => {
                &["tags", "--project", "repo", "set", "a", "owner=a@example.com"]
            }
            _ if setting.starts_with("[doc]") => &["doc", "repo"],
            _ => &["eval", "repo"],
        };
        let run = folder.run(command);
        assert_eq!(run.code, 2, "{setting}: {run:#?}");
        assert!(
            run.err.contains("repo/tagpol.toml") || run.err.contains("symbolic link"),
            "{setting}: {run:#?}"
        );
        shows_no_secret(&run);
        if !setting.ends_with("linked-pages\"") {
            folder.run(&["check", "repo"]).fails_with(2, &["repo/tagpol.toml"]);
        }
        assert_eq!(folder.entries(), before, "{setting}");
    }
}

#[test]
fn what_the_command_line_names_may_lie_anywhere() {
    let folder = Folder::with(&[("outside.csv", CLEAN), ("repo/tagpol.toml", ""), ("repo/p.tagpol", OWNED)]);
    symlink("outside.csv", folder.path().join("link.csv")).unwrap();
    for inventory in ["outside.csv", "link.csv"] {
        folder.run(&["eval", "repo", "-i", inventory, "-o", "json=out.json"]).ends_with(0);
    }
    folder.run(&["doc", "repo", "--output", "doc.md"]).ends_with(0);
    assert!(folder.path().join("doc.md").is_file());
}

/// Everything below `.tagpol` may have come with the repository.
#[test]
fn the_projects_own_folder_is_no_way_out() {
    for link in [
        ".tagpol",
        ".tagpol/models",
        ".tagpol/state.db",
        ".tagpol/state.db-journal",
        ".tagpol/state.duckdb",
        ".tagpol/snapshots",
    ] {
        let folder = Folder::with(&[
            ("home/.ssh/id", "invented"),
            ("home/models/.hidden", "x"),
            ("home/file", "kept"),
            ("repo/tagpol.toml", ""),
            ("repo/p.tagpol", OWNED),
            ("repo/i.csv", DIRTY),
        ]);
        let path = folder.path().join("repo").join(link);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let is_file = link.contains("state.d");
        symlink(folder.path().join(if is_file { "home/file" } else { "home" }), path).unwrap();
        let before = folder.entries();
        let commands: [&[&str]; 6] = [
            &["model", "--project", "repo", "rollback"],
            &["model", "--project", "repo", "list"],
            &["eval", "repo", "-i", "repo/i.csv"],
            &["tags", "--project", "repo", "set", "a", "owner=a@example.com"],
            &["snapshot", "import", "--project", "repo", "repo/i.csv"],
            &["train", "--project", "repo", "-i", "repo/i.csv"],
        ];
        for command in commands {
            shows_no_secret(&folder.run(command));
        }
        let home = |entries: std::collections::BTreeSet<String>| -> Vec<String> {
            entries.into_iter().filter(|entry| entry.starts_with("home")).collect()
        };
        assert_eq!(home(folder.entries()), home(before), "{link}");
        assert_eq!(folder.read("home/file"), "kept", "{link}");
    }
}

#[test]
fn a_folder_of_models_that_is_somebody_elses_keeps_all_that_is_in_it() {
    // dbt has such a folder; here the state store lies in the root next to it.
    let folder = Folder::with(&[
        ("tagpol.toml", "state = \"state.db\""),
        ("p.tagpol", OWNED),
        ("models/.git/HEAD", "x"),
        ("models/.gitkeep", ""),
        ("models/a.sql", "x"),
        ("models/.model.123/model.json", "x"),
    ]);
    let before = folder.entries();
    folder.run(&["model", "rollback"]).fails_with(2, &["no model was promoted before"]);
    assert_eq!(folder.entries(), before);
    folder.write("models/promoted", "../../elsewhere\n../../elsewhere\n");
    folder.run(&["model", "rollback"]).fails_with(3, &["promoted", "not the id of a model"]);
}

#[test]
fn a_state_store_never_takes_the_name_of_another_file() {
    // The lock of a store is a file next to it, and `Cargo.lock` belongs to another program.
    let folder = Folder::with(&[
        ("tagpol.toml", "state = \"Cargo\""),
        ("p.tagpol", OWNED),
        ("Cargo.lock", "[[package]]\n"),
        ("Cargo.new", "x"),
    ]);
    folder.run(&["tags", "set", "a", "owner=a@example.com", "--by", "jo"]).ends_with(0);
    assert_eq!(folder.read("Cargo.lock"), "[[package]]\n");
    assert_eq!(folder.read("Cargo.new"), "x");
}

#[test]
fn outputs_replace_regular_files_only() {
    let list = "id,monthly_cost,currency\na,1,USD\n";
    let folder = Folder::with(&[("p.tagpol", OWNED), ("i.csv", list), ("target", "old")]);
    make_pipe(&folder.path().join("pipe"));
    symlink("/dev/null", folder.path().join("null")).unwrap();
    symlink("/proc/self/fd/1", folder.path().join("stdout")).unwrap();
    symlink("target", folder.path().join("link")).unwrap();
    let kind = |name: &str| fs::symlink_metadata(folder.path().join(name)).unwrap().file_type();
    let outputs: [&[&str]; 4] = [
        &["eval", "p.tagpol", "-i", "i.csv", "--now", NOW, "--format", "json", "-o"],
        &["cost", "p.tagpol", "-i", "i.csv", "--now", NOW, "--by", "owner", "--format", "csv", "-o"],
        &["diff", "p.tagpol", "p.tagpol", "-i", "i.csv", "--now", NOW, "--format", "json", "-o"],
        &["tags", "export", "--output"],
    ];
    for output in outputs {
        let run = |name: &str| folder.run(&output.iter().copied().chain([name]).collect::<Vec<_>>());
        assert!(run("pipe").err.contains("no process reads the pipe"), "{output:?}");
        assert!(run("null").code <= 1);
        assert!(!run("stdout").out.is_empty(), "{output:?}");
        assert!(run("link").code <= 1);
        assert_ne!(folder.read("target"), "old", "{output:?}");
        folder.write("target", "old");
        assert!(
            kind("pipe").is_fifo()
                && ["null", "stdout", "link"].into_iter().all(|name| kind(name).is_symlink())
        );
        assert_eq!(folder.left_behind(), [""; 0]);
    }
    // What reads a pipe gets the report, as from a process substitution.
    let mut eval = folder.command(&["eval", "p.tagpol", "-i", "i.csv", "-o", "json=pipe"]);
    let mut reader =
        Command::new("cat").arg(folder.path().join("pipe")).stdout(Stdio::piped()).spawn().unwrap();
    while Run::of(eval.output().unwrap()).code > 1 {}
    let mut text = String::new();
    std::io::Read::read_to_string(reader.stdout.as_mut().unwrap(), &mut text).unwrap();
    reader.wait().unwrap();
    assert!(text.contains("\"schema_version\""), "{text}");
}

#[test]
fn a_new_project_writes_through_no_link() {
    let folder = Folder::new();
    symlink("../elsewhere", folder.path().join(".gitignore")).unwrap();
    symlink("outside.csv", folder.path().join("inventory.csv")).unwrap();
    folder.run(&["init"]).fails_with(2, &["exists already"]);
    assert!(!folder.path().join("outside.csv").exists());
    let folder = Folder::with(&[("out/keep", "")]);
    fs::create_dir(folder.path().join("repo")).unwrap();
    symlink("../out", folder.path().join("repo/policies")).unwrap();
    folder.run(&["init", "repo"]).fails_with(2, &["`repo/policies` is a symbolic link"]);
    assert!(
        !folder.path().join("out/tags.tagpol").exists() && !folder.path().join("repo/tagpol.toml").exists()
    );
}

#[test]
fn a_run_that_is_killed_is_tidied_up_by_the_next_one() {
    let folder = Folder::with(&[("p.tagpol", OWNED), ("i.csv", DIRTY), ("list.ndjson", &long_list())]);
    let before = folder.entries();
    for signal in ["-KILL", "-TERM", "-INT"] {
        let mut eval = folder.command(&[
            "eval",
            "p.tagpol",
            "-i",
            "list.ndjson",
            "-o",
            "json=out.json",
            "-o",
            "html=out.html",
        ]);
        let mut child = eval.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // While a report is being written.
        while !folder.entries().iter().any(|entry| entry.starts_with(".tagpol-scratch-")) {
            assert!(child.try_wait().unwrap().is_none(), "it was faster");
        }
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        let code = child.wait().unwrap().code();
        if signal == "-KILL" {
            assert_eq!(code, None);
            assert_ne!(folder.entries(), before);
            folder.run(&["eval", "p.tagpol", "-i", "i.csv", "-o", "json=out.json"]).ends_with(1);
            fs::remove_file(folder.path().join("out.json")).unwrap();
        } else {
            assert_eq!(code, Some(130), "{signal}");
        }
        let mut after = folder.entries();
        after.retain(|entry| !entry.starts_with("out."));
        assert_eq!((after, folder.left_behind()), (before.clone(), Vec::new()), "{signal}");
    }
}

fn long_list() -> String {
    (0..40_000).map(|number| format!("{{\"id\":\"i-{number}\",\"tags\":{{\"owner\":\"x\"}}}}\n")).collect()
}

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}
