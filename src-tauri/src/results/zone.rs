//! A site's time zone: where its days begin.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// In milliseconds.
const DAY: i64 = 24 * 60 * 60 * 1000;

/// A time zone of the IANA database: the system's, or the one in the program where the system has none.
#[derive(Clone, Debug)]
pub struct Zone(TimeZone);

impl Zone {
    /// UTC, for a site whose time zone is not known here.
    pub const UTC: Self = Self(TimeZone::UTC);

    /// The zone with this IANA name, such as `Europe/Berlin`.
    pub fn named(name: &str) -> Option<Self> {
        TimeZone::get(name).ok().map(Self)
    }

    /// The local day of a time in Unix milliseconds, as days since 1970-01-01.
    pub fn day(&self, time: i64) -> i64 {
        let offset = Timestamp::from_millisecond(time).map_or(0, |t| self.0.to_offset(t).seconds());
        time.saturating_add(i64::from(offset) * 1000).div_euclid(DAY)
    }

    /// The local date of a time in Unix milliseconds, such as `2026-11-25`.
    pub fn date(&self, time: i64) -> String {
        Timestamp::from_millisecond(time).map_or_else(|_| String::new(), |t| self.0.to_datetime(t).date().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Milliseconds of a time that is written out.
    fn at(time: &str) -> i64 {
        time.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn a_day_is_the_sites_own() {
        let cases = [
            ("UTC", "2026-03-28T23:30:00Z", "2026-03-28"),
            // Summer time begins in Berlin at 01:00 UTC on the 29th, which has 23 hours.
            ("Europe/Berlin", "2026-03-28T22:59:59.999Z", "2026-03-28"),
            ("Europe/Berlin", "2026-03-28T23:00:00Z", "2026-03-29"),
            ("Europe/Berlin", "2026-03-29T21:59:59.999Z", "2026-03-29"),
            ("Europe/Berlin", "2026-03-29T22:00:00Z", "2026-03-30"),
            // It ends at 01:00 UTC on 25 October, which has 25 hours.
            ("Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25"),
            ("Europe/Berlin", "2026-10-25T22:59:59.999Z", "2026-10-25"),
            ("Europe/Berlin", "2026-10-25T23:00:00Z", "2026-10-26"),
            ("Asia/Kolkata", "2026-06-01T18:29:59.999Z", "2026-06-01"),
            ("Asia/Kolkata", "2026-06-01T18:30:00Z", "2026-06-02"),
            ("America/St_Johns", "2026-01-02T03:29:59.999Z", "2026-01-01"),
            ("America/St_Johns", "2026-01-02T03:30:00Z", "2026-01-02"),
            ("America/New_York", "1969-12-31T23:00:00Z", "1969-12-31"),
        ];
        for (zone, time, date) in cases {
            let found = Zone::named(zone).unwrap();
            assert_eq!(found.date(at(time)), date, "{zone} {time}");
            assert_eq!(found.day(at(time)), at(&format!("{date}T00:00:00Z")).div_euclid(DAY), "{zone} {time}");
        }
    }

    #[test]
    fn a_time_beyond_the_calendar_has_a_day_too() {
        let zone = Zone::named("Europe/Berlin").unwrap();
        assert_eq!((zone.day(i64::MAX), zone.date(i64::MAX)), (i64::MAX.div_euclid(DAY), String::new()));
        assert!(Zone::named("Atlantis/Center").is_none() && Zone::named("").is_none());
    }
}
