//! `lariat news browse` at a terminal, as a person uses it.

use std::fs;
use std::num::NonZero;

use lariat_testkit::{NntpFault, NntpServer};
use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::news::{begin, command, news};
use crate::process::wait_until;
use crate::pty::Terminal;

/// Somebody at a terminal, whose editor writes a line below what there is.
fn browse(folder: &TempDir, arguments: &[&str]) -> Terminal {
    browse_with_editor(folder, "printf 'Yes, all.\\n' >>\"$1\"\n", arguments)
}

/// Somebody whose editor does this, with the draft as its argument and the folder as where it is.
fn browse_with_editor(folder: &TempDir, script: &str, arguments: &[&str]) -> Terminal {
    let path = folder.path().join("editor");
    fs::write(&path, script).unwrap();
    let mut command = command(folder, arguments);
    command.env("EDITOR", format!("sh '{}'", path.display()));
    Terminal::run(command)
}

fn drafts(folder: &TempDir) -> usize {
    fs::read_dir(folder.path().join("state/drafts")).map_or(0, Iterator::count)
}

#[test]
fn news_are_read_answered_and_posted() {
    let (server, folder) = begin();
    let mut terminal = browse(
        &folder,
        &["--from", "Otto <otto@example.org>", &server.url("")],
    );
    terminal.wait_to_show("misc.test        2  For tests");
    terminal.type_in("/test\r\r");
    terminal.wait_to_show("* 2006-06-18 Jürgen             └ Grüße");
    terminal.type_in("j\r");
    terminal.wait_to_show("  Grüße zurück.");
    terminal.type_in("r");
    terminal.wait_to_show("Post this?");
    terminal.wait_to_show("Yes, all.");
    assert_eq!((drafts(&folder), server.posted().len()), (1, 0));
    terminal.type_in("y");
    terminal.wait_to_show("posted; q goes to the list, where u asks");
    let posted = server.posted();
    assert!(
        posted[0].starts_with("From: Otto <otto@example.org>\nNewsgroups: misc.test\n"),
        "{posted:?}"
    );
    assert!(
        posted[0].contains("\nReferences: <1@a> <2@a>\n"),
        "{posted:?}"
    );
    assert!(posted[0].ends_with("\nYes, all.\n"), "{posted:?}");
    assert_eq!(drafts(&folder), 0);
    terminal.type_in("qu");
    terminal.wait_to_show("misc.test: 3 articles in 1 threads");
    terminal.type_in("qq\x1bq");
    assert_eq!(terminal.wait_for_end(), Some(0));
    assert!(terminal.is_as_it_was());
    assert!(terminal.screen().is_empty(), "{:?}", terminal.screen());
    assert_eq!(server.heard().last().unwrap(), "QUIT");
}

#[test]
fn a_slow_server_freezes_no_key() {
    let (server, folder) = begin();
    let mut terminal = browse(&folder, &[&server.url("misc.test")]);
    terminal.wait_to_show("misc.test: 2 articles");
    server.order("ARTICLE", 1, NntpFault::Silent);
    terminal.type_in("\r");
    terminal.wait_to_show("waiting for article");
    terminal.type_in("?");
    terminal.wait_to_show("everywhere");
    terminal.press("?\x03");
    assert_eq!(terminal.wait_for_end(), Some(0));
    assert!(terminal.is_as_it_was());
}

/// How often the server was asked for an article.
fn articles_asked(server: &NntpServer) -> usize {
    let heard = server.heard().into_iter();
    heard.filter(|line| line.starts_with("ARTICLE")).count()
}

#[test]
fn whoever_goes_on_does_not_wait_for_a_server_that_is_silent() {
    let (server, folder) = begin();
    let mut terminal = browse(&folder, &[&server.url("misc.test")]);
    terminal.wait_to_show("misc.test: 2 articles");
    server.order("ARTICLE", 1, NntpFault::Silent);
    terminal.type_in("\r");
    terminal.wait_to_show("waiting for article");
    // What is gone on from before it was asked for, is not asked for.
    wait_until(|| articles_asked(&server) == 1);
    terminal.type_in("q");
    terminal.wait_to_show("misc.test        2  For tests");
    assert_eq!(articles_asked(&server), 1);
    // The new connection is as good.
    terminal.type_in("j\r");
    terminal.wait_to_show("misc.test: 2 articles");
    terminal.type_in("\r");
    terminal.wait_to_show("Hello all");
    terminal.press("\x03");
    assert_eq!(terminal.wait_for_end(), Some(0));
}

#[test]
fn a_server_that_is_silent_is_asked_once() {
    let (server, folder) = begin();
    let url = server.url("misc.test");
    let mut terminal = browse(&folder, &["--timeout", "2", &url]);
    terminal.wait_to_show("misc.test: 2 articles");
    server.order("ARTICLE", 1, NntpFault::Silent);
    terminal.type_in("\r");
    terminal.wait_to_show("no answer to");
    assert_eq!(articles_asked(&server), 1);
    terminal.type_in("\r");
    terminal.wait_to_show("Hello all");
    terminal.press("\x03");
    assert_eq!(terminal.wait_for_end(), Some(0));
}

