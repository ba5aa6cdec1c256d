//! `os`: the system's family and name.

use std::fmt::Write;

/// The family's name as Python has it, `posix` or `nt`, and below it the system's, its release, and the
/// machine, as far as the system tells them.
pub fn description() -> String {
    let family = if cfg!(windows) { "nt" } else { "posix" };
    let mut text = format!("{family}\n");
    for (name, value) in super::platform::system() {
        // Writing into a string cannot fail.
        let _ = writeln!(text, "{name:8} {value}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_family_comes_first() {
        let text = description();
        let mut lines = text.lines();
        assert!(matches!(lines.next(), Some("posix" | "nt")), "{text}");
        let details: Vec<&str> = lines
            .map(|line| line.split(' ').next().unwrap_or(""))
            .collect();
        assert_eq!(details, ["system", "release", "machine"]);
        assert!(
            text.contains(std::env::consts::ARCH) || !cfg!(target_os = "linux"),
            "{text}"
        );
    }
}
