//! Measures how long it takes to learn from many resources, to suggest tags for as many, and for one.
//!
//! `cargo run --release -p tagpol-suggest --example scale -- 1000000`

#![expect(clippy::print_stdout, reason = "a program that prints its results")]

use std::time::Instant;

use tagpol_suggest::{About, Labelled, Options, Registry, Resource, Target, Trained, train};

/// A number that looks drawn, the same each time.
fn drawn(number: usize, salt: usize, below: usize) -> usize {
    let mixed = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17 + salt as u32)
        ^ (salt as u64).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed.wrapping_mul(0x94d0_49bb_1331_11eb) >> 33) as usize % below
}

/// A resource of one of 400 applications of 40 teams in three environments, with the three tags.
fn resource(number: usize) -> Labelled {
    let application = drawn(number, 1, 400);
    let team = application % 40;
    let (word, environment) = [("prd", "production"), ("stg", "staging"), ("dev", "development")]
        .get(drawn(number, 2, 3))
        .copied()
        .unwrap_or_default();
    let kind = ["api", "worker", "bucket", "queue", "table", "cache"]
        .get(drawn(number, 3, 6))
        .copied()
        .unwrap_or_default();
    let name = format!("app{application:x}-{kind}-{word}-{}", number % 97);
    Labelled {
        resource: Resource {
            id: format!(
                "arn:aws:{kind}:eu-west-{}:{:012}:{name}/{number}",
                drawn(number, 4, 3),
                application * 3
            ),
            name: Some(name),
            type_: Some(format!("{kind}:{kind}")),
            provider: Some("aws".to_owned()),
            account: Some(format!("{:012}", application * 3 + drawn(number, 2, 3))),
            region: Some(format!("eu-west-{}", drawn(number, 4, 3))),
            monthly_cost: Some(drawn(number, 5, 500) as f64),
            tags: vec![("project".to_owned(), format!("p{}", application % 90))],
            ..Resource::default()
        },
        values: vec![
            (0, environment.to_owned()),
            (1, format!("team-{team}")),
            (2, format!("app{application:x}")),
        ],
        refused: Vec::new(),
    }
}

/// The most memory that the process ever had, in MiB, if the system reports it.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib: Option<u64> = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kib.unwrap_or_default() / 1024
}

/// The time that processors spent on the process so far, in seconds, if the system reports it: that does
/// not depend on what else runs on the machine.
fn worked() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or_default();
    (ticks(11) + ticks(12)) / 100.0
}

/// Where a measurement starts.
struct Watch(Instant, f64);

impl Watch {
    fn start() -> Self {
        Self(Instant::now(), worked())
    }

    fn read(&self) -> String {
        let (wall, work) = (self.0.elapsed().as_secs_f64(), worked() - self.1);
        format!("{wall:.1} s, {work:.1} s of work, {} MiB", peak())
    }
}

fn main() {
    let count = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(100_000);
    let targets = ["environment", "team", "application"].map(|name| Target {
        name: name.to_owned(),
        keys: Vec::new(),
        allowed: Vec::new(),
        synonyms: Vec::new(),
    });
    let watch = Watch::start();
    let resources: Vec<Labelled> = (0..count).map(resource).collect();
    println!("{count} resources made: {}", watch.read());
    let watch = Watch::start();
    let Some(Trained { model, report, .. }) =
        train(targets.to_vec(), &resources, &Options::default(), &mut |_| {})
    else {
        return;
    };
    println!("trained: {}", watch.read());
    for target in &report.targets {
        println!("  {}: {:.1}% right of {}", target.name, 100.0 * target.all.accuracy, target.all.measured);
    }
    let watch = Watch::start();
    let mut suggested = 0;
    for chunk in resources.chunks(4096) {
        let questions: Vec<(&Resource, &[usize])> =
            chunk.iter().map(|one| (&one.resource, [0].as_slice())).collect();
        suggested += model.suggest(&questions).len();
    }
    println!("suggested {suggested} tags: {}", watch.read());
    let about = About { trained_at: String::new(), snapshot: String::new(), seed: 1, program: String::new() };
    let registry = Registry::new(std::env::temp_dir().join(format!("tagpol-scale-{}", std::process::id())));
    let Ok(id) = registry.add(&model, &about, &report) else { return };
    drop(model);
    let watch = Watch::start();
    let Ok(model) = registry.load(&id) else { return };
    println!("loaded: {}", watch.read());
    let _ = std::fs::remove_dir_all(registry.folder());
    let watch = Watch::start();
    for one in resources.iter().take(1000) {
        suggested += model.suggest(&[(&one.resource, &[0])]).len();
    }
    println!("suggested one tag, a thousand times: {}", watch.read());
    assert_eq!(suggested, count + count.min(1000));
}
