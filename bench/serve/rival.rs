//! PostgreSQL with a table of resources and one of their tags.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tagpol_serve_data::{Filter, Generation};

/// The tables, whose keys are integers. Costs are a column, since lists are ordered by them.
const TABLES: &str = "
DROP TABLE IF EXISTS virtual_tags, resources;
CREATE TABLE resources (id INTEGER PRIMARY KEY, provider VARCHAR(20), resource_id VARCHAR(255) NOT NULL,
  resource_type VARCHAR(100), name VARCHAR(255), account_id VARCHAR(50), region VARCHAR(50), monthly_cost NUMERIC);
CREATE TABLE virtual_tags (id BIGSERIAL PRIMARY KEY, resource_id INTEGER, tag_key VARCHAR(100) NOT NULL,
  tag_value TEXT NOT NULL, source VARCHAR(20) NOT NULL);
";

const INDEXES: &str = "
CREATE UNIQUE INDEX ON resources (resource_id);
CREATE INDEX ON resources (monthly_cost DESC);
CREATE INDEX ON virtual_tags (resource_id);
CREATE INDEX ON virtual_tags (tag_key, tag_value);
ANALYZE resources; ANALYZE virtual_tags;
";

/// The questions, by name.
const QUESTIONS: [(&str, &str); 8] = [
    (
        "filtered page",
        "WITH page AS (SELECT * FROM resources r WHERE EXISTS (SELECT 1 FROM virtual_tags t WHERE t.resource_id = r.id \
         AND t.tag_key = 'environment' AND t.tag_value = 'production') ORDER BY monthly_cost DESC NULLS LAST, id LIMIT 50) \
         SELECT * FROM page LEFT JOIN virtual_tags t ON t.resource_id = page.id",
    ),
    (
        "deep page",
        "WITH page AS (SELECT * FROM resources r ORDER BY monthly_cost DESC NULLS LAST, id LIMIT 50 OFFSET 50000) \
         SELECT * FROM page LEFT JOIN virtual_tags t ON t.resource_id = page.id",
    ),
    (
        "count and cost",
        "SELECT count(*), sum(monthly_cost) FROM resources r WHERE EXISTS (SELECT 1 FROM virtual_tags t \
         WHERE t.resource_id = r.id AND t.tag_key = 'environment' AND t.tag_value = 'production')",
    ),
    (
        "cost by team",
        "SELECT t.tag_value, count(*), sum(monthly_cost) FROM resources r LEFT JOIN virtual_tags t \
         ON t.resource_id = r.id AND t.tag_key = 'team' GROUP BY 1 ORDER BY 3 DESC",
    ),
    (
        "team x environment",
        "SELECT t.tag_value, e.tag_value, count(*), sum(monthly_cost) FROM resources r \
         LEFT JOIN virtual_tags t ON t.resource_id = r.id AND t.tag_key = 'team' \
         LEFT JOIN virtual_tags e ON e.resource_id = r.id AND e.tag_key = 'environment' GROUP BY 1, 2 ORDER BY 4 DESC",
    ),
    (
        "text anywhere",
        "SELECT * FROM resources r WHERE (name ILIKE '%checkout%' OR resource_id ILIKE '%checkout%' OR EXISTS (SELECT 1 \
         FROM virtual_tags t WHERE t.resource_id = r.id AND t.tag_value ILIKE '%checkout%')) AND (name ILIKE '%prod%' OR \
         resource_id ILIKE '%prod%' OR EXISTS (SELECT 1 FROM virtual_tags t WHERE t.resource_id = r.id AND t.tag_value \
         ILIKE '%prod%')) ORDER BY monthly_cost DESC NULLS LAST, id LIMIT 50",
    ),
    (
        "one resource",
        "SELECT * FROM resources r LEFT JOIN virtual_tags t ON t.resource_id = r.id WHERE r.resource_id = \
         (SELECT resource_id FROM resources WHERE id = 0)",
    ),
    (
        "compliance",
        "SELECT count(*) FROM resources r WHERE NOT EXISTS (SELECT 1 FROM virtual_tags t WHERE t.resource_id = r.id \
         AND t.tag_key IN ('environment', 'cost-center', 'owner'))",
    ),
];

