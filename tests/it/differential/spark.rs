//! An engine elsewhere against the reference: the SQL of the plan in the dialect of Spark, over Spark Connect.
//!
//! `TAGPOL_TEST_SAIL` names the program of Sail, which the test starts; `TAGPOL_TEST_ENGINE` names the address of any
//! other engine, which must see the folder of temporary files. Without both the tests are skipped.
//! `TAGPOL_TEST_REMOTE` is the number of programs that are compared, and `TAGPOL_DIFFERENTIAL_SEED` which ones.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tagpol_eval::{
    Compiled, Distinct, Engine, RELATION, RunError, compile_layout_for_engine, for_each_batch, layout_of,
    send_overlays, send_tables,
};
use tagpol_interp::{FirstSeen, RowResult, evaluate};
use tagpol_plan::{Dialect, Layout, Overlays, TagRelation, TextLimit};
use tagpol_remote::{RemoteError, Session};
use tagpol_sema::formats::compose;
use tagpol_session::Cell;
use tempfile::TempDir;

use super::database::{Database, Results, options};
use super::{Case, cases, differences};

/// Part of the error for a text that the engine would have to compose.
const NOT_COMPOSED: &str = "is not composed";

/// An engine, which ends with this.
struct Server {
    address: String,
    process: Option<Child>,
}

