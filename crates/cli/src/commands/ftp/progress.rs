//! How far transfers are: a bar on standard error for whoever looks, and nothing else.

use indicatif::{ProgressBar, ProgressStyle};

/// One bar, for a file or for a whole folder; cheap to clone.
#[derive(Clone)]
pub struct Progress(Option<ProgressBar>);

impl Progress {
    /// None at all.
    pub fn hidden() -> Self {
        Progress(None)
    }

    /// A bar for a file, which indicatif itself leaves out where standard error is no terminal.
    pub fn of_file(name: &str) -> Self {
        Progress::styled(
            "{msg} [{bar:24}] {bytes} of {total_bytes}, {bytes_per_sec}",
            name,
        )
    }

    /// A bar for a folder, whose files are counted.
    pub fn of_folder(name: &str) -> Self {
        Progress::styled("{msg} [{bar:24}] {pos} of {len} files", name)
    }

    fn styled(template: &str, name: &str) -> Self {
        let style = ProgressStyle::with_template(template);
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(0).with_style(style.progress_chars("=> "));
        bar.set_message(crate::output::one_line(name));
        Progress(Some(bar))
    }

    /// So much is there, of so much.
    pub fn show(&self, there: u64, all: Option<u64>) {
        if let Some(bar) = &self.0 {
            bar.set_length(all.unwrap_or(there).max(there));
            bar.set_position(there);
        }
    }

    /// There will be so much.
    pub fn expect(&self, all: u64) {
        if let Some(bar) = &self.0 {
            bar.set_length(all);
        }
    }

    /// One more is done.
    pub fn step(&self) {
        if let Some(bar) = &self.0 {
            bar.inc(1);
        }
    }

    /// Shows a line above the bar.
    pub fn above(&self, show: impl FnOnce()) {
        match &self.0 {
            Some(bar) => bar.suspend(show),
            None => show(),
        }
    }

    /// Takes it away.
    pub fn clear(&self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
