//! The same questions asked of a database that reads log files: DuckDB, where it is installed.

use super::programs::Line;
use crate::cargo;
use std::path::Path;
use std::process::Command;

const SCRIPT: &str =
    "import duckdb, sys; print(len(duckdb.connect().execute(sys.argv[1]).fetchall()))";

/// How DuckDB is called.
#[derive(Debug)]
pub(crate) enum DuckDb {
    /// Its command-line program, of a version.
    Program(String),
    /// Its module for Python, of a version.
    Python(String),
}

/// A question.
#[derive(Debug)]
pub(crate) struct Query {
    /// What is asked.
    pub name: &'static str,
    /// The command line.
    pub line: Line,
}

impl DuckDb {
    /// Looks for the module of `python3` on the path, then for the program.
    pub(crate) fn find() -> Option<DuckDb> {
        let python = ["-c", "import duckdb; print(duckdb.__version__)"];
        let version = |program: &str, args: &[&str]| {
            cargo::output(Command::new(program).args(args)).ok().map(|text| text.trim().to_owned())
        };
        let module = version("python3", &python).map(DuckDb::Python);
        module.or_else(|| version("duckdb", &["--version"]).map(DuckDb::Program))
    }

    /// The version.
    pub(crate) fn version(&self) -> &str {
        let (DuckDb::Program(version) | DuckDb::Python(version)) = self;
        version
    }

    /// Three questions about flows below a folder that holds logs and lists.
    pub(crate) fn flow_queries(&self, folder: &Path) -> [Query; 3] {
        let flows = flows(folder);
        let list = folder.join("intel/ips_100k.txt");
        let list =
            format!("read_csv('{}', header=false, columns={{'ip':'VARCHAR'}})", list.display());
        let lookup = format!(
            "with bad as (select ip from {list}) \
             select \"interface-id\", dstaddr, srcaddr, count(*) from {flows} \
             where dstaddr in (select ip from bad) or srcaddr in (select ip from bad) group by 1, 2, 3"
        );
        let scan = format!(
            "select srcaddr, dstaddr, count(distinct dstport) n from {flows} group by 1, 2 \
             having n >= 50 order by n desc"
        );
        let beacon = format!(
            "with d as (select srcaddr, dstaddr, dstport, start - lag(start) over \
             (partition by srcaddr, dstaddr, dstport order by start) gap from {flows} where action = 'ACCEPT') \
             select srcaddr, dstaddr, dstport, count(*) n, avg(gap) a, stddev(gap) s from d \
             where gap is not null group by 1, 2, 3 having n >= 30 and s < 0.2 * a order by n desc"
        );
        [
            self.query("100,000 addresses looked up", &lookup),
            self.query("port scans", &scan),
            self.query("beacons", &beacon),
        ]
    }

    fn query(&self, name: &'static str, sql: &str) -> Query {
        let sql = format!("set threads=1; {sql}");
        let parts = match self {
            DuckDb::Program(_) => vec!["duckdb", "-c", &sql],
            DuckDb::Python(_) => vec!["python3", "-c", SCRIPT, &sql],
        };
        Query { name, line: parts.into_iter().map(Into::into).collect() }
    }
}

/// The table function of flow logs in the default format, typed as the scan reads them.
fn flows(folder: &Path) -> String {
    let columns = [
        ("version", "UTINYINT"),
        ("account-id", "VARCHAR"),
        ("interface-id", "VARCHAR"),
        ("srcaddr", "VARCHAR"),
        ("dstaddr", "VARCHAR"),
        ("srcport", "INTEGER"),
        ("dstport", "INTEGER"),
        ("protocol", "INTEGER"),
        ("packets", "BIGINT"),
        ("bytes", "BIGINT"),
        ("start", "BIGINT"),
        ("end", "BIGINT"),
        ("action", "VARCHAR"),
        ("log-status", "VARCHAR"),
    ];
    let columns = columns.map(|(name, kind)| format!("'{name}':'{kind}'")).join(", ");
    format!(
        "read_csv('{}/AWSLogs/**/*.gz', delim=' ', header=true, nullstr='-', quote='', auto_detect=false, \
         columns={{{columns}}})",
        folder.display()
    )
}
