//! The group.

use anyhow::{Result, ensure};

use super::{LONG_MS, Stage};

pub(super) fn the_list_is_that_of_the_living(stage: &Stage) -> Result<()> {
    let proxy = stage.proxy()?;
    let mut follower = stage.actor(&proxy.connect_string(), LONG_MS)?;
    follower.must("follow /group")?;
    follower.hear("members 0")?;
    let mut members = Vec::new();
    for name in ["anna", "bert", "cleo", "dora"] {
        let mut member = if matches!(name, "bert" | "cleo") {
            stage.mortal()?
        } else {
            stage.actor(&proxy.connect_string(), LONG_MS)?
        };
        member.must(&format!("join /group {name}"))?;
        members.push(member);
    }
    heard_sorted(&mut follower, "anna,bert,cleo,dora")?;

    // The members' sessions outlive their connections.
    proxy.cut();
    members[1].kill()?;
    heard_sorted(&mut follower, "anna,cleo,dora")?;
    // While the follower is away.
    members[2].pause()?;
    proxy.refuse(true)?;
    proxy.cut();
    let mut observer = stage.living()?;
    observer.await_count("/group", 2)?;
    proxy.refuse(false)?;
    heard_sorted(&mut follower, "anna,dora")?;
    members[2].resume()?;
    members[2].hear("state lost")?;

    members[0].must("quit /group anna")?;
    heard_sorted(&mut follower, "dora")
}

pub(super) fn a_restarted_member_takes_its_name_over(stage: &Stage) -> Result<()> {
    let mut observer = stage.living()?;
    let mut member = stage.mortal()?;
    member.must("join /names anna")?;
    member.kill()?;
    let mut again = stage.living()?;
    again.tell("join /names anna")?;
    ensure!(!again.has_said("join"), "two have one name");
    again.hear("join 0")?;
    observer.await_count("/names", 1)
}

/// Waits until the follower is told of exactly these members.
fn heard_sorted(follower: &mut super::Actor, expected: &str) -> Result<()> {
    let count = expected.split(',').count();
    loop {
        let told = follower.hear(&format!("members {count}"))?;
        let mut names: Vec<&str> = told.split(',').collect();
        names.sort_unstable();
        if names.join(",") == expected {
            return Ok(());
        }
    }
}
