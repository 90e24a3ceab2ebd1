//! Starting the process that reads a document or an export, feeding it, and ending it when it takes too long or says too much.

use std::fs::File;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::confined::{CPU_SECONDS_MAX, EXPORT_CPU_SECONDS_MAX, MEMORY_BYTES_MAX};
use super::export::{NoExport, PATH_BYTES_MAX, Told};
use super::{Extracted, TEXT_BYTES_MAX, Unreadable};

/// Documents that are read at once: each may take as much memory and computing time as its process is allowed.
const AT_ONCE_MAX: usize = 2;

/// How long a process may take, whatever else the machine has to do.
const WALL_TIME_MAX: Duration = Duration::from_secs(60);

/// Bytes of an answer: a text in which every byte is escaped, and where its parts stand.
const ANSWER_BYTES_MAX: u64 = 8 * TEXT_BYTES_MAX as u64;

/// How long the next part of an export may take: before the first all of it is unpacked and hashed.
const EXPORT_PART_TIME_MAX: Duration = Duration::from_secs(240);

/// Bytes of a line about a part of an export: a path in which every byte is escaped.
const LINE_BYTES_MAX: u64 = 8 * PATH_BYTES_MAX as u64;

/// Bytes that are read at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Bytes of what a process says when it fails.
const COMPLAINT_BYTES_MAX: u64 = 4 * 1024;

/// Characters of the ending of a name.
const ENDING_CHARS_MAX: usize = 8;

/// The one variable that the process gets: where the libraries are that the program is linked with.
const LIBRARY_PATH: &str = if cfg!(target_os = "macos") {
    "DYLD_LIBRARY_PATH"
} else {
    "LD_LIBRARY_PATH"
};

/// Reads documents, each in a process of its own. Clones share the places.
#[derive(Debug, Clone)]
pub struct Extractor {
    program: Arc<PathBuf>,
    places: Arc<Semaphore>,
}

/// Why a document was not read.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// It cannot be, by anybody.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The process could not be started or spoken with; the document may be fine.
    #[error("the process that reads documents cannot be used: {0}")]
    Process(String),
}

impl Extractor {
    /// Reads with this program, which must be `digital-twin`.
    pub fn new(program: PathBuf) -> Self {
        Self {
            program: Arc::new(program),
            places: Arc::new(Semaphore::new(AT_ONCE_MAX)),
        }
    }

    /// This program itself, even when its file has been replaced since it was started.
    pub fn this_program() -> PathBuf {
        match cfg!(target_os = "linux") {
            true => PathBuf::from("/proc/self/exe"),
            false => std::env::current_exe().unwrap_or_else(|_| PathBuf::from("digital-twin")),
        }
    }

