//! The configuration.

use anyhow::Result;
use zk_proto::Op;
use zk_proxy::{Action, When};

use super::actor::Actor;
use super::{LONG_MS, Stage, ensure_eq};

pub(super) const AFTER_RESTART: &str =
    "all followers of a configuration converge after a restart of the server";

const FOLLOWERS: usize = 4;
/// Session timeout across a restart. A server that is starting may accept a connection and never
/// answer: a client tries again after two thirds of this.
const RESTART_MS: u32 = 8_000;

fn followers(stage: &Stage, hosts: &str, session_ms: u32, path: &str) -> Result<Vec<Actor>> {
    let mut all = Vec::new();
    for _ in 0..FOLLOWERS {
        let mut follower = stage.actor(hosts, session_ms)?;
        follower.must(&format!("config {path}"))?;
        all.push(follower);
    }
    Ok(all)
}

/// Waits until each follower has been told this value last.
fn converge(followers: &mut [Actor], value: &str) -> Result<()> {
    for follower in followers {
        follower.hear(&format!("value {value}"))?;
    }
    Ok(())
}

pub(super) fn followers_converge_after_cuts(stage: &Stage) -> Result<()> {
    let proxy = stage.proxy()?;
    let mut all = followers(stage, &proxy.connect_string(), LONG_MS, "/config")?;
    converge(&mut all, "-1")?;
    let mut writer = stage.living()?;
    writer.must("set /config one")?;
    converge(&mut all, "0 one")?;

    // Written while they are away: they are told of the last value.
    proxy.refuse(true)?;
    proxy.cut();
    writer.must("set /config two")?;
    writer.must("set /config three")?;
    proxy.refuse(false)?;
    converge(&mut all, "2 three")?;

    // Written while they hear nothing, but have their connections.
    proxy.hold();
    writer.must("set /config four")?;
    proxy.release();
    converge(&mut all, "3 four")?;

    // The connection breaks with the answer to the follower's read.
    proxy.add(
        When::reply(Op::GetData).times(FOLLOWERS),
        Action::Cut { after: 0 },
    );
    writer.must("set /config five")?;
    converge(&mut all, "4 five")?;

    // The writer's answer is lost: it is written once.
    let broken = stage.proxy()?;
    let mut unsure = stage.actor(&broken.connect_string(), LONG_MS)?;
    broken.add(When::reply(Op::SetData), Action::Cut { after: 0 });
    ensure_eq("version", unsure.must("set /config six")?, "5".to_owned())?;
    converge(&mut all, "5 six")?;
    // Or it never came.
    broken.add(When::request(Op::SetData), Action::Cut { after: 0 });
    ensure_eq("version", unsure.must("set /config seven")?, "6".to_owned())?;
    converge(&mut all, "6 seven")
}

pub(super) fn followers_converge_after_a_restart(stage: &mut Stage) -> Result<()> {
    let hosts = stage.server.hosts.clone();
    let mut all = followers(stage, &hosts, RESTART_MS, "/lasting")?;
    let mut writer = stage.actor(&hosts, RESTART_MS)?;
    writer.must("set /lasting one")?;
    converge(&mut all, "0 one")?;
    stage.server.restart()?;
    writer.must("set /lasting two")?;
    converge(&mut all, "1 two")
}
