//! How far transfers are: bars on standard error for whoever looks, and nothing else.

use std::borrow::Cow;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

/// A file whose length is known.
const OF_LENGTH: &str = "{msg} [{bar:24}] {bytes} of {total_bytes}, {bytes_per_sec}";

/// One whose length is not.
const OF_ANY_LENGTH: &str = "{msg} {bytes}, {bytes_per_sec}";

/// A folder, whose files are counted.
const OF_FILES: &str = "{msg} [{bar:24}] {pos} of {len} files";

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
        Progress::styled(ProgressBar::no_length(), OF_ANY_LENGTH, name)
    }

    /// A bar for a folder.
    pub fn of_folder(name: &str) -> Self {
        Progress::styled(ProgressBar::new(0), OF_FILES, name)
    }

    fn styled(bar: ProgressBar, template: &'static str, name: &str) -> Self {
        bar.set_style(style(template));
        bar.set_message(Cow::Owned(crate::output::one_line(name)));
        Progress(Some(bar))
    }

    /// Calls it otherwise.
    pub fn rename(&self, name: &str) {
        if let Some(bar) = &self.0 {
            bar.set_message(Cow::Owned(crate::output::one_line(name)));
        }
    }

    /// So much is there, of so much.
    pub fn show(&self, there: u64, all: Option<u64>) {
        let Some(bar) = &self.0 else { return };
        if let Some(all) = all {
            if bar.length().is_none() {
                bar.set_style(style(OF_LENGTH));
            }
            bar.set_length(all.max(there));
        }
        bar.set_position(there);
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

/// The bars of several files, one below the other; cheap to clone.
#[derive(Clone)]
pub struct Bars(Option<MultiProgress>);

impl Bars {
    /// None, or as many as there are files, where standard error is a terminal.
    pub fn new(are_shown: bool) -> Self {
        Bars(are_shown.then(MultiProgress::new))
    }

    /// One more, for a file.
    pub fn of_file(&self, name: &str) -> Progress {
        match &self.0 {
            Some(bars) => {
                let bar = bars.add(ProgressBar::no_length());
                Progress::styled(bar, OF_ANY_LENGTH, name)
            }
            None => Progress::hidden(),
        }
    }

    /// Shows a line above all of them.
    pub fn above(&self, show: impl FnOnce()) {
        match &self.0 {
            Some(bars) => bars.suspend(show),
            None => show(),
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template);
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("=> ")
}
