//! Splits JSON text into its records: values on lines, pretty-printed or simply one after the other, and
//! the elements of `{"Records":[…]}` and its like, without holding more than a window of them.

use super::scan::Scan;
use crate::{Cause, Limits};

/// Names of the arrays whose elements are records: CloudTrail files, `aws logs` output, Firehose request
/// bodies, `aws cloudtrail lookup-events` output.
const CONTAINERS: [&[u8]; 4] = [b"Records", b"events", b"records", b"Events"];

/// Members before the array that are looked at, and the bytes of them.
const LEADING_MEMBERS_MAX: usize = 8;
const LEADING_BYTES_MAX: usize = 16 << 10;

/// What follows in the text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step {
    /// A record: an object from `start` to `end`. Elements lie in an array of records.
    Record { start: usize, end: usize, element: bool },
    /// Something that is skipped, from `start` to `end`.
    Bad { cause: Cause, start: usize, end: usize },
    /// More text is needed; what lies before `keep` is done.
    More { keep: usize },
    /// The text has ended.
    End,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Level {
    /// Between values.
    Top,
    /// Between the elements of an array.
    Array { inside_object: bool },
    /// In the rest of an object, behind its array of records.
    Rest(Scan),
    /// In a record that is too long and was counted.
    Discard(Scan, bool),
}

/// The state of splitting one object's text.
#[derive(Debug)]
pub(crate) struct Splitter {
    level: Level,
    record_bytes: usize,
    value_bytes: usize,
    depth: u16,
    /// A record did not end: from there on, none reaches beyond the next place that looks like the start
    /// of a record. This keeps hostile text from being scanned over and over.
    wary: bool,
    /// The next such place at or after `searched.0` (offsets in the object), known up to `searched.1`.
    searched: (u64, u64),
    marker: Option<u64>,
}

impl Splitter {
    /// Starts between values.
    pub(crate) fn new(limits: &Limits) -> Splitter {
        Splitter {
            level: Level::Top,
            record_bytes: limits.record_bytes,
            value_bytes: limits.record_bytes.max(limits.window_bytes / 2),
            depth: limits.depth,
            wary: false,
            searched: (0, 0),
            marker: None,
        }
    }

    /// Finds what follows at `from`. `base` is the offset of `text` in the object; with `last`, the object
    /// ends with the text. The next call goes on at the step's end, or at what [`Splitter::recover`] gave.
    pub(crate) fn next(&mut self, text: &[u8], base: u64, from: usize, last: bool) -> Step {
        let mut at = from;
        loop {
            match self.level {
                Level::Rest(scan) => {
                    let marker = self.marker_after(text, base, at);
                    let until = marker.unwrap_or(text.len());
                    match self.resume(scan, text.get(..until).unwrap_or_default(), at, last) {
                        Ok(end) => {
                            self.level = Level::Top;
                            at = end;
                        }
                        // The array ended too early: records follow.
                        Err(_) if marker.is_some() => {
                            self.wary = true;
                            self.level = level_of(true);
                            return Step::Bad { cause: Cause::InvalidJson, start: at, end: until };
                        }
                        Err(Step::End) => return self.cut_off(text),
                        Err(step) => return step,
                    }
                }
                Level::Discard(scan, element) => {
                    let marker = self.marker_after(text, base, at);
                    let until = marker.unwrap_or(text.len());
                    match self.resume(scan, text.get(..until).unwrap_or_default(), at, last) {
                        Ok(end) => {
                            self.level = level_of(element);
                            at = end;
                        }
                        Err(step) => match marker {
                            Some(marker) => {
                                self.level = level_of(element);
                                at = marker;
                            }
                            None => return step,
                        },
                    }
                }
                Level::Top | Level::Array { .. } => {
                    let Some((start, byte)) = next_token(text, at) else {
                        return match self.level {
                            _ if !last => Step::More { keep: text.len() },
                            Level::Array { .. } => self.cut_off(text),
                            _ => Step::End,
                        };
                    };
                    match self.token(text, base, start, byte, last) {
                        Ok(next) => at = next,
                        Err(step) => return step,
                    }
                }
            }
        }
    }

