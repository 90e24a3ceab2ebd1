//! Trying a backup out: all of it is read, its rows are loaded into a scratch database and compared with its manifest, and the
//! scratch database is brought up to date.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use storage::{Database, Existing, FileKey, Load, Piece, Storage};
use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::archive::{self, Take};
use super::key::{self, Key};
use super::manifest::{About, Manifest, sum_of};
use super::restore::check_schema;

/// Restores an archive into a scratch database in a folder, where it needs the room that its rows need, and takes the scratch
/// database away again.
///
/// # Errors
/// When it does not open, is damaged, is of a newer program, or what was loaded is not what its manifest says.
pub async fn verify(path: &Path, key: Key, folder: &Path) -> anyhow::Result<(About, Manifest)> {
    let (path, folder) = (path.to_owned(), folder.to_owned());
    let runtime = Handle::current();
    spawn_blocking(move || {
        std::fs::create_dir_all(&folder)?;
        // Its owner alone can read it.
        let scratch = tempfile::Builder::new()
            .prefix("verify-")
            .tempdir_in(&folder);
        let scratch = scratch.with_context(|| format!("{} cannot be written", folder.display()))?;
        let mut loading = Loading {
            database: scratch.path().join("scratch.sqlite"),
            runtime: runtime.clone(),
            into: None,
        };
        let (about, manifest) = archive::read(key::open(&path, &key)?, &mut loading)?;
        runtime.block_on(compare(loading.into, &manifest))?;
        scratch.close()?;
        Ok((about, manifest))
    })
    .await?
}

/// Loads the rows of an archive into a database that is made for it.
struct Loading {
    database: PathBuf,
    runtime: Handle,
    into: Option<(Storage, Load)>,
}

impl Take for Loading {
    fn about(&mut self, about: &About) -> anyhow::Result<()> {
        let newest = check_schema(about)?;
        let database = Database::Sqlite {
            path: self.database.clone(),
        };
        let into = self.runtime.block_on(async {
            let storage = Storage::open(&database).await?;
            storage.migrate_to(newest).await?;
            let load = storage.load(about.tables.clone(), Existing::Refuse).await?;
            anyhow::Ok((storage, load))
        });
        self.into = Some(into?);
        Ok(())
    }

    fn rows(&mut self, table: usize, lines: Vec<u8>) -> anyhow::Result<()> {
        let (_, load) = self.into.as_mut().context("rows before anything else")?;
        Ok(self.runtime.block_on(load.add(Piece { table, lines }))?)
    }

    fn file(&mut self, _: FileKey, _: &mut dyn Read) -> anyhow::Result<()> {
        // It is compared with the manifest as it is read.
        Ok(())
    }

    fn secret(&mut self, _: &str, _: Vec<u8>) -> anyhow::Result<()> {
        Ok(())
    }
}

async fn compare(into: Option<(Storage, Load)>, manifest: &Manifest) -> anyhow::Result<()> {
    let (storage, load) = into.context("nothing was loaded")?;
    load.commit().await?;
    let restored = sum_of(storage.snapshot().await?).await?;
    for (found, expected) in restored.iter().zip(&manifest.tables) {
        ensure!(
            found == expected,
            "the rows of {} are others when they are restored",
            expected.name
        );
    }
    ensure!(
        restored.len() == manifest.tables.len(),
        "tables are missing when they are restored"
    );
    storage
        .migrate()
        .await
        .context("what was restored cannot be brought up to date")?;
    storage.close().await;
    Ok(())
}