#[test]
fn a_group_that_there_is_not_is_told_of_beside_those_that_there_are() {
    let (server, folder) = begin();
    let mut terminal = browse(&folder, &[&server.url("no.such")]);
    terminal.wait_to_show("misc.test        2  For tests");
    terminal.wait_to_show("411 No such group");
    terminal.press("\x03");
    assert_eq!(terminal.wait_for_end(), Some(0));
}

#[test]
fn the_newest_articles_are_listed_where_the_highest_numbers_have_none() {
    let (server, folder) = begin();
    for number in 3..=3000 {
        let article = format!("From: a@b\nSubject: s{number}\n\nx\n");
        server.put("misc.test", &article);
    }
    for number in 4..=3000 {
        server.cancel("misc.test", number);
    }
    let mut terminal = browse(&folder, &[&server.url("misc.test")]);
    terminal.wait_to_show("misc.test: 3 articles in 2 threads");
    terminal.type_in("m");
    terminal.wait_to_show("there are no older articles");
    terminal.press("\x03");
    assert_eq!(terminal.wait_for_end(), Some(0));
}

#[test]
fn a_connection_that_was_given_up_is_made_again() {
    let (server, folder) = begin();
    let mut terminal = browse(&folder, &[&server.url("misc.test")]);
    terminal.wait_to_show("misc.test: 2 articles");
    server.order(
        "ARTICLE",
        1,
        NntpFault::Says(b"400 Idle for too long.\r\n".to_vec()),
    );
    terminal.type_in("\r");
    terminal.wait_to_show("Hello all");
    server.order("GROUP", 2, NntpFault::HangsUp);
    terminal.type_in("qu");
    terminal.wait_to_show("the server closed");
    terminal.press("\x03");
    assert_eq!(terminal.wait_for_end(), Some(0));
}

