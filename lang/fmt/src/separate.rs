//! Empty lines between items.

use crate::fit::Space;
use crate::layout::Layout;

/// Puts an empty line between two items, unless each of them has one line and the author put none.
pub(crate) fn separate(layout: &Layout, spaces: &mut [Space]) {
    for (above, below) in layout.items.iter().zip(layout.items.iter().skip(1)) {
        if is_one_line(*above, spaces) && is_one_line(*below, spaces) {
            continue;
        }
        // The gaps between the items, and the comments there.
        let between = spaces.get_mut(above.1 + 1..=below.0).unwrap_or_default();
        let is_apart =
            between.iter().any(|space| !matches!(space, Space::Blanks(_) | Space::Lines { count: 1, .. }));
        let first = between.iter_mut().find(|space| space.ends_line());
        if let (false, Some(Space::Lines { count, .. })) = (is_apart, first) {
            *count = 2;
        }
    }
}

fn is_one_line((first, last): (usize, usize), spaces: &[Space]) -> bool {
    let inside = spaces.get(first + 1..=last).unwrap_or_default();
    inside.iter().all(|space| matches!(space, Space::Blanks(_)))
}
