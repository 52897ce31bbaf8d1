//! A cron text in plain words. What is not told simply is told field by field.

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const SHORT_DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `every day at 01:30`, `Monday to Friday at 18:00`, `every 15 minutes`
pub(crate) fn words(cron: &str) -> String {
    let fields: Vec<&str> = cron.split(' ').collect();
    let [minute, hour, day, month, weekday] = fields.as_slice() else { return cron.to_owned() };
    let when = match (number(minute), number(hour), minute.strip_prefix("*/"), hour.strip_prefix("*/")) {
        (Some(m), Some(h), ..) => format!("at {h:02}:{m:02}"),
        (Some(0), None, _, None) if *hour == "*" => "every hour".into(),
        (Some(m), None, _, None) if *hour == "*" => format!("every hour at minute {m}"),
        (Some(m), None, _, Some(n)) => format!("every {n} hours at minute {m}"),
        (None, None, Some(n), _) if *hour == "*" => {
            return on(&format!("every {n} minutes"), day, month, weekday);
        }
        (Some(m), None, ..) => format!("at minute {m} of hour {}", spoken(hour)),
        _ => format!("at minute {} of hour {}", spoken(minute), spoken(hour)),
    };
    on(&when, day, month, weekday)
}

/// A time of day on the days that are meant.
fn on(when: &str, day: &str, month: &str, weekday: &str) -> String {
    let of_month = match month {
        "*" => String::new(),
        months => format!(" of {}", named(months, |n| MONTHS.get(n.checked_sub(1)?).copied())),
    };
    match (day, weekday) {
        ("*", "*") if month == "*" && when.starts_with("every") => when.to_owned(),
        ("*", "*") => format!("every day{of_month} {when}"),
        ("*", weekday) => format!("{}{of_month} {when}", named(weekday, weekday_of)),
        (day, "*") if month == "*" => format!("on day {} of every month {when}", spoken(day)),
        (day, "*") => format!("on day {}{of_month} {when}", spoken(day)),
        (day, weekday) => {
            format!("on day {} or {}{of_month} {when}", spoken(day), named(weekday, weekday_of))
        }
    }
}

fn weekday_of(n: usize) -> Option<&'static str> {
    DAYS.get(n % 7).copied().filter(|_| n <= 7)
}

fn number(field: &str) -> Option<u32> {
    field.parse().ok()
}

/// Numbers of a field as they are.
fn spoken(field: &str) -> String {
    match field {
        "*" => "any".into(),
        field => field.replace(',', ", ").replace('-', " to ").replace('/', " by steps of "),
    }
}

/// Numbers of a field by their names.
fn named(field: &str, name: impl Fn(usize) -> Option<&'static str>) -> String {
    let one = |word: &str| {
        let short = SHORT_DAYS.iter().position(|day| day.eq_ignore_ascii_case(word));
        let number = word.parse().ok().or(short);
        number.and_then(&name).map_or_else(|| word.to_owned(), str::to_owned)
    };
    let part = |part: &str| match part.split_once('-') {
        Some((from, to)) => format!("{} to {}", one(from), one(to)),
        None => one(part),
    };
    field.split(',').map(part).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn usual_texts_are_told_as_people_tell_them() {
        for (cron, told) in [
            ("30 1 * * *", "every day at 01:30"),
            ("0 18 * * 1-5", "Monday to Friday at 18:00"),
            ("0 18 * * mon,SUN", "Monday, Sunday at 18:00"),
            ("*/15 * * * *", "every 15 minutes"),
            ("0 * * * *", "every hour"),
            ("5 */6 * * *", "every 6 hours at minute 5"),
            ("0 3 1 * *", "on day 1 of every month at 03:00"),
            ("30 1 29 2 *", "on day 29 of February at 01:30"),
            ("0,30 8-18 * * *", "every day at minute 0, 30 of hour 8 to 18"),
        ] {
            assert_eq!(words(cron), told, "{cron}");
        }
    }
}