    /// Reads a document when there is a place; dropping the future ends the process.
    ///
    /// # Errors
    /// See [`ExtractError`].
    pub async fn read(&self, content: Bytes, name: &str) -> Result<Extracted, ExtractError> {
        let place = self.places.acquire().await;
        let _place = place.map_err(|error| ExtractError::Process(error.to_string()))?;
        match timeout(WALL_TIME_MAX, self.run(content, ending(name))).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Unreadable::TooSlow {
                seconds: WALL_TIME_MAX.as_secs(),
            }
            .into()),
        }
    }

    /// Opens an export, which is a file of its own; dropping the reader ends the process.
    ///
    /// # Errors
    /// See [`ExportError`].
    pub fn open_export(&self, archive: File) -> Result<ExportReader, ExportError> {
        let mut process = self.start(&["--export"], archive.into())?;
        let output = process.stdout.take();
        let output = output.ok_or_else(|| ExportError::Process("it has no output".to_owned()))?;
        let errors = process.stderr.take();
        Ok(ExportReader {
            output: BufReader::with_capacity(PIECE_BYTES, output),
            complaint: tokio::spawn(first(errors, COMPLAINT_BYTES_MAX)),
            process,
        })
    }

    /// Starts the process with nothing but its input.
    fn start(&self, how: &[&str], input: Stdio) -> std::io::Result<Child> {
        let mut command = Command::new(self.program.as_path());
        command
            .arg("extract")
            .args(how)
            .env_clear()
            .current_dir("/")
            .stdin(input)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        if let Some(path) = std::env::var_os(LIBRARY_PATH) {
            command.env(LIBRARY_PATH, path);
        }
        command.spawn()
    }

    async fn run(&self, content: Bytes, ending: String) -> Result<Extracted, ExtractError> {
        let failed = |error: std::io::Error| ExtractError::Process(error.to_string());
        let process = self.start(&["--ending", &ending], Stdio::piped());
        let mut process = process.map_err(failed)?;
        let input = process.stdin.take();
        let output = process.stdout.take();
        let errors = process.stderr.take();
        let feed = async move {
            if let Some(mut input) = input {
                // One that ended early says by its status why.
                let _ = input.write_all(&content).await;
            }
        };
        let ((), answer, complaint) = tokio::join!(
            feed,
            first(output, ANSWER_BYTES_MAX),
            first(errors, COMPLAINT_BYTES_MAX)
        );
        let (answer, complaint) = (answer.map_err(failed)?, complaint.map_err(failed)?);
        let status = process.wait().await.map_err(failed)?;
        if !status.success() {
            let complaint = String::from_utf8_lossy(&complaint);
            return Err(end(status, &complaint, CPU_SECONDS_MAX));
        }
        if answer.len() as u64 == ANSWER_BYTES_MAX {
            return Err(Unreadable::TooMuchText.into());
        }
        let answer: Result<Extracted, Unreadable> = serde_json::from_slice(&answer)
            .map_err(|error| ExtractError::Process(format!("its answer is wrong: {error}")))?;
        Ok(checked(answer?)?)
    }
}

/// Why an export was not read, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// It is none.
    #[error(transparent)]
    NoExport(#[from] NoExport),
    /// It takes more than it may.
    #[error(transparent)]
    Unreadable(Unreadable),
    /// The process could not be started or spoken with; the export may be fine.
    #[error("the process that reads exports cannot be used: {0}")]
    Process(String),
}

impl From<std::io::Error> for ExportError {
    fn from(error: std::io::Error) -> Self {
        Self::Process(error.to_string())
    }
}

impl From<ExtractError> for ExportError {
    fn from(error: ExtractError) -> Self {
        match error {
            ExtractError::Unreadable(unreadable) => Self::Unreadable(unreadable),
            ExtractError::Process(reason) => Self::Process(reason),
        }
    }
}

/// What comes next of an export.
#[derive(Debug)]
pub enum ExportPart {
    /// A file.
    File {
        /// Its name with its folders.
        path: String,
        /// Its bytes; none when there are more than was asked for.
        content: Option<Bytes>,
    },
    /// That was all.
    End {
        /// Conversations that the export has beside it.
        conversations: u64,
        /// Files that were sent in them.
        attachments: u64,
    },
}

/// An export that is read.
#[derive(Debug)]
pub struct ExportReader {
    process: Child,
    output: BufReader<ChildStdout>,
    complaint: JoinHandle<std::io::Result<Vec<u8>>>,
}

impl ExportReader {
    /// The next part. Of a file that has more than `bytes_max` only the name is read.
    ///
    /// # Errors
    /// See [`ExportError`].
    pub async fn next(&mut self, bytes_max: u64) -> Result<ExportPart, ExportError> {
        match timeout(EXPORT_PART_TIME_MAX, self.part(bytes_max)).await {
            Ok(part) => part,
            Err(_) => Err(ExportError::Unreadable(Unreadable::TooSlow {
                seconds: EXPORT_PART_TIME_MAX.as_secs(),
            })),
        }
    }

    async fn part(&mut self, bytes_max: u64) -> Result<ExportPart, ExportError> {
        let mut line = Vec::new();
        let mut begin = (&mut self.output).take(LINE_BYTES_MAX);
        begin.read_until(b'\n', &mut line).await?;
        if line.last() != Some(&b'\n') {
            return Err(self.ended().await);
        }
        let told = serde_json::from_slice(&line);
        let told =
            told.map_err(|error| ExportError::Process(format!("its answer is wrong: {error}")))?;
        let (path, bytes) = match told {
            Told::File { path, bytes } => (path, bytes),
            Told::Whole {
                conversations,
                attachments,
            } => {
                return Ok(ExportPart::End {
                    conversations,
                    attachments,
                });
            }
            Told::Refused(why) => return Err(why.into()),
        };
        let is_read = bytes <= bytes_max;
        let mut content = Vec::new();
        let mut rest = (&mut self.output).take(bytes);
        let came = match is_read {
            true => rest.read_to_end(&mut content).await? as u64,
            false => tokio::io::copy_buf(&mut rest, &mut tokio::io::sink()).await?,
        };
        if came != bytes {
            return Err(self.ended().await);
        }
        let content = is_read.then(|| Bytes::from(content));
        Ok(ExportPart::File { path, content })
    }