    /// Where the next record starts, if it is an element of an array of records and nothing was wrong so
    /// far: whoever finds its end may go on there without [`Splitter::next`].
    pub(crate) fn element(&self, text: &[u8], from: usize) -> Option<usize> {
        let is_element = matches!(self.level, Level::Array { .. }) && !self.wary;
        let (start, byte) = next_token(text, from).filter(|_| is_element)?;
        (byte == b'{').then_some(start)
    }

    /// Where to go on after the record from `start` to `end` could not be read: at a record that was swallowed,
    /// else at its end.
    pub(crate) fn recover(&mut self, text: &[u8], base: u64, start: usize, end: usize) -> usize {
        match self.marker_after(text, base, start + 1) {
            Some(marker) if marker < end => {
                self.wary = true;
                marker
            }
            _ => end,
        }
    }

    /// The text ends inside of a container, between records.
    fn cut_off(&mut self, text: &[u8]) -> Step {
        self.level = Level::Top;
        match text.len() {
            0 => Step::End,
            end => Step::Bad { cause: Cause::Truncated, start: end - 1, end },
        }
    }

    /// Handles one token between values: `Ok` with where to go on, or the step.
    fn token(
        &mut self,
        text: &[u8],
        base: u64,
        start: usize,
        byte: u8,
        last: bool,
    ) -> Result<usize, Step> {
        let element = matches!(self.level, Level::Array { .. });
        match (self.level, byte) {
            (Level::Array { inside_object }, b']') => {
                self.level =
                    if inside_object { Level::Rest(Scan::new(1, self.depth)) } else { Level::Top };
                Ok(start + 1)
            }
            (_, b'{') => {
                if !element {
                    let room = text.get(start..).unwrap_or_default();
                    let head = room.get(..LEADING_BYTES_MAX).unwrap_or(room);
                    match container(head, self.depth) {
                        Lead::Array(at) => {
                            self.level = Level::Array { inside_object: true };
                            return Ok(start + at);
                        }
                        Lead::CutOff if !last && room.len() < LEADING_BYTES_MAX => {
                            return Err(Step::More { keep: start });
                        }
                        Lead::CutOff | Lead::No => {}
                    }
                }
                Err(self.object(text, base, start, element, last))
            }
            (Level::Top, b'[') => {
                self.level = Level::Array { inside_object: false };
                Ok(start + 1)
            }
            // Left over from a record that did not end.
            (Level::Top, b']' | b'}') if self.wary => Ok(start + 1),
            _ => self.junk(text, start, element, last),
        }
    }

    /// Skips what is no object: up to the next bracket or the end of the line.
    fn junk(&self, text: &[u8], start: usize, element: bool, last: bool) -> Result<usize, Step> {
        let rest = text.get(start..).unwrap_or_default();
        let stop = |b: &u8| matches!(b, b'{' | b'\n') || element && matches!(b, b']' | b',');
        // A stray bracket is stepped over.
        let found = rest.iter().skip(1).position(stop).map(|n| n + 1);
        let end = match found {
            Some(n) => start + n,
            None if last || rest.len() > self.record_bytes => text.len(),
            None => return Err(Step::More { keep: start }),
        };
        let piece = text.get(start..end).unwrap_or_default();
        // Log exports put the time before each record: `2026-01-31T23:59:59.000Z {…}`.
        if found.is_some() && is_time(piece) {
            return Ok(end);
        }
        Err(Step::Bad { cause: Cause::InvalidJson, start, end })
    }

