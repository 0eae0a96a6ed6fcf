//! When nothing is sent.

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The longest time for which messages can be held back.
const LONGEST: TimeDelta = TimeDelta::days(8);

/// Hours in which messages are held back until they are over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    /// The time zone, by its IANA name (`Europe/Berlin`).
    #[schema(value_type = String)]
    pub zone: Tz,
    /// When they begin, `HH:MM`. Later than `to`: they go over midnight. Equal: the whole day.
    #[serde(with = "minutes")]
    #[schema(value_type = String)]
    pub from: NaiveTime,
    /// When they are over, `HH:MM`.
    #[serde(with = "minutes")]
    #[schema(value_type = String)]
    pub to: NaiveTime,
    /// Days that are quiet as a whole, by their English names or the first three letters of them.
    #[serde(default, with = "days")]
    #[schema(value_type = Vec<String>)]
    pub days: Vec<Weekday>,
    /// Whether critical findings are sent all the same.
    #[serde(default)]
    pub except_critical: bool,
}

/// What is wrong with quiet hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuietHoursError {
    /// They never end.
    #[error("the quiet hours never end, so nothing would ever be sent: leave some time of the week out")]
    Endless,
}

impl QuietHours {
    /// Checks that they end.
    ///
    /// # Errors
    /// If they cover the whole week.
    pub fn check(&self) -> Result<(), QuietHoursError> {
        let every_hour = self.from == self.to;
        let every_day = [
            Weekday::Mon,
            Weekday::Tue,
            Weekday::Wed,
            Weekday::Thu,
            Weekday::Fri,
            Weekday::Sat,
            Weekday::Sun,
        ]
        .iter()
        .all(|day| self.days.contains(day));
        if every_hour || every_day { Err(QuietHoursError::Endless) } else { Ok(()) }
    }

    /// Returns the first minute at or after `now` that is not quiet.
    ///
    /// It goes forward by minutes of the real clock, so that nights with a changed clock need no rule of their own.
    pub fn end(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        if !self.covers(now) {
            return now;
        }
        let whole_minute = now
            - TimeDelta::seconds(now.timestamp().rem_euclid(60))
            - TimeDelta::nanoseconds(i64::from(now.timestamp_subsec_nanos()));
        let mut at = whole_minute;
        while self.covers(at) && at - now < LONGEST {
            at += TimeDelta::minutes(1);
        }
        at
    }

    fn covers(&self, at: DateTime<Utc>) -> bool {
        let local = at.with_timezone(&self.zone);
        let time = local.time();
        let in_hours = if self.from < self.to {
            self.from <= time && time < self.to
        } else {
            time >= self.from || time < self.to
        };
        in_hours || self.days.contains(&local.weekday())
    }
}

/// `HH:MM`, as people write times of a day.
mod minutes {
    use chrono::NaiveTime;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(time: &NaiveTime, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&time.format("%H:%M"))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        NaiveTime::parse_from_str(&text, "%H:%M")
            .map_err(|_| D::Error::custom(format!("`{text}` is not a time of a day: write it as `22:00`")))
    }
}

/// Days of the week by their English names.
mod days {
    use chrono::Weekday;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(days: &[Weekday], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(days.iter().map(Weekday::to_string))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Weekday>, D::Error> {
        let day = |text: String| {
            text.parse().map_err(|_| D::Error::custom(format!("`{text}` is not a day: write it as `Sat`")))
        };
        Vec::<String>::deserialize(deserializer)?.into_iter().map(day).collect()
    }
}