impl Server {
    /// Starts an engine. None: there is none.
    fn start() -> Option<Self> {
        if let Ok(address) = std::env::var("TAGPOL_TEST_ENGINE") {
            return Some(Self { address, process: None });
        }
        let Some(program) = std::env::var_os("TAGPOL_TEST_SAIL") else {
            println!("SKIPPED: TAGPOL_TEST_SAIL does not name the program of Sail");
            return None;
        };
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(program)
            .args(["spark", "server", "--port", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Some(Self { address: format!("sc://127.0.0.1:{port}"), process: Some(process) })
    }

    /// Opens a session, as soon as the engine listens.
    fn session(&self) -> Session {
        let address = self.address.parse().unwrap();
        let since = Instant::now();
        loop {
            match Session::connect(&address, || false) {
                Ok(session) => return session,
                Err(error) => assert!(since.elapsed() < Duration::from_secs(60), "{error}"),
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

struct Sail {
    session: Session,
    folder: TempDir,
}

impl Engine for Sail {
    fn dialect(&self) -> Dialect {
        Dialect::Spark
    }

    fn execute(&self, sql: &str) -> Result<(), RunError> {
        self.session.execute(sql).map_err(failed)
    }

    fn query(
        &self,
        sql: &str,
        each: &mut dyn FnMut(&RecordBatch) -> Result<(), RunError>,
    ) -> Result<(), RunError> {
        let mut batches = Vec::new();
        let read = self.session.query(sql, |batch| {
            batches.push(batch.clone());
            Ok::<_, RemoteError>(())
        });
        read.map_err(failed)?;
        batches.iter().try_for_each(each)
    }

    fn open_resources(&self, _: &str) -> Result<(), RunError> {
        Ok(())
    }

    fn load(&self, name: &str, rows: &RecordBatch) -> Result<(), RunError> {
        self.session.load(name, rows).map_err(failed)
    }
}

fn failed(error: RemoteError) -> RunError {
    RunError::Engine(Box::new(error))
}

impl Sail {
    fn rows(&self, sql: &str) -> Result<Vec<Vec<Cell>>, String> {
        let mut rows = Vec::new();
        let read = for_each_batch(self, sql, |_, batch| {
            for row in 0..batch.rows() {
                let mut cells = Vec::new();
                batch.read_row(row, &mut cells);
                rows.push(cells);
            }
            Ok(())
        });
        read.map_err(|error| format!("{error}\n{sql}"))?;
        Ok(rows)
    }

    /// Evaluates a case. None: the dialect cannot say its program, or the engine cannot compose one of its texts.
    fn evaluate(&self, case: &Case) -> Result<Option<Vec<RowResult>>, String> {
        let overlays = overlays(case);
        // Most programs are refused, which needs no snapshot.
        let generic = Layout { currency: case.options.currency.clone(), ..Layout::generic() };
        let generic = Layout { rates: options(case, Distinct::Large).rates, ..generic };
        let now = tagpol_plan::Request::at(case.options.now);
        if let Err(RunError::Unsupported(_)) =
            compile_layout_for_engine(&case.program, generic, &now, Dialect::Spark)
        {
            return Ok(None);
        }
        let snapshot = Database::snapshot_in(case, self.folder.path())?;
        let layout = layout_of(&snapshot, &options(case, Distinct::Large), overlays.clone());
        let request = tagpol_plan::Request {
            text_limit: case.options.text_limit,
            ..tagpol_plan::Request::at(case.options.now)
        };
        let compiled = compile_layout_for_engine(&case.program, layout, &request, Dialect::Spark);
        let Compiled { plan, script } = match compiled {
            Ok(compiled) => compiled,
            Err(RunError::Unsupported(_)) => return Ok(None),
            Err(error) => return Err(error.to_string()),
        };
        let path = snapshot.resources_path().to_str().unwrap().to_owned();
        let run = || {
            self.session.open_parquet(&[path], RELATION).map_err(failed)?;
            send_overlays(self, &overlays, &case.options.overlays)?;
            send_tables(self, &plan, |id| {
                let rows = case.options.tables.get(id.0 as usize)?;
                Some(rows.values().map(Vec::as_slice).collect())
            })?;
            script.statements().try_for_each(|statement| {
                self.execute(statement).map_err(|error| RunError::Answer {
                    query: "statement",
                    reason: format!("{error}\n{statement}"),
                })
            })
        };
        run().map_err(|error: RunError| error.to_string())?;
        let query = |sql: &str| self.rows(sql);
        let rows = Results { query: &query, dialect: Dialect::Spark }.read(&plan, &script, case);
        std::fs::remove_dir_all(snapshot.dir()).map_err(|e| e.to_string())?;
        match rows {
            Ok(rows) => Ok(Some(rows)),
            Err(error) if error.contains(NOT_COMPOSED) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Returns the relations of what is known in addition to the inventory of a case.
fn overlays(case: &Case) -> Overlays {
    let overlays = &case.options.overlays;
    let relation = |relation: &str, tags: Vec<&String>| {
        let tags: std::collections::BTreeSet<String> = tags.into_iter().cloned().collect();
        (!tags.is_empty()).then(|| TagRelation { relation: relation.to_owned(), tags })
    };
    Overlays {
        decisions: relation("decisions", overlays.decided.keys().map(|(_, tag)| tag).collect()),
        predictions: relation("predictions", overlays.predicted.keys().map(|(_, tag)| tag).collect()),
        first_seen: match &overlays.first_seen {
            FirstSeen::NotKept => tagpol_plan::FirstSeen::NotKept,
            FirstSeen::FirstRun => tagpol_plan::FirstSeen::FirstRun,
            FirstSeen::At(times) => tagpol_plan::FirstSeen::Relation {
                relation: "first_seen".to_owned(),
                checks: times.keys().map(|(policy, check, _)| (policy.clone(), check.clone())).collect(),
            },
        },
    }
}

/// Composes the texts of resources, which the engine cannot do.
fn composed(case: &mut Case) {
    for row in &mut case.resources {
        let tags: BTreeMap<String, String> = std::mem::take(&mut row.tags)
            .into_iter()
            .map(|(key, value)| (compose(&key).into_owned(), compose(&value).into_owned()))
            .collect();
        row.tags = tags.into_iter().collect();
        row.unknown_keys = row.unknown_keys.iter().map(|key| compose(key).into_owned()).collect();
    }
}

fn number(variable: &str, usual: usize) -> usize {
    std::env::var(variable).map_or(usual, |text| text.parse().unwrap())
}

fn runner(seed: usize) -> TestRunner {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&(seed as u64).to_le_bytes());
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

/// Compares 8 programs, each over the resources of some inventories; `TAGPOL_TEST_REMOTE` makes it more.
#[test]
fn an_engine_elsewhere_agrees_with_the_reference() {
    let Some(server) = Server::start() else { return };
    let sail = Sail { session: server.session(), folder: TempDir::new().unwrap() };
    let wanted = number("TAGPOL_TEST_REMOTE", 8);
    let seed = number("TAGPOL_DIFFERENTIAL_SEED", 1);
    let mut runner = runner(seed);
    let strategy = cases(6);
    let (mut compared, mut refused) = (0, 0);
    while compared < wanted {
        let mut case = strategy.new_tree(&mut runner).unwrap().current();
        composed(&mut case);
        match sail.evaluate(&case) {
            Ok(None) => refused += 1,
            Ok(Some(found)) => {
                let expected = evaluate(&case.program, &case.resources, &case.options);
                let differences = differences(&case, &expected, &found);
                assert!(
                    differences.is_empty(),
                    "seed {seed}, {compared}: {}\n{case}",
                    differences.join("\n")
                );
                compared += 1;
            }
            Err(error) => panic!("seed {seed}, {compared}: {error}\n{case}"),
        }
        assert!(refused < 200 + 60 * wanted, "{refused} programs are refused, {compared} are not");
    }
    println!("{compared} programs agree; {refused} are refused");
}

/// Texts come back from the engine as they were written into literals and names.
#[test]
fn literals_are_read_as_they_are_written() {
    let Some(server) = Server::start() else { return };
    let sail = Sail { session: server.session(), folder: TempDir::new().unwrap() };
    let mut runner = runner(number("TAGPOL_DIFFERENTIAL_SEED", 1));
    let any = prop_oneof![
        3 => any::<String>(),
        2 => "[\\\\'\"$%_{}`\n\r\t\0\u{202e}\u{ad}a-c😀\u{e0001}-]{0,12}",
        1 => super::pools::one_of(super::pools::HOSTILE),
    ];
    for _ in 0..20 {
        let texts: Vec<String> = (0..50).map(|_| any.new_tree(&mut runner).unwrap().current()).collect();
        let found = sail.rows(&tagpol_plan::sql::literals(&texts, Dialect::Spark)).unwrap();
        let found: Vec<Option<&str>> = found[0].iter().map(Cell::as_text).collect();
        let expected: Vec<Option<&str>> = texts.iter().map(|text| Some(text.as_str())).collect();
        assert_eq!(found, expected);
    }
}

/// A program that the dialect cannot say is refused with its place.
#[test]
fn what_the_dialect_cannot_say_has_a_place() {
    let mut runner = runner(3);
    let strategy = cases(1);
    let mut places = 0;
    for _ in 0..60 {
        let case = strategy.new_tree(&mut runner).unwrap().current();
        let folder = TempDir::new().unwrap();
        let snapshot = Database::snapshot_in(&case, folder.path()).unwrap();
        let layout = layout_of(&snapshot, &options(&case, Distinct::Large), Overlays::default());
        let request = tagpol_plan::Request {
            text_limit: TextLimit::default(),
            ..tagpol_plan::Request::at(case.options.now)
        };
        match compile_layout_for_engine(&case.program, layout, &request, Dialect::Spark) {
            Ok(_) => {}
            Err(RunError::Unsupported(parts)) => {
                assert!(!parts.is_empty());
                places += parts.iter().filter(|part| part.place.is_some()).count();
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(places > 0);
}
