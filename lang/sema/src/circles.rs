//! Layers and circles of a dependency graph.

use std::collections::BTreeSet;

/// A circle: each member reads the next, the last reads the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Circle {
    pub(crate) members: Vec<usize>,
}

impl Circle {
    /// Draws it: `a → b → a`.
    pub(crate) fn names<'a>(&self, name: impl Fn(usize) -> Option<&'a str>) -> String {
        let closed = self.members.iter().chain(self.members.first());
        closed.filter_map(|member| name(*member)).collect::<Vec<_>>().join(" → ")
    }
}

/// Groups nodes so that each depends on earlier groups only, and finds the circles among the rest,
/// one for each knot. `edges[a]` are the nodes that `a` depends on.
pub(crate) fn layers(edges: &[BTreeSet<usize>]) -> (Vec<Vec<usize>>, Vec<Circle>) {
    let (layers, mut left) = free_layers(edges);
    let mut circles = Vec::new();
    while let Some(start) = left.first().copied() {
        let circle = circle_from(start, edges, &left);
        // Whoever leads into a reported circle, or hangs on it, has nothing more to tell.
        let mut knot: BTreeSet<usize> = circle.members.iter().copied().collect();
        knot.insert(start);
        left.retain(|node| {
            !knot.contains(node) && edges.get(*node).is_none_or(|reads| reads.is_disjoint(&knot))
        });
        if !circles.contains(&circle) {
            circles.push(circle);
        }
    }
    (layers, circles)
}

/// The layers, and the nodes that are in none because of a circle.
fn free_layers(edges: &[BTreeSet<usize>]) -> (Vec<Vec<usize>>, BTreeSet<usize>) {
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); edges.len()];
    let mut waits_for: Vec<usize> = edges.iter().map(BTreeSet::len).collect();
    for (node, reads) in edges.iter().enumerate() {
        for read in reads {
            if let Some(readers) = readers.get_mut(*read) {
                readers.push(node);
            }
        }
    }
    let mut left: BTreeSet<usize> = (0..edges.len()).collect();
    let mut layers = Vec::new();
    let mut layer: Vec<usize> =
        left.iter().copied().filter(|node| waits_for.get(*node) == Some(&0)).collect();
    while !layer.is_empty() {
        let mut next = Vec::new();
        for node in &layer {
            left.remove(node);
            for reader in readers.get(*node).into_iter().flatten() {
                let Some(count) = waits_for.get_mut(*reader) else { continue };
                *count -= 1;
                if *count == 0 {
                    next.push(*reader);
                }
            }
        }
        next.sort_unstable();
        layers.push(std::mem::replace(&mut layer, next));
    }
    (layers, left)
}

/// Follows edges within `left` until a node comes up again. Every node of `left` has such an edge,
/// or hung on one that has been reported.
fn circle_from(start: usize, edges: &[BTreeSet<usize>], left: &BTreeSet<usize>) -> Circle {
    let mut path = vec![start];
    let mut node = start;
    loop {
        let next = edges.get(node).and_then(|reads| reads.iter().find(|read| left.contains(read)));
        let Some(next) = next.copied() else { return Circle { members: path } };
        if let Some(first) = path.iter().position(|seen| *seen == next) {
            let mut members = path.split_off(first);
            // Begin with the smallest, so that one circle is always drawn alike.
            let smallest = members.iter().enumerate().min_by_key(|(_, node)| **node).map_or(0, |(i, _)| i);
            members.rotate_left(smallest);
            return Circle { members };
        }
        path.push(next);
        node = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[&[usize]]) -> Vec<BTreeSet<usize>> {
        edges.iter().map(|reads| reads.iter().copied().collect()).collect()
    }

    #[test]
    fn layers_without_circles() {
        let (found, circles) = layers(&graph(&[&[1, 2], &[2], &[], &[0]]));
        assert_eq!(found, vec![vec![2], vec![1], vec![0], vec![3]]);
        assert!(circles.is_empty());
    }

    #[test]
    fn circles_are_found_once_and_drawn_alike() {
        let (found, circles) = layers(&graph(&[&[1], &[2], &[1], &[], &[4]]));
        assert_eq!(found, vec![vec![3]]);
        assert_eq!(circles, vec![Circle { members: vec![1, 2] }, Circle { members: vec![4] }]);
        let names = ["a", "b", "c", "d", "e"];
        assert_eq!(circles[0].names(|i| names.get(i).copied()), "b → c → b");
    }
}
