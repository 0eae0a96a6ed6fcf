//! Layers and cycles of a dependency graph.

use std::collections::BTreeSet;

/// A cycle: each member reads the next, the last reads the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cycle {
    pub(crate) members: Vec<usize>,
}

impl Cycle {
    /// Draws it: `a → b → a`.
    pub(crate) fn names<'a>(&self, name: impl Fn(usize) -> Option<&'a str>) -> String {
        let closed = self.members.iter().chain(self.members.first());
        closed.filter_map(|member| name(*member)).collect::<Vec<_>>().join(" → ")
    }
}

/// Groups nodes so that each depends on earlier groups only, and finds the cycles among the rest,
/// one for each knot. `edges[a]` are the nodes that `a` depends on.
pub(crate) fn layers(edges: &[BTreeSet<usize>]) -> (Vec<Vec<usize>>, Vec<Cycle>) {
    let (layers, mut left) = free_layers(edges);
    let mut cycles = Vec::new();
    while let Some(start) = left.first().copied() {
        let cycle = cycle_from(start, edges, &left);
        // Whoever leads into a reported cycle, or hangs on it, is not reported.
        let mut knot: BTreeSet<usize> = cycle.members.iter().copied().collect();
        knot.insert(start);
        left.retain(|node| {
            !knot.contains(node) && edges.get(*node).is_none_or(|reads| reads.is_disjoint(&knot))
        });
        if !cycles.contains(&cycle) {
            cycles.push(cycle);
        }
    }
    (layers, cycles)
}

/// The layers, and the nodes that are in none because of a cycle.
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
fn cycle_from(start: usize, edges: &[BTreeSet<usize>], left: &BTreeSet<usize>) -> Cycle {
    let mut path = vec![start];
    let mut node = start;
    loop {
        let next = edges.get(node).and_then(|reads| reads.iter().find(|read| left.contains(read)));
        let Some(next) = next.copied() else { return Cycle { members: path } };
        if let Some(first) = path.iter().position(|seen| *seen == next) {
            let mut members = path.split_off(first);
            // Begin with the smallest, so that one cycle is always drawn alike.
            let smallest = members.iter().enumerate().min_by_key(|(_, node)| **node).map_or(0, |(i, _)| i);
            members.rotate_left(smallest);
            return Cycle { members };
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
    fn layers_without_cycles() {
        let (found, cycles) = layers(&graph(&[&[1, 2], &[2], &[], &[0]]));
        assert_eq!(found, vec![vec![2], vec![1], vec![0], vec![3]]);
        assert!(cycles.is_empty());
    }

    #[test]
    fn cycles_are_found_once_and_drawn_alike() {
        let (found, cycles) = layers(&graph(&[&[1], &[2], &[1], &[], &[4]]));
        assert_eq!(found, vec![vec![3]]);
        assert_eq!(cycles, vec![Cycle { members: vec![1, 2] }, Cycle { members: vec![4] }]);
        let names = ["a", "b", "c", "d", "e"];
        assert_eq!(cycles[0].names(|i| names.get(i).copied()), "b → c → b");
    }
}
