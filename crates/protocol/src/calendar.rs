//! Days since 1970 as dates and back, in the calendar of today and in UTC, whatever the year.

/// How many seconds a day has.
pub(crate) const SECONDS_A_DAY: i64 = 24 * 60 * 60;

/// From 0000-03-01 to 1970-01-01.
const BEFORE_1970: i64 = 719_468;

/// How many days 400 years have.
const DAYS_AN_ERA: i64 = 146_097;

/// A year, its month and its day from the days since 1970, by the calendar that begins each year in
/// March and so has its leap day last.
pub(crate) fn date(days: i64) -> (i64, i64, i64) {
    let days = days + BEFORE_1970;
    let (era, day) = (days.div_euclid(DAYS_AN_ERA), days.rem_euclid(DAYS_AN_ERA));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day_of_month = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next, month, day_of_month)
}

/// The days since 1970 of a date; nothing if there is no such day.
pub(crate) fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(0..=9999).contains(&year) {
        return None;
    }
    let (from_march, shifted) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let (era, of_era) = (from_march.div_euclid(400), from_march.rem_euclid(400));
    let of_year = (153 * shifted + 2) / 5 + day - 1;
    let days = era * DAYS_AN_ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year;
    let days = days - BEFORE_1970;
    // The 31st of June would be the 1st of July.
    (date(days) == (year, month, day)).then_some(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_of_ten_thousand_years_is_a_date_and_back() {
        let first = days(0, 1, 1).expect("a day");
        let last = days(9999, 12, 31).expect("a day");
        assert_eq!(last - first + 1, 25 * DAYS_AN_ERA);
        for day in (first..=last).step_by(13) {
            let (year, month, of_month) = date(day);
            assert_eq!(days(year, month, of_month), Some(day));
        }
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(days(2006, 6, 31), None);
        assert_eq!(days(2001, 2, 29), None);
        assert_eq!(days(2006, 0, 1), None);
    }
}
