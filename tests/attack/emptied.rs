//! The last fault: the store has forgotten everything, while models and reports of its work lie beside it.

use super::arena::Deserted;
use super::oracle::Oracle;

/// Empties the store: nothing may be begun anew there without a person's word.
pub(super) fn judge(deserted: &Deserted, oracle: &mut Oracle) {
    let world = &deserted.world;
    let before = world.files();
    match &deserted.servers {
        Some(servers) => {
            servers.redis_cli(&["FLUSHALL"]);
        }
        None => world.truncate("ktrdr.db"),
    }
    for arguments in [&["research", "run", "-s", "EURUSD", "-t", "1h"][..], &["up", "--until-idle"]] {
        let output = world.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        oracle.unless(!output.status.success() && said.contains("epoch"), || {
            format!("on an emptied store {arguments:?} ended with {}: {said}", output.status)
        });
    }
    let after = world.files();
    let lost: Vec<&String> =
        before.iter().filter(|file| !after.contains(file) && file.contains('/')).collect();
    oracle.unless(lost.is_empty(), || format!("files were lost with the store: {lost:?}"));
}
