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
    let volumes = json!({"ids": ["vol-0a1", "vol-0b2", "vol-0c3"], "tags": [
        {"Name": "web-1", "team": "web", "env": "prod", "owner": "ana"},
        {"Name": "data-1", "Team": "Data", "ENVIRONMENT": "n/a", "Owner": "dora@example.com"},
        {"Name": "scratch", "stage": "development"},
    ]});
    peer.command("volumes", &volumes);
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
    assert!(commands >= 8, "{commands}");
}
