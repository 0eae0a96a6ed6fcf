//! The `normalize` items of a tag, in the order they are asked in.
//!
//! A project that uses a tag of a module may say more of it. Its own items stand first, and what the
//! module knows stands behind what they know: the keys of the module follow theirs, and the arms of
//! its map follow their arms. So one spelling more does not cost those of the module, and where the
//! two differ the project's counts.

use crate::formats::fold_key;
use crate::names::ItemRef;
use crate::program::Normalize;

/// A `normalize` of the program, and the items that it is made of: the first gives its scope.
pub(crate) type Layered = (Vec<ItemRef>, Normalize);

/// Orders the items of one tag, given in the order of (file, position); `of_module` tells which
/// items come from a module.
pub(crate) fn layered(
    items: Vec<(ItemRef, Normalize)>,
    of_module: impl Fn(&ItemRef) -> bool,
) -> Vec<Layered> {
    let (modules, own): (Vec<_>, Vec<_>) = items.into_iter().partition(|(item, _)| of_module(item));
    let everywhere = |(_, normalize): &&(ItemRef, Normalize)| normalize.scope.is_none();
    let covered = own.iter().any(|layer| everywhere(&layer));
    let mut layers: Vec<Layered> = Vec::new();
    for (item, normalize) in own {
        let mut layer = (vec![item], normalize);
        modules.iter().filter(everywhere).for_each(|module| put_behind(&mut layer, module));
        layers.push(layer);
    }
    // Where an own item refers to all resources, the module has had its say.
    let rest = modules.into_iter().filter(|module| !(covered && everywhere(&module)));
    layers.extend(rest.map(|(item, normalize)| (vec![item], normalize)));
    layers
}

fn put_behind((items, own): &mut Layered, (item, module): &(ItemRef, Normalize)) {
    items.push(item.clone());
    for key in &module.keys {
        if own.keys.iter().all(|other| fold_key(other) != fold_key(key)) {
            own.keys.push(key.clone());
        }
    }
    own.arms.extend(module.arms.iter().cloned());
    if own.transforms.is_empty() {
        own.transforms.clone_from(&module.transforms);
    }
}
