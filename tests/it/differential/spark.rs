//! An engine elsewhere against the reference: the SQL of the plan in the dialect of Spark, over Spark Connect.
//!
//! `TAGPOL_TEST_SAIL` names the program of Sail, which the test starts; `TAGPOL_TEST_ENGINE` names the address of any
//! other engine, which must see the folder of temporary files. Without both the tests are skipped.
//! `TAGPOL_TEST_REMOTE` is the number of programs that are compared, and `TAGPOL_DIFFERENTIAL_SEED` which ones.

use std::collections::BTreeMap;

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
use tagpol_tests::sail::Sail;
use tempfile::TempDir;

use super::database::{Database, Results, options};
use super::{Case, cases, differences};

/// Part of the error for a text that the engine would have to compose.
const NOT_COMPOSED: &str = "is not composed";

/// An engine, which ends with this.
struct Server {
    address: String,
    /// If it was started for the test.
    _sail: Option<Sail>,
}

impl Server {
    /// Returns the engine of the environment, or starts one. None: there is none.
    fn start() -> Option<Self> {
        match std::env::var("TAGPOL_TEST_ENGINE") {
            Ok(address) => Some(Self { address, _sail: None }),
            Err(_) => Sail::start().map(|sail| Self { address: sail.address.clone(), _sail: Some(sail) }),
        }
    }

    /// Opens a session.
    fn session(&self) -> Session {
        Session::connect(&self.address.parse().unwrap(), || false).unwrap()
    }
}

/// A session that reads a folder of temporary files.
struct Remote {
    session: Session,
    folder: TempDir,
}

impl Engine for Remote {
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

impl Remote {
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
    let engine = Remote { session: server.session(), folder: TempDir::new().unwrap() };
    let wanted = number("TAGPOL_TEST_REMOTE", 8);
    let seed = number("TAGPOL_DIFFERENTIAL_SEED", 1);
    let mut runner = runner(seed);
    let strategy = cases(6);
    let (mut compared, mut refused) = (0, 0);
    while compared < wanted {
        let mut case = strategy.new_tree(&mut runner).unwrap().current();
        composed(&mut case);
        match engine.evaluate(&case) {
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
    let engine = Remote { session: server.session(), folder: TempDir::new().unwrap() };
    let mut runner = runner(number("TAGPOL_DIFFERENTIAL_SEED", 1));
    let any = prop_oneof![
        3 => any::<String>(),
        2 => "[\\\\'\"$%_{}`\n\r\t\0\u{202e}\u{ad}a-c😀\u{e0001}-]{0,12}",
        1 => super::pools::one_of(super::pools::HOSTILE),
    ];
    for _ in 0..20 {
        let texts: Vec<String> = (0..50).map(|_| any.new_tree(&mut runner).unwrap().current()).collect();
        let found = engine.rows(&tagpol_plan::sql::literals(&texts, Dialect::Spark)).unwrap();
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
