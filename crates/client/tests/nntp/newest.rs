//! The newest articles of groups in which numbers are missing.

use lariat_client::nntp::Client;
use lariat_testkit::NntpServer;

use crate::{client, server};

#[tokio::test]
async fn the_newest_articles_are_found_where_the_highest_numbers_have_none() {
    let server = server();
    for number in 3..=5000 {
        server.put("misc.test", &format!("From: a\nSubject: {number}\n\nb\n"));
    }
    for number in 201..=5000 {
        server.cancel("misc.test", number);
    }
    let mut client = client(&server).await;
    let group = client.group("misc.test").await.expect("a group");
    assert_eq!((group.first, group.last), (1, 5000));
    for (last, wanted, expected, older_before) in [
        (5000, 3, 198..=200, Some(198)),
        (5000, 300, 1..=200, None),
        (200, 20, 181..=200, Some(181)),
        (200, 200, 1..=200, None),
        (2, 20, 1..=2, None),
    ] {
        let newest = client.newest(1..=last, wanted).await.expect("overviews");
        let numbers: Vec<u64> = newest.overviews.iter().map(|it| it.number()).collect();
        assert_eq!(numbers, expected.collect::<Vec<_>>(), "{wanted} of {last}");
        assert_eq!(newest.older_before, older_before, "{wanted} of {last}");
    }
    // Some are missing between those that are there.
    for number in (102..=200).step_by(2) {
        server.cancel("misc.test", number);
    }
    let newest = client.newest(1..=5000, 4).await.expect("overviews");
    let numbers: Vec<u64> = newest.overviews.iter().map(|it| it.number()).collect();
    assert_eq!(numbers, [193, 195, 197, 199]);
    let none = client.newest(201..=5000, 4).await.expect("none");
    assert_eq!((none.overviews.len(), none.older_before), (0, None));
}

/// What the server was asked for the two newest articles with these numbers, of a group whose ninth thousand ends a large gap
/// below its last article.
async fn asked_for_newest(server: &NntpServer, client: &mut Client, last: u64) -> Vec<String> {
    client.overview_format().await.expect("fields");
    let before = server.heard().len();
    let newest = client.newest(1..=last, 2).await.expect("overviews");
    let expected = match last {
        1_000_000 => [9000, 1_000_000],
        _ => [8999, 9000],
    };
    let numbers: Vec<u64> = newest.overviews.iter().map(|it| it.number()).collect();
    assert_eq!(numbers, expected);
    assert_eq!(newest.older_before, Some(expected[0]));
    server.heard().split_off(before)
}

#[tokio::test]
async fn below_a_large_gap_few_articles_are_read_that_nobody_wants() {
    let server = server();
    for number in 3..=9000 {
        server.put("misc.test", &format!("From: a\nSubject: {number}\n\nb\n"));
    }
    server.skip_to("misc.test", 1_000_000);
    server.put("misc.test", "From: a\nSubject: b\n\nc\n");
    let mut client = client(&server).await;
    client.group("misc.test").await.expect("a group");
    // Below an article the server knows where it ends, whether that is one of those that are asked for or stands behind them.
    for last in [1_000_000, 999_999] {
        let heard = asked_for_newest(&server, &mut client, last).await;
        let (windows, rest) = heard.split_at(4);
        assert!(windows[3].starts_with("OVER 998"), "{heard:?}");
        assert_eq!(rest, ["STAT 1000000", "LAST", "OVER 4001-9000"]);
    }
    // Elsewhere it is read by a part of its length.
    let heard = asked_for_newest(&server, &mut client, 999_990).await;
    assert!(heard.len() < 50, "{heard:?}");
    assert_eq!(
        heard.iter().filter(|line| line.starts_with("STAT")).count(),
        1
    );
    for line in heard.iter().filter_map(|line| line.strip_prefix("OVER ")) {
        let (low, high) = line.split_once('-').expect("a range");
        let [low, high] = [low, high].map(|number| number.parse::<u64>().expect("a number"));
        assert!(high - low < 5000.max((999_990 - high) / 8), "{line}");
    }
    // Where there is nothing below, nobody looks for it.
    for number in 1..=9000 {
        server.cancel("misc.test", number);
    }
    let newest = client.newest(1..=1_000_000, 2).await.expect("overviews");
    assert_eq!((newest.overviews.len(), newest.older_before), (1, None));
    assert_eq!(server.heard().last().map(String::as_str), Some("LAST"));
}
