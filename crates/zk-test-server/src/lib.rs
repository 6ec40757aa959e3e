//! A ZooKeeper server for tests.
