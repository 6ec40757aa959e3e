//! Reads all nodes of a run.

use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use zk_proto::Code;

use crate::ffi::Handle;
use crate::history::{Content, FIRST_EPHEMERAL, REGISTERS, Tree};
use crate::paths;

const PATIENCE: Duration = Duration::from_secs(60);

/// Repeats what fails for want of a connection.
fn again<T>(mut ask: impl FnMut() -> Result<Result<T, Code>>) -> Result<Result<T, Code>> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match ask()? {
            Err(Code::CONNECTION_LOSS | Code::OPERATION_TIMEOUT) if Instant::now() < deadline => {}
            result => return Ok(result),
        }
    }
}

/// Creates the nodes that a run starts with.
///
/// # Errors
/// They cannot be created.
pub fn plant(handle: &Handle) -> Result<()> {
    let parents = [
        paths::ROOT,
        paths::REGISTERS,
        paths::SESSIONS,
        paths::SEQUENCE,
    ];
    let nodes = parents
        .map(str::to_owned)
        .into_iter()
        .chain((0..REGISTERS).map(paths::register));
    for path in nodes {
        let create = || {
            Ok(match handle.create(&path)? {
                Code::OK | Code::NODE_EXISTS => Ok(()),
                code => Err(code),
            })
        };
        if let Err(code) = again(create)? {
            bail!("cannot create {path}: {code:?}");
        }
    }
    Ok(())
}

/// Reads them all, while nobody writes.
///
/// # Errors
/// A node cannot be read.
pub fn read(handle: &Handle) -> Result<Tree> {
    let touch = || {
        Ok(match handle.touch(paths::ROOT)? {
            Code::OK => Ok(()),
            code => Err(code),
        })
    };
    // The server may have been away and lag behind.
    if let Err(code) = again(touch)? {
        bail!("cannot write {}: {code:?}", paths::ROOT);
    }
    let mut tree = Tree::default();
    for number in 0..REGISTERS {
        if let Some(content) = get(handle, &paths::register(number))? {
            tree.registers.push((number, content));
        }
    }
    for name in children(handle, paths::SEQUENCE)? {
        let path = format!("{}/{name}", paths::SEQUENCE);
        if let Some(content) = get(handle, &path)? {
            tree.sequence.push((path, content));
        }
    }
    for folder in children(handle, paths::SESSIONS)? {
        let Some(session) = paths::session(&folder) else {
            bail!("{folder} in {} is no session", paths::SESSIONS);
        };
        for name in children(handle, &paths::folder(session))? {
            let path = format!("{}/{name}", paths::folder(session));
            // Ephemeral nodes may vanish in between, when their session has ended.
            if let (Ok(slot), Some(content)) = (name.parse(), get(handle, &path)?) {
                tree.slots.push((session, slot, content));
            }
        }
    }
    Ok(tree)
}

/// How many ephemeral nodes there are.
///
/// # Errors
/// They cannot be listed.
pub fn ephemerals(handle: &Handle) -> Result<usize> {
    let mut count = 0;
    for folder in children(handle, paths::SESSIONS)? {
        let names = children(handle, &format!("{}/{folder}", paths::SESSIONS))?;
        let ephemeral =
            |name: &&String| name.parse().is_ok_and(|slot: u16| slot >= FIRST_EPHEMERAL);
        count += names.iter().filter(ephemeral).count();
    }
    Ok(count)
}

fn get(handle: &Handle, path: &str) -> Result<Option<Content>> {
    match again(|| handle.get(path))? {
        Ok(content) => Ok(Some(content)),
        Err(Code::NO_NODE) => Ok(None),
        Err(code) => bail!("cannot read {path}: {code:?}"),
    }
}

fn children(handle: &Handle, path: &str) -> Result<Vec<String>> {
    match again(|| handle.children(path))? {
        Ok(names) => Ok(names),
        Err(code) => bail!("cannot list {path}: {code:?}"),
    }
}
