//! Requests by chance, the same in every run.

use super::{CLIENTS, Step};
use crate::support::*;
use zk_proto::Op;

/// A reproducible stream of numbers.
pub(super) struct Random(pub(super) u64);

impl Random {
    /// Paths with persistent watches and their modes. They get no others: where 3.9 keeps all
    /// modes of a watcher, 3.8 keeps the last.
    const PERSISTENT: [(&'static str, i32); 2] = [("/b", 1), ("/a/c", 0)];

    /// A path for one-shot watches.
    fn one_shot_path(&mut self) -> &'static str {
        ["/a", "/a/b", "/b/c", "/e", "/none/x"][self.below(5)]
    }

    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) as usize % n
    }

    fn path(&mut self) -> &'static str {
        const PATHS: [&str; 12] = [
            "/", "/a", "/b", "/a/b", "/a/c", "/a/b/c", "/b/c", "/b/s", "/a/", "/e", "/e/x",
            "/none/x",
        ];
        PATHS[self.below(PATHS.len())]
    }

    fn write(&mut self) -> (Op, Vec<u8>) {
        let path = self.path();
        let version = [-1, -1, -1, 0, 1][self.below(5)];
        match self.below(9) {
            0..4 => create(path, self.below(4) as i32),
            4 => (
                Op::Create2,
                create_body(path, None, &[WORLD], self.below(4) as i32),
            ),
            5..7 => numbered(Op::Delete, path, version),
            _ => set(path, b"data", version),
        }
    }

    pub(super) fn step(&mut self) -> Step {
        let who = self.below(CLIENTS);
        let path = self.path();
        let one_shot = Self::PERSISTENT.iter().all(|p| p.0 != path);
        let request = match self.below(20) {
            0..8 => self.write(),
            8 => {
                let mut parts = Vec::new();
                for _ in 0..self.below(5) {
                    parts.push(match self.below(4) {
                        0 => numbered(Op::Check, self.path(), [-1, 0][self.below(2)]),
                        _ => self.write(),
                    });
                }
                multi(Op::Multi, &parts)
            }
            9 => read(Op::Exists, path, one_shot),
            10 => read(Op::GetData, path, one_shot),
            11 => read(Op::GetChildren, path, one_shot),
            12 => read(Op::GetChildren2, path, one_shot && self.below(2) == 0),
            13 => {
                let (path, mode) = Self::PERSISTENT[self.below(2)];
                numbered(Op::AddWatch, path, mode)
            }
            14 => numbered(Op::RemoveWatches, path, 3),
            15 => on_path(Op::GetAcl, path),
            16 => on_path(Op::GetEphemerals, path),
            17 => on_path(Op::GetAllChildrenNumber, path),
            18 => {
                let lists = [(); 3].map(|()| self.one_shot_path());
                let lists: Vec<&[&str]> = lists.iter().map(std::slice::from_ref).collect();
                set_watches(Op::SetWatches, self.below(40) as i64, &lists)
            }
            _ if self.below(4) == 0 => (Op::CloseSession, vec![]),
            _ => set_acl(path, &[WORLD], [-1, 0][self.below(2)]),
        };
        (who, request)
    }
}
