//! Who can open a backup: archives are compressed and encrypted with age, to public keys or to a passphrase.
//!
//! age refuses what is not, byte for byte, what was written. An archive that is not encrypted ends with the SHA-256 of what stands
//! before instead, in a frame that tools skip.

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use age::stream::StreamWriter;
use age::{Decryptor, Encryptor, Identity, scrypt, x25519};
use anyhow::{Context, bail, ensure};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// How hard a passphrase is to guess: 2^18 rounds of scrypt take about a second.
const SCRYPT_LOG_ROUNDS: u8 = 18;
/// How hard an archive may make it: somebody else's would keep us busy for hours.
const SCRYPT_LOG_ROUNDS_MAX: u8 = 22;
/// zstd's own default, which compresses rows about as fast as databases give them.
const COMPRESSION_LEVEL: i32 = 3;
/// How an age file begins.
const AGE_MARK: &[u8] = b"age-encryption.org/v1";
/// How a file of zstd begins.
const ZSTD_MARK: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// A frame of 32 bytes that who decompresses skips (RFC 8878, section 3.1.2).
const SUM_FRAME: [u8; 8] = [0x5e, 0x2a, 0x4d, 0x18, 32, 0, 0, 0];
/// Bytes of that frame.
const SUM_BYTES: usize = SUM_FRAME.len() + 32;
/// Bytes of a file of identities.
const IDENTITY_BYTES_MAX: u64 = 64 << 10;

/// Whom an archive can be encrypted to.
pub type Recipient = x25519::Recipient;

/// Who will be able to open an archive that is written.
#[derive(Clone)]
pub enum Seal {
    /// Who has the identity of one of these.
    Recipients(Vec<Recipient>),
    /// Who knows the passphrase.
    Passphrase(SecretString),
    /// Everybody.
    Open,
}

/// What opens an archive.
pub enum Key {
    /// Identities.
    Identities(Vec<x25519::Identity>),
    /// A passphrase.
    Passphrase(SecretString),
    /// Nothing: it is not encrypted.
    None,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("{}: {error}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        error: io::Error,
    },
    /// Others than its owner can read it.
    #[error("{} can be read by others than its owner: run `chmod 600 {}`", path.display(), path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// It holds something else.
    #[error("{} has no identity of age: such a line begins with AGE-SECRET-KEY-1", path.display())]
    NoIdentity {
        /// The file.
        path: PathBuf,
    },
}

impl fmt::Debug for Seal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Recipients(_) => "Recipients",
            Self::Passphrase(_) => "Passphrase",
            Self::Open => "Open",
        })
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Identities(_) => "Identities",
            Self::Passphrase(_) => "Passphrase",
            Self::None => "None",
        })
    }
}

impl Key {
    /// Reads identities from a file that nobody but its owner can read, as `age-keygen` writes it.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let path = path.to_owned();
        let at = |error| KeyError::File {
            path: path.clone(),
            error,
        };
        let file = File::open(&path).map_err(at)?;
        if is_exposed(&file).map_err(at)? {
            return Err(KeyError::Exposed { path });
        }
        let mut text = String::new();
        file.take(IDENTITY_BYTES_MAX)
            .read_to_string(&mut text)
            .map_err(at)?;
        let text = SecretString::from(text);
        let lines = text.expose_secret().lines().map(str::trim);
        let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
        let identities: Result<Vec<x25519::Identity>, _> = lines.map(str::parse).collect();
        match identities {
            Ok(identities) if !identities.is_empty() => Ok(Self::Identities(identities)),
            _ => Err(KeyError::NoIdentity { path }),
        }
    }
}

/// A public key, as it is written.
pub fn recipient(text: &str) -> Option<Recipient> {
    text.parse().ok()
}

/// Makes an identity, writes it into a new file that its owner alone can read, and gives its public key.
pub fn generate_identity(path: &Path) -> Result<Recipient, KeyError> {
    let identity = x25519::Identity::generate();
    let recipient = identity.to_public();
    let text = format!(
        "# public key: {recipient}\n{}\n",
        identity.to_string().expose_secret()
    );
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    match written {
        Ok(()) => Ok(recipient),
        Err(error) => Err(KeyError::File {
            path: path.to_owned(),
            error,
        }),
    }
}

