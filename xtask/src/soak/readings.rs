//! What the program says of itself, and the verdict on it.

use anyhow::{Context, Result, bail};

/// Resident memory may grow by so much. 400 threads of the library touch a page of their stacks
/// more or less, and one small block keeps a page of the heap; a leak of ten bytes for each
/// request of a ten-minute run would be more.
const RESIDENT_KIB: i64 = 6 * 1024;
/// What is allocated may grow by so much: the buffers of a handle have the size of the largest
/// burst that it has seen, and each handle sees its largest at another time; 2.5 KiB a handle. A
/// leak of two bytes for each request of a ten-minute run would be more.
const HEAP_KIB: i64 = 512;
/// A run that is shorter than this, in seconds, says nothing of growth: it is all warming up.
const GROWTH_S: i64 = 240;
/// What may stay allocated when all handles are closed: what the process needs once, most of it a
/// table for the locks of 400 threads (140 KiB), which is never freed.
const LEFT_KIB: i64 = 192;

/// One of the numbers.
type Number = fn(&Reading) -> i64;

/// What the process held at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Reading {
    seconds: i64,
    resident_kib: i64,
    heap_kib: i64,
    descriptors: i64,
    threads: i64,
    completed: i64,
}

/// The outcomes of one kind of call.
#[derive(Debug)]
struct Calls {
    name: String,
    good: u64,
    failed: u64,
    lost: u64,
}

/// All that the program said.
#[derive(Debug, Default)]
pub(super) struct Protocol {
    readings: Vec<Reading>,
    violations: Vec<String>,
    calls: Vec<Calls>,
    /// Opened, expired, and events of their watches.
    handles: Option<[u64; 3]>,
}

impl Protocol {
    /// Takes a line. True if it was a reading.
    pub(super) fn hear(&mut self, line: &str) -> Result<bool> {
        let (first, rest) = line.split_once(' ').unwrap_or((line, ""));
        match first {
            "reading" => {
                let [
                    seconds,
                    resident_kib,
                    heap_kib,
                    descriptors,
                    threads,
                    completed,
                ] = numbers(rest)?;
                self.readings.push(Reading {
                    seconds,
                    resident_kib,
                    heap_kib,
                    descriptors,
                    threads,
                    completed,
                });
                return Ok(true);
            }
            "violation" => self.violations.push(rest.to_owned()),
            "calls" => {
                let (name, counts) = rest
                    .match_indices(' ')
                    .nth(1)
                    .map(|(at, _)| rest.split_at(at))
                    .with_context(|| format!("unexpected line '{line}'"))?;
                let [good, failed, lost] = numbers(counts)?;
                self.calls.push(Calls {
                    name: name.to_owned(),
                    good,
                    failed,
                    lost,
                });
            }
            "handles" => self.handles = Some(numbers(rest)?),
            _ => bail!("unexpected line '{line}'"),
        }
        Ok(false)
    }

    /// All that was not as it must be.
    pub(super) fn judge(&self) -> Vec<String> {
        let mut faults = self.violations.clone();
        if self.handles.is_none() {
            faults.push("it did not come to its end".to_owned());
        }
        for calls in &self.calls {
            // There are no synchronous forms of these two.
            let missing = matches!(
                calls.name.as_str(),
                "synchronous sync" | "synchronous add_auth"
            );
            if calls.good + calls.failed == 0 && !missing {
                faults.push(format!("no {} was answered", calls.name));
            }
        }
        faults.extend(judge_readings(&self.readings));
        faults
    }

    /// The figures.
    pub(super) fn summary(&self) -> String {
        let count = |of: fn(&Calls) -> u64| self.calls.iter().map(of).sum::<u64>();
        let [opened, expired, events] = self.handles.unwrap_or_default();
        let seconds = self.readings.last().map_or(0, |last| last.seconds);
        let middle = match self.readings.as_slice() {
            [_, middle @ .., _] => middle,
            _ => &[],
        };
        format!(
            "{} requests answered with success, {} with an error, {} lost with connection, session or handle; \
             {opened} handles opened, {expired} sessions expired, {events} watch events; {seconds} s; \
             resident {}, allocated {}, descriptors {}, threads {}",
            count(|calls| calls.good),
            count(|calls| calls.failed),
            count(|calls| calls.lost),
            range(middle, |reading| reading.resident_kib, " KiB"),
            range(middle, |reading| reading.heap_kib, " KiB"),
            range(middle, |reading| reading.descriptors, ""),
            range(middle, |reading| reading.threads, ""),
        )
    }
}

/// Exactly so many numbers.
fn numbers<T: std::str::FromStr, const N: usize>(text: &str) -> Result<[T; N]> {
    let parsed: Option<Vec<T>> = text
        .split_whitespace()
        .map(|word| word.parse().ok())
        .collect();
    parsed
        .and_then(|numbers| numbers.try_into().ok())
        .with_context(|| format!("expected {N} numbers: '{text}'"))
}

fn range(readings: &[Reading], of: Number, unit: &str) -> String {
    let low = readings.iter().map(of).min().unwrap_or_default();
    let high = readings.iter().map(of).max().unwrap_or_default();
    format!("{low} to {high}{unit}")
}

