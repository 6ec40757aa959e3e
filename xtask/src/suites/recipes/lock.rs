//! The lock.

use std::fs;
use std::time::Duration;

use anyhow::{Result, ensure};
use zk_proto::Op;
use zk_proxy::{Action, Direction, What, When};

use super::actor::token;
use super::{LONG_MS, Stage, ensure_eq};

/// How long a proxy is watched for a request that has to come.
const LIMIT: Duration = Duration::from_secs(60);

pub(super) fn a_release_wakes_one_waiter(stage: &Stage) -> Result<()> {
    const ACTORS: usize = 8;
    let proxy = stage.proxy()?;
    let mut actors = Vec::new();
    for number in 0..ACTORS {
        let mut actor = stage.actor(&proxy.connect_string(), LONG_MS)?;
        actor.must("lock /herd")?;
        actor.tell("acquire somebody 60000")?;
        if number > 0 {
            // It waits when it has its watch: so they stand in a row.
            let watches = When::reply(Op::GetData);
            ensure!(
                proxy.wait(LIMIT, |view| view.count(&watches) == number),
                "waiter {number} leaves no watch"
            );
        }
        actors.push(actor);
    }
    let mut last = token(&actors[0].hear("acquire 0")?)?;
    let begin = proxy.view(|view| view.frames().len());
    for number in 1..ACTORS {
        actors[number - 1].must("release")?;
        let next = token(&actors[number].hear("acquire 0")?)?;
        ensure!(next > last, "token {next} comes after {last}");
        last = next;
        for actor in &mut actors[number + 1..] {
            ensure!(!actor.has_said("acquire"), "two hold the lock");
        }
    }
    // Events for anybody else would have come before the answers that the others got later.
    let count = |when| proxy.view(|view| view.count_from(begin, &when));
    let releases = ACTORS - 1;
    ensure_eq("events", count(When::event()), releases)?;
    // The release; the woken one looks who is first, and takes its token.
    let requests = count(When::new(Direction::ToServer, What::Operation));
    ensure_eq("requests", requests, 3 * releases)
}

pub(super) fn a_lost_answer_is_found_again(stage: &Stage) -> Result<()> {
    let proxy = stage.proxy()?;
    let mut actor = stage.actor(&proxy.connect_string(), LONG_MS)?;
    actor.must("lock /found")?;
    let begin = proxy.view(|view| view.frames().len());
    proxy.add(When::reply(Op::Create), Action::Cut { after: 0 });
    actor.must("acquire me 60000")?;
    let creates = proxy.view(|view| view.count_from(begin, &When::request(Op::Create)));
    ensure_eq("create requests", creates, 1)?;
    ensure_eq("nodes of the lock", actor.count("/found")?, 1)?;
    // A release whose answer is lost is repeated by itself.
    proxy.add(When::reply(Op::Delete), Action::Cut { after: 0 });
    actor.must("release")?;
    actor.await_count("/found", 0)?;
    // And one that never reached the server.
    actor.must("acquire me 60000")?;
    proxy.add(When::request(Op::Delete), Action::Cut { after: 0 });
    actor.must("release")?;
    actor.await_count("/found", 0)
}

pub(super) fn giving_up_leaves_nothing(stage: &Stage) -> Result<()> {
    let mut holder = stage.living()?;
    let mut other = stage.living()?;
    holder.must("lock /try")?;
    holder.must("acquire holder 60000")?;
    other.must("lock /try")?;
    let answer = other.ask("acquire other 200")?;
    ensure!(answer.starts_with("-7 "), "{answer}");
    ensure_eq("nodes of the lock", other.count("/try")?, 1)?;
    holder.must("release")?;
    other.must("acquire other 60000")?;
    Ok(())
}

pub(super) fn giving_up_without_connection_leaves_nothing(stage: &Stage) -> Result<()> {
    let proxy = stage.proxy()?;
    let mut observer = stage.living()?;
    let mut actor = stage.actor(&proxy.connect_string(), LONG_MS)?;
    actor.must("lock /doubt")?;
    // Its node is made, but it does not hear of that, and gives up before it can ask.
    proxy.add(When::reply(Op::Create), Action::Cut { after: 0 });
    proxy.refuse(true)?;
    let answer = actor.ask("acquire me 300")?;
    ensure!(answer.starts_with("-4 "), "{answer}");
    ensure_eq("nodes of the lock", observer.count("/doubt")?, 1)?;
    proxy.refuse(false)?;
    observer.await_count("/doubt", 0)?;
    // The same when a node stands in the queue.
    observer.must("lock /doubt")?;
    observer.must("acquire observer 60000")?;
    proxy.add(When::reply(Op::GetData), Action::Cut { after: 0 });
    proxy.refuse(true)?;
    let answer = actor.ask("acquire me 300")?;
    ensure!(answer.starts_with("-4 "), "{answer}");
    ensure_eq("nodes of the lock", observer.count("/doubt")?, 2)?;
    proxy.refuse(false)?;
    observer.await_count("/doubt", 1)
}

pub(super) fn a_killed_holder_is_succeeded(stage: &Stage) -> Result<()> {
    let mut holder = stage.mortal()?;
    let mut heir = stage.living()?;
    holder.must("lock /killed")?;
    let first = token(&holder.must("acquire holder 60000")?)?;
    heir.must("lock /killed")?;
    heir.tell("acquire heir 60000")?;
    holder.await_count("/killed", 2)?;
    ensure!(!heir.has_said("acquire"), "two hold the lock");
    holder.kill()?;
    let second = token(&heir.hear("acquire 0")?)?;
    ensure!(second > first, "token {second} comes after {first}");
    Ok(())
}

pub(super) fn a_paused_holder_is_refused(stage: &Stage) -> Result<()> {
    let file = stage.store("paused");
    let store = |value: &str| format!("store {} {value}", file.display());
    let mut holder = stage.mortal()?;
    let mut heir = stage.living()?;
    heir.must("make /data")?;
    holder.must("lock /paused")?;
    let first = token(&holder.must("acquire holder 60000")?)?;
    ensure_eq(
        "the holder's write",
        holder.ask(&store("one"))?,
        "ok".into(),
    )?;
    holder.must("guarded /data one")?;

    holder.pause()?;
    heir.must("lock /paused")?;
    let second = token(&heir.must("acquire heir 60000")?)?;
    ensure!(second > first, "token {second} comes after {first}");
    ensure_eq("the heir's write", heir.ask(&store("two"))?, "ok".into())?;
    heir.must("guarded /data two")?;

    // What it was about to do when it was paused, in the belief that it holds the lock.
    holder.tell(&store("three"))?;
    holder.tell("guarded /data three")?;
    holder.resume()?;
    ensure_eq("the late write", holder.hear("store")?, "stale".into())?;
    let late = holder.hear("guarded")?;
    ensure!(late != "0", "the late transaction was executed");
    holder.hear("state lost")?;
    ensure_eq("held", holder.ask("held")?, "0".into())?;
    let stored = fs::read_to_string(&file)?;
    ensure_eq("the store", stored, format!("{second} two\n"))?;
    ensure_eq("the node", heir.must("read /data")?, "two".into())
}
