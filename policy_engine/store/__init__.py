"""Which policies are live: snapshots, reloading, and the watcher of the folder."""