fn judge_readings(readings: &[Reading]) -> Vec<String> {
    let [start, during @ .., end] = readings else {
        return vec!["there are no readings".to_owned()];
    };
    let mut faults = Vec::new();
    if during.is_empty() {
        faults.push("there are no readings with open handles".to_owned());
    }
    if end.seconds >= GROWTH_S {
        faults.extend(growth(during));
    }
    let fixed: [(&str, Number); 2] = [
        ("descriptors", |reading| reading.descriptors),
        ("threads", |reading| reading.threads),
    ];
    for (name, of) in fixed {
        let usual = median(during, of);
        for reading in during.iter().filter(|reading| of(reading) != usual) {
            faults.push(format!(
                "{} {name} instead of {usual} after {} s",
                of(reading),
                reading.seconds
            ));
        }
        if of(start) != of(end) {
            faults.push(format!(
                "{} {name} became {} in the end",
                of(start),
                of(end)
            ));
        }
    }
    if end.heap_kib > start.heap_kib + LEFT_KIB {
        faults.push(format!(
            "{} KiB are allocated in the end, {} in the beginning",
            end.heap_kib, start.heap_kib
        ));
    }
    faults
}

/// What has become more.
fn growth(readings: &[Reading]) -> Vec<String> {
    // A quarter is for warming up: stacks and buffers get their sizes.
    let warm = readings.get(readings.len() / 4..).unwrap_or_default();
    let (first, second) = warm.split_at(warm.len() / 2);
    let mut faults = Vec::new();
    if first.is_empty() {
        faults.push(format!("{} readings are too few", readings.len()));
    }
    let growing: [(&str, Number, i64); 2] = [
        ("KiB resident", |reading| reading.resident_kib, RESIDENT_KIB),
        ("KiB allocated", |reading| reading.heap_kib, HEAP_KIB),
    ];
    for (name, of, tolerance) in growing {
        // The middle one of each half: one odd reading says nothing, a leak moves all.
        let (before, after) = (median(first, of), median(second, of));
        if after > before + tolerance {
            faults.push(format!("{before} {name} became {after}"));
        }
    }
    faults
}

fn median(readings: &[Reading], of: Number) -> i64 {
    let mut values: Vec<i64> = readings.iter().map(of).collect();
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Protocol, Reading, judge_readings};

    const IDLE: Reading = Reading {
        seconds: 0,
        resident_kib: 4_000,
        heap_kib: 100,
        descriptors: 3,
        threads: 1,
        completed: 0,
    };

    /// A run with this change to the reading of each moment.
    fn run(change: impl Fn(usize, &mut Reading)) -> Vec<String> {
        let mut readings = vec![IDLE; 22];
        for (number, reading) in readings.iter_mut().enumerate() {
            reading.seconds = 30 * i64::try_from(number).unwrap_or_default();
            if (1..21).contains(&number) {
                reading.resident_kib += 60_000;
                reading.heap_kib += 10_000;
                reading.descriptors += 600;
                reading.threads += 408;
            }
            change(number, reading);
        }
        judge_readings(&readings)
    }

    #[test]
    fn a_flat_run_is_right() {
        assert_eq!(run(|_, _| {}), Vec::<String>::new());
    }

    #[test]
    fn growth_after_warming_up_is_seen() {
        let growth = |number: usize| i64::try_from(number).unwrap_or_default();
        assert_eq!(
            run(|at, it| it.heap_kib += 100 * growth(at) * i64::from(at < 21)).len(),
            1
        );
        assert_eq!(run(|at, it| it.resident_kib += 1_000 * growth(at)).len(), 1);
        // Once, at the beginning.
        assert!(run(|at, it| it.resident_kib += growth(at.min(4)) * 5_000).is_empty());
    }

    #[test]
    fn a_short_run_says_nothing_of_growth() {
        let faults = run(|at, it| {
            it.seconds /= 10;
            it.heap_kib += 1_000 * i64::from(at > 10 && at < 21);
        });
        assert_eq!(faults, Vec::<String>::new());
    }

    #[test]
    fn a_descriptor_or_thread_too_many_is_seen() {
        assert_eq!(run(|at, it| it.descriptors += i64::from(at == 9)).len(), 1);
        assert_eq!(run(|at, it| it.threads += i64::from(at == 9)).len(), 1);
        assert_eq!(run(|at, it| it.threads += i64::from(at == 21)).len(), 1);
    }

    #[test]
    fn what_is_not_freed_in_the_end_is_seen() {
        assert_eq!(
            run(|at, it| it.heap_kib += 1_000 * i64::from(at == 21)).len(),
            1
        );
    }

    #[test]
    fn too_few_readings_are_no_proof() {
        assert!(!judge_readings(&[]).is_empty());
        assert!(!judge_readings(&[IDLE, IDLE]).is_empty());
    }

    #[test]
    fn violations_and_a_missing_end_are_faults() {
        let mut protocol = Protocol::default();
        for _ in 0..8 {
            assert!(protocol.hear("reading 0 4000 100 3 1 0").unwrap());
        }
        assert_eq!(protocol.judge().len(), 1);
        assert!(!protocol.hear("handles 200 3 5").unwrap());
        assert!(protocol.judge().is_empty());
        assert!(
            !protocol
                .hear("violation slot 3: a second completion")
                .unwrap()
        );
        assert_eq!(protocol.judge(), ["slot 3: a second completion"]);
        protocol.hear("calls asynchronous get 0 0 6").unwrap();
        assert_eq!(protocol.judge().len(), 2);
        assert!(protocol.hear("what is this").is_err());
    }
}
