//! The addresses, one file for each group, and the table of all of them.

mod access;
pub(crate) mod audit;
mod auth;
pub(crate) mod bulk;
mod bulk_effect;
pub(crate) mod changes;
mod channels;
pub(crate) mod compliance;
mod cost_trend;
pub(crate) mod costs;
mod deliveries;
pub(crate) mod events;
mod explanation;
pub(crate) mod filter;
mod graph;
mod insights;
pub(crate) mod jobs;
pub(crate) mod models;
pub(crate) mod names;
mod oidc;
mod privacy;
pub(crate) mod questions;
pub(crate) mod resources;
mod rules;
mod settings;
pub(crate) mod shapes;
pub(crate) mod snapshots;
pub(crate) mod suggestions;
mod system;
mod texts;
mod tokens;
mod users;
mod views;
pub(crate) mod virtual_tags;

use crate::endpoint::Route;
use crate::graphql;

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
        cost_trend::routes(),
        explanation::routes(),
        insights::routes(),
        models::routes(),
        graph::routes(),
        changes::routes(),
        audit::routes(),
        access::routes(),
        jobs::routes(),
        events::routes(),
        snapshots::routes(),
        channels::routes(),
        rules::routes(),
        deliveries::routes(),
        users::routes(),
        graphql::routes(),
        views::routes(),
        tokens::routes(),
        privacy::routes(),
        questions::routes(),
        settings::routes(),
        system::routes(),
    ] {
        routes.extend(group);
    }
    routes
}
