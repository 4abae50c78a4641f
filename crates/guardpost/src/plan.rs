//! The order in which objects are read, and which of them are the same.
//!
//! Objects are ordered by the time in their path or of their first record, whichever is earlier, and where
//! that is equal by content. Neither the names nor the order in which they were given make a difference.

use std::cmp::Ordering;
use std::sync::atomic::{AtomicUsize, Ordering as Atomic};
use std::time::Duration;

use model::{Timestamp, hash64};
use telemetry::{first_time, hint, is_read_whole};

use crate::sources::{Object, Unreadable};
use crate::window::Window;

/// Bytes of an object in which its first record is looked for.
const HEAD_BYTES: [u64; 2] = [8 << 10, 512 << 10];

/// Smaller objects are not opened for the time of their first record if their path tells one.
const SHORT_BYTES: u64 = 16 << 10;

/// How far records may lie from the time in their object's path: that may be the start of a day, and
/// delivery takes time.
const PATH_MARGIN: Duration = Duration::from_hours(25);

/// The objects in order.
#[derive(Default, Debug)]
pub struct Plan {
    /// What is read, in this order.
    pub objects: Vec<Object>,
    /// When the records of each object begin, about; [`Timestamp::MIN`] where that is not known.
    pub starts: Vec<Timestamp>,
    /// Objects with the content of another: read once.
    pub duplicates: u64,
    /// Objects that lie outside of the time asked for, by their path.
    pub outside: u64,
    /// Objects that could be found but not opened.
    pub unreadable: Vec<Unreadable>,
}

/// What orders an object and tells it from others.
struct Probe {
    object: Object,
    time: Option<Timestamp>,
    /// Size and trailer tell most objects apart; the hash of all bytes is computed only among equals.
    size: u64,
    trailer: u64,
    hash: u64,
}

impl Probe {
    fn content(&self) -> (u64, u64, u64) {
        (self.size, self.trailer, self.hash)
    }
}

/// Puts objects in order, on `threads` threads. Times that are not `possible` do not count.
pub fn plan(objects: Vec<Object>, window: &Window, possible: &Window, threads: usize) -> Plan {
    let mut plan = Plan::default();
    let (objects, outside): (Vec<_>, Vec<_>) =
        objects.into_iter().partition(|it| is_late_enough(&it.key, window));
    plan.outside = outside.len() as u64;
    let mut probes = Vec::new();
    for (object, probed) in in_parallel(objects, threads, |it| probe(it, possible)) {
        match probed {
            Ok((Some(start), _)) if !is_early_enough(&object.key, start, window) => {
                plan.outside += 1;
            }
            Ok((time, trailer)) => {
                probes.push(Probe { size: object.size, object, time, trailer, hash: 0 });
            }
            Err(error) => plan.unreadable.push(unreadable(object, &error)),
        }
    }
    hash_equals(&mut probes, threads, &mut plan.unreadable);
    // Names decide only which name an object goes by that was given twice.
    probes.sort_by(|a, b| {
        a.content()
            .cmp(&b.content())
            .then(a.time.cmp(&b.time))
            .then(a.object.name.cmp(&b.object.name))
    });
    let before = probes.len();
    probes.dedup_by(|a, b| a.content() == b.content());
    plan.duplicates = (before - probes.len()) as u64;
    probes.sort_by(order);
    plan.starts = probes.iter().map(|it| it.time.unwrap_or(Timestamp::MIN)).collect();
    plan.objects = probes.into_iter().map(|it| it.object).collect();
    plan.unreadable.sort();
    plan
}

fn order(a: &Probe, b: &Probe) -> Ordering {
    a.time.cmp(&b.time).then_with(|| a.content().cmp(&b.content()))
}

/// Whether an object may hold records from the start of the window on: they were made before it was delivered.
fn is_late_enough(key: &str, window: &Window) -> bool {
    hint(key).time.is_none_or(|time| time + PATH_MARGIN >= window.since)
}

/// Whether an object that begins at `start` may hold records before the end of the window. One whose path
/// tells no time may be in any order.
fn is_early_enough(key: &str, start: Timestamp, window: &Window) -> bool {
    hint(key).time.is_none() || start - PATH_MARGIN < window.until
}

fn probe(object: &Object, possible: &Window) -> std::io::Result<(Option<Timestamp>, u64)> {
    let by_path = hint(&object.key).time.filter(|it| possible.contains(*it));
    let time = match by_path {
        // Paths tell when an object was delivered. What AWS delivers spans minutes; a joined file does not.
        Some(_) if object.size < SHORT_BYTES => by_path,
        Some(_) => by_path.min(first_record(object, possible)?.or(by_path)),
        None => first_record(object, possible)?,
    };
    Ok((time, object.trailer()?))
}

fn first_record(object: &Object, possible: &Window) -> std::io::Result<Option<Timestamp>> {
    for bytes in HEAD_BYTES {
        let mut head = object.head(bytes)?;
        if is_read_whole(&head) {
            head = object.read()?;
        }
        // Without a key, since its time would be taken for that of the record.
        let time = first_time("", &head, |it| possible.contains(it));
        if time.is_some() || object.size <= bytes {
            return Ok(time);
        }
    }
    Ok(None)
}

