//! Help, completions and manual pages.

use crate::process::run;

const COMMANDS: [&str; 22] = [
    "ask",
    "bench",
    "cert",
    "chargen",
    "chat",
    "completions",
    "connect",
    "ctl",
    "daytime",
    "discard",
    "echo",
    "ftp",
    "get-raw",
    "man",
    "names",
    "qotd",
    "rdate",
    "re",
    "serve",
    "sleep",
    "talk",
    "timestamp",
];

#[test]
fn every_command_has_help_with_examples() {
    let all = run(&["--help"], b"").text();
    for command in COMMANDS {
        assert!(all.contains(&format!("\n  {command} ")), "{command}: {all}");
        let help = run(&[command, "--help"], b"");
        assert_eq!((help.code, help.errors.as_str()), (Some(0), ""));
        let example = format!("\n  lariat {command}");
        let examples = help.text();
        let (_, examples) = examples.split_once("Examples:").expect(command);
        assert!(examples.contains(&example), "{command}: {examples}");
    }
    assert!(all.contains("Exit codes:"), "{all}");
}

#[test]
fn wrong_usage_is_told_on_standard_error() {
    for arguments in [&[][..], &["sevre"], &["serve", "--prot-base", "0"]] {
        let outcome = run(arguments, b"");
        assert_eq!(outcome.code, Some(2), "{outcome:?}");
        assert!(outcome.output.is_empty() && !outcome.errors.is_empty());
    }
}

#[test]
fn every_shell_has_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let outcome = run(&["completions", shell], b"");
        assert_eq!(outcome.code, Some(0));
        let script = outcome.text();
        assert!(
            COMMANDS.iter().all(|command| script.contains(command)),
            "{shell}"
        );
        assert!(script.contains("port-base"), "{shell}");
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("man1");
    let outcome = run(&["man", "--dir", path.to_str().unwrap()], b"");
    assert_eq!((outcome.code, outcome.errors.as_str()), (Some(0), ""));
    for command in COMMANDS {
        let name = format!("lariat-{command}");
        let page = std::fs::read_to_string(path.join(format!("{name}.1"))).unwrap();
        assert!(page.contains(&format!(".TH {name} 1")), "{page}");
        assert_eq!(run(&["man", command], b"").text(), page);
    }
    assert!(run(&["man"], b"").text().contains(".TH lariat 1"));
    let unknown = run(&["man", "sevre"], b"");
    assert_eq!(unknown.code, Some(2));
    assert!(
        unknown.errors.contains("did you mean serve?"),
        "{}",
        unknown.errors
    );
}

#[test]
fn the_page_for_operators_has_every_setting_and_metric() {
    const PAGE: &str = include_str!("../../../../docs/operate.md");
    let has = |name: &str| PAGE.contains(&format!("`{name}`"));
    for kind in ["limit", "deadline"] {
        let outcome = run(&["serve", &format!("--{kind}"), "?"], b"");
        let first = outcome.errors.lines().next().unwrap();
        let (_, names) = first.split_once("known: ").expect("the names");
        let missing: Vec<&str> = names.split(", ").filter(|name| !has(name)).collect();
        assert_eq!(missing, [""; 0], "{kind}s that the page leaves out");
        let help = run(&["serve", "--help"], b"").text();
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(help.contains(names), "{names}: {help}");
    }
    let reactor = lariat_net::Reactor::builder().threads(1).build().unwrap();
    let text = lariat_net::observe::prometheus(&reactor.handle().stats());
    let names = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    for name in names.filter_map(|line| line.split(' ').next()) {
        assert!(has(name), "{name}");
    }
}
