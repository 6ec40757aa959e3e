//! The barrier.

use anyhow::{Result, ensure};

use super::{Stage, ensure_eq};

const PARTICIPANTS: usize = 5;

pub(super) fn all_enter_and_leave_together(stage: &Stage) -> Result<()> {
    const IN: &str = "/barrier/in";
    let mut observer = stage.living()?;
    let mut actors = Vec::new();
    for number in 0..PARTICIPANTS {
        // The first will die inside, the second before all are there.
        let mut actor = if number < 2 {
            stage.mortal()?
        } else {
            stage.living()?
        };
        actor.must(&format!("barrier /barrier {PARTICIPANTS}"))?;
        actors.push(actor);
    }
    for actor in &mut actors[..PARTICIPANTS - 1] {
        actor.tell("enter 60000")?;
    }
    observer.await_count(IN, PARTICIPANTS - 1)?;
    actors.remove(1).kill()?;
    observer.await_count(IN, PARTICIPANTS - 2)?;
    // With this one they would be enough, were all alive.
    actors[PARTICIPANTS - 2].tell("enter 60000")?;
    observer.await_count(IN, PARTICIPANTS - 1)?;
    for actor in &mut actors {
        ensure!(!actor.has_said("enter"), "it opened without the fifth");
    }
    let mut substitute = stage.living()?;
    substitute.must(&format!("barrier /barrier {PARTICIPANTS}"))?;
    substitute.tell("enter 60000")?;
    actors.push(substitute);
    for actor in &mut actors {
        actor.hear("enter 0")?;
    }
    ensure_eq("participants", observer.count(IN)?, PARTICIPANTS)?;

    for actor in &mut actors[1..] {
        actor.tell("leave 60000")?;
    }
    // The first of the list stays to the end, and the one that is still at work.
    observer.await_range(IN, 1, 2)?;
    for actor in &mut actors[1..] {
        ensure!(!actor.has_said("leave"), "it left before the last");
    }
    actors[0].kill()?;
    for actor in &mut actors[1..] {
        actor.hear("leave 0")?;
    }

    // A round without deaths leaves nothing behind.
    let rest = &mut actors[1..];
    for actor in rest.iter_mut() {
        actor.must(&format!("barrier /second {}", PARTICIPANTS - 1))?;
        actor.tell("enter 60000")?;
    }
    for actor in rest.iter_mut() {
        actor.hear("enter 0")?;
        actor.tell("leave 60000")?;
    }
    for actor in rest {
        actor.hear("leave 0")?;
    }
    let answer = observer.ask("list /second")?;
    ensure!(answer.starts_with("-101 "), "{answer}");
    Ok(())
}
