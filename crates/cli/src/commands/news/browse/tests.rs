//! The reader without a terminal and without a server: keys go in, answers are made up, and the screen is looked at.

mod drafts;

use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::messages::{Answer, Edited, Group, Headers, Input, Request, Wish};
use super::model::{Model, Reader, Screen};
use super::threads::Entry;
use super::view;
use crate::commands::news::message::Message;
use crate::commands::news::newsrc::{Mark, Newsrc, Numbers};

const ARTICLE: &str = "From: Ann <ann@example.org>\nNewsgroups: misc.test\nSubject: Lunch?\n\
    Date: Sat, 17 Jun 2006 17:27:21 +0000\nMessage-ID: <1@a>\n\nIs there lunch today?\n\n> There was yesterday.\nTell me.\n";

/// Somebody at a terminal of 60 columns and 10 rows.
struct Person {
    model: Model,
    wishes: Vec<Wish>,
    terminal: Terminal<TestBackend>,
}

impl Person {
    fn begin(group: Option<&str>) -> Self {
        let reader = Reader {
            server: "news.example.org".into(),
            from: "Otto <otto@example.org>".into(),
            zone: TimeZone::UTC,
            newsrc: Newsrc::parse(b"misc.test: 3\n"),
        };
        let (model, wishes) = Model::new(reader, group.map(str::to_owned), (60, 10));
        let terminal = Terminal::new(TestBackend::new(60, 10)).expect("a screen");
        Person {
            model,
            wishes,
            terminal,
        }
    }

    fn tell(&mut self, input: Input) {
        self.wishes = self.model.update(input);
    }

