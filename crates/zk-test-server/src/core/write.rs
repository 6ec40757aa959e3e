//! Operations that change the tree, alone and in a multi (S-038, S-110…S-128, S-170…S-175).

use super::ServerCore;
use crate::connection::ConnId;
use crate::time::Now;
use crate::tree::Path;
use crate::txn::{Create, Txn, TxnContext};
use zk_proto::records::{
    Create2Response, CreateRequest, CreateResponse, CreateTtlRequest, DeleteRequest, MultiHeader,
    MultiOp, MultiResult, Ops, PathRequest, ReconfigRequest, SetAclRequest, SetDataRequest,
    SetDataResponse, Stat,
};
use zk_proto::{Code, CreateMode, Jute, Op};

/// A decoded write.
enum Write<'a> {
    Create(Op, Create<'a>),
    Delete(DeleteRequest<'a>),
    DeleteContainer(&'a [u8]),
    SetData(SetDataRequest<'a>),
    SetAcl(SetAclRequest<'a>),
    Reconfig,
}

/// What a write answers.
enum Outcome {
    Created(Path),
    Created2(Path, Stat),
    Stat(Stat),
    Nothing,
}

impl<'a> Write<'a> {
    /// `None` for a body that does not decode or a null path (S-047).
    fn decode(op: Op, body: &'a [u8]) -> Option<Self> {
        Some(match op {
            Op::Create | Op::Create2 | Op::CreateContainer => {
                Self::Create(op, Create::new(op, &CreateRequest::from_bytes(body).ok()?)?)
            }
            Op::CreateTtl => {
                let request = CreateTtlRequest::from_bytes(body).ok()?;
                Self::Create(op, Create::with_ttl(&request)?)
            }
            Op::Delete => {
                let request = DeleteRequest::from_bytes(body).ok()?;
                request.path?;
                Self::Delete(request)
            }
            Op::DeleteContainer => Self::DeleteContainer(PathRequest::from_bytes(body).ok()?.path?),
            Op::SetData => {
                // A null path fails the path check instead, as does setACL's.
                Self::SetData(SetDataRequest::from_bytes(body).ok()?)
            }
            Op::SetAcl => Self::SetAcl(SetAclRequest::from_bytes(body).ok()?),
            Op::Reconfig => {
                ReconfigRequest::from_bytes(body).ok()?;
                Self::Reconfig
            }
            _ => return None,
        })
    }

    fn apply(&self, txn: &mut Txn<'_>) -> Result<Outcome, Code> {
        match self {
            Self::Create(op, create) => {
                let (path, stat) = txn.create(create)?;
                Ok(match op {
                    Op::Create => Outcome::Created(path),
                    _ => Outcome::Created2(path, stat),
                })
            }
            Self::Delete(r) => txn.delete(r).map(|()| Outcome::Nothing),
            Self::DeleteContainer(path) => txn.delete_container(path).map(|()| Outcome::Nothing),
            Self::SetData(r) => txn.set_data(r).map(Outcome::Stat),
            Self::SetAcl(r) => txn.set_acl(r).map(Outcome::Stat),
            // A server whose reconfigEnabled is off (S-128).
            Self::Reconfig => Err(Code::RECONFIG_DISABLED),
        }
    }
}

impl Outcome {
    fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Created(path) => CreateResponse { path: Some(path) }.encode(out),
            Self::Created2(path, stat) => Create2Response {
                path: Some(path),
                stat: *stat,
            }
            .encode(out),
            Self::Stat(stat) => stat.encode(out),
            Self::Nothing => {}
        }
    }
}

impl ServerCore {
    /// Runs writes under the current zxid.
    pub(super) fn transaction<R>(
        &mut self,
        conn: Option<ConnId>,
        session: i64,
        now: Now,
        run: impl FnOnce(&mut Txn<'_>) -> R,
    ) -> R {
        let conn = conn.and_then(|id| self.conns.get(&id));
        let cx = TxnContext {
            zxid: self.zxid,
            time: now.wall_ms,
            session,
            ids: conn.map_or(&[], |conn| &conn.ids),
            extended_types: self.options.extended_types,
            enforce_quota: self.options.enforce_quota,
            may_own_ephemerals: self.sessions.get(session).is_some_and(|s| !s.local),
        };
        run(&mut Txn::new(
            &mut self.tree,
            &mut self.quotas,
            &mut self.acls,
            cx,
        ))
    }

    pub(super) fn write(
        &mut self,
        id: ConnId,
        session: i64,
        xid: i32,
        op: Op,
        body: &[u8],
        now: Now,
    ) {
        let Some(write) = Write::decode(op, body) else {
            let zxid = self.zxid;
            return self.reply(id, xid, zxid, |_| Err(Code::MARSHALLING_ERROR));
        };
        // A write that fails consumes a zxid like any other (S-038).
        self.zxid += 1;
        let (result, changes) = self.transaction(Some(id), session, now, |txn| {
            (write.apply(txn), std::mem::take(&mut txn.changes))
        });
        self.deliver(&changes, now);
        let zxid = self.zxid;
        self.reply(id, xid, zxid, |out| {
            result.map(|outcome| outcome.encode(out))
        });
    }

    pub(super) fn multi(&mut self, id: ConnId, session: i64, xid: i32, body: &[u8], now: Now) {
        self.zxid += 1;
        let zxid = self.zxid;
        let Some(ops) = decode_multi(body) else {
            return self.reply(id, xid, zxid, |_| Err(Code::MARSHALLING_ERROR));
        };
        let (result, changes) = self.transaction(Some(id), session, now, |txn| {
            let result = apply_all(&ops, txn);
            if result.is_err() {
                txn.roll_back();
            }
            (result, std::mem::take(&mut txn.changes))
        });
        self.deliver(&changes, now);
        self.reply(id, xid, zxid, |out| {
            match &result {
                Ok(outcomes) => {
                    for (op, outcome) in ops.iter().zip(outcomes) {
                        encode_result(op, outcome, out);
                    }
                }
                Err((culprit, code)) => {
                    for index in 0..ops.len() {
                        MultiResult::Error(code_of(index, *culprit, *code)).encode(out);
                    }
                }
            }
            MultiHeader::END.encode(out);
            // Success even if the multi failed: the codes are inside (S-171).
            Ok(())
        });
    }

    /// Deletes the containers and nodes with a time to live whose time has come (S-118).
    pub(super) fn reap(&mut self, now: Now) {
        let interval = u64::from(self.options.container_check_ms.max(1));
        self.next_reaping = now.mono_ms.saturating_add(interval);
        let never_used = i64::from(self.options.container_max_never_used_ms);
        for path in self.tree.reapable(now.wall_ms, never_used) {
            self.zxid += 1;
            let changes = self.transaction(None, 0, now, |txn| {
                txn.remove(&path);
                std::mem::take(&mut txn.changes)
            });
            self.deliver(&changes, now);
        }
    }
}

/// The operations, `None` if any is not allowed in a multi or does not decode (S-170).
fn decode_multi(body: &[u8]) -> Option<Vec<MultiOp<'_>>> {
    let mut reader = Ops::new(body);
    let mut ops = Vec::new();
    while let Some(op) = reader.next_op() {
        let op = op.ok()?;
        let flags = match &op {
            MultiOp::Create(r) | MultiOp::Create2(r) | MultiOp::CreateContainer(r) => {
                r.path.and(Some(r.flags))
            }
            MultiOp::CreateTtl(r) => r.path.and(Some(r.flags)),
            MultiOp::Delete(r) => r.path.and(Some(0)),
            MultiOp::SetData(_) | MultiOp::Check(_) => Some(0),
        };
        CreateMode::from_i32(flags?)?;
        ops.push(op);
    }
    Some(ops)
}

/// What the operations answer, or the first that failed and its code.
fn apply_all(ops: &[MultiOp<'_>], txn: &mut Txn<'_>) -> Result<Vec<Outcome>, (usize, Code)> {
    let numbered = ops.iter().enumerate();
    numbered
        .map(|(index, op)| apply_one(op, txn).map_err(|code| (index, code)))
        .collect()
}

fn apply_one(op: &MultiOp<'_>, txn: &mut Txn<'_>) -> Result<Outcome, Code> {
    let decoded = match *op {
        MultiOp::Create(r) => Create::new(Op::Create, &r).map(|c| Write::Create(Op::Create, c)),
        MultiOp::Create2(r) => Create::new(Op::Create2, &r).map(|c| Write::Create(Op::Create2, c)),
        MultiOp::CreateContainer(r) => {
            let op = Op::CreateContainer;
            Create::new(op, &r).map(|c| Write::Create(op, c))
        }
        MultiOp::CreateTtl(r) => Create::with_ttl(&r).map(|c| Write::Create(Op::CreateTtl, c)),
        MultiOp::Delete(r) => Some(Write::Delete(r)),
        MultiOp::SetData(r) => Some(Write::SetData(r)),
        MultiOp::Check(r) => return txn.check(&r).map(|()| Outcome::Nothing),
    };
    decoded.ok_or(Code::MARSHALLING_ERROR)?.apply(txn)
}

/// Creates of containers and of nodes with a time to live answer as create2 (S-171).
fn encode_result(op: &MultiOp<'_>, outcome: &Outcome, out: &mut Vec<u8>) {
    match (outcome, op) {
        (Outcome::Created(path), _) => {
            MultiResult::Create(CreateResponse { path: Some(path) }).encode(out);
        }
        (Outcome::Created2(path, stat), _) => MultiResult::Create2(Create2Response {
            path: Some(path),
            stat: *stat,
        })
        .encode(out),
        (Outcome::Stat(stat), _) => {
            MultiResult::SetData(SetDataResponse { stat: *stat }).encode(out);
        }
        (Outcome::Nothing, MultiOp::Check(_)) => MultiResult::Check.encode(out),
        (Outcome::Nothing, _) => MultiResult::Delete.encode(out),
    }
}

/// S-172.
fn code_of(index: usize, culprit: usize, code: Code) -> Code {
    match index.cmp(&culprit) {
        std::cmp::Ordering::Less => Code::OK,
        std::cmp::Ordering::Equal => code,
        std::cmp::Ordering::Greater => Code::RUNTIME_INCONSISTENCY,
    }
}
