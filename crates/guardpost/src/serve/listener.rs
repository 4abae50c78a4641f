//! Connections: so many at a time, and none that says nothing; with TLS where the operator gave a certificate.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Connections at a time; further ones wait. They must leave files for the work itself.
const CONNECTIONS_MAX: usize = 256;
/// A connection on which nothing comes for so long is closed.
const SILENCE: Duration = Duration::from_secs(75);
/// How long a client has to agree on keys.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A listener that holds few connections.
pub(super) struct Bounded {
    address: SocketAddr,
    ready: Receiver<(Connection, SocketAddr)>,
}

/// A connection that ends when nothing comes.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    silence: Pin<Box<Sleep>>,
    _permit: Option<OwnedSemaphorePermit>,
}

/// Where a connection came from.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientAddr(pub(super) SocketAddr);

impl Connected<IncomingStream<'_, Bounded>> for ClientAddr {
    fn connect_info(stream: IncomingStream<'_, Bounded>) -> ClientAddr {
        ClientAddr(*stream.remote_addr())
    }
}

/// With TLS or without.
trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl Stream for TcpStream {}
impl Stream for TlsStream<TcpStream> {}

impl Bounded {
    /// Bounds a listener. Must be called where tasks can be started.
    pub(super) fn new(listener: TcpListener, tls: Option<TlsAcceptor>) -> io::Result<Bounded> {
        let address = listener.local_addr()?;
        // Those that have agreed on keys wait here, and nobody waits for one that has not.
        let (sender, ready) = channel(1);
        tokio::spawn(accept(listener, tls, sender));
        Ok(Bounded { address, ready })
    }
}

/// Takes connections until nobody wants them any more.
async fn accept(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    ready: Sender<(Connection, SocketAddr)>,
) {
    let room = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        // The semaphore is never closed.
        let permit = Arc::clone(&room).acquire_owned().await.ok();
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = ready.closed() => return,
        };
        let Ok((stream, from)) = accepted else {
            // Such as too many open files: it passes.
            sleep(Duration::from_secs(1)).await;
            continue;
        };
        let connection = move |stream: Box<dyn Stream>| {
            (Connection { stream, silence: Box::pin(sleep(SILENCE)), _permit: permit }, from)
        };
        let Some(tls) = tls.clone() else {
            // Whoever does not take it wants none.
            let _gone = ready.send(connection(Box::new(stream))).await;
            continue;
        };
        let ready = ready.clone();
        tokio::spawn(async move {
            // What is no TLS or takes too long is dropped.
            if let Ok(Ok(stream)) = timeout(HANDSHAKE, tls.accept(stream)).await {
                let _gone = ready.send(connection(Box::new(stream))).await;
            }
        });
    }
}

impl Listener for Bounded {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        match self.ready.recv().await {
            Some(accepted) => accepted,
            // The task that accepts ends only after this listener.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(context, buffer) {
            self.silence.as_mut().reset(Instant::now() + SILENCE);
            return Poll::Ready(read);
        }
        ready!(self.silence.as_mut().poll(context));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "nothing came")))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
