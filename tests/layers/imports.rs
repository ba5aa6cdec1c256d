//! Which crate may import which: the table of ARCHITECTURE.md, checked.

use std::fs;

use crate::source::{Source, paths, root};

/// Each folder under `crates/` with the folders that it may import. A folder that is not
/// here yet gets its row with its first file.
const TABLE: &[(&str, &[&str])] = &[
    ("cli", &ALL),
    ("lariat", &LIBRARIES),
    ("client", &["net", "protocol"]),
    ("service", &["net", "protocol", "store", "re", "sync"]),
    ("net", &["protocol", "tls"]),
    ("tls", &[]),
    ("protocol", &[]),
    ("store", &[]),
    ("socketserver", &["sync", "tls"]),
    ("sync", &[]),
    ("re", &[]),
    ("testkit", &["protocol", "net"]),
];

const ALL: [&str; 10] = [
    "lariat",
    "client",
    "service",
    "net",
    "tls",
    "protocol",
    "store",
    "socketserver",
    "sync",
    "re",
];

const LIBRARIES: [&str; 9] = [
    "client",
    "service",
    "net",
    "tls",
    "protocol",
    "store",
    "socketserver",
    "sync",
    "re",
];

/// What the fuzz targets may import.
const FUZZ: [&str; 2] = ["protocol", "re"];

/// Only tests, examples and measurements may use it: in `src` it would make a circle.
const TESTKIT: &str = "testkit";

/// The folders that hold a package of `crates/`, as they lie on the disk.
pub fn folders() -> Vec<String> {
    let entries = fs::read_dir(root().join("crates")).expect("there is a folder of crates");
    let paths = entries.flatten().map(|entry| entry.path());
    let packages = paths.filter(|path| path.join("Cargo.toml").is_file());
    packages
        .filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()))
        .collect()
}

pub fn manifest(folder: &str) -> String {
    let path = root().join("crates").join(folder).join("Cargo.toml");
    fs::read_to_string(path).expect("a package has a manifest")
}

pub fn unknown_folders(folders: &[String]) -> Vec<String> {
    let unknown = folders.iter().filter(|folder| allowed(folder).is_none());
    unknown
        .map(|folder| format!("crates/{folder}: no row in the table"))
        .collect()
}

/// The dependencies in a manifest of `crates/` that the table does not allow.
pub fn wrong_dependencies(folder: &str, manifest: &str) -> Vec<String> {
    let table: toml::Table = manifest.parse().expect("cargo has read the manifest too");
    let mut findings = Vec::new();
    let package = table["package"]["name"].as_str().unwrap_or_default();
    if folder_of(package, '-') != Some(folder) {
        findings.push(format!(
            "crates/{folder}/Cargo.toml: the package is called {package}"
        ));
    }
    let mut places = vec![&table];
    if let Some(targets) = table.get("target").and_then(toml::Value::as_table) {
        places.extend(targets.values().filter_map(toml::Value::as_table));
    }
    for place in places {
        for kind in ["dependencies", "build-dependencies", "dev-dependencies"] {
            let Some(dependencies) = place.get(kind).and_then(toml::Value::as_table) else {
                continue;
            };
            for (name, value) in dependencies {
                let package = value
                    .get("package")
                    .and_then(toml::Value::as_str)
                    .unwrap_or(name);
                let Some(other) = folder_of(package, '-') else {
                    continue;
                };
                let for_tests = kind == "dev-dependencies";
                if !may_import(folder, other, for_tests) {
                    findings.push(format!("crates/{folder}/Cargo.toml: {kind} has {package}"));
                }
            }
        }
    }
    findings
}

