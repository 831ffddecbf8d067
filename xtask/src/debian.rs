//! Packages of Debian and Ubuntu, unpacked and not installed: that needs no root, and leaves the machine as it is.

use std::path::Path;

use crate::shell;

/// Whether there are such packages here.
pub(crate) fn is_here() -> bool {
    shell::exists("apt-get") && shell::exists("dpkg-deb")
}

/// Refreshes apt's lists, with root's rights where they can be had without asking.
pub(crate) fn update_lists() -> anyhow::Result<()> {
    let update = ["-q", "update"];
    if shell::program("apt-get").args(update).works() {
        return Ok(());
    }
    shell::program("sudo").args(["-n", "apt-get"]).args(update).run()
}

/// Downloads packages and unpacks them into `dir`, without what they depend on.
pub(crate) fn unpack(names: &[String], dir: &Path) -> anyhow::Result<()> {
    let packages = dir.join("packages");
    std::fs::create_dir_all(&packages)?;
    let download = |names: &[String]| {
        shell::program("apt-get").args(["-q", "download"]).args(names).dir(&packages).echoed()
    };
    if download(names).is_err() {
        // The mirror has moved on from what the lists say.
        update_lists()?;
        download(names)?;
    }
    for package in std::fs::read_dir(&packages)? {
        shell::program("dpkg-deb").arg("-x").arg(package?.path()).arg(dir).run()?;
    }
    std::fs::remove_dir_all(&packages)?;
    Ok(())
}
