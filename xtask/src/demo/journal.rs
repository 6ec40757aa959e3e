//! The journal of the demo's processes, and what it must show.

use std::collections::BTreeMap;

/// One line that a process wrote at the moment of the event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    /// `submit`, `assign`, `return`, `start`, `finish`, `refused`, `conflict`, `result`, `lead` or `expired`.
    pub(crate) event: String,
    /// Name of the task.
    pub(crate) task: String,
    /// The process that it is about.
    pub(crate) who: String,
    /// The session that it is about.
    pub(crate) session: String,
}

/// Parses the complete lines of a journal; unknown lines are reported by [`verify`].
pub(crate) fn parse(text: &str) -> Vec<Entry> {
    let complete = text.rfind('\n').map_or("", |end| &text[..end]);
    complete
        .lines()
        .map(|line| {
            let mut words = line.split(' ').map(str::to_owned);
            let mut word = || words.next().unwrap_or_default();
            Entry {
                event: word(),
                task: word(),
                who: word(),
                session: word(),
            }
        })
        .collect()
}

/// Counts that make a good closing line.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    /// Tasks submitted and done.
    pub(crate) tasks: usize,
    /// Tasks that a master took back from a dead worker.
    pub(crate) returned: usize,
    /// Tasks that were begun by more than one session.
    pub(crate) repeated: usize,
}

#[derive(Debug, Default)]
struct Task {
    submitted: bool,
    starts: Vec<(String, String)>,
    finished_by: Vec<String>,
    results: Vec<String>,
    faults: Vec<String>,
}

/// Checks that no task was lost, none was done twice, and none by two live owners at once.
///
/// `killed` names the processes that were killed. Returns all that is wrong.
///
/// A worker writes `start` only after it created the ephemeral node `/running/TASK`, which exists exactly as long as
/// its session lives or until the task is done. So the server itself is the judge: had the former owner still been
/// alive, the new one would have written `conflict`. A second `start` is right only if the former owner's session
/// ended without a result, and so it must have been killed or have lost its session.
pub(crate) fn verify(
    entries: &[Entry],
    expected_tasks: usize,
    killed: &[String],
) -> Result<Summary, Vec<String>> {
    let mut tasks: BTreeMap<&str, Task> = BTreeMap::new();
    let mut faults = Vec::new();
    let mut summary = Summary::default();
    let expired: Vec<&str> = entries
        .iter()
        .filter(|entry| entry.event == "expired")
        .map(|entry| entry.session.as_str())
        .collect();
    let ended = |who: &str, session: &str| {
        killed.iter().any(|name| name == who) || expired.contains(&session)
    };
    for entry in entries {
        let Entry {
            event,
            task: name,
            who,
            session,
        } = entry;
        if matches!(event.as_str(), "lead" | "expired" | "assign") {
            continue;
        }
        let task = tasks.entry(name).or_default();
        match event.as_str() {
            "submit" => task.submitted = true,
            "return" => summary.returned += 1,
            "start" => {
                if !task.finished_by.is_empty() {
                    task.faults
                        .push(format!("{who} began it after it was done"));
                }
                if let Some((former, former_session)) = task.starts.last() {
                    if former_session == session {
                        task.faults.push(format!("{who} began it twice"));
                    } else if !ended(former, former_session) {
                        task.faults
                            .push(format!("{who} began it while its owner {former} was alive"));
                    }
                }
                task.starts.push((who.clone(), session.clone()));
            }
            "finish" => task.finished_by.push(session.clone()),
            "result" => task.results.push(session.clone()),
            "conflict" => task
                .faults
                .push(format!("{who} was given it while its owner was alive")),
            "refused" => task.faults.push(format!("{who} lost it while being alive")),
            other => task.faults.push(format!("unknown event '{other}'")),
        }
    }
    for (name, mut task) in tasks {
        if !task.submitted {
            task.faults.push("nobody submitted it".to_owned());
        }
        let last = task.starts.last().map(|(_, session)| session);
        match task.results.as_slice() {
            [] => task
                .faults
                .push("it was lost: there is no result".to_owned()),
            [session] if Some(session) != last => task
                .faults
                .push("its result is not from its last owner".to_owned()),
            [_] => summary.tasks += 1,
            _ => task.faults.push("it has more than one result".to_owned()),
        }
        match task.finished_by.as_slice() {
            // A worker that was killed between the server's answer and the journal.
            [] if task
                .starts
                .last()
                .is_some_and(|(who, session)| ended(who, session)) => {}
            [session] if Some(session) == last => {}
            [] => task.faults.push("nobody finished it".to_owned()),
            [_] => task
                .faults
                .push("it was finished by a former owner".to_owned()),
            _ => task
                .faults
                .push("it was finished more than once".to_owned()),
        }
        if task.starts.len() > 1 {
            summary.repeated += 1;
        }
        faults.extend(task.faults.iter().map(|fault| format!("{name}: {fault}")));
    }
    if summary.tasks != expected_tasks {
        faults.push(format!(
            "{} of {expected_tasks} tasks were done",
            summary.tasks
        ));
    }
    if faults.is_empty() {
        Ok(summary)
    } else {
        Err(faults)
    }
}

