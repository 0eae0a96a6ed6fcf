//! A resource as the features that models see of it.
//!
//! `resource` has the inputs, `parts` takes a resource apart into hashed features, `dictionary` numbers those that
//! training saw, `grams` are the features of simple methods; `synonyms` are values that words stand for, and
//! `target_context` is what reading needs to know about the targets.

pub(crate) mod dictionary;
pub(crate) mod grams;
pub(crate) mod parts;
pub(crate) mod resource;
pub(crate) mod synonyms;
pub(crate) mod target_context;
