//! A resource as the features that models see of it.

pub(crate) mod dictionary;
pub(crate) mod grams;
pub(crate) mod parts;
pub(crate) mod resource;
pub(crate) mod synonyms;
