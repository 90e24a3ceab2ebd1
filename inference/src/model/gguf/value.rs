//! The typed values of a GGUF header and a cursor that never believes a length.

use std::io::{self, Read};

/// A value of the header. Numbers of every width are widened; arrays of arrays do not occur in models.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    Integer(i64),
    Float(f64),
    Bool(bool),
    Text(String),
    Integers(Vec<i64>),
    Floats(Vec<f64>),
    Bools(Vec<bool>),
    Texts(Vec<String>),
}

impl Value {
    /// What it is, for error texts.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Integer(_) => "an integer",
            Value::Float(_) => "a float",
            Value::Bool(_) => "a bool",
            Value::Text(_) => "a text",
            Value::Integers(_) => "an array of integers",
            Value::Floats(_) => "an array of floats",
            Value::Bools(_) => "an array of bools",
            Value::Texts(_) => "an array of texts",
        }
    }
}

/// The longest text believed; chat templates, the longest texts of real files, have tens of kilobytes.
const TEXT_BYTES_MAX: u64 = 4 << 20;

/// Reads little-endian values and knows how many bytes are left, so a lying length is found before memory is taken for it.
pub(crate) struct Cursor<R> {
    reader: R,
    position: u64,
    end: u64,
}

/// What a cursor found wrong.
#[derive(Debug)]
pub(crate) enum Fault {
    Io(io::Error),
    /// The file lies, or is cut short.
    Wrong(String),
    /// The file may be sound, but is of a kind that is not read here.
    Foreign(String),
}

impl From<String> for Fault {
    fn from(reason: String) -> Self {
        Fault::Wrong(reason)
    }
}

impl<R: Read> Cursor<R> {
    /// A cursor at the start of a file of `end` bytes.
    pub(crate) fn new(reader: R, end: u64) -> Self {
        Self {
            reader,
            position: 0,
            end,
        }
    }

    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    pub(crate) fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        self.claim(N as u64)?;
        let mut bytes = [0; N];
        self.reader.read_exact(&mut bytes).map_err(Fault::Io)?;
        Ok(bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Fault> {
        Ok(u32::from_le_bytes(self.bytes()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Fault> {
        Ok(u64::from_le_bytes(self.bytes()?))
    }

    pub(crate) fn text(&mut self) -> Result<String, Fault> {
        let length = self.u64()?;
        if length > TEXT_BYTES_MAX {
            return Err(format!(
                "a text of {length} bytes is longer than the {TEXT_BYTES_MAX} believed"
            )
            .into());
        }
        self.claim(length)?;
        let mut bytes = vec![0; length as usize];
        self.reader.read_exact(&mut bytes).map_err(Fault::Io)?;
        String::from_utf8(bytes).map_err(|_| Fault::Wrong("a text is not UTF-8".into()))
    }

    /// Reads a value of the given GGUF type.
    pub(crate) fn value(&mut self, kind: u32) -> Result<Value, Fault> {
        match kind {
            0..=5 | 10 | 11 => Ok(Value::Integer(self.integer(kind)?)),
            6 | 12 => Ok(Value::Float(self.float(kind)?)),
            7 => Ok(Value::Bool(self.bool()?)),
            8 => Ok(Value::Text(self.text()?)),
            9 => self.array(),
            _ => Err(format!("{kind} is not a type of a value").into()),
        }
    }

    fn array(&mut self) -> Result<Value, Fault> {
        let kind = self.u32()?;
        let count = self.u64()?;
        let element_bytes_min = match kind {
            0 | 1 | 7 => 1,
            2 | 3 => 2,
            4..=6 => 4,
            8 | 10..=12 => 8,
            9 => {
                return Err(Fault::Wrong(
                    "an array of arrays is not used by any model".into(),
                ));
            }
            _ => return Err(format!("{kind} is not a type of an array's values").into()),
        };
        let left = self.end - self.position;
        if count > left / element_bytes_min {
            return Err(
                format!("an array of {count} values does not fit the {left} bytes left").into(),
            );
        }
        match kind {
            6 | 12 => Ok(Value::Floats(
                (0..count)
                    .map(|_| self.float(kind))
                    .collect::<Result<_, _>>()?,
            )),
            7 => Ok(Value::Bools(
                (0..count).map(|_| self.bool()).collect::<Result<_, _>>()?,
            )),
            8 => Ok(Value::Texts(
                (0..count).map(|_| self.text()).collect::<Result<_, _>>()?,
            )),
            _ => Ok(Value::Integers(
                (0..count)
                    .map(|_| self.integer(kind))
                    .collect::<Result<_, _>>()?,
            )),
        }
    }

    fn integer(&mut self, kind: u32) -> Result<i64, Fault> {
        Ok(match kind {
            0 => u8::from_le_bytes(self.bytes()?).into(),
            1 => i8::from_le_bytes(self.bytes()?).into(),
            2 => u16::from_le_bytes(self.bytes()?).into(),
            3 => i16::from_le_bytes(self.bytes()?).into(),
            4 => self.u32()?.into(),
            5 => i32::from_le_bytes(self.bytes()?).into(),
            11 => i64::from_le_bytes(self.bytes()?),
            _ => {
                let value = self.u64()?;
                i64::try_from(value).map_err(|_| format!("the number {value} is beyond reason"))?
            }
        })
    }

    fn float(&mut self, kind: u32) -> Result<f64, Fault> {
        Ok(match kind {
            6 => f32::from_le_bytes(self.bytes()?).into(),
            _ => f64::from_le_bytes(self.bytes()?),
        })
    }

    fn bool(&mut self) -> Result<bool, Fault> {
        match self.bytes()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [other] => Err(format!("{other} is not a bool").into()),
        }
    }

    fn claim(&mut self, bytes: u64) -> Result<(), Fault> {
        let left = self.end - self.position;
        if bytes > left {
            return Err(format!(
                "it ends after {} bytes, where {bytes} more are due",
                self.end
            )
            .into());
        }
        self.position += bytes;
        Ok(())
    }
}
