//! The queue.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Result, ensure};
use zk_proto::Op;
use zk_proxy::{Action, When};

use super::{LONG_MS, Stage, ensure_eq};

const ITEMS: usize = 60;
/// How long a proxy is watched for a request that has to come.
const LIMIT: Duration = Duration::from_secs(60);

pub(super) fn items_are_put_once(stage: &Stage) -> Result<()> {
    let proxy = stage.proxy()?;
    let mut producer = stage.actor(&proxy.connect_string(), LONG_MS)?;
    producer.must("queue /puts")?;
    let begin = proxy.view(|view| view.frames().len());
    // Some answers are lost, and some requests.
    for number in [3, 17, 18, 40] {
        proxy.add(
            When::reply(Op::Multi).skip(number),
            Action::Cut { after: 0 },
        );
    }
    for number in [10, 31] {
        proxy.add(
            When::request(Op::Multi).skip(number),
            Action::Cut { after: 0 },
        );
    }
    producer.must(&format!("fill 0 {ITEMS}"))?;
    let sent = proxy.view(|view| view.count_from(begin, &When::request(Op::Multi)));
    ensure!(sent > ITEMS, "nothing was repeated: {sent} requests");

    let mut consumer = stage.living()?;
    consumer.must("make /puts-done")?;
    consumer.must("queue /puts")?;
    for number in 0..ITEMS {
        let answer = consumer.must("take 60000")?;
        let value = answer.split(' ').next().unwrap_or_default();
        ensure_eq("the next item", value, number.to_string().as_str())?;
        consumer.must("done /puts-done")?;
    }
    ensure_eq("items left", consumer.count("/puts/items")?, 0)
}

/// One consumer is killed while it has an item, one is paused, one is killed at any time, one loses
/// connections, two just work.
pub(super) fn items_are_done_once(stage: &Stage) -> Result<()> {
    let proxy = stage.proxy()?;
    let mut observer = stage.living()?;
    observer.must("make /results")?;
    observer.must("queue /work")?;
    observer.must(&format!("fill 0 {ITEMS}"))?;

    let mut killed = stage.mortal()?;
    let mut paused = stage.mortal()?;
    let mut taken = BTreeSet::new();
    let mut tokens = BTreeSet::new();
    for consumer in [&mut killed, &mut paused] {
        consumer.must("queue /work")?;
        let answer = consumer.must("take 60000")?;
        let mut words = answer.split(' ').map(str::to_owned);
        taken.extend(words.next());
        tokens.extend(words.next());
    }
    ensure_eq("items taken", taken.len(), 2)?;
    ensure_eq("tokens", tokens.len(), 2)?;
    killed.kill()?;
    paused.pause()?;

    let mut surprised = stage.mortal()?;
    let mut unlucky = stage.actor(&proxy.connect_string(), LONG_MS)?;
    let mut steady = [stage.living()?, stage.living()?];
    for skip in [2, 5, 9] {
        proxy.add(When::reply(Op::Multi).skip(skip), Action::Cut { after: 0 });
    }
    for consumer in [&mut surprised, &mut unlucky]
        .into_iter()
        .chain(&mut steady)
    {
        consumer.must("queue /work")?;
        consumer.tell("consume /results stop")?;
    }
    surprised.hear("took")?;
    surprised.kill()?;

    // Each of them once: a second one would fail, and the consumer with it.
    observer.await_count("/results", ITEMS)?;
    paused.tell("done /results")?;
    paused.resume()?;
    ensure_eq("the late one", paused.hear("done")?, "-112".into())?;
    for number in 0..3 {
        observer.must(&format!("put stop{number}"))?;
    }
    let mut done = 0;
    for consumer in [&mut unlucky].into_iter().chain(&mut steady) {
        let count: usize = consumer.hear("consume 0")?.parse()?;
        done += count;
    }
    ensure!(done <= ITEMS + 3, "{done} items were done");
    ensure_eq("results", observer.count("/results")?, ITEMS + 3)?;
    ensure_eq("items left", observer.count("/work/items")?, 0)?;
    observer.await_count("/work/claims", 0)
}

pub(super) fn giving_up_leaves_what_is_anothers(stage: &Stage) -> Result<()> {
    let proxy = stage.proxy()?;
    let mut holder = stage.living()?;
    holder.must("make /doubts-done")?;
    holder.must("queue /doubts")?;
    holder.must("put one")?;
    let mut actor = stage.actor(&proxy.connect_string(), LONG_MS)?;
    actor.must("queue /doubts")?;

    // It has taken the item and does not know.
    proxy.add(When::reply(Op::Multi), Action::Cut { after: 0 });
    proxy.refuse(true)?;
    let answer = actor.ask("take 300")?;
    ensure!(answer.starts_with("-4 "), "{answer}");
    ensure_eq("claims", holder.count("/doubts/claims")?, 1)?;
    proxy.refuse(false)?;
    holder.await_count("/doubts/claims", 0)?;

    // Somebody else takes it while the request is on its way; the answer is lost, and it gives up.
    proxy.add(When::request(Op::Multi), Action::Hold);
    actor.tell("take 4000")?;
    let held = When::request(Op::Multi);
    ensure!(
        proxy.wait(LIMIT, |view| view.count(&held) == 2),
        "no request for the item"
    );
    holder.must("take 60000")?;
    proxy.refuse(true)?;
    proxy.cut();
    let answer = actor.hear("take")?;
    ensure!(answer.starts_with("-4 "), "{answer}");
    proxy.clear();
    proxy.refuse(false)?;
    // What it asks now is answered after its clearing up has begun.
    actor.hear("state connected")?;
    let answer = actor.ask("take 300")?;
    ensure!(answer.starts_with("-7 "), "{answer}");
    ensure_eq("claims", holder.count("/doubts/claims")?, 1)?;
    holder.must("done /doubts-done").map(drop)
}
