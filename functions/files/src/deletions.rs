//! Every minute: what deleted accounts have left is removed.

use web::error::Source;

use crate::App;

/// Removes the files and records of all accounts that were deleted. One that fails is logged and does not keep the
/// others; it is tried again at the next turn.
pub(crate) async fn clear(app: &App) -> Result<(), Source> {
    for deletion in app.deletions.deletions().await? {
        let deletion = match deletion {
            Ok(deletion) => deletion,
            Err(error) => {
                tracing::error!(error = web::response::chain(&error), "a deletion cannot be read");
                continue;
            }
        };
        let cleared =
            deletion.clear(&*app.deletions, &*app.files, &*app.uploads, &*app.parts, app.now()).await;
        let account = deletion.account.as_str();
        match cleared {
            Ok(is_last) => tracing::info!(account.id = account, is_last, "a deleted account was cleared"),
            Err(error) => {
                let error = web::response::chain(&error);
                tracing::error!(account.id = account, error, "a deleted account was not cleared");
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use domain::deletion::STRAGGLING_SECONDS;
    use domain::{
        AccountStore as _, DeletionStore as _, Effects, FileKey, FilePath, FileStore as _, NewFile,
        OperationId,
    };
    use web::{Function as _, Notice, RequestLog};

    use crate::testing::World;

    #[tokio::test]
    async fn the_files_of_a_deleted_account_go_and_those_of_a_straggler_too() {
        let world = World::new().await;
        let eve = world.other().await;
        assert_eq!(world.put("files/a/b.idf", &[], b"ada").await.0, 200);
        assert_eq!(eve.put("files/c.idf", &[], b"eve").await.0, 200);
        let account = world.accounts.find_account(&world.account).await.unwrap().unwrap();
        world.accounts.delete(&account, world.clock_now(), &Effects::none()).await.unwrap();
        assert_eq!(world.get("files").await.0, 401);
        assert_eq!(world.paths(), ["a/b.idf=ada", "c.idf=eve"]);
        let aside = FileKey::staged(&world.account, &OperationId::random(&*world.random));
        let zip = NewFile::plain("a zip that was too large for one answer".into());
        world.store.put(&aside, zip, &OperationId::random(&*world.random)).await.unwrap();
        world.app.notice(Notice::Schedule, &mut RequestLog::default()).await.unwrap();
        assert_eq!(world.paths(), ["c.idf=eve"]);
        assert!(world.store.state(&aside).await.unwrap().is_none());
        let key = FileKey::new(&world.account, FilePath::parse("late.idf").unwrap());
        let (late, operation) = (NewFile::plain("late".into()), OperationId::random(&*world.random));
        world.store.put(&key, late, &operation).await.unwrap();
        world.clock.advance(STRAGGLING_SECONDS);
        world.app.notice(Notice::Schedule, &mut RequestLog::default()).await.unwrap();
        assert_eq!(world.paths(), ["c.idf=eve"]);
        assert!(world.accounts.deletions().await.unwrap().is_empty());
    }
}
