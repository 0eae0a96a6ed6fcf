fn main() {
    use std::io::Read;
    let mut s = String::new();
    std::io::stdin().read_to_string(&mut s).unwrap();
    let p = tagpol_syntax::parse(&s);
    print!("{}", tagpol_fmt::format(&p));
}
