//! Who somebody is: tokens that this server signs, and sign-in at an identity provider by OpenID Connect.
//!
//! - `jose`: signatures of JSON Web Tokens, by ring
//! - [`keys`]: the keys with which this server signs, and the document in which others find them
//! - [`token`]: access tokens of this server
//! - [`oidc`]: sign-in at an identity provider
//!
//! Knows no database, no roles and no clock: what is remembered between two requests is given back to the caller.

mod jose;
pub mod keys;
pub mod oidc;
mod random;
pub mod token;
