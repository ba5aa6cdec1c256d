//! How the reader looks: a title, a list or a text, and a line for what happens.
//!
//! Nothing is coloured; what is bold, dim or turned around is so in the terminal's own colours.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::listed::Listed;
use super::model::{Model, Screen};
use super::reading::{Kind, wrapped};
use super::threads::{Row, base};
use crate::commands::news::draft;
use crate::output::one_line;

/// How far answers are set in at most, in steps.
const DEEPEST: usize = 12;

/// The rows that a long message takes at most.
const MOST_TOLD: usize = 4;

/// The columns of a name in the list of threads.
const NAME: usize = 18;

const HELP: &[&str] = &[
    "everywhere  up down page-up page-down home end (or k j b   g G)",
    "            ? this help   ^L draws anew   ^C ends",
    "",
    "groups      Enter opens   / finds by what is typed   u asks anew",
    "            C takes all for read   w writes an article   q ends",
    "",
    "threads     Enter reads   n next unread   m older ones   u asks for new ones",
    "            C takes all for read   w writes an article   q back to the groups",
    "",
    "article     space reads on, and then the next one   n next   p the one before",
    "            r answers   h all headers   w writes an article   q back",
    "",
    "draft       y posts   e edits again   d throws away",
];

/// Draws everything.
pub fn draw(frame: &mut Frame, model: &Model) {
    let mut told = wrapped(&last_line(model), frame.area().width.into());
    // What has happened is told to its end, over the list if it has to be.
    let is_note = model.note.is_some();
    told.truncate(if is_note { MOST_TOLD } else { 1 });
    let rows = [
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(told.len() as u16),
    ];
    let [title, body, last] = Layout::vertical(rows).areas(frame.area());
    let turned = Style::new().add_modifier(Modifier::REVERSED);
    let text = fitted(&one_line(&title_of(model)), title.width.into());
    frame.render_widget(Line::styled(text, turned), title);
    let lines = match model.screen {
        Screen::Groups => group_lines(model, body),
        Screen::Threads => thread_lines(model, body),
        Screen::Article => {
            let reading = model.reading.as_ref();
            reading.map_or_else(Vec::new, |reading| text_lines(&reading.lines, reading.top))
        }
        Screen::Draft => {
            let draft = model.draft.as_ref();
            draft.map_or_else(Vec::new, |draft| text_lines(&draft.lines, draft.top))
        }
        Screen::Help => HELP.iter().map(|line| Line::raw(*line)).collect(),
    };
    for (line, area) in lines.into_iter().zip(body.rows()) {
        frame.render_widget(line, area);
    }
    for (line, area) in told.into_iter().zip(last.rows()) {
        frame.render_widget(Line::raw(line), area);
    }
}

fn title_of(model: &Model) -> String {
    let server = &model.reader.server;
    match (model.screen, &model.listed, &model.reading) {
        (Screen::Threads, Some(listed), _) => format!(
            "{}: {} articles in {} threads",
            listed.group,
            listed.entries.len(),
            listed.threads()
        ),
        (Screen::Article, Some(listed), Some(reading)) => {
            let subject = reading.message.header("Subject").unwrap_or_default();
            let row = listed.row_of(reading.number).unwrap_or(listed.cursor.at);
            let (group, rows) = (&listed.group, listed.rows.len());
            format!("{group} {}/{rows}: {subject}", row + 1)
        }
        (Screen::Draft, ..) => "Post this?".into(),
        (Screen::Help, ..) => "Keys".into(),
        _ => match (model.groups.count(), model.groups.total()) {
            (count, total) if count == total => format!("{server}: {total} groups"),
            (count, total) => format!("{server}: {count} of {total} groups"),
        },
    }
}

/// What happens; else what can be done.
fn last_line(model: &Model) -> String {
    if let Some(typed) = &model.typed {
        return format!("/{typed}");
    }
    // What was said is there until the next key, and what is waited for after that as well.
    if let Some(note) = &model.note {
        return note.clone();
    }
    if let Some(waited) = model.waits_for() {
        return format!("waiting for {waited} ...");
    }
    let keys = match model.screen {
        Screen::Groups => "Enter open  / find  w write  q end  ? help",
        Screen::Threads => "Enter read  n next  m older  w write  q back  ? help",
        Screen::Article => "space on  n next  p before  r answer  q back  ? help",
        Screen::Draft => "y post  e edit  d throw away",
        Screen::Help => "any key: back",
    };
    keys.into()
}