    fn object(&mut self, text: &[u8], base: u64, start: usize, element: bool, last: bool) -> Step {
        let limit = if element { self.record_bytes } else { self.value_bytes };
        let most = text.len().min(start.saturating_add(limit));
        let marker = if self.wary { self.marker_after(text, base, start + 1) } else { None };
        let until = marker.map_or(most, |marker| marker.min(most));
        let mut scan = Scan::new(0, self.depth);
        let region = text.get(start..until).unwrap_or_default();
        if let Some(len) = scan.run(region) {
            let end = start + len;
            return if scan.is_deep() {
                Step::Bad { cause: Cause::TooDeep, start, end }
            } else {
                Step::Record { start, end, element }
            };
        }
        if marker.is_none_or(|marker| marker > most) && !last && region.len() < limit {
            return Step::More { keep: start };
        }
        // The record does not end: perhaps a bracket or a quote is missing and others follow.
        let next = marker.or_else(|| self.marker_after(text, base, start + 1));
        if let Some(next) = next.filter(|next| *next <= most) {
            self.wary = true;
            return Step::Bad { cause: Cause::InvalidJson, start, end: next };
        }
        if region.len() < limit {
            self.level = Level::Top;
            return Step::Bad { cause: Cause::Truncated, start, end: text.len() };
        }
        let mut scan = Scan::new(0, self.depth);
        let whole = region.len() / Scan::STEP * Scan::STEP;
        scan.run(region.get(..whole).unwrap_or_default());
        self.level = Level::Discard(scan, element);
        Step::Bad { cause: Cause::RecordTooLong, start, end: start + whole }
    }

    /// Goes on with a scan that may reach over windows: where it ends, or the step that waits for more.
    fn resume(&mut self, scan: Scan, text: &[u8], at: usize, last: bool) -> Result<usize, Step> {
        let mut scan = scan;
        let rest = text.get(at..).unwrap_or_default();
        let whole = if last { rest.len() } else { rest.len() / Scan::STEP * Scan::STEP };
        match scan.run(rest.get(..whole).unwrap_or_default()) {
            Some(len) => Ok(at + len),
            None if last => Err(Step::End),
            None => {
                match &mut self.level {
                    Level::Rest(kept) | Level::Discard(kept, _) => *kept = scan,
                    Level::Top | Level::Array { .. } => {}
                }
                Err(Step::More { keep: at + whole })
            }
        }
    }

    /// The next place at or after `from` that looks like the start of a record. Each byte of the object is
    /// searched once.
    fn marker_after(&mut self, text: &[u8], base: u64, from: usize) -> Option<usize> {
        let at = base + from as u64;
        let end = base + text.len() as u64;
        if let Some(marker) = self.marker
            && marker >= at
            && self.searched.0 <= at
        {
            return Some((marker - base) as usize);
        }
        let start = if self.searched.0 <= at && self.searched.1 > at {
            if self.searched.1 >= end {
                return None;
            }
            // A marker may lie across the end of what was searched.
            (self.searched.1 - base) as usize - (MARKER_MAX).min((self.searched.1 - at) as usize)
        } else {
            from
        };
        let found = find_marker(text, start);
        self.marker = found.map(|found| base + found as u64);
        self.searched = (at, self.marker.unwrap_or(end));
        found
    }
}

const fn level_of(element: bool) -> Level {
    if element { Level::Array { inside_object: true } } else { Level::Top }
}

/// The next byte that is neither white space nor a separator.
fn next_token(text: &[u8], from: usize) -> Option<(usize, u8)> {
    let rest = text.get(from..)?;
    let skip =
        |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n' | b',' | 0x1e | 0 | 0xef | 0xbb | 0xbf);
    let at = rest.iter().position(|b| !skip(b))?;
    Some((from + at, *rest.get(at)?))
}

/// Bytes before and behind the bracket of a marker that are looked at.
const MARKER_MAX: usize = 32;

/// `{"eventVersion"` as CloudTrail starts its records, not as a member of another object; or an object at
/// the start of a line.
fn find_marker(text: &[u8], from: usize) -> Option<usize> {
    memchr::memchr_iter(b'{', text.get(from..)?).map(|at| from + at).find(|&at| is_marker(text, at))
}

