//! Where the fleet's servers are. Each address may also be given as a file that holds it (`amqp_url_file`), as
//! containers hand secrets over.

use std::path::Path;

use super::Settings;
use super::secret::Secret;

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
                *address = Some(Secret::from_file(&workspace.join(file))?);
            }
        }
        Ok(())
    }

    /// The certificate of the authority that signed the servers', in PEM, if one was named.
    pub(crate) fn ca_pem(&self) -> Result<Option<String>, String> {
        self.ca_file.as_deref().map(read_pem).transpose()
    }
}

fn read_pem(path: &Path) -> Result<String, String> {
    const PEM_BYTES_MAX: usize = 1 << 20;
    let text = std::fs::read_to_string(path).map_err(|e| format!("ca_file {}: {e}", path.display()))?;
    if text.len() > PEM_BYTES_MAX || !text.contains("-----BEGIN CERTIFICATE-----") {
        return Err(format!("ca_file {} holds no certificate in PEM", path.display()));
    }
    Ok(text)
}

/// Names of settings without a section, as environment variables after `KTRDR_`.
pub(super) const TOP_LEVEL: [&str; 13] = [
    "ENGINE",
    "AMQP_URL",
    "AMQP_URL_FILE",
    "AMQP_ADMIN_URL",
    "AMQP_ADMIN_URL_FILE",
    "RABBITMQ_MANAGEMENT_URL",
    "RABBITMQ_MANAGEMENT_URL_FILE",
    "REDIS_URL",
    "REDIS_URL_FILE",
    "ARTIFACTS_URL",
    "PREFIX",
    "CA_FILE",
    "ALLOW_PLAINTEXT",
];
