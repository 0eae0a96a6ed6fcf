//! Progress bars on standard error, while a person watches.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tagpol_app::inventory::Progress;
use tagpol_sink::terminal::line;

/// A bar that shows how far work has got; it vanishes when it is done.
pub(crate) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// Returns a bar, drawn only if someone watches.
    pub(crate) fn new(watched: bool) -> Self {
        let target = if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(0), target);
        let style = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3}% {elapsed}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        Self { bar }
    }

    /// Returns a bar of work whose end nobody knows.
    pub(crate) fn endless(watched: bool) -> Self {
        let endless = Self::new(watched);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed}") {
            endless.bar.set_style(style);
        }
        endless
    }

    /// Says what is being done.
    pub(crate) fn say(&mut self, text: String) {
        self.bar.set_message(line(&text));
        self.bar.tick();
    }

    /// Shows how far the work has got.
    pub(crate) fn update(&mut self, progress: &Progress<'_>) {
        match progress {
            Progress::Reading { path, bytes, total, rows } => {
                let name = path.file_name().map(|name| line(&name.to_string_lossy())).unwrap_or_default();
                self.bar.set_length(total.unwrap_or(*bytes));
                self.bar.set_position(*bytes);
                self.bar.set_message(format!("reading {name}, {rows} rows"));
            }
            Progress::Writing { resources, total } => {
                self.bar.set_length(*total);
                self.bar.set_position(*resources);
                self.bar.set_message("writing the snapshot");
            }
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// A line that tells what a long computation is at; it vanishes when it is done.
pub(crate) struct Steps {
    bar: ProgressBar,
    what: &'static str,
}

impl Steps {
    /// Returns a line, drawn only if someone watches.
    pub(crate) fn new(watched: bool, what: &'static str) -> Self {
        let target = if watched { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(Some(1000), target);
        if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3}% {elapsed}") {
            bar.set_style(style);
        }
        bar.set_message(what);
        Self { bar, what }
    }

    /// Says more of what it is at.
    pub(crate) fn tell(&self, more: &str) {
        self.bar.set_message(format!("{}, {more}", self.what));
        self.bar.tick();
    }

    /// Shows which share is done, from 0 to 1.
    pub(crate) fn done(&self, share: f32) {
        self.bar.set_position((share.clamp(0.0, 1.0) * 1000.0) as u64);
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