#[cfg(unix)]
fn is_exposed(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    Ok(file.metadata()?.mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_exposed(_: &File) -> io::Result<bool> {
    Ok(false)
}

/// What is written into it is compressed, encrypted and goes to a file.
pub(super) type SealedWriter = zstd::Encoder<'static, Sealed>;

/// The way into the file.
pub(super) enum Sealed {
    Encrypted(Box<StreamWriter<BufWriter<File>>>),
    Open(SumWriter),
}

impl Seal {
    /// Begins an archive in a file. The key opens this archive, and is forgotten when it is dropped: so an archive can be tried
    /// out where nobody has an identity.
    pub(super) fn begin(&self, file: File) -> anyhow::Result<(SealedWriter, Key)> {
        let file = BufWriter::new(file);
        let (sealed, key) = match self {
            Self::Recipients(recipients) => {
                let own = x25519::Identity::generate();
                let public = own.to_public();
                let all = recipients.iter().chain([&public]);
                let encryptor =
                    Encryptor::with_recipients(all.map(|each| each as &dyn age::Recipient))?;
                (encrypted(encryptor, file)?, Key::Identities(vec![own]))
            }
            Self::Passphrase(passphrase) => {
                let mut recipient = scrypt::Recipient::new(passphrase.clone());
                recipient.set_work_factor(SCRYPT_LOG_ROUNDS);
                let recipients = std::iter::once(&recipient as &dyn age::Recipient);
                let encryptor = Encryptor::with_recipients(recipients)?;
                (
                    encrypted(encryptor, file)?,
                    Key::Passphrase(passphrase.clone()),
                )
            }
            Self::Open => (Sealed::Open(SumWriter::new(file)), Key::None),
        };
        let mut writer = zstd::Encoder::new(sealed, COMPRESSION_LEVEL)?;
        writer.include_checksum(true)?;
        Ok((writer, key))
    }
}

fn encrypted(encryptor: Encryptor, file: BufWriter<File>) -> io::Result<Sealed> {
    Ok(Sealed::Encrypted(Box::new(encryptor.wrap_output(file)?)))
}

/// Writes the end of the archive, and gives its file back when all of it is on the disk.
pub(super) fn finish(writer: SealedWriter) -> io::Result<File> {
    let file = match writer.finish()? {
        Sealed::Encrypted(writer) => writer.finish()?,
        Sealed::Open(writer) => writer.finish()?,
    };
    let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()?;
    Ok(file)
}

impl Write for Sealed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Encrypted(writer) => writer.write(bytes),
            Self::Open(writer) => writer.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Encrypted(writer) => writer.flush(),
            Self::Open(writer) => writer.flush(),
        }
    }
}

/// Adds up what it writes.
pub(super) struct SumWriter {
    file: BufWriter<File>,
    sum: Sha256,
}

impl SumWriter {
    fn new(file: BufWriter<File>) -> Self {
        Self {
            file,
            sum: Sha256::new(),
        }
    }

    fn finish(mut self) -> io::Result<BufWriter<File>> {
        self.file.write_all(&SUM_FRAME)?;
        self.file.write_all(&self.sum.finalize())?;
        Ok(self.file)
    }
}

impl Write for SumWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sum.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Opens an archive: what is read is decrypted and decompressed.
///
/// # Errors
/// When it is none, when the key does not open it, and when its beginning is damaged.
pub(super) fn open(path: &Path, key: &Key) -> anyhow::Result<Box<dyn Read>> {
    let mut file =
        File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let mut mark = [0; AGE_MARK.len()];
    let is_short = file.read_exact(&mut mark).is_err();
    file.seek(SeekFrom::Start(0))?;
    if !is_short && mark == AGE_MARK {
        return Ok(Box::new(decompressed(decrypted(file, key)?)?));
    }
    ensure!(
        !is_short && mark.starts_with(&ZSTD_MARK),
        "{} is no backup, or damaged",
        path.display()
    );
    check_sum(&mut file)?;
    Ok(Box::new(decompressed(file)?))
}

fn decompressed<R: Read + 'static>(input: R) -> io::Result<impl Read> {
    zstd::Decoder::new(input)
}

fn decrypted(file: File, key: &Key) -> anyhow::Result<impl Read + use<>> {
    let decryptor =
        Decryptor::new_buffered(BufReader::new(file)).context("the archive's head is damaged")?;
    let opened = match key {
        Key::Identities(identities) => {
            let identities = identities.iter().map(|identity| identity as &dyn Identity);
            decryptor.decrypt(identities)
        }
        Key::Passphrase(passphrase) => {
            let mut identity = scrypt::Identity::new(passphrase.clone());
            identity.set_max_work_factor(SCRYPT_LOG_ROUNDS_MAX);
            decryptor.decrypt(std::iter::once(&identity as &dyn Identity))
        }
        Key::None if decryptor.is_scrypt() => {
            bail!("the archive is encrypted: its passphrase is wanted, in TWIN_BACKUP_PASSPHRASE")
        }
        Key::None => bail!("the archive is encrypted: name a file with an identity by --identity"),
    };
    opened.context("the key does not open the archive, or its head is damaged")
}

/// Refuses an open archive that is not what was written.
fn check_sum(file: &mut File) -> anyhow::Result<()> {
    const DAMAGED: &str = "the archive is damaged: it is not what its sum says";

    let bytes = file.metadata()?.len();
    let before = bytes.checked_sub(SUM_BYTES as u64).context(DAMAGED)?;
    let mut sum = Sha256::new();
    let mut reader = BufReader::with_capacity(1 << 20, &mut *file);
    io::copy(&mut reader.by_ref().take(before), &mut SumOnly(&mut sum))?;
    let mut end = [0; SUM_BYTES];
    reader.read_exact(&mut end)?;
    let expected = [&SUM_FRAME[..], &sum.finalize()[..]].concat();
    ensure!(end[..] == expected[..], DAMAGED);
    file.seek(SeekFrom::Start(0))?;
    Ok(())
}

struct SumOnly<'a>(&'a mut Sha256);

impl Write for SumOnly<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
