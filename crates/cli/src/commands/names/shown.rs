//! What is registered and what was logged, as a table for a person and as JSON for a program.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use lariat_client::names::{Entry, Event, LogRow, Tag};
use serde_json::{Value, json};

use crate::table::{age, of};

/// A table of entries.
pub fn table(entries: &[Entry]) -> String {
    let rows = entries.iter().map(|entry| {
        [
            entry.name.to_string(),
            entry.place.to_string(),
            entry.state.to_string(),
            tags(&entry.tags),
            entry.description.as_str().to_owned(),
            entry.weight.get().to_string(),
            age(entry.ttl.into()),
        ]
    });
    of(
        [
            "NAME",
            "ENDPOINT",
            "STATE",
            "TAGS",
            "DESCRIPTION",
            "WEIGHT",
            "TTL",
        ],
        rows,
        5,
    )
}

/// An entry for a program.
pub fn entry_json(entry: &Entry) -> Value {
    let tags: Vec<&str> = entry.tags.iter().map(Tag::as_str).collect();
    json!({
        "name": entry.name.as_str(),
        "endpoint": entry.place.as_str(),
        "host": entry.place.host().to_string(),
        "port": entry.place.endpoint().port(),
        "state": entry.state.word(),
        "weight": entry.weight.get(),
        "ttl": entry.ttl,
        "tags": tags,
        "description": entry.description.as_str(),
    })
}

/// A change as one line.
pub fn event_line(event: &Event) -> String {
    let entry = &event.entry;
    let tags = match entry.tags.is_empty() {
        true => String::new(),
        false => format!(" [{}]", tags(&entry.tags)),
    };
    let (time, change) = (clock(Timestamp::now()), event.change);
    format!("{time}  {change:10}  {}  {}{tags}", entry.name, entry.place)
}

/// A change for a program.
pub fn event_json(event: &Event) -> Value {
    let mut value = entry_json(&event.entry);
    value["change"] = event.change.word().into();
    value["time"] = Timestamp::now().to_string().into();
    value
}

/// A table of the log.
pub fn log_table(rows: &[LogRow]) -> String {
    let rows = rows.iter().map(|row| {
        [
            row_time(row).map_or("-".into(), day_and_clock),
            row.what.word().to_owned(),
            row.who.clone(),
            row.name.as_ref().map_or("-".into(), ToString::to_string),
            row.about.clone(),
            row.count.to_string(),
        ]
    });
    of(["TIME", "WHAT", "WHO", "NAME", "ABOUT", "COUNT"], rows, 5)
}

/// A row of the log for a program.
pub fn row_json(row: &LogRow) -> Value {
    json!({
        "row": row.row,
        "time": row_time(row).map(|time| time.to_string()),
        "what": row.what.word(),
        "who": row.who,
        "name": row.name.as_ref().map(ToString::to_string),
        "about": row.about,
        "count": row.count,
    })
}

fn row_time(row: &LogRow) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(row.time).ok()?).ok()
}

fn tags(tags: &[Tag]) -> String {
    let tags: Vec<&str> = tags.iter().map(Tag::as_str).collect();
    tags.join(",")
}

fn clock(time: Timestamp) -> String {
    let time = time.to_zoned(TimeZone::system());
    time.strftime("%H:%M:%S").to_string()
}

fn day_and_clock(time: Timestamp) -> String {
    let time = time.to_zoned(TimeZone::system());
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Entry {
        let line = "print tcp://printer:9100 ttl=58 state=up weight=100 tags=a,laser \
                    description=\"second floor\"";
        line.parse().expect("an entry")
    }

    #[test]
    fn an_entry_is_a_row_and_an_object() {
        assert_eq!(
            table(&[entry()]),
            "NAME   ENDPOINT            STATE  TAGS     DESCRIPTION   WEIGHT  TTL\n\
             print  tcp://printer:9100  up     a,laser  second floor     100  58s\n"
        );
        let object = entry_json(&entry());
        assert_eq!(object["port"], 9100);
        assert_eq!(object["tags"][1], "laser");
    }

    #[test]
    fn a_change_is_a_line() {
        let event = format!("removed {}", entry());
        let event = format!("event {event}").parse();
        let Ok(lariat_client::names::FirstLine::Event(event)) = event else {
            panic!("no event");
        };
        let line = event_line(&event);
        assert!(
            line.ends_with("  removed     print  tcp://printer:9100 [a,laser]"),
            "{line}"
        );
        assert_eq!(event_json(&event)["change"], "removed");
    }

    #[test]
    fn a_row_of_the_log_has_its_time() {
        let row = "7 time=1150565241 what=asked who=10.0.0.1 about=\"find print\" count=3";
        let row: LogRow = row.parse().expect("a row");
        assert_eq!(row_json(&row)["time"], "2006-06-17T17:27:21Z");
        let shown = log_table(&[row]);
        let line = shown.lines().nth(1).expect("a row");
        assert!(line.starts_with("2006-06-1"), "{line}");
        assert!(
            line.ends_with("  asked  10.0.0.1  -     find print      3"),
            "{line}"
        );
    }
}
