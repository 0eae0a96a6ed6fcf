//! The standard library, written in the language itself and embedded in the binary.
//!
//! A module's text is an ordinary `.tagpol` file; `use std::NAME` brings its items into a project.

/// A module of the standard library.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Module {
    /// The path by which `use` names it.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

macro_rules! modules {
    ($($name:literal $path:literal,)*) => {
        /// All modules, ordered by name.
        pub const MODULES: &[Module] = &[$(Module { name: $name, text: include_str!($path) },)*];
    };
}

modules! {
    "std::aws" "../std/aws.tagpol",
    "std::azure" "../std/azure.tagpol",
    "std::clouds" "../std/clouds.tagpol",
    "std::gcp" "../std/gcp.tagpol",
    "std::packs::cis-tagging" "../std/packs/cis-tagging.tagpol",
    "std::packs::finops" "../std/packs/finops.tagpol",
    "std::packs::gdpr" "../std/packs/gdpr.tagpol",
    "std::packs::hipaa" "../std/packs/hipaa.tagpol",
    "std::packs::iso27001" "../std/packs/iso27001.tagpol",
    "std::packs::pci-dss" "../std/packs/pci-dss.tagpol",
    "std::packs::soc2" "../std/packs/soc2.tagpol",
    "std::taxonomy" "../std/taxonomy.tagpol",
}
