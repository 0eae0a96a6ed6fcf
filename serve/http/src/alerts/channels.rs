//! Configurations of channels, which contain secrets: sealed for the tenant and the channel that they belong to.

use tagpol_serve_db::Channel as Row;
use tagpol_serve_notify::channel::Channel;

use crate::app::App;

fn purpose(tenant: &str, id: &str) -> String {
    format!("channel:{tenant}:{id}")
}

/// Seals a configuration. None: the system has no random numbers.
pub(crate) fn seal(app: &App, tenant: &str, id: &str, channel: &Channel) -> Option<String> {
    let text = serde_json::to_vec(channel).ok()?;
    app.master_key.seal(&purpose(tenant, id), &text, &**app.database.source())
}

/// Opens the configuration of a channel.
///
/// # Errors
/// Why it cannot be used.
pub(crate) fn open(app: &App, tenant: &str, row: &Row) -> Result<Channel, String> {
    let text = app.master_key.open(&purpose(tenant, &row.id), &row.sealed);
    let text = text.ok_or("the key of the server does not open the channel: configure it again")?;
    serde_json::from_slice(&text).map_err(|_| {
        "the channel was configured by another version of the program: configure it again".to_owned()
    })
}
