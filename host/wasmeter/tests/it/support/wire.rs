//! A connection that can be cut: a proxy between two hosts.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Forwards connections while it is whole.
pub(crate) struct Wire {
    address: SocketAddr,
    is_whole: Arc<AtomicBool>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Wire {
    /// A wire to `http://host:port`.
    pub(crate) fn to(url: &str) -> Self {
        let target = url.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let wire = Self {
            address: listener.local_addr().expect("it is bound"),
            is_whole: Arc::new(AtomicBool::new(true)),
            open: Arc::default(),
        };
        let (is_whole, open) = (wire.is_whole.clone(), wire.open.clone());
        // Ends with the test process.
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if is_whole.load(Ordering::SeqCst) {
                    let far = TcpStream::connect(&target).expect("the target listens");
                    join(&near, &far);
                    open.lock().unwrap_or_else(PoisonError::into_inner).extend([near, far]);
                }
            }
        });
        wire
    }

    /// Where to connect instead.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Cuts all connections; new ones are closed at once.
    pub(crate) fn cut(&self) {
        self.is_whole.store(false, Ordering::SeqCst);
        for stream in self.open.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // The other side may have closed it already.
            let _closed = stream.shutdown(Shutdown::Both);
        }
    }

    /// Forwards again.
    pub(crate) fn mend(&self) {
        self.is_whole.store(true, Ordering::SeqCst);
    }
}

/// Copies bytes both ways until either side ends.
fn join(near: &TcpStream, far: &TcpStream) {
    for (from, to) in [(near, far), (far, near)] {
        let mut from = from.try_clone().expect("a second handle");
        let mut to = to.try_clone().expect("a second handle");
        std::thread::spawn(move || {
            let mut bytes = [0; 16 * 1024];
            while let Ok(read @ 1..) = from.read(&mut bytes) {
                if to.write_all(bytes.get(..read).unwrap_or_default()).is_err() {
                    break;
                }
            }
            let _closed = to.shutdown(Shutdown::Both);
        });
    }
}
