//! Trainings and promotions that are killed (SIGKILL) at any moment.

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Folder, NOW};

/// A small project: a training takes a second.
fn project() -> Folder {
    let rows: String = (0..64)
        .map(|number| {
            let team = ["red", "blue"][number % 2];
            let tag = if number % 16 > 1 { team } else { "" };
            format!("r-{number},{team}-{number},vm,{team}-{},{tag}\n", number / 2 % 12)
        })
        .collect();
    let policy = "tag team: text\ninfer team { apply at 0.6  suggest at 0.1 }\n";
    let rows = format!("id,name,type,account,tag:team\n{rows}");
    Folder::with(&[("tagpol.toml", "inventory = [\"i.csv\"]\n"), ("p.tagpol", policy), ("i.csv", &rows)])
}

fn start(folder: &Folder, args: &[&str]) -> Child {
    folder.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn train(seed: usize) -> Vec<String> {
    ["train", "--now", NOW, "--seed"].iter().map(|arg| (*arg).to_owned()).chain([seed.to_string()]).collect()
}

fn start_training(folder: &Folder, seed: usize) -> Child {
    let args = train(seed);
    start(folder, &args.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Kills it. Returns whether it was still at work.
fn kill(mut child: Child) -> bool {
    child.kill().unwrap();
    !child.wait().unwrap().success()
}

fn models(folder: &Folder) -> PathBuf {
    folder.path().join(".tagpol/models")
}

/// What killed trainings have left.
fn leftovers(folder: &Folder) -> Vec<String> {
    let entries = std::fs::read_dir(models(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with('.') && name != ".lock").collect()
}

/// The model that is used, and how many there are. Each that is listed can be shown, so it is whole.
fn used(folder: &Folder) -> (String, usize) {
    let list = folder.run(&["model", "list"]).ends_with(0);
    for line in list.lines() {
        assert!(line.ends_with("1 tag, 56 resources"), "{list}");
    }
    let used = list.lines().find_map(|line| line.strip_prefix("* ")).expect("one is used");
    (used.split_whitespace().next().unwrap().to_owned(), list.lines().count())
}

fn suggested(folder: &Folder) -> String {
    folder.run(&["suggest", "--format", "csv", "--now", NOW]).ends_with(0)
}

#[test]
fn a_training_that_is_killed_leaves_the_model_that_is_used() {
    let folder = project();
    let began = Instant::now();
    folder.run(&["train", "--now", NOW]).ends_with(0);
    let whole = began.elapsed();
    let (first, _) = used(&folder);
    let said = suggested(&folder);
    assert!(said.lines().count() > 2, "{said}");

    let mut killed = 0;
    for seed in 2..12_u32 {
        let child = start_training(&folder, seed as usize);
        std::thread::sleep(whole * seed / 10);
        killed += u32::from(kill(child));
        // Another model is used only where the training had come to its end.
        let (model, count) = used(&folder);
        assert!(model == first || count > 1, "{model}");
        if model == first {
            assert_eq!(suggested(&folder), said);
        }
    }
    assert!(killed > 3, "{killed}");
}

/// The moments that matter are those in which files appear.
#[test]
fn a_training_that_is_killed_while_it_writes_leaves_no_half_model() {
    let folder = project();
    folder.run(&["train", "--now", NOW]).ends_with(0);
    let (mut model, mut count) = used(&folder);
    let mut said = suggested(&folder);
    let (mut left, mut killed) = (0, 0);
    for seed in 2..11 {
        let mut child = start_training(&folder, seed);
        while leftovers(&folder).is_empty() && child.try_wait().unwrap().is_none() {
            std::hint::spin_loop();
        }
        std::thread::sleep(Duration::from_micros(150 * (seed as u64 - 2)));
        killed += usize::from(kill(child));
        left += usize::from(!leftovers(&folder).is_empty());
        let (now, more) = used(&folder);
        assert!(more == count || more == count + 1, "{more} after {count}");
        if now == model {
            assert_eq!(suggested(&folder), said);
        } else {
            assert_eq!(more, count + 1, "what is used now is new and whole");
            said = suggested(&folder);
        }
        (model, count) = (now, more);
        // The next one cleans up, which is why each begins with nothing left.
        folder.run(&["model", "promote", &model]).ends_with(0);
        assert_eq!(leftovers(&folder), Vec::<String>::new());
    }
    assert!(killed > 0 && left > 0, "{killed} were killed, {left} left something");
    // A training that nobody disturbs goes on from there.
    folder.run(&["train", "--now", NOW, "--seed", "99"]).ends_with(0);
    assert_eq!(used(&folder).1, count + 1);
    assert_eq!(leftovers(&folder), Vec::<String>::new());
}

#[test]
fn a_promotion_that_is_killed_is_made_or_not() {
    let folder = project();
    folder.run(&["train", "--now", NOW]).ends_with(0);
    let (a, _) = used(&folder);
    folder.run(&["train", "--now", NOW, "--seed", "2", "--no-promote"]).ends_with(0);
    let list = folder.run(&["model", "list"]).ends_with(0);
    let b = list.lines().find(|line| !line.starts_with('*')).unwrap().split_whitespace().next().unwrap();
    let began = Instant::now();
    folder.run(&["model", "promote", b]).ends_with(0);
    let whole = began.elapsed();
    let mut seen = [0, 0];
    for step in 0..24_u32 {
        folder.run(&["model", "promote", &a]).ends_with(0);
        let child = start(&folder, &["model", "promote", b]);
        std::thread::sleep(whole * (step + 1) / 24);
        kill(child);
        let (model, count) = used(&folder);
        assert_eq!(count, 2);
        assert!([a.as_str(), b].contains(&model.as_str()), "{model}");
        seen[usize::from(model == b)] += 1;
    }
    assert!(seen[0] > 0, "{seen:?}");
    folder.run(&["model", "rollback"]).ends_with(0);
    assert_eq!(leftovers(&folder), Vec::<String>::new());
}
