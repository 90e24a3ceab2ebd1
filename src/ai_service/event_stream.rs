//! Server-sent events from bytes as they come, within limits.

use super::limits::{LINE_BYTES_MAX, STREAM_BYTES_MAX};

/// Reads events; of each only its data counts.
#[derive(Debug, Default)]
pub(super) struct EventStream {
    line: Vec<u8>,
    /// The data of the event that is being read.
    data: Option<String>,
    bytes: usize,
}

/// Why a stream is not read on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum StreamError {
    /// Longer than [`LINE_BYTES_MAX`].
    #[error("sent a line of more than {LINE_BYTES_MAX} bytes")]
    Line,
    /// Longer than [`STREAM_BYTES_MAX`].
    #[error("sent more than {STREAM_BYTES_MAX} bytes")]
    Stream,
    /// No UTF-8.
    #[error("sent what is no text")]
    Text,
}

impl EventStream {
    /// Takes bytes in; gives the data of the events that they complete.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> Result<Vec<String>, StreamError> {
        self.bytes += bytes.len();
        if self.bytes > STREAM_BYTES_MAX {
            return Err(StreamError::Stream);
        }
        let mut events = Vec::new();
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
            self.extend(&rest[..end])?;
            rest = &rest[end + 1..];
            let line = std::mem::take(&mut self.line);
            let line = String::from_utf8(line).map_err(|_| StreamError::Text)?;
            if let Some(event) = self.line(line.strip_suffix('\r').unwrap_or(&line))? {
                events.push(event);
            }
        }
        self.extend(rest)?;
        Ok(events)
    }

    fn extend(&mut self, bytes: &[u8]) -> Result<(), StreamError> {
        if self.line.len() + bytes.len() > LINE_BYTES_MAX {
            return Err(StreamError::Line);
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn line(&mut self, line: &str) -> Result<Option<String>, StreamError> {
        if line.is_empty() {
            return Ok(self.data.take());
        }
        // Comments and other fields say nothing here.
        let Some(value) = line.strip_prefix("data:") else {
            return Ok(None);
        };
        let value = value.strip_prefix(' ').unwrap_or(value);
        match &mut self.data {
            None => self.data = Some(value.to_owned()),
            Some(data) if data.len() + value.len() < LINE_BYTES_MAX => {
                data.push('\n');
                data.push_str(value);
            }
            Some(_) => return Err(StreamError::Line),
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const STREAM: &str = ": hello\r\ndata: one\r\n\r\nid: 7\nevent: x\ndata:two\n\n\ndata: a\ndata: b\n\ndata: [DONE]\n\ndata: cut off";

    fn read(pieces: &[&[u8]]) -> Result<Vec<String>, StreamError> {
        let mut stream = EventStream::default();
        let mut events = Vec::new();
        for piece in pieces {
            events.extend(stream.feed(piece)?);
        }
        Ok(events)
    }

    #[test]
    fn events_are_read_and_what_is_not_whole_is_not() {
        let events = read(&[STREAM.as_bytes()]).unwrap();
        assert_eq!(events, ["one", "two", "a\nb", "[DONE]"]);
    }

    #[test]
    fn what_is_too_long_or_no_text_is_refused() {
        let long = vec![b'x'; LINE_BYTES_MAX];
        assert_eq!(read(&[b"data: ", &long]), Err(StreamError::Line));
        let half = [b"data: ", &long[..LINE_BYTES_MAX / 2], b"\n"].concat();
        assert_eq!(read(&[&half, &half]), Err(StreamError::Line));
        assert_eq!(read(&[b"data: \xff\n"]), Err(StreamError::Text));
        let mut stream = EventStream::default();
        let comment = [b":", &long[..LINE_BYTES_MAX - 2], b"\n"].concat();
        for _ in 0..STREAM_BYTES_MAX / comment.len() {
            stream.feed(&comment).unwrap();
        }
        let refused = stream.feed(&comment);
        assert_eq!(refused, Err(StreamError::Stream));
    }

    proptest! {
        #[test]
        fn however_the_bytes_are_cut_the_events_are_the_same(
            cuts in proptest::collection::vec(0..STREAM.len(), 0..12)
        ) {
            let mut cuts = cuts;
            cuts.extend([0, STREAM.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts
                .windows(2)
                .map(|pair| &STREAM.as_bytes()[pair[0]..pair[1]])
                .collect();
            prop_assert_eq!(read(&pieces), read(&[STREAM.as_bytes()]));
        }
    }
}