/// The paths in a source file that lead to a crate that the table does not allow.
pub fn wrong_paths(source: &Source) -> Vec<String> {
    let parts: Vec<&str> = source.path_parts().collect();
    let mut findings = Vec::new();
    for found in paths(&source.code) {
        let first = found.path.split("::").next().unwrap_or_default();
        let Some(other) = folder_of(first, '_') else {
            continue;
        };
        let fine = match parts[..] {
            ["crates", folder, "src", ..] => may_import(folder, other, false),
            ["crates", folder, ..] => other == folder || may_import(folder, other, true),
            ["fuzz", ..] => FUZZ.contains(&other),
            _ => true,
        };
        if !fine {
            findings.push(format!("{}:{}: {}", source.path, found.line, found.path));
        }
    }
    findings
}

fn may_import(folder: &str, other: &str, for_tests: bool) -> bool {
    (for_tests && other == TESTKIT) || allowed(folder).is_some_and(|all| all.contains(&other))
}

fn allowed(folder: &str) -> Option<&'static [&'static str]> {
    let row = TABLE.iter().find(|(name, _)| *name == folder)?;
    Some(row.1)
}

/// The folder of one of our packages, from its name with `-` or in code with `_`.
fn folder_of(name: &str, separator: char) -> Option<&str> {
    let behind = name.strip_prefix("lariat")?;
    if behind.is_empty() {
        return Some(name);
    }
    let folder = behind.strip_prefix(separator)?;
    // `lariat_something` may also be a variable.
    allowed(folder).map(|_| folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROTOCOL: &str = "[package]\nname = \"lariat-protocol\"\n";

    fn dependencies(rest: &str) -> Vec<String> {
        wrong_dependencies("protocol", &format!("{PROTOCOL}{rest}"))
    }

    #[test]
    fn a_dependency_that_goes_up_is_found() {
        assert!(dependencies("[dependencies]\nbytes = \"1\"").is_empty());
        assert!(dependencies("[dev-dependencies]\nlariat-testkit.workspace = true").is_empty());
        for rest in [
            "[dependencies]\nlariat-net.workspace = true",
            "[dependencies]\nlariat = { path = \"../lariat\" }",
            "[dependencies.lariat-net]\npath = \"../net\"",
            "[dependencies]\nengine = { package = \"lariat-net\", path = \"../net\" }",
            "[target.\"cfg(unix)\".dependencies]\nlariat-net.workspace = true",
            "[build-dependencies]\nlariat-tls.workspace = true",
            "[dev-dependencies]\nlariat-net.workspace = true",
            "[dependencies]\nlariat-testkit.workspace = true",
        ] {
            assert_eq!(dependencies(rest).len(), 1, "{rest}");
        }
        assert!(wrong_dependencies("net", PROTOCOL)[0].contains("is called"));
    }

    #[test]
    fn a_folder_without_a_row_is_found() {
        assert_eq!(
            unknown_folders(&["net".to_owned(), "nets".to_owned()]).len(),
            1
        );
    }

    #[test]
    fn a_path_that_goes_up_is_found() {
        let wrong = |path: &str, text: &str| wrong_paths(&Source::new(path, text)).len();
        assert_eq!(
            wrong(
                "crates/net/src/a.rs",
                "use lariat_protocol::{Error, Reason};"
            ),
            0
        );
        assert_eq!(wrong("crates/net/src/a.rs", "// lariat_client::names\n"), 0);
        assert_eq!(wrong("crates/net/src/a.rs", "let lariat_words = 1;"), 0);
        assert_eq!(wrong("crates/net/src/a.rs", "use lariat_client::names;"), 1);
        assert_eq!(
            wrong("crates/net/src/a.rs", "let a = lariat_testkit::link();"),
            1
        );
        assert_eq!(
            wrong("crates/net/tests/a.rs", "let a = lariat_testkit::link();"),
            0
        );
        assert_eq!(
            wrong(
                "crates/net/tests/a.rs",
                "use {lariat_net::Reactor, lariat::x};"
            ),
            1
        );
        assert_eq!(
            wrong("fuzz/fuzz_targets/a.rs", "use lariat_net::Reactor;"),
            1
        );
        assert_eq!(wrong("tests/a.rs", "use lariat_net::Reactor;"), 0);
    }
}
