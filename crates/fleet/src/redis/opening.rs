//! Opening a store: what a server must be before it is trusted with rows.

use redis::io::tcp::TcpSettings;
use redis::{Client, TlsCertificates};

use super::call::Session;
use super::connection::RedisConnection;
use super::facts::Info;
use super::failure::{failure, words};
use super::listener::Listener;
use super::options::RedisOptions;
use super::script::Scripts;
use super::store::RedisStore;
use ktrdr_fabric::cause::Cause;
use ktrdr_fabric::epochs::Stranger;
use ktrdr_fabric::random::random;
use ktrdr_fabric::store::StoreError;

/// The first version that has all we use: streams with positions of our own.
const VERSION_MIN: (u32, u32) = (7, 0);

/// Why a store could not be opened. Nothing was written then, except perhaps the epoch.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Rows and password would travel unencrypted.
    #[error("{host} is another machine: use rediss:// with TLS, or acknowledge with allow_plaintext = true")]
    Plaintext {
        /// The machine.
        host: String,
    },
    /// The certificate, or what it is needed for, can not be used.
    #[error("TLS to {place} can not be set up: {what}")]
    Tls {
        /// Host and port.
        place: String,
        /// What is wrong.
        #[source]
        what: Cause,
    },
    /// The server is too old.
    #[error("Redis at {place} has version {found}; at least 7.0 is needed: upgrade the server")]
    TooOld {
        /// Host and port.
        place: String,
        /// Its version.
        found: String,
    },
    /// The server throws rows away when its memory is full.
    #[error(
        "Redis at {place} may throw rows away when its memory is full (maxmemory-policy {policy}): run `redis-cli \
         CONFIG SET maxmemory-policy noeviction` there, and write the same into its redis.conf"
    )]
    Evicts {
        /// Host and port.
        place: String,
        /// The policy in force.
        policy: String,
    },
    /// It is not the store that is remembered, or it was emptied.
    #[error(transparent)]
    Stranger(#[from] Stranger),
    /// It can not be reached, or refuses us.
    #[error(transparent)]
    Refused(#[from] StoreError),
}

impl RedisStore {
    /// Connects, and refuses a server that could lose rows.
    ///
    /// # Errors
    /// [`OpenError`]: what is wrong, and what to do. No password is ever repeated.
    pub async fn open(options: RedisOptions) -> Result<Self, OpenError> {
        if let Some(host) = options.url.readable_on_the_way().filter(|_| !options.allow_plaintext) {
            return Err(OpenError::Plaintext { host: host.to_owned() });
        }
        let place = options.url.place();
        let client = client(&options)?;
        let connection = RedisConnection::new(client.clone(), place.clone(), options.timeout);
        let info = Info::read(&connection).await?;
        check(&info, &place)?;
        let epoch = meet(&connection, &options, &place).await?;
        let listener = Listener::start(client, &options.prefix, &options.hears, options.timeout).await;
        let listener = listener.map_err(|error| failure(&place, error))?;
        let session = Session::new(connection, Scripts::new(options.clock), options.prefix, epoch);
        Ok(Self::new(session, listener))
    }
}

fn client(options: &RedisOptions) -> Result<Client, OpenError> {
    // Whoever chose before us is right too.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Small calls must not wait for each other's acknowledgements.
    let info = options.url.info().clone().set_tcp_settings(TcpSettings::default().set_nodelay(true));
    let made = match &options.ca_pem {
        None => Client::open(info),
        Some(pem) => {
            let root_cert = Some(pem.clone().into_bytes());
            Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert })
        }
    };
    made.map_err(|error| {
        let what = Cause::meaning(words(&error), error);
        OpenError::Tls { place: options.url.place(), what }
    })
}

fn check(info: &Info, place: &str) -> Result<(), OpenError> {
    if info.version().is_none_or(|version| version < VERSION_MIN) {
        return Err(OpenError::TooOld {
            place: place.to_owned(),
            found: info.text("redis_version").to_owned(),
        });
    }
    let policy = info.text("maxmemory_policy");
    if policy != "noeviction" {
        return Err(OpenError::Evicts { place: place.to_owned(), policy: policy.to_owned() });
    }
    if info.text("aof_enabled") != "1" {
        tracing::warn!(
            place,
            "Redis keeps no append-only file: a restart loses every row. Set appendonly yes and appendfsync always"
        );
    }
    Ok(())
}

/// The epoch of the store. Where none is expected it is written by whoever meets an empty store first; a store that has
/// one is only read.
async fn meet(
    connection: &RedisConnection,
    options: &RedisOptions,
    place: &str,
) -> Result<String, OpenError> {
    let key = options.prefix.key("epoch");
    let found = read_epoch(connection, &key).await?;
    if let Some(expected) = &options.epoch
        && found.as_ref() != Some(expected)
    {
        let place = format!("Redis at {place}, prefix {},", options.prefix.name());
        return Err(Stranger { place, found, expected: expected.clone() }.into());
    }
    if let Some(found) = found {
        return Ok(found);
    }
    let fresh = format!("{:016x}{:016x}", random(), random());
    connection.send(redis::cmd("SET").arg(&key).arg(fresh).arg("NX")).await?;
    let met = read_epoch(connection, &key).await?;
    met.ok_or_else(|| StoreError::Replaced(format!("{key} was removed just now").into()).into())
}

/// What the store calls itself; `None` where there is none.
pub(super) async fn read_epoch(
    connection: &RedisConnection,
    key: &str,
) -> Result<Option<String>, StoreError> {
    let epoch = connection.send(redis::cmd("GET").arg(key)).await?;
    redis::from_redis_value(epoch)
        .map_err(|e| StoreError::Corrupt(Cause::meaning(format!("{key} is not an epoch"), e)))
}
