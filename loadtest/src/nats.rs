//! The text protocol of NATS, as far as a fan-out needs it.

/// The stream of one connection, which its WebSocket frames cut anywhere.
#[derive(Default)]
pub(crate) struct NatsStream {
    rest: Vec<u8>,
}

impl NatsStream {
    /// Takes the payload of a frame, and hands the data of each whole message to `event`.
    pub(crate) fn take(&mut self, payload: &[u8], mut event: impl FnMut(&[u8])) {
        if self.rest.is_empty() {
            let taken = scan(payload, &mut event);
            self.rest.extend_from_slice(&payload[taken..]);
        } else {
            self.rest.extend_from_slice(payload);
            let taken = scan(&self.rest, &mut event);
            self.rest.drain(..taken);
        }
    }
}

/// Hands the data of each whole message to `event`, and says how many bytes they were.
fn scan(bytes: &[u8], event: &mut impl FnMut(&[u8])) -> usize {
    let mut at = 0;
    loop {
        let rest = &bytes[at..];
        let Some(end) = rest.windows(2).position(|two| two == b"\r\n") else {
            return at;
        };
        let line = &rest[..end];
        at += end + 2;
        if !line.starts_with(b"MSG ") {
            continue;
        }
        let length = line.rsplit(|byte| *byte == b' ').next();
        let length = length.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        let length: usize = length.unwrap_or_default();
        let Some(data) = bytes.get(at..at + length + 2) else {
            return at - end - 2;
        };
        event(&data[..length]);
        at += length + 2;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_found_wherever_the_stream_is_cut() {
        let stream = b"PONG\r\nMSG room-0 1 5\r\nhello\r\nMSG room-0 1 2\r\n\r\n\r\n+OK\r\nMSG a 1 0\r\n\r\n";
        for cut in 0..=stream.len() {
            let mut found = Vec::new();
            let mut nats = NatsStream::default();
            for part in [&stream[..cut], &stream[cut..]] {
                nats.take(part, |data| found.push(data.to_vec()));
            }
            assert_eq!(found, [&b"hello"[..], b"\r\n", b""], "cut at {cut}");
            assert_eq!(nats.rest, b"");
        }
    }
}
