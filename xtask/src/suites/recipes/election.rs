//! The election.

use anyhow::{Result, ensure};

use super::actor::{Actor, token};
use super::{Stage, ensure_eq};

const FOLDER: &str = "/election";

fn leader(observer: &mut Actor) -> Result<(i64, String)> {
    let answer = observer.must(&format!("leader {FOLDER}"))?;
    let (number, name) = answer.split_once(' ').unwrap_or_default();
    Ok((token(number)?, name.to_owned()))
}

pub(super) fn one_leads_at_a_time(stage: &Stage) -> Result<()> {
    let mut observer = stage.living()?;
    observer.must("make /decrees")?;
    let mut candidates = [
        ("anna", stage.mortal()?),
        ("bert", stage.mortal()?),
        ("cleo", stage.living()?),
    ];
    for (number, (name, candidate)) in candidates.iter_mut().enumerate() {
        candidate.must(&format!("candidate {FOLDER} {name}"))?;
        candidate.tell("win 60000")?;
        // In this order.
        observer.await_count(FOLDER, number + 1)?;
    }
    let first = token(&candidates[0].1.hear("win 0")?)?;
    ensure_eq("the leader", leader(&mut observer)?, (first, "anna".into()))?;
    candidates[0].1.must("decree /decrees anna")?;

    candidates[0].1.kill()?;
    let second = token(&candidates[1].1.hear("win 0")?)?;
    ensure!(second > first, "token {second} comes after {first}");
    ensure_eq(
        "the leader",
        leader(&mut observer)?,
        (second, "bert".into()),
    )?;
    ensure!(!candidates[2].1.has_said("win"), "two lead");

    candidates[1].1.pause()?;
    let third = token(&candidates[2].1.hear("win 0")?)?;
    ensure!(third > second, "token {third} comes after {second}");
    candidates[2].1.must("decree /decrees cleo")?;
    candidates[1].1.tell("decree /decrees bert")?;
    candidates[1].1.resume()?;
    let late = candidates[1].1.hear("decree")?;
    ensure!(late != "0", "the former leader's decree was accepted");
    ensure_eq("the decree", observer.must("read /decrees")?, "cleo".into())?;

    candidates[2].1.must("resign")?;
    // After the release, in the session that asked for it.
    let answer = candidates[2].1.ask(&format!("leader {FOLDER}"))?;
    ensure!(answer.starts_with("-101 "), "{answer}");
    Ok(())
}