fn group_lines(model: &Model, area: Rect) -> Vec<Line<'static>> {
    let (groups, newsrc) = (&model.groups, &model.reader.newsrc);
    let width: usize = area.width.into();
    let top = groups.cursor.top;
    let shown = groups
        .shown()
        .enumerate()
        .skip(top)
        .take(area.height.into());
    let shown: Vec<_> = shown.collect();
    let names = shown.iter().map(|(_, group)| group.name.width());
    let name_width = names.max().unwrap_or(0).min(width / 2);
    let line = |(at, group): &(usize, &super::messages::Group)| {
        let name = fitted(&one_line(&group.name), name_width);
        let unread = newsrc.unread(&group.name, group.first, group.last);
        let text = format!("{name} {unread:>7}  {}", one_line(&group.description));
        row_line(&text, width, *at == groups.cursor.at, unread == 0)
    };
    shown.iter().map(line).collect()
}

fn thread_lines(model: &Model, area: Rect) -> Vec<Line<'static>> {
    let Some(listed) = &model.listed else {
        return Vec::new();
    };
    if listed.rows.is_empty() {
        return vec![Line::raw("There are no articles.")];
    }
    let width: usize = area.width.into();
    let rows = listed.rows.iter().enumerate().skip(listed.cursor.top);
    let line = |(at, row): (usize, &Row)| {
        let is_read = listed.is_read(listed.entries[row.entry].number);
        let text = row_text(listed, *row, &model.reader.zone);
        row_line(&text, width, at == listed.cursor.at, is_read)
    };
    rows.take(area.height.into()).map(line).collect()
}

/// An article in the list: when, who, and what about, as deep as it stands in its thread.
fn row_text(listed: &Listed, row: Row, zone: &TimeZone) -> String {
    let entry = &listed.entries[row.entry];
    let date = day(entry.date, zone);
    let name = fitted(&one_line(draft::name(&entry.from)), NAME);
    let tree = match (row.depth, row.has_sibling) {
        (0, _) => String::new(),
        (depth, has_sibling) => {
            let branch = if has_sibling { "├ " } else { "└ " };
            "  ".repeat(depth.min(DEEPEST) - 1) + branch
        }
    };
    let subject = match row.depth {
        0 => entry.subject.as_str(),
        _ => base(&entry.subject).0,
    };
    let mark = match listed.is_read(entry.number) {
        true => ' ',
        false => '*',
    };
    format!("{mark} {date} {name} {tree}{}", one_line(subject))
}

/// The day of a moment, or as many spaces.
fn day(seconds: Option<i64>, zone: &TimeZone) -> String {
    let moment = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    match moment {
        Some(moment) => moment
            .to_zoned(zone.clone())
            .strftime("%Y-%m-%d")
            .to_string(),
        None => " ".repeat(10),
    }
}

fn row_line(text: &str, width: usize, is_chosen: bool, is_dim: bool) -> Line<'static> {
    let style = match (is_chosen, is_dim) {
        (true, _) => Style::new().add_modifier(Modifier::REVERSED),
        (false, true) => Style::new().add_modifier(Modifier::DIM),
        (false, false) => Style::new(),
    };
    Line::styled(fitted(text, width), style)
}

fn text_lines(lines: &[(Kind, String)], top: usize) -> Vec<Line<'static>> {
    let line = |(kind, text): &(Kind, String)| match kind {
        Kind::Text => Line::raw(text.clone()),
        Kind::Quoted => Line::styled(text.clone(), Style::new().add_modifier(Modifier::DIM)),
        Kind::Header => match text.split_once(':') {
            Some((name, value)) => Line::from(vec![
                Span::styled(
                    format!("{name}:"),
                    Style::new().add_modifier(Modifier::BOLD),
                ),
                Span::raw(value.to_owned()),
            ]),
            None => Line::raw(text.clone()),
        },
    };
    lines.iter().skip(top).map(line).collect()
}

/// The text cut to, or filled up to, so many columns.
fn fitted(text: &str, width: usize) -> String {
    let mut fitted = String::new();
    let mut columns = 0;
    for character in text.chars() {
        let wide = character.width().unwrap_or(0);
        if columns + wide > width {
            break;
        }
        fitted.push(character);
        columns += wide;
    }
    fitted.extend(std::iter::repeat_n(' ', width - columns));
    fitted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_and_filled_by_columns() {
        assert_eq!(fitted("abc", 5), "abc  ");
        assert_eq!(fitted("abcdef", 4), "abcd");
        assert_eq!(fitted("日本語", 5), "日本 ");
        assert_eq!(fitted("x", 0), "");
    }

    #[test]
    fn a_day_is_that_of_the_zone() {
        let zone = |name: &str| TimeZone::posix(name).expect("a zone");
        let late = Some(1_150_586_841);
        assert_eq!(day(late, &TimeZone::UTC), "2006-06-17");
        assert_eq!(day(late, &zone("XXX-9")), "2006-06-18");
        assert_eq!(day(Some(i64::MAX), &TimeZone::UTC), "          ");
        assert_eq!(day(None, &TimeZone::UTC).len(), 10);
    }
}
