//! Items picked out of the whole list of a repository.
//!
//! Takes: how the list is read, which items are wanted. Gives: those.

use std::sync::{Mutex, PoisonError};

use anyhow::Result;

use super::{Item, Listing, PageHandler};

/// The wanted ones of a list that `read` hands over page by page.
///
/// # Errors
/// The list could not be read.
pub fn those(
    read: impl Fn(PageHandler<'_>) -> Result<Listing>,
    wanted: impl Fn(&Item<'_>) -> bool + Sync,
) -> Result<Vec<Item<'static>>> {
    let found = Mutex::new(Vec::new());
    read(&|_, items| {
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        found.extend(items.iter().filter(|item| wanted(item)).cloned().map(Item::into_owned));
    })?;
    Ok(found.into_inner().unwrap_or_else(PoisonError::into_inner))
}
