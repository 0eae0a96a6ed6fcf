//! `docs/walk-through.md` goes as shown, against moto.

use serde_json::json;

use super::{hash, read_plan};
use crate::documents::{fences, fits, lines, session};
use crate::fetching::aws::credentials;
use crate::fetching::peers::{Peer, SKIPPED};
use crate::support::{Folder, Run, repository};

#[test]
fn it_goes_as_shown() {
    let Some(peer) = Peer::start("aws_writes.py", "moto, flask, flask_cors, boto3") else {
        return println!("{SKIPPED}");
    };
    let mut ids = ["vol-0a1", "vol-0b2", "vol-0c3"].map(str::to_owned).to_vec();
    let mut tags = vec![
        json!({"Name": "web-1", "team": "web", "env": "prod", "owner": "ana"}),
        json!({"Name": "data-1", "Team": "Data", "ENVIRONMENT": "n/a", "Owner": "dora@example.com"}),
        json!({"Name": "data-scratch", "stage": "development"}),
    ];
    // Twenty more of each team, which are as they should be.
    for (number, team) in (2..22).flat_map(|number| [(number, "web"), (number, "data")]) {
        ids.push(format!("vol-1{:02}", ids.len()));
        let owner = format!("{team}@example.com");
        tags.push(json!({"Name": format!("{team}-{number}"), "team": team, "env": "prod", "owner": owner}));
    }
    peer.command("volumes", &json!({"ids": ids, "tags": tags}));
    let folder = Folder::with(&[("tagpol.toml", "")]);
    let mut commands = 0;
    for fence in fences(&repository().join("docs/walk-through.md")) {
        if let Some(name) = fence.info.split_whitespace().find_map(|word| word.strip_prefix("file=")) {
            folder.write(name, &fence.text);
        }
        if fence.info != "console moto" {
            continue;
        }
        for (mut args, shown) in session(&fence) {
            for arg in args.iter_mut().filter(|arg| *arg == "HASH") {
                *arg = hash(&read_plan(&folder, "plan.json")).to_owned();
            }
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let mut command = folder.command(&args);
            credentials(&mut command, &peer.address);
            let run = Run::of(command.output().unwrap());
            let (out, shown) = (lines(&(run.out + &run.err)), lines(&shown));
            let printed = out.join("\n");
            assert!(fits(&shown, &out), "{}: tagpol {} printed\n{printed}", fence.place, args.join(" "));
            commands += 1;
        }
    }
    assert!(commands >= 11, "{commands}");
}
