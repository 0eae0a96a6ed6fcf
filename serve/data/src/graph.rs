//! How teams, projects, cost centers and resources belong together: all of it follows from tags.

use std::collections::{BTreeMap, BTreeSet};

use tagpol_eval::DIALECT;
use tagpol_plan::sql::serving::{self, Order, SortKey, ValueColumn};
use tagpol_session::Decimal;

use crate::error::DataError;
use crate::filter::Filter;
use crate::generation::{Generation, View};
use crate::query;
use crate::rows;

/// The deepest that a graph goes.
pub const MOST_DEPTH: u32 = 3;

/// Neighbors of a node that are shown; more are counted in [`Graph::more`].
const NEIGHBORS: u64 = 50;

/// A node of the graph.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Node {
    /// The value of a tag: a team, a project, a cost center.
    Value {
        /// Name of the tag.
        tag: String,
        /// The value; None stands for the resources that lack the tag.
        value: Option<String>,
    },
    /// A resource, by its key.
    Resource {
        /// The key.
        key: String,
        /// The name, else the id.
        name: String,
    },
}

/// Resources that two nodes have together.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// One of them.
    pub from: Node,
    /// The other.
    pub to: Node,
    /// Resources that belong to both.
    pub resources: u64,
    /// What these cost a month; None if no cost is known.
    pub cost: Option<Decimal>,
}

/// A part of the graph.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Graph {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The edges between them.
    pub edges: Vec<Edge>,
    /// Nodes that have more neighbors than are shown.
    pub more: Vec<Node>,
}

/// A question about the graph.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GraphQuery {
    /// Names of the tags whose values are nodes.
    pub tags: Vec<String>,
    /// Where to begin. None: at all values of the first tag.
    pub from: Option<Node>,
    /// How many edges to go, from 1 to [`MOST_DEPTH`].
    pub depth: u32,
    /// Of which resources.
    pub filter: Filter,
    /// Whether resources are nodes as well.
    pub resources: bool,
}

impl Generation {
    /// Returns a part of the graph.
    ///
    /// # Errors
    /// As [`Generation::page`]; [`DataError::TooDeep`]; [`DataError::UnknownResource`].
    pub fn graph(&self, query: &GraphQuery) -> Result<Graph, DataError> {
        if query.depth > MOST_DEPTH {
            return Err(DataError::TooDeep { asked: query.depth, most: MOST_DEPTH });
        }
        let names = &query.tags;
        let columns = names.iter().map(|name| query::tag(self.contents(), name));
        let columns: Vec<usize> = columns.collect::<Result<_, _>>()?;
        self.ask(|view| {
            let mut walk =
                Walk { view, query, columns: &columns, edges: BTreeMap::new(), more: BTreeSet::new() };
            let first = walk.begin()?;
            let mut nodes: BTreeSet<Node> = first.iter().cloned().collect();
            let mut open = first;
            for _ in 0..query.depth {
                let mut next = Vec::new();
                for node in open {
                    for neighbor in walk.neighbors(&node)? {
                        if nodes.insert(neighbor.clone()) {
                            next.push(neighbor);
                        }
                    }
                }
                open = next;
            }
            let edges = walk.edges.into_values().collect();
            Ok(Graph { nodes: nodes.into_iter().collect(), edges, more: walk.more.into_iter().collect() })
        })
    }
}

/// A walk over the graph.
struct Walk<'w> {
    view: &'w View<'w>,
    query: &'w GraphQuery,
    /// By tag of the question: its index in the generation.
    columns: &'w [usize],
    edges: BTreeMap<(Node, Node), Edge>,
    more: BTreeSet<Node>,
}

impl Walk<'_> {
    fn begin(&self) -> Result<Vec<Node>, DataError> {
        match &self.query.from {
            Some(Node::Value { tag, value }) => {
                query::tag(self.view.contents, tag)?;
                Ok(vec![Node::Value { tag: tag.clone(), value: value.clone() }])
            }
            Some(Node::Resource { key, .. }) => {
                let place = self.view.place_of(key)?;
                let sql = serving::whole_at_places(&[place], self.view.what());
                let node = self.view.one("a resource", &sql, |row| {
                    let resource = rows::resource(row, &[])?;
                    Ok(Node::Resource { key: resource.key, name: resource.name.unwrap_or(resource.id) })
                })?;
                Ok(vec![node])
            }
            None => {
                let Some(tag) = self.query.tags.first() else { return Ok(Vec::new()) };
                let found = self.values(&self.query.filter, tag)?;
                Ok(found.into_iter().map(|(node, ..)| node).collect())
            }
        }
    }

    /// Returns the neighbors of a node, and notes the edges to them.
    fn neighbors(&mut self, node: &Node) -> Result<Vec<Node>, DataError> {
        let mut filter = self.query.filter.clone();
        match node {
            Node::Value { tag, value } => filter.tags.push((tag.clone(), vec![value.clone()])),
            Node::Resource { key, .. } => filter.keys = vec![key.clone()],
        }
        let mut found = Vec::new();
        for tag in
            self.query.tags.iter().filter(|name| !matches!(node, Node::Value { tag, .. } if tag == *name))
        {
            found.extend(self.values(&filter, tag)?);
        }
        if self.query.resources && matches!(node, Node::Value { .. }) {
            found.extend(self.resources(&filter)?);
        }
        let limit = usize::try_from(NEIGHBORS).unwrap_or(usize::MAX);
        if found.len() > limit {
            self.more.insert(node.clone());
            found.truncate(limit);
        }
        let mut neighbors = Vec::new();
        for (neighbor, resources, cost) in found {
            let (from, to) = if *node < neighbor { (node, &neighbor) } else { (&neighbor, node) };
            let edge = Edge { from: from.clone(), to: to.clone(), resources, cost };
            self.edges.insert((from.clone(), to.clone()), edge);
            neighbors.push(neighbor);
        }
        Ok(neighbors)
    }

    /// The values of a tag among the resources of a filter.
    fn values(&self, filter: &Filter, tag: &str) -> Result<Vec<(Node, u64, Option<Decimal>)>, DataError> {
        let at = self.query.tags.iter().position(|name| name == tag).and_then(|at| self.columns.get(at));
        let Some(at) = at else { return Ok(Vec::new()) };
        let filter = self.view.filter(filter)?;
        let by = [ValueColumn::Tag(*at)];
        let sql = serving::sums(&filter, self.view.what(), &by, &[], NEIGHBORS + 1, DIALECT);
        self.view.all("values of a tag", &sql, |row| {
            let node = Node::Value { tag: tag.to_owned(), value: row.text("key_0") };
            Ok((node, row.count("resources")?, row.money("cost")))
        })
    }

    fn resources(&self, filter: &Filter) -> Result<Vec<(Node, u64, Option<Decimal>)>, DataError> {
        let filter = self.view.filter(filter)?;
        let order = Order { key: &SortKey::Cost, reverse: false, after: None, offset: 0 };
        let sql = serving::page(&filter, self.view.what(), Some(&[]), &order, NEIGHBORS + 1, DIALECT);
        self.view.all("resources", &sql, |row| {
            let resource = rows::resource(row, &[])?;
            let name = resource.name.unwrap_or(resource.id);
            Ok((Node::Resource { key: resource.key, name }, 1, resource.cost))
        })
    }
}