    /// Why the process ended before the export did.
    async fn ended(&mut self) -> ExportError {
        let ended = async {
            let status = self.process.wait().await?;
            let complaint = (&mut self.complaint)
                .await
                .map_err(std::io::Error::other)??;
            let complaint = String::from_utf8_lossy(&complaint);
            std::io::Result::Ok(end(status, &complaint, EXPORT_CPU_SECONDS_MAX))
        };
        match ended.await {
            Ok(error) => error.into(),
            Err(error) => error.into(),
        }
    }
}

/// The ending of a name as far as it can mean a format.
fn ending(name: &str) -> String {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    let is_one =
        ending.len() <= ENDING_CHARS_MAX && ending.chars().all(|char| char.is_ascii_alphanumeric());
    match is_one {
        true => ending.to_ascii_lowercase(),
        false => String::new(),
    }
}

/// The first bytes of a stream; the rest is read and forgotten, so that nobody waits for it to be.
async fn first(stream: Option<impl AsyncRead + Unpin>, bytes_max: u64) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(mut stream) = stream {
        (&mut stream)
            .take(bytes_max)
            .read_to_end(&mut bytes)
            .await?;
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await?;
    }
    Ok(bytes)
}

/// Why a process ended without an answer.
fn end(status: ExitStatus, complaint: &str, cpu_seconds_max: u64) -> ExtractError {
    let crashed = |how: String| Unreadable::Crashed { how };
    let too_slow = Unreadable::TooSlow {
        seconds: cpu_seconds_max,
    };
    let too_much_memory = Unreadable::TooMuchMemory {
        megabytes: MEMORY_BYTES_MAX / 1024 / 1024,
    };
    let unreadable = if complaint.contains("has overflowed its stack") {
        Unreadable::TooDeep
    } else if complaint.contains("memory allocation of") {
        too_much_memory
    } else {
        match signal(status) {
            Some(SIGXCPU) => too_slow,
            Some(SIGKILL) => crashed("the system ended it".to_owned()),
            Some(signal) => crashed(format!("signal {signal}")),
            None => {
                let complaint = complaint.lines().next().unwrap_or_default();
                return ExtractError::Process(format!("{status}: {complaint}"));
            }
        }
    };
    unreadable.into()
}

const SIGKILL: i32 = 9;

/// What the system sends at the limit of computing time.
const SIGXCPU: i32 = 24;

#[cfg(unix)]
fn signal(status: ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(&status)
}

#[cfg(not(unix))]
fn signal(_: ExitStatus) -> Option<i32> {
    None
}

/// An answer whose places lie in its text: whoever took the process over must not lead us out of it.
fn checked(extracted: Extracted) -> Result<Extracted, Unreadable> {
    let text = &extracted.text;
    let mut places = (extracted.sections.iter().map(|section| &section.place))
        .chain(extracted.said.iter().map(|said| &said.place));
    let fits = text.len() <= TEXT_BYTES_MAX
        && !text.contains('\0')
        && extracted
            .sections
            .iter()
            .all(|section| !section.path.contains('\0'))
        && places.all(|place| text.get(place.clone()).is_some());
    match fits {
        true => Ok(extracted),
        false => Err(Unreadable::Crashed {
            how: "the parser answered nonsense".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_is_a_word_or_nothing() {
        for (name, expected) in [
            ("a.MD", "md"),
            ("a.tar.gz", "gz"),
            ("markdown", ""),
            ("a.--help", ""),
            ("a.verylongending", ""),
            ("a.", ""),
        ] {
            assert_eq!(ending(name), expected);
        }
    }
}
