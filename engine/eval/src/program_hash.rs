//! What distinguishes the policies of one run from those of another: what the program means, and the rows of its lookup tables.

use std::hash::{Hash, Hasher};

use sha2::{Digest as _, Sha256};
use tagpol_sema::program::Program;

use crate::tables::sorted_rows;

/// Returns 16 hexadecimal digits that are others after any change of what the program means, also by the rows of its tables,
/// and the same if only comments, documentation, tests, white space, the places of items or the order of rows change.
///
/// Reads the files of the tables as they are now. One that cannot be read counts as one without content: whoever evaluates the
/// program reports it.
pub fn program_hash(program: &Program) -> String {
    let mut hasher = Sha256Hasher::default();
    meaning(program.clone()).hash(&mut hasher);
    program.tables.iter().for_each(|table| sorted_rows(table).hash(&mut hasher));
    hasher.0.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the program without what is only for readers.
fn meaning(mut program: Program) -> Program {
    program.tests.clear();
    program.tags.iter_mut().for_each(|tag| tag.doc.clear());
    program.rules.iter_mut().for_each(|rule| rule.doc.clear());
    program.policies.iter_mut().for_each(|policy| policy.doc.clear());
    program.tables.iter_mut().for_each(|table| table.doc.clear());
    program.relations.iter_mut().for_each(|relation| relation.doc.clear());
    program.goals.iter_mut().for_each(|goal| goal.doc.clear());
    program.allocations.iter_mut().for_each(|allocation| allocation.doc.clear());
    program
}

/// Hashes to the same bytes on every machine: a store may be shared by several, and the order of the bytes of a
/// number, and the size of lengths, are theirs.
#[derive(Default)]
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn write_u16(&mut self, number: u16) {
        self.write(&number.to_le_bytes());
    }

    fn write_u32(&mut self, number: u32) {
        self.write(&number.to_le_bytes());
    }

    fn write_u64(&mut self, number: u64) {
        self.write(&number.to_le_bytes());
    }

    fn write_u128(&mut self, number: u128) {
        self.write(&number.to_le_bytes());
    }

    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn write_isize(&mut self, number: isize) {
        self.write(&(number as i64).to_le_bytes());
    }

    /// The beginning of the hash: nobody asks for it but the trait.
    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tagpol_sema::program::{Loc, Policy, Severity, Table, TableColumn, TagType};

    use super::*;

    #[test]
    fn the_hash_is_the_same_on_every_machine() {
        let policy = Policy {
            name: "owned".to_owned(),
            doc: "Everything has an owner.".to_owned(),
            severity: Severity::High,
            scope: None,
            checks: Vec::new(),
            grace: None,
            escalate: None,
            controls: Vec::new(),
            remedies: Vec::new(),
            loc: Loc { file: Arc::from("a.tagpol"), line: 1, column: 1 },
        };
        let program = Program { policies: vec![policy], ..Program::default() };
        // It is stored, so another value would make all policies look changed.
        assert_eq!(program_hash(&program), "a19c5e60c3cec6c8");
    }

    #[test]
    fn the_rows_of_tables_count() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("owners.csv");
        let column =
            |name: &str| TableColumn { name: name.to_owned(), heading: name.to_owned(), ty: TagType::Text };
        let table = Table {
            name: "owners".to_owned(),
            doc: String::new(),
            path: path.display().to_string(),
            key: 0,
            columns: vec![column("account"), column("owner")],
            loc: Loc { file: Arc::from("a.tagpol"), line: 1, column: 1 },
        };
        let program = Program { tables: vec![table], ..Program::default() };
        let hash = |text: &str| {
            std::fs::write(&path, text).unwrap();
            program_hash(&program)
        };
        let first = hash("account,owner\n1,ann\n2,bob\n");
        assert_eq!(hash("owner, account ,other\nbob,2,x\nann,1,y\n"), first);
        for other in
            ["account,owner\n1,ann\n2,eve\n", "account,owner\n1,ann\n", "account,owner\n1,ann\n2,bob\n3,\n"]
        {
            assert_ne!(hash(other), first, "{other}");
        }
        std::fs::remove_file(&path).unwrap();
        assert_ne!(program_hash(&program), first);
    }
}
