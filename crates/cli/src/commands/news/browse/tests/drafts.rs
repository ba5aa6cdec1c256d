//! Drafts: shown before they are posted, posted by one name, and never left without a way out.

use super::*;
use crate::commands::news::draft;

/// Somebody who has written an article of their own, which stands before them.
fn written() -> Person {
    let mut person = reading();
    person.press("w");
    let text = "From: a@b\nNewsgroups: misc.test\nSubject: x\n\nHello.\n";
    person.tell(Input::Edited(Edited::Changed(text.into())));
    person
}

#[test]
fn an_answer_is_written_confirmed_and_posted() {
    let mut person = reading();
    person.press("r");
    let [Wish::Edit(draft)] = person.wishes.as_slice() else {
        panic!("{:?}", person.wishes);
    };
    assert!(draft.starts_with(
        "From: Otto <otto@example.org>\nNewsgroups: misc.test\nSubject: Re: Lunch?\n"
    ));
    assert!(
        draft.contains("References: <1@a>\n\nAnn wrote:\n> Is there lunch today?\n"),
        "{draft}"
    );
    let written = format!("{draft}\nYes.\n");
    person.tell(Input::Edited(Edited::Changed(written.clone())));
    let screen = person.screen();
    assert_eq!(screen[0], "Post this?");
    assert_eq!(
        screen.last().map(String::as_str),
        Some("y post  e edit  d throw away")
    );
    // Nothing else posts it, or leaves it.
    person.press("q\n");
    assert_eq!((person.asked(), person.model.screen), (None, Screen::Draft));
    person.press("e");
    assert_eq!(person.wishes, [Wish::Edit(written.clone())]);
    person.tell(Input::Edited(Edited::Same));
    person.press("y");
    let Some(Request::Post(article)) = person.asked() else {
        panic!("{:?}", person.wishes);
    };
    assert!(article.ends_with(b"\r\nYes.\r\n"));
    let asked = person.wishes.clone();
    person.press("yd");
    assert_eq!(person.wishes, []);
    person.wishes = asked;
    person.answer(Answer::Failed("441 Not today".into()));
    assert_eq!(
        person.screen().last().map(String::as_str),
        Some("not posted: 441 Not today")
    );
    person.press("y");
    let Some(Request::Post(article)) = person.asked().cloned() else {
        panic!("{:?}", person.wishes);
    };
    let why = "the server closed; it is not known whether it arrived";
    person.answer(Answer::Unconfirmed(why.into()));
    assert_eq!(person.screen().last().map(String::as_str), Some(why));
    // The same again, by its name too, also when it was edited: a server takes it once.
    let name = |article: &[u8]| {
        let text = String::from_utf8_lossy(article).into_owned();
        let name = text.lines().find(|line| line.starts_with("Message-ID: <"));
        name.expect("a name").to_owned()
    };
    person.tell(Input::Edited(Edited::Changed(format!("{written}Now.\n"))));
    person.press("y");
    let Some(Request::Post(again)) = person.asked() else {
        panic!("{:?}", person.wishes);
    };
    assert_eq!(name(again), name(&article));
    assert!(again.ends_with(b"\r\nNow.\r\n"));
    person.answer(Answer::Posted);
    assert_eq!(person.wishes, [Wish::Forget]);
    assert_eq!(person.model.screen, Screen::Article);
}

#[test]
fn what_is_not_wanted_or_not_whole_is_not_posted() {
    let mut person = reading();
    person.press("w");
    assert_eq!(
        person.wishes,
        [Wish::Edit(
            "From: Otto <otto@example.org>\nNewsgroups: misc.test\nSubject: \n\n".into()
        )]
    );
    person.tell(Input::Edited(Edited::Same));
    assert_eq!(person.wishes, [Wish::Forget]);
    assert_eq!(
        person.screen().last().map(String::as_str),
        Some("nothing was written")
    );
    person.tell(Input::Edited(Edited::Changed(
        "From: a@b\nSubject: x\n\ny\n".into(),
    )));
    person.press("y");
    assert_eq!(person.asked(), None);
    let screen = person.screen();
    assert_eq!(
        screen[screen.len() - 2..],
        [
            "not posted: there is no line Newsgroups: above the empty",
            "line; e edits it"
        ]
    );
    person.press("d");
    assert_eq!(person.wishes, [Wish::Forget]);
    assert_eq!(person.model.screen, Screen::Article);
    person.tell(Input::Edited(Edited::Failed(
        "vi: no such file or directory".into(),
    )));
    assert!(
        person
            .screen()
            .last()
            .is_some_and(|line| line.starts_with("vi: no such file"))
    );
}

#[test]
fn help_is_shown_over_a_draft_and_leads_back_to_it() {
    let mut person = written();
    person.press("?");
    assert_eq!(person.screen()[0], "Keys");
    person.press("q");
    assert_eq!(person.screen()[0], "Post this?");
    person.press("d");
    assert_eq!(person.wishes, [Wish::Forget]);
    assert_eq!(person.model.screen, Screen::Article);
}

#[test]
fn help_may_be_read_while_an_article_is_on_its_way() {
    let mut person = written();
    person.press("y");
    let asked = person.wishes.clone();
    person.press("?");
    person.wishes = asked.clone();
    person.answer(Answer::Failed("441 Not today".into()));
    assert_eq!(person.model.screen, Screen::Help);
    person.press("q");
    assert_eq!(person.screen()[0], "Post this?");
    person.press("y?");
    person.tell(Input::Key(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE)));
    assert_eq!(person.model.screen, Screen::Draft);
    person.press("?");
    let number = match asked.last() {
        Some(Wish::Ask(number, _)) => number + 1,
        other => panic!("{other:?}"),
    };
    person.tell(Input::Heard(number, Answer::Posted));
    assert_eq!(person.wishes, [Wish::Forget]);
    assert_eq!(person.model.screen, Screen::Help);
    assert_eq!(
        person.screen().last().map(String::as_str),
        Some("posted; q goes to the list, where u asks for what is new")
    );
    person.press("q");
    assert_eq!(person.model.screen, Screen::Article);
}

#[test]
fn what_waits_for_the_server_says_how_to_end() {
    let mut person = written();
    person.press("y");
    let told = |person: &mut Person| person.screen().pop();
    assert_eq!(
        told(&mut person).as_deref(),
        Some("waiting for the server to take it ...")
    );
    person.press("q");
    assert_eq!(
        told(&mut person).as_deref(),
        Some("it is on its way; ^C ends without waiting")
    );
}

#[test]
fn the_name_of_an_article_stands_in_its_draft() {
    let mut person = written();
    person.press("y");
    let [Wish::Keep(kept), Wish::Ask(_, Request::Post(sent))] = person.wishes.as_slice() else {
        panic!("{:?}", person.wishes);
    };
    let sent = String::from_utf8_lossy(sent).replace("\r\n", "\n");
    assert_eq!(*kept, sent);
    assert!(kept.contains("\nMessage-ID: <"), "{kept}");
    // Whoever posts it from there posts the same.
    let again = draft::article(kept.as_bytes()).expect("an article");
    assert_eq!(String::from_utf8_lossy(&again).replace("\r\n", "\n"), sent);
    let kept = kept.clone();
    person.answer(Answer::Failed("441 Not today".into()));
    person.press("y");
    assert!(matches!(person.wishes.as_slice(), [Wish::Ask(..)]));
    person.answer(Answer::Failed("441 Not today".into()));
    person.press("e");
    assert_eq!(person.wishes, [Wish::Edit(kept)]);
}
