//! A copy of the data of a service that runs is where another one goes on.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::effect::{LISTED, TALKER, World, flows};
use crate::service::{findings, guardpost};

#[test]
fn a_service_goes_on_from_a_backup() {
    let world = World::start();
    world.list("threatintelset", LISTED, "ACTIVE");
    world.push(&flows(1, LISTED));
    world.expect(TALKER, 1);
    // Taken in after the latest snapshot, perhaps.
    assert!(world.service.push(flows(2, LISTED).as_bytes()));
    let other = tempfile::tempdir().unwrap();
    let backup = || {
        let mut command = guardpost();
        command.arg("backup").arg("--data-dir").arg(world.dir.path().join("data"));
        command.arg("--out").arg(other.path().join("data")).output().unwrap()
    };
    let made = backup();
    assert!(made.status.success(), "{made:?}");
    let again = String::from_utf8(backup().stderr).unwrap();
    assert!(again.contains("--out names a new directory"), "{again}");
    for name in ["guardpost.db", "keys.json"] {
        let mode = fs::metadata(other.path().join("data").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    let audits = fs::read_dir(other.path().join("data/audit")).unwrap();
    assert_eq!(audits.count(), 1, "what was changed and by whom is in it too");
    let world = world.move_to(other);
    world.expect(TALKER, 2);
    world.push(&flows(3, LISTED));
    world.expect(TALKER, 3);
    assert_eq!(findings(world.dir.path()).len(), 1);
    world.service.end();
}