    /// Presses keys; `\n` is Enter, `\x1b` Escape, `<` backspace.
    fn press(&mut self, keys: &str) {
        for key in keys.chars() {
            let code = match key {
                '\n' => KeyCode::Enter,
                '\x1b' => KeyCode::Esc,
                '<' => KeyCode::Backspace,
                key => KeyCode::Char(key),
            };
            self.tell(Input::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        }
    }

    /// What the model has just asked the server for.
    fn asked(&self) -> Option<&Request> {
        match self.wishes.as_slice() {
            [Wish::Ask(_, request)] | [Wish::Keep(_), Wish::Ask(_, request)] => Some(request),
            _ => None,
        }
    }

    /// Has the server answer what was just asked.
    fn answer(&mut self, answer: Answer) {
        let Some(Wish::Ask(number, _)) = self.wishes.last() else {
            panic!("nothing was asked: {:?}", self.wishes);
        };
        self.tell(Input::Heard(*number, answer));
    }

    /// The lines of the screen, without spaces at their ends and empty lines before the last.
    fn screen(&mut self) -> Vec<String> {
        let model = &self.model;
        self.terminal
            .draw(|frame| view::draw(frame, model))
            .expect("drawn");
        let buffer = self.terminal.backend().buffer();
        let width = usize::from(buffer.area.width);
        let rows = buffer.content.chunks(width);
        let line = |row: &[ratatui::buffer::Cell]| {
            let line: String = row.iter().map(|cell| cell.symbol()).collect();
            line.trim_end().to_owned()
        };
        rows.map(line).filter(|line| !line.is_empty()).collect()
    }
}

fn groups() -> Answer {
    let group = |name: &str, last, description: &str| Group {
        name: name.into(),
        first: 1,
        last,
        description: description.into(),
    };
    Answer::Groups(vec![
        group("misc.test", 3, "For tests"),
        group("comp.lang.rust", 1200, "The language"),
    ])
}

fn headers() -> Headers {
    let entry = |number: u64, subject: &str, from: &str, references: &[&str]| Entry {
        number,
        id: format!("<{number}@a>"),
        subject: subject.into(),
        from: from.into(),
        date: Some(1_150_565_241 + i64::try_from(number).expect("small") * 86_400),
        references: references.iter().map(|id| (*id).to_owned()).collect(),
    };
    Headers {
        entries: vec![
            entry(1, "Lunch?", "Ann <ann@example.org>", &[]),
            entry(2, "Re: Lunch?", "otto@example.org (Otto)", &["<1@a>"]),
            entry(3, "Bells\x07 and \x1b[2Jwhistles", "Eve", &[]),
        ],
        last: 3,
        older_before: Some(1),
    }
}

/// Somebody who has opened the group and then its first thread.
fn reading() -> Person {
    let mut person = Person::begin(Some("misc.test"));
    person.answer(Answer::Headers(headers()));
    person.press("j\n");
    person.answer(Answer::Article(Message::plain(ARTICLE)));
    person
}

#[test]
fn groups_are_listed_and_one_is_opened() {
    let mut person = Person::begin(None);
    assert_eq!(person.asked(), Some(&Request::Groups));
    assert_eq!(
        person.screen(),
        ["news.example.org: 0 groups", "waiting for the groups ..."]
    );
    person.answer(groups());
    assert_eq!(
        person.screen(),
        [
            "news.example.org: 2 groups",
            "comp.lang.rust    1200  The language",
            "misc.test            2  For tests",
            "Enter open  / find  w write  q end  ? help",
        ]
    );
    person.press("j\n");
    let wanted = Request::Headers {
        group: "misc.test".into(),
        before: None,
    };
    assert_eq!(person.asked(), Some(&wanted));
    assert_eq!(
        person.screen().last().map(String::as_str),
        Some("waiting for misc.test ...")
    );
}

#[test]
fn threads_are_shown_and_nothing_in_them_steers_the_terminal() {
    let mut person = Person::begin(Some("misc.test"));
    person.answer(Answer::Headers(headers()));
    assert_eq!(
        person.screen(),
        [
            "misc.test: 3 articles in 2 threads",
            "  2006-06-20 Eve                Bells\\u{7} and \\u{1b}[2Jwhis",
            "* 2006-06-18 Ann                Lunch?",
            "* 2006-06-19 Otto               └ Lunch?",
            "Enter read  n next  m older  w write  q back  ? help",
        ]
    );
    person.press("m");
    let wanted = Request::Headers {
        group: "misc.test".into(),
        before: Some(1),
    };
    assert_eq!(person.asked(), Some(&wanted));
}

#[test]
fn an_article_is_read_and_the_next_one_follows() {
    let mut person = reading();
    assert_eq!(
        person.screen(),
        [
            "misc.test 2/3: Lunch?",
            "From: Ann <ann@example.org>",
            "Newsgroups: misc.test",
            "Subject: Lunch?",
            "Date: Sat, 17 Jun 2006 17:27:21 +0000",
            "Is there lunch today?",
            "> There was yesterday.",
            "space on  n next  p before  r answer  q back  ? help",
        ]
    );
    person.press(" ");
    assert!(person.screen().contains(&"Tell me.".to_owned()));
    assert_eq!(person.asked(), None);
    person.press(" ");
    let wanted = Request::Article {
        group: "misc.test".into(),
        number: 2,
    };
    assert_eq!(person.asked(), Some(&wanted));
    person.press("q");
    assert_eq!(person.screen()[2], "  2006-06-18 Ann                Lunch?");
}

#[test]
fn a_slow_server_keeps_no_key_waiting_and_old_answers_change_nothing() {
    let mut person = Person::begin(None);
    person.answer(groups());
    person.press("\n");
    let first = person.wishes.clone();
    person.press("j");
    assert_eq!(person.model.groups.cursor.at, 1);
    person.press("\n");
    let second = person.wishes.clone();
    let number = |wishes: &[Wish]| match wishes {
        [Wish::Ask(number, _)] => *number,
        other => panic!("{other:?}"),
    };
    person.tell(Input::Heard(number(&first), Answer::Headers(headers())));
    assert_eq!(person.model.screen, Screen::Groups);
    person.tell(Input::Heard(number(&second), Answer::Headers(headers())));
    assert_eq!(person.screen()[0], "misc.test: 3 articles in 2 threads");
    // Whoever has gone back is not called forth again.
    person.press("\n");
    let third = person.wishes.clone();
    person.press("q");
    person.tell(Input::Heard(
        number(&third),
        Answer::Article(Message::default()),
    ));
    assert_eq!(person.model.screen, Screen::Groups);
}

#[test]
fn what_is_typed_finds_groups() {
    let mut person = Person::begin(None);
    person.answer(groups());
    person.press("/RUSX<");
    let screen = person.screen();
    assert_eq!(screen[0], "news.example.org: 1 of 2 groups");
    assert_eq!(screen.last().map(String::as_str), Some("/RUS"));
    person.press("\nq");
    assert_eq!(person.wishes, [Wish::Quit]);
    person.press("\x1b");
    assert_eq!(person.screen()[0], "news.example.org: 2 groups");
    person.press("/zzz\x1b");
    assert_eq!(person.model.groups.count(), 2);
}

#[test]
fn failures_are_told_and_nothing_is_lost() {
    let mut person = reading();
    person.press("n");
    person.answer(Answer::Failed("no answer to ARTICLE 2 within 60 s".into()));
    assert_eq!(
        person.screen().last().map(String::as_str),
        Some("no answer to ARTICLE 2 within 60 s")
    );
    assert_eq!(person.screen()[0], "misc.test 2/3: Lunch?");
    person.press("p");
    person.answer(Answer::Failed("gone".into()));
    person.press("nn");
    let first = person.wishes.clone();
    assert!(matches!(
        first.as_slice(),
        [Wish::Ask(_, Request::Article { number: 2, .. })]
    ));
}

#[test]
fn an_article_that_is_gone_is_passed() {
    let mut person = reading();
    let article = |number| Request::Article {
        group: "misc.test".into(),
        number,
    };
    person.press("p");
    person.answer(Answer::Missing("423 gone".into()));
    let screen = person.screen();
    // What is read is still what is shown.
    assert_eq!(screen[0], "misc.test 2/3: Lunch?");
    assert_eq!(screen.last().map(String::as_str), Some("423 gone"));
    person.press("n");
    assert_eq!(person.asked(), Some(&article(1)));
    person.answer(Answer::Article(Message::plain(ARTICLE)));
    person.press("n");
    assert_eq!(person.asked(), Some(&article(2)));
    person.answer(Answer::Missing("423 gone".into()));
    person.press("n");
    assert_eq!(person.asked(), None);
    let last = person.screen();
    assert_eq!(
        last.last().map(String::as_str),
        Some("this is the last article")
    );
}

#[test]
fn whoever_names_a_group_that_there_is_not_sees_those_that_there_are() {
    let mut person = Person::begin(Some("no.such"));
    person.answer(Answer::Missing("411 No such group".into()));
    assert_eq!(person.asked(), Some(&Request::Groups));
    let told = person.screen();
    assert_eq!(told.last().map(String::as_str), Some("411 No such group"));
    person.answer(groups());
    let screen = person.screen();
    assert_eq!(screen[0], "news.example.org: 2 groups");
    assert_eq!(screen.last().map(String::as_str), Some("411 No such group"));
    // They are known now.
    person.press("\n");
    person.answer(Answer::Missing("411 No such group".into()));
    assert_eq!(person.wishes, []);
}

#[test]
fn what_is_listed_has_an_end_that_is_told() {
    let mut person = Person::begin(Some("misc.test"));
    let entry = |number: u64| Entry {
        number,
        id: format!("<{number}>"),
        ..Entry::default()
    };
    person.answer(Answer::Headers(Headers {
        entries: (501..=20_500).map(entry).collect(),
        last: 20_500,
        older_before: Some(501),
    }));
    person.press("m");
    assert_eq!(person.asked(), None);
    let screen = person.screen();
    assert_eq!(
        screen[screen.len() - 2..],
        [
            "no more than 20000 articles are listed; over shows older",
            "ones"
        ]
    );
}

#[test]
fn another_size_keeps_the_place() {
    let mut person = reading();
    person.tell(Input::Resized(20, 6));
    person.terminal.backend_mut().resize(20, 6);
    let screen = person.screen();
    assert_eq!(screen[0], "misc.test 2/3: Lunch");
    assert_eq!(screen[1], "From: Ann");
    person.press("G");
    assert!(person.screen().contains(&"Tell me.".to_owned()));
    for size in [(1, 1), (1, 0), (200, 3)] {
        person.tell(Input::Resized(size.0, size.1));
        person.terminal.backend_mut().resize(size.0, size.1);
        person.screen();
        person.press("q\n?x");
    }
}

#[test]
fn help_is_shown_over_everything_and_goes_at_any_key() {
    let mut person = reading();
    person.press("?");
    assert_eq!(person.screen()[0], "Keys");
    person.press("q");
    assert_eq!(person.model.screen, Screen::Article);
}

#[test]
fn an_interrupt_ends_everywhere() {
    for mut person in [Person::begin(None), reading()] {
        let key = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        person.tell(Input::Key(key));
        assert_eq!(person.wishes, [Wish::Quit]);
        let key = KeyEvent::new(KeyCode::Char('l'), KeyModifiers::CONTROL);
        person.tell(Input::Key(key));
        assert_eq!(person.wishes, [Wish::Redraw]);
    }
}

#[test]
fn what_was_read_is_remembered_and_counted() {
    let mut person = reading();
    let read = |first, last| {
        let group = "misc.test".into();
        let numbers = Numbers::between(first, last);
        vec![Wish::Remember(Mark { group, numbers })]
    };
    assert_eq!(person.wishes, read(1, 1));
    // The same again is nothing new.
    person.press("np");
    person.answer(Answer::Article(Message::plain(ARTICLE)));
    assert_eq!(person.wishes, []);
    person.press("qq");
    person.answer(groups());
    assert_eq!(person.screen()[2], "misc.test            1  For tests");
    person.press("jC");
    assert_eq!(person.wishes, read(1, 3));
    let screen = person.screen();
    assert_eq!(screen[2], "misc.test            0  For tests");
    let told = screen.last().map(String::as_str);
    assert_eq!(told, Some("all of misc.test counts as read"));
    // More have come since then.
    person.press("\n");
    let mut more = headers();
    more.last = 9;
    person.answer(Answer::Headers(more));
    person.press("C");
    assert_eq!(person.wishes, read(1, 9));
    assert!(
        !person.screen()[1..]
            .iter()
            .any(|line| line.starts_with('*'))
    );
}

#[test]
fn a_group_without_articles_says_so() {
    let mut person = Person::begin(Some("misc.empty"));
    person.answer(Answer::Headers(Headers::default()));
    assert_eq!(person.screen()[1], "There are no articles.");
    person.press("\nnjm");
    person.press("q");
    assert_eq!(person.asked(), Some(&Request::Groups));
}