fn is_marker(text: &[u8], at: usize) -> bool {
    if at.checked_sub(1).and_then(|before| text.get(before)) == Some(&b'\n') {
        return true;
    }
    let name = text.get(at + 1..).unwrap_or_default();
    let name = name.get(..MARKER_MAX).unwrap_or(name).trim_ascii_start();
    name.starts_with(b"\"eventVersion\"")
        && before(text, at).is_some_and(|it| matches!(text.get(it), Some(b',' | b'[' | b'}')))
}

/// The last byte before `at` that is no white space, within the length of a marker.
fn before(text: &[u8], at: usize) -> Option<usize> {
    let from = at.saturating_sub(MARKER_MAX);
    let back = text.get(from..at)?.iter().rposition(|b| !b.is_ascii_whitespace())?;
    Some(from + back)
}

fn is_time(piece: &[u8]) -> bool {
    piece.len() <= 40
        && std::str::from_utf8(piece)
            .is_ok_and(|text| model::Timestamp::parse(text.trim_ascii()).is_ok())
}

/// How an object begins.
enum Lead {
    /// With a container: the first byte inside of its array.
    Array(usize),
    No,
    CutOff,
}

/// Looks for an array of records among the first members of the object that `head` starts with.
fn container(head: &[u8], depth: u16) -> Lead {
    let mut at = 1;
    for _ in 0..LEADING_MEMBERS_MAX {
        let Some((name, value)) = member(head, at) else { return Lead::CutOff };
        let Some((name, value)) = name.zip(value) else { return Lead::No };
        let byte = head.get(value).copied();
        if byte == Some(b'[') && CONTAINERS.contains(&name) {
            return Lead::Array(value + 1);
        }
        let len = match byte {
            Some(b'"') => string_len(head, value),
            Some(b'[') => Scan::new(0, depth).run(head.get(value..).unwrap_or_default()),
            Some(b'{') => return Lead::No,
            _ => head
                .get(value..)
                .and_then(|rest| rest.iter().position(|b| matches!(b, b',' | b'}' | b'\n'))),
        };
        let Some(len) = len else { return Lead::CutOff };
        match next_token(head, value + len) {
            Some((next, b'"')) => at = next,
            Some(_) => return Lead::No,
            None => return Lead::CutOff,
        }
    }
    Lead::No
}

/// The name of the member at `at` and where its value starts: `None` when the text is cut off, inner `None`
/// when this is no member.
fn member(head: &[u8], at: usize) -> Option<(Option<&[u8]>, Option<usize>)> {
    let (open, byte) = next_token(head, at)?;
    if byte != b'"' {
        return Some((None, None));
    }
    let len = string_len(head, open)?;
    let (colon, byte) = next_token(head, open + len)?;
    if byte != b':' {
        return Some((None, None));
    }
    let (value, _) = next_token(head, colon + 1)?;
    Some((head.get(open + 1..open + len - 1), Some(value)))
}

