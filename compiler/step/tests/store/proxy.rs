//! Stands between a store and its server, and stops letting objects through.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

/// A proxy. Its threads end with the connections.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    /// Uploads that were let through.
    pub(crate) passed: Arc<AtomicUsize>,
    /// Tells when an upload was held up.
    pub(crate) stopped: Receiver<()>,
}

/// What happens to uploads over the limit.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// They wait for ever.
    Hang,
    /// Their connections break.
    Break,
}

impl Proxy {
    pub(crate) fn start(server: u16, most: usize, then: Then) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let passed = Arc::new(AtomicUsize::new(0));
        let (tell, stopped) = channel();
        let count = Arc::clone(&passed);
        std::thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                let (count, tell) = (Arc::clone(&count), tell.clone());
                std::thread::spawn(move || serve(client, server, most, then, &count, &tell));
            }
        });
        Self { port, passed, stopped }
    }
}

fn serve(
    mut client: TcpStream,
    server: u16,
    most: usize,
    then: Then,
    count: &AtomicUsize,
    tell: &Sender<()>,
) {
    let Ok(mut upstream) = TcpStream::connect(("127.0.0.1", server)) else { return };
    let (mut back, mut answers) = (client.try_clone().unwrap(), upstream.try_clone().unwrap());
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut answers, &mut back);
        let _ = back.shutdown(Shutdown::Both);
    });
    let mut block = vec![0; 1 << 16];
    while let Ok(read @ 1..) = client.read(&mut block) {
        // The client writes the head of a request at once, and what the tests upload never looks like one.
        if block.starts_with(b"PUT /") && count.fetch_add(1, Ordering::SeqCst) >= most {
            count.fetch_sub(1, Ordering::SeqCst);
            let _ = tell.send(());
            if then == Then::Hang {
                let _ = client.read_to_end(&mut Vec::new());
            }
            break;
        }
        if upstream.write_all(&block[..read]).is_err() {
            break;
        }
    }
    let _ = upstream.shutdown(Shutdown::Both);
    let _ = client.shutdown(Shutdown::Both);
}
