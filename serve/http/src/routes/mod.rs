//! The addresses, one file for each group, and the table of all of them.

mod audit;
mod auth;
pub(crate) mod bulk;
mod channels;
mod compliance;
mod costs;
mod deliveries;
mod filter;
mod graph;
mod jobs;
mod names;
mod oidc;
mod policies;
mod privacy;
mod resources;
mod rules;
mod shapes;
mod suggestions;
mod system;
mod texts;
mod tokens;
mod users;
mod virtual_tags;

use crate::endpoint::Route;

/// Returns all routes of the interface.
pub(crate) fn table() -> Vec<Route> {
    let mut routes = Vec::new();
    for group in [
        auth::routes(),
        oidc::routes(),
        resources::routes(),
        virtual_tags::routes(),
        bulk::routes(),
        compliance::routes(),
        suggestions::routes(),
        costs::routes(),
        graph::routes(),
        policies::routes(),
        audit::routes(),
        jobs::routes(),
        channels::routes(),
        rules::routes(),
        deliveries::routes(),
        users::routes(),
        tokens::routes(),
        privacy::routes(),
        system::routes(),
    ] {
        routes.extend(group);
    }
    routes
}