#[cfg(test)]
mod tests {
    use super::{Summary, parse, verify};

    fn check(journal: &str, killed: &[&str]) -> Result<Summary, Vec<String>> {
        let killed: Vec<String> = killed.iter().map(|&name| name.to_owned()).collect();
        verify(&parse(journal), 1, &killed)
    }

    const PLAIN: &str =
        "submit t client 0x1\nassign t w1 0x9\nstart t w1 0x2\nfinish t w1 0x2\nresult t w1 0x2\n";

    #[test]
    fn a_task_done_once_is_right() {
        let expected = Summary {
            tasks: 1,
            ..Summary::default()
        };
        assert_eq!(check(PLAIN, &[]), Ok(expected));
    }

    #[test]
    fn a_task_of_a_killed_worker_may_be_begun_again() {
        let journal = "submit t client 0x1\nstart t w1 0x2\nreturn t w1 0x9\n\
            start t w2 0x3\nfinish t w2 0x3\nresult t w2 0x3\n";
        let expected = Summary {
            tasks: 1,
            returned: 1,
            repeated: 1,
        };
        assert_eq!(check(journal, &["w1"]), Ok(expected));
        let faults = check(journal, &[]).unwrap_err();
        assert_eq!(faults, ["t: w2 began it while its owner w1 was alive"]);
    }

    #[test]
    fn a_worker_killed_before_it_could_write_finish_has_done_its_task() {
        let journal = PLAIN.replace("finish t w1 0x2\n", "");
        assert!(check(&journal, &["w1"]).is_ok());
        assert_eq!(
            check(&journal, &[]),
            Err(vec!["t: nobody finished it".to_owned()])
        );
    }

    #[test]
    fn a_task_without_result_is_lost() {
        let journal = PLAIN.replace("result t w1 0x2\n", "");
        let faults = check(&journal, &[]).unwrap_err();
        assert!(faults.contains(&"t: it was lost: there is no result".to_owned()));
    }

    #[test]
    fn a_task_that_never_appeared_is_lost() {
        assert_eq!(
            check("", &[]),
            Err(vec!["0 of 1 tasks were done".to_owned()])
        );
    }

    #[test]
    fn a_conflict_and_a_refusal_are_faults() {
        for event in ["conflict", "refused"] {
            let journal = format!("{PLAIN}{event} t w2 0x3\n");
            assert!(check(&journal, &[]).is_err(), "{event}");
        }
    }

    #[test]
    fn a_task_begun_again_after_it_was_done_is_a_fault() {
        let journal = format!("{PLAIN}start t w2 0x3\nfinish t w2 0x3\n");
        assert!(check(&journal, &["w1"]).is_err());
    }

    #[test]
    fn half_a_line_at_the_end_is_not_an_entry() {
        assert_eq!(parse("submit t client 0x1\nstart t w").len(), 1);
    }
}