#[test]
fn a_draft_that_was_not_posted_is_kept_and_told_of() {
    let (server, folder) = begin();
    let mut terminal = browse(&folder, &[&server.url("misc.test")]);
    terminal.wait_to_show("misc.test: 2 articles");
    terminal.type_in("w");
    terminal.wait_to_show("Post this?");
    terminal.type_in("y");
    terminal.wait_to_show("not posted: nothing stands behind From:");
    terminal.press("\x03");
    assert_eq!(terminal.wait_for_end(), Some(0));
    let screen = terminal.screen().concat();
    assert!(
        screen.contains("the draft is kept in ") && screen.contains("draft-1.txt"),
        "{screen}"
    );
    assert_eq!((drafts(&folder), server.posted().len()), (1, 0));
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was() {
    let (server, folder) = begin();
    let mut terminal = browse(&folder, &[&server.url("misc.test")]);
    terminal.wait_to_show("misc.test: 2 articles");
    terminal.signal(Signal::SIGTERM);
    assert_eq!(terminal.wait_for_end(), Some(130));
    assert!(terminal.is_as_it_was());
    assert!(terminal.screen().is_empty(), "{:?}", terminal.screen());
}

#[test]
fn another_size_of_the_terminal_is_taken_in() {
    let (server, folder) = begin();
    let mut terminal = browse(&folder, &[&server.url("misc.test")]);
    terminal.wait_to_show("misc.test: 2 articles");
    terminal.resize(NonZero::new(6).unwrap(), NonZero::new(40).unwrap());
    terminal.wait_for_screen(&[
        "misc.test: 2 articles in 1 threads",
        "* 2006-06-17 Ann                Hello",
        "* 2006-06-18 Jürgen             └ Grüße",
        "",
        "",
        "Enter read  n next  m older  w write  q",
    ]);
    terminal.press("\x03");
    assert_eq!(terminal.wait_for_end(), Some(0));
}

#[test]
fn who_cannot_be_let_in_is_told_before_anything_is_drawn() {
    let (server, folder) = begin();
    server.require_login();
    let url = server.url("").replace("nntp://", "nntp://anna@");
    let mut terminal = browse(&folder, &[&url, "browse"]);
    terminal.wait_for_screen(&["Password of anna on 127.0.0.1:"]);
    terminal.type_in("wrong\r");
    assert_eq!(terminal.wait_for_end(), Some(1));
    let screen = terminal.screen().concat();
    assert!(screen.contains("the server says 481 Not you"), "{screen}");
    let mut again = browse(&folder, &[&url]);
    again.wait_for_screen(&["Password of anna on 127.0.0.1:"]);
    again.type_in("swordfish\r");
    again.wait_to_show("misc.test        2  For tests");
    again.press("\x03");
    assert_eq!(again.wait_for_end(), Some(0));
}

#[test]
fn what_an_editor_has_written_is_kept_when_it_fails() {
    let (server, folder) = begin();
    let script = "if [ -e failed ]; then printf 'Later.\\n' >>\"$1\"; exit 0; fi\n\
        printf 'Much that was thought over.\\n' >>\"$1\"; : >failed; exit 1\n";
    let mut terminal = browse_with_editor(&folder, script, &[&server.url("misc.test")]);
    terminal.wait_to_show("misc.test: 2 articles");
    terminal.type_in("w");
    terminal.wait_to_show("what was written is");
    terminal.type_in("w");
    terminal.wait_to_show("Post this?");
    let kept = folder.path().join("state/drafts/draft-1.txt");
    let text = fs::read_to_string(&kept).unwrap();
    assert!(text.ends_with("Much that was thought over.\n"), "{text}");
    terminal.type_in("d");
    terminal.wait_to_show("thrown away");
    assert_eq!(drafts(&folder), 1);
    terminal.press("\x03");
    assert_eq!(terminal.wait_for_end(), Some(0));
    let screen = terminal.screen().concat();
    assert!(
        screen.contains("the draft is kept in ") && screen.contains("draft-1.txt"),
        "{screen}"
    );
}

#[test]
fn an_interrupt_while_the_editor_runs_is_the_editors() {
    let (server, folder) = begin();
    let script =
        "echo editing\nwhile [ ! -e go ]; do sleep 0.05; done\nprintf 'Yes.\\n' >>\"$1\"\n";
    let mut terminal = browse_with_editor(&folder, script, &[&server.url("misc.test")]);
    terminal.wait_to_show("misc.test: 2 articles");
    terminal.type_in("w");
    terminal.wait_to_show("editing");
    // As a terminal has it for all that run there.
    terminal.signal(Signal::SIGINT);
    fs::write(folder.path().join("go"), "").unwrap();
    terminal.wait_to_show("Post this?");
    terminal.wait_to_show("Yes.");
    terminal.press("d\x03");
    assert_eq!(terminal.wait_for_end(), Some(0));
    assert!(terminal.is_as_it_was());
}

#[test]
fn an_article_of_which_nothing_is_known_is_posted_once() {
    let (server, folder) = begin();
    let mut terminal = browse(
        &folder,
        &[
            "--from",
            "Otto <otto@example.org>",
            &server.url("misc.test"),
        ],
    );
    terminal.wait_to_show("misc.test: 2 articles");
    terminal.type_in("\r");
    terminal.wait_to_show("Hello all");
    terminal.type_in("r");
    terminal.wait_to_show("Post this?");
    server.order("ARTICLE SENT", 1, NntpFault::HangsUp);
    terminal.type_in("y");
    terminal.wait_to_show("known");
    terminal.type_in("y");
    terminal.wait_to_show("441 I have it");
    assert_eq!(server.posted().len(), 1);
    terminal.press("d\x03");
    assert_eq!(terminal.wait_for_end(), Some(0));
}

#[test]
fn an_article_that_is_on_its_way_at_the_end_is_told_of() {
    let (server, folder) = begin();
    let from = ["--from", "Otto <otto@example.org>"];
    let url = server.url("misc.test");
    let mut terminal = browse(&folder, &[&from[..], &[&url]].concat());
    terminal.wait_to_show("misc.test: 2 articles");
    terminal.type_in("\r");
    terminal.wait_to_show("Hello all");
    terminal.type_in("r");
    terminal.wait_to_show("Post this?");
    server.order("ARTICLE SENT", 1, NntpFault::Silent);
    terminal.type_in("y");
    wait_until(|| !server.posted().is_empty());
    terminal.press("\x03");
    assert_eq!(terminal.wait_for_end(), Some(1));
    let screen = terminal.screen().concat();
    assert!(screen.contains("the draft is kept in "), "{screen}");
    assert!(
        screen.contains("it is not known whether the article has arrived"),
        "{screen}"
    );
    // The draft has its name: the server takes it once.
    let draft = folder.path().join("state/drafts/draft-1.txt");
    let draft = draft.display().to_string();
    let outcome = news(&folder, &[&url, "post", &draft]);
    assert!(outcome.errors.contains("441 I have it"), "{outcome:?}");
    assert_eq!(server.posted().len(), 1);
}

#[test]
fn how_much_of_a_long_answer_has_come_is_shown() {
    let (server, folder) = begin();
    let line = "What is said at length.\n".repeat(20_000);
    server.put("misc.test", &format!("From: a@b\nSubject: long\n\n{line}"));
    server.order("ARTICLE", 1, NntpFault::Stalls(300_000));
    let url = server.url("misc.test/3");
    let mut terminal = Terminal::run(command(&folder, &[&url]));
    terminal.wait_to_show("article 2");
    terminal.signal(Signal::SIGINT);
    assert_eq!(terminal.wait_for_end(), Some(130));
    assert!(terminal.screen().is_empty(), "{:?}", terminal.screen());
}

/// The server is used by all of these, and named by none.
#[test]
fn the_terminal_is_for_whoever_names_a_group_alone() {
    let (server, folder): (NntpServer, TempDir) = begin();
    let mut command = command(&folder, &["news:misc.test"]);
    command.env("NNTPSERVER", server.address().to_string());
    let mut terminal = Terminal::run(command);
    terminal.wait_to_show("misc.test: 2 articles");
    terminal.press("\x03");
    assert_eq!(terminal.wait_for_end(), Some(0));
}