/// Length of the string that starts at `at`, both quotes included.
fn string_len(head: &[u8], at: usize) -> Option<usize> {
    let rest = head.get(at..)?;
    let mut escaped = false;
    for (i, byte) in rest.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return Some(i + 1),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All records and causes of a text, read in windows of `size` bytes.
    fn split_in(text: &str, size: usize, limits: &Limits) -> Vec<String> {
        let bytes = text.as_bytes();
        let mut splitter = Splitter::new(limits);
        let mut out = Vec::new();
        let (mut base, mut end) = (0, size.min(bytes.len()));
        let mut at = 0;
        loop {
            let window = &bytes[base..end];
            match splitter.next(window, base as u64, at, end == bytes.len()) {
                Step::Record { start, end, element } => {
                    let piece = String::from_utf8_lossy(&window[start..end]).into_owned();
                    out.push(if element { piece } else { format!("top {piece}") });
                    at = end;
                }
                Step::Bad { cause, start, end } => {
                    assert!(end > start);
                    out.push(cause.as_str().to_owned());
                    at = end;
                }
                Step::More { keep } => {
                    base += keep;
                    at = 0;
                    let more = (base + size).min(bytes.len()).max(end);
                    assert!(more > end || end < bytes.len() && keep > 0, "no progress");
                    end = more;
                }
                Step::End => return out,
            }
        }
    }

    fn check(text: &str, expected: &[&str]) {
        let limits = Limits { record_bytes: 128, window_bytes: 256, ..Limits::default() };
        for size in [256, 300, 1 << 20] {
            assert_eq!(split_in(text, size, &limits), expected, "{size}: {text}");
        }
    }

    #[test]
    fn values_are_found_however_they_are_joined() {
        let expected = [r#"top {"a":1}"#, r#"top {"b":"}"}"#];
        for text in [
            "{\"a\":1}\n{\"b\":\"}\"}\n",
            "{\"a\":1}{\"b\":\"}\"}",
            "\u{feff}{\"a\":1}\r\n\r\n{\"b\":\"}\"}",
            "2026-01-31T23:59:59.000Z {\"a\":1}\n2026-01-31T23:59:59.000Z {\"b\":\"}\"}\n",
        ] {
            check(text, &expected);
        }
    }

    #[test]
    fn elements_of_containers_are_found() {
        for text in [
            r#"{"Records":[{"a":1},{"b":[2]}]}"#,
            r#"[{"a":1},{"b":[2]}]"#,
            "{ \"Records\" : [ {\"a\":1} , {\"b\":[2]} ] }\n",
            r#"{"searchedLogStreams":[{"x":[]}],"n":null,"t":"\"","events":[{"a":1},{"b":[2]}],"next":"]}"}"#,
            r#"{"Records":[{"a":1}],"x":[1]}{"Records":[{"b":[2]}]}"#,
        ] {
            check(text, &[r#"{"a":1}"#, r#"{"b":[2]}"#]);
        }
        check(r#"{"Records":[]}"#, &[]);
        check(r#"{"Records":null}"#, &[r#"top {"Records":null}"#]);
        check(r#"{"x":{"Records":[]}}"#, &[r#"top {"x":{"Records":[]}}"#]);
    }

    #[test]
    fn neighbors_of_bad_records_survive() {
        let good = r#"{"eventVersion":"1","n":1}"#;
        for bad in [
            r#"{"eventVersion":"1","a":"open}"#,
            r#"{"eventVersion":"1","a":{"b":1}"#,
            r#"{"eventVersion":"1","a":[1}"#,
        ] {
            let text = format!("{{\"Records\":[{good},{bad},{good},{good}]}}");
            let limits = Limits { record_bytes: 128, window_bytes: 256, ..Limits::default() };
            let found = split_in(&text, 1 << 20, &limits);
            let n = found.iter().filter(|it| *it == good).count();
            assert!(n == 3 || found.iter().any(|it| it.contains(bad)), "{found:?}");
        }
        check(
            "{\"a\":1}\n{\"b\":\"\n{\"c\":1}\n",
            &["top {\"a\":1}", "invalid JSON", "top {\"c\":1}"],
        );
        check("{\"a\":1}\n}}\n{\"c\":1}", &["top {\"a\":1}", "invalid JSON", "top {\"c\":1}"]);
        check(
            "{\"Records\":[{\"a\":1},null,{\"b\":2}]}",
            &["{\"a\":1}", "invalid JSON", "{\"b\":2}"],
        );
    }

    #[test]
    fn cut_long_and_deep_records_are_told() {
        check(r#"{"Records":[{"a":1},{"b":"#, &[r#"{"a":1}"#, "cut off"]);
        let long = format!(r#"{{"Records":[{{"x":"{}"}},{{"b":2}}]}}"#, "y".repeat(2000));
        check(&long, &["record too long", r#"{"b":2}"#]);
        let deep = format!("{}{}", "[".repeat(50), "]".repeat(50));
        let text = format!(r#"{{"Records":[{{"x":{deep}}},{{"b":2}}]}}"#);
        let limits = Limits { depth: 50, ..Limits::default() };
        assert_eq!(split_in(&text, 1 << 20, &limits), ["nested too deeply", r#"{"b":2}"#]);
    }
}
