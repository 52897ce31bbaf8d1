//! The stream to a node of the broker: plain, or encrypted as Redis' and S3's are. The client library could encrypt
//! it as well, but only together with a reader of PKCS#12 client certificates: 46 crates that nobody here needs.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_rs::traits::Reactor;
use async_rs::util::RuntimeParts;
use async_rs::{Runtime, Tokio};
use futures_util::Stream;
use lapin::uri::{AMQPScheme, AMQPUri};
use lapin::{AsyncTcpStream, Connection, ConnectionProperties};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

/// Bytes to and from the broker.
trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

type BoxedStream = Compat<Box<dyn Duplex>>;

/// Opens a connection over a stream of our own.
pub(super) async fn connect(
    node: AMQPUri,
    properties: ConnectionProperties,
    ca_pem: Option<String>,
) -> lapin::Result<Connection> {
    let runtime = Runtime::new(RuntimeParts::new(Tokio::current(), Sockets(Tokio::current())));
    let open = async move |node: AMQPUri, _| Ok(AsyncTcpStream::Plain(open(&node, ca_pem.as_deref()).await?));
    Connection::connector(node, runtime, open, properties).await
}

async fn open(node: &AMQPUri, ca_pem: Option<&str>) -> io::Result<BoxedStream> {
    let host = node.authority.host.trim_start_matches('[').trim_end_matches(']');
    let socket = TcpStream::connect((host, node.authority.port)).await?;
    // Small frames must not wait for each other's acknowledgements.
    socket.set_nodelay(true)?;
    let stream: Box<dyn Duplex> = match node.scheme {
        AMQPScheme::AMQP => Box::new(socket),
        AMQPScheme::AMQPS => {
            let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
            Box::new(TlsConnector::from(tls(ca_pem)?).connect(name, socket).await?)
        }
    };
    Ok(stream.compat())
}

/// Trusts the system's authorities, and the given one beside them.
fn tls(ca_pem: Option<&str>) -> io::Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(pem) = ca_pem {
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            roots.add(certificate.map_err(io::Error::other)?).map_err(io::Error::other)?;
        }
    }
    // Whoever chose before us is right too.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Ok(Arc::new(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth()))
}

/// Tokio's sockets and timers, with streams of our own type.
#[derive(Debug, Clone)]
struct Sockets(Tokio);

impl Reactor for Sockets {
    type TcpStream = BoxedStream;
    type Sleep = <Tokio as Reactor>::Sleep;

    fn register<H: Read + Write + AsFd + AsRawFd + Send + 'static>(
        &self,
        socket: H,
    ) -> io::Result<impl futures_io::AsyncRead + futures_io::AsyncWrite + Send + Unpin + 'static> {
        self.0.register(socket)
    }

    fn sleep(&self, duration: Duration) -> Self::Sleep {
        self.0.sleep(duration)
    }

    fn interval(&self, duration: Duration) -> impl Stream<Item = Instant> + Send + 'static {
        self.0.interval(duration)
    }

    // Nobody asks for it: `open` connects.
    fn tcp_connect_addr(
        &self,
        address: SocketAddr,
    ) -> impl Future<Output = io::Result<Self::TcpStream>> + Send + 'static {
        let connecting = TcpStream::connect(address);
        async move {
            let socket: Box<dyn Duplex> = Box::new(connecting.await?);
            Ok(socket.compat())
        }
    }
}