/// A server with the tables.
pub(crate) struct Rival {
    address: String,
    /// How long it took to load them.
    pub(crate) loaded: Duration,
    /// Their bytes.
    pub(crate) size: u64,
}

impl Rival {
    /// Loads all resources of a generation into the server that the environment names. None: it names none.
    pub(crate) fn load(generation: &Generation, folder: &Path) -> Option<Self> {
        let address = std::env::var("TAGPOL_TEST_POSTGRES").ok()?;
        write(generation, folder);
        let started = Instant::now();
        let copy = |table: &str, columns: &str| {
            let path = folder.join(format!("{table}.csv"));
            format!("\\copy {table} ({columns}) FROM '{}' CSV\n", path.display())
        };
        let resources = "id, provider, resource_id, resource_type, name, account_id, region, monthly_cost";
        let script = [
            TABLES,
            &copy("resources", resources),
            &copy("virtual_tags", "resource_id, tag_key, tag_value, source"),
            INDEXES,
        ];
        psql(&address, &script.concat());
        let size = psql(
            &address,
            "\\t on\nSELECT pg_total_relation_size('resources') + pg_total_relation_size('virtual_tags');\n",
        );
        let size = size.trim().lines().last().and_then(|line| line.trim().parse().ok()).unwrap_or_default();
        Some(Self { address, loaded: started.elapsed(), size })
    }

    /// Returns the time that half of the repetitions of a question took. None: it does not know the question.
    pub(crate) fn measure(&self, name: &str, repeats: usize) -> Option<Duration> {
        let (_, sql) = QUESTIONS.iter().find(|(known, _)| *known == name)?;
        let sql = format!("{sql};\n").repeat(repeats.clamp(3, 15));
        let output = psql(&self.address, &format!("\\o /dev/null\n\\timing on\n{sql}"));
        let time = |line: &str| line.strip_prefix("Time: ")?.split(' ').next()?.parse::<f64>().ok();
        let mut times: Vec<f64> = output.lines().filter_map(time).collect();
        times.sort_by(f64::total_cmp);
        times.get(times.len() / 2).map(|milliseconds| Duration::from_secs_f64(milliseconds / 1000.0))
    }
}

/// Writes the rows of both tables.
fn write(generation: &Generation, folder: &Path) {
    let create = |table: &str| {
        let file = std::fs::File::create(folder.join(format!("{table}.csv"))).expect("a file");
        std::io::BufWriter::new(file)
    };
    let (mut resources, mut tags) = (create("resources"), create("virtual_tags"));
    let mut export = generation.export(&Filter::default()).expect("an export");
    loop {
        let rows = export.next_batch().expect("rows");
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let mut line = row.place.to_string();
            for text in [&row.provider, &Some(row.id), &row.ty, &row.name, &row.account, &row.region] {
                let _ = write!(line, ",{}", quoted(text.as_deref()));
            }
            let cost = row.cost.map(|cost| cost.to_string()).unwrap_or_default();
            writeln!(resources, "{line},{cost}").expect("writes");
            for (tag, info) in row.tags.iter().zip(&generation.contents().tags) {
                let Some((value, source)) = tag.value.as_deref().zip(tag.source) else { continue };
                let value = quoted(Some(value));
                writeln!(tags, "{},{},{value},{}", row.place, info.name, source.as_str()).expect("writes");
            }
        }
    }
}

/// A text as a field of CSV; nothing if it is missing.
fn quoted(text: Option<&str>) -> String {
    text.map(|text| format!("\"{}\"", text.replace('"', "\"\""))).unwrap_or_default()
}

/// Runs a script, and returns its output.
fn psql(address: &str, script: &str) -> String {
    let mut child = Command::new("psql")
        .args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", address])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("psql starts");
    child.stdin.take().expect("an input").write_all(script.as_bytes()).expect("writes");
    let output = child.wait_with_output().expect("psql ends");
    assert!(output.status.success(), "psql failed");
    String::from_utf8(output.stdout).expect("a text")
}
