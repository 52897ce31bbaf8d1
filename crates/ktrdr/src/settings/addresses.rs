//! Where the fleet's servers are. Each address may also be given as a file that holds it (`amqp_url_file`), as
//! containers hand secrets over.

use std::path::Path;

use ktrdr_fabric::local::regular;
use ktrdr_fleet::redis::Prefix;

use super::Settings;
use super::secret;

impl Settings {
    /// Takes addresses from the files that name them; an address that was given itself wins. Files are looked for
    /// beside the configuration: in the workspace.
    pub(super) fn read_address_files(&mut self, workspace: &Path) -> Result<(), String> {
        self.ca_file = self.ca_file.take().map(|file| workspace.join(file));
        let pairs = [
            (&mut self.amqp_url, &self.amqp_url_file),
            (&mut self.amqp_admin_url, &self.amqp_admin_url_file),
            (&mut self.rabbitmq_management_url, &self.rabbitmq_management_url_file),
            (&mut self.redis_url, &self.redis_url_file),
        ];
        for (address, file) in pairs {
            if let (None, Some(file)) = (&address, file) {
                *address = Some(secret::from_file(&workspace.join(file))?);
            }
        }
        Ok(())
    }

    /// Addresses in settings that take none would be shown as what they are taken for, passwords and all.
    pub(super) fn refuse_misplaced_addresses(&self) -> Result<(), String> {
        let files = [
            ("amqp_url_file", self.amqp_url_file.as_ref()),
            ("amqp_admin_url_file", self.amqp_admin_url_file.as_ref()),
            ("rabbitmq_management_url_file", self.rabbitmq_management_url_file.as_ref()),
            ("redis_url_file", self.redis_url_file.as_ref()),
            ("ca_file", self.ca_file.as_ref()),
            ("cache.folder", Some(&self.cache.folder)),
        ];
        for (name, path) in files {
            if path.is_some_and(|path| path.to_string_lossy().contains("://")) {
                return Err(format!("{name} is the name of a file; what stands there is an address"));
            }
        }
        if self.prefix.as_ref().is_some_and(|prefix| Prefix::new(prefix).is_err()) {
            return Err("prefix: use 1 to 64 lower-case letters, digits, '_' or '-'".into());
        }
        Ok(())
    }

    /// The certificate of the authority that signed the servers', in PEM, if one was named.
    pub(crate) fn ca_pem(&self) -> Result<Option<String>, String> {
        self.ca_file.as_deref().map(read_pem).transpose()
    }
}

fn read_pem(path: &Path) -> Result<String, String> {
    const PEM_BYTES_MAX: u64 = 1 << 20;
    let bytes = regular::read(path, PEM_BYTES_MAX).map_err(|e| format!("ca_file {}: {e}", path.display()))?;
    let text = String::from_utf8(bytes).ok().filter(|text| text.contains("-----BEGIN CERTIFICATE-----"));
    text.ok_or_else(|| format!("ca_file {} holds no certificate in PEM", path.display()))
}
