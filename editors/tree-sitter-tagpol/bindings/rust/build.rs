//! Compiles the parser that tree-sitter generated.

fn main() {
    println!("cargo::rerun-if-changed=src");
    let mut parser = cc::Build::new();
    parser.std("c11").include("src").file("src/parser.c").warnings(false);
    parser.compile("tree-sitter-tagpol");
}