/// Computes the hash of all bytes where size and trailer are equal.
fn hash_equals(probes: &mut Vec<Probe>, threads: usize, unreadable_now: &mut Vec<Unreadable>) {
    probes.sort_by_key(|it| (it.size, it.trailer));
    let mut single = Vec::new();
    let mut equal = Vec::new();
    for group in
        std::mem::take(probes).into_iter().fold(Vec::<Vec<Probe>>::new(), |mut groups, probe| {
            match groups.last_mut() {
                Some(last) if last.last().is_some_and(|it| it.content() == probe.content()) => {
                    last.push(probe);
                }
                _ => groups.push(vec![probe]),
            }
            groups
        })
    {
        if group.len() == 1 { single.extend(group) } else { equal.extend(group) }
    }
    let hashed = in_parallel(equal, threads, |it| it.object.read().map(|bytes| hash64(&bytes)));
    for (mut probe, hash) in hashed {
        match hash {
            Ok(hash) => {
                probe.hash = hash;
                single.push(probe);
            }
            Err(error) => unreadable_now.push(unreadable(probe.object, &error)),
        }
    }
    *probes = single;
}

fn unreadable(object: Object, error: &std::io::Error) -> Unreadable {
    Unreadable { name: object.name, cause: error.to_string() }
}

/// Applies `work` to every item; the order of the items stays.
fn in_parallel<T: Send + Sync, R: Send>(
    items: Vec<T>,
    threads: usize,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<(T, R)> {
    if threads <= 1 || items.len() < 32 {
        let done: Vec<R> = items.iter().map(&work).collect();
        return items.into_iter().zip(done).collect();
    }
    let next = AtomicUsize::new(0);
    let run = || {
        let mut done = Vec::new();
        loop {
            let at = next.fetch_add(1, Atomic::Relaxed);
            let Some(item) = items.get(at) else { return done };
            done.push((at, work(item)));
        }
    };
    let mut results: Vec<(usize, R)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads)
            .filter_map(|_| std::thread::Builder::new().spawn_scoped(scope, run).ok())
            .collect();
        let mut done = run();
        for other in others {
            match other.join() {
                Ok(more) => done.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    results.sort_by_key(|(at, _)| *at);
    items.into_iter().zip(results.into_iter().map(|(_, it)| it)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::Content;

    fn object(name: &str, content: &'static str) -> Object {
        let bytes = content.as_bytes();
        let size = bytes.len() as u64;
        Object {
            name: name.to_owned(),
            key: name.to_owned(),
            content: Content::Embedded(bytes),
            size,
        }
    }

    fn names(objects: Vec<Object>, window: &Window) -> Vec<String> {
        plan(objects, window, &Window::default(), 1).objects.into_iter().map(|it| it.name).collect()
    }

    const EARLY: &str =
        "2 111122223333 eni-1 10.0.0.1 192.0.2.1 1 2 6 1 40 1767600000 1767600060 ACCEPT OK\n";
    const LATE: &str =
        "2 111122223333 eni-1 10.0.0.1 192.0.2.1 1 2 6 1 40 1767700000 1767700060 ACCEPT OK\n";

    #[test]
    fn records_order_objects_whose_paths_tell_no_time() {
        let order = ["b", "a"];
        let objects = || vec![object("a", LATE), object("b", EARLY)];
        assert_eq!(names(objects(), &Window::default()), order);
        assert_eq!(names(objects().into_iter().rev().collect(), &Window::default()), order);
    }

    #[test]
    fn names_make_no_difference_where_times_are_equal() {
        let (one, two) = (EARLY, EARLY.replace("eni-1", "eni-2"));
        let two: &'static str = Box::leak(two.into_boxed_str());
        let first = names(vec![object("x", one), object("y", two)], &Window::default());
        let second = names(vec![object("y", one), object("x", two)], &Window::default());
        assert_eq!(first == ["x", "y"], second == ["y", "x"]);
    }

    #[test]
    fn the_same_content_is_taken_once() {
        let made = plan(
            vec![object("b", EARLY), object("a", EARLY)],
            &Window::default(),
            &Window::default(),
            1,
        );
        assert_eq!((made.objects.len(), made.duplicates), (1, 1));
        assert_eq!(made.objects[0].name, "a");
    }

    #[test]
    fn paths_outside_of_the_window_are_not_opened() {
        let key =
            |day: u32| format!("AWSLogs/111122223333/vpcflowlogs/us-east-1/2026/01/{day:02}/x.log");
        let objects = (1..=9).map(|day| {
            let content = EARLY.replace("eni-1", &format!("eni-{day}"));
            object(&key(day), Box::leak(content.into_boxed_str()))
        });
        let window = Window::parse(Some("2026-01-04"), Some("2026-01-05")).unwrap();
        let made = plan(objects.collect(), &window, &Window::default(), 1);
        let days: Vec<_> = made.objects.iter().map(|it| it.name.clone()).collect();
        assert_eq!(days, [3, 4, 5, 6, 7].map(key));
        assert_eq!(made.outside, 4);
    }
}
