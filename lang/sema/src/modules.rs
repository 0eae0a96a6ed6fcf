//! Modules: the items that the `use`s of a project bring in.
//!
//! An item of a module comes in for one of two reasons. It is *used*: a `use` of the project admits
//! it. Or it is *needed*: an item that came in mentions its name, and the module of that item has
//! it, or a `use` in that module admits it. What a module has beside that stays behind.
//!
//! A `use` that lists no names admits everything that the project does not define itself, so a new
//! item of a module never clashes with a name that a project already has. What is hidden that way is
//! kept in [`Imports::shadowed`], for a lint.
//!
//! A needed item steps back where the project defines or uses an item of its name and kind: the
//! project has one set of names, and the module then refers to the project's item.
//!
//! The files of a package are a project of their own where they are written: they share their names without a `use`. So
//! a name in a module of a package means an item of any module of the package, and `use NAME` uses the whole package.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::codes::Code;
use crate::db::{Db, Project, SourceFile, is_standard, item_keys};
use crate::diagnostic::Draft;
use crate::hir::{Body, ItemKey, ItemKind, Name, Use};
use crate::lower::Unparsed;
use crate::mentions::mentions;
use crate::names::{ItemRef, items_of};

/// What comes out of the modules that a project uses.
#[derive(Debug, Default)]
pub(crate) struct Imports {
    /// Ordered by (module, position).
    pub(crate) items: Vec<ItemRef>,
    /// Items of modules, each with an item of the project that it refers to in place of a module's.
    pub(crate) stand_ins: Vec<(ItemRef, ItemRef)>,
    /// Items of the project, each with the item of a module that it hides.
    pub(crate) shadowed: Vec<(ItemRef, ItemRef)>,
    /// What `use`s may have meant to bring in.
    pub(crate) unparsed: Unparsed,
    /// What is wrong with `use`s.
    pub(crate) drafts: Vec<Draft>,
}

/// Resolves the `use`s of a project. `own` are its own items, and `unparsed` is what they may
/// define too.
pub(crate) fn imports(db: &dyn Db, project: Project, own: &[ItemRef], unparsed: &Unparsed) -> Imports {
    let mut imports = Imports::default();
    let uses: Vec<(SourceFile, Admitted)> =
        own.iter().flat_map(|item| used_modules(db, project, item, &mut imports)).collect();
    let own_names = own_names(own);
    let modules: HashSet<SourceFile> = uses.iter().map(|(module, _)| *module).collect();
    let mut used = Vec::new();
    for item in items_in(db, project, &modules) {
        let admits =
            |(module, admitted): &&(SourceFile, Admitted)| *module == item.file && admitted.admits(&item.key);
        let mut admitting = uses.iter().filter(admits).peekable();
        if admitting.peek().is_none() {
            continue;
        }
        let own = own_names.get(item.key.name.as_str());
        match own.filter(|_| admitting.all(|(_, admitted)| admitted.only.is_none())) {
            None => used.push(item),
            Some(own) if item.key.kind.defines_name() => imports.shadowed.push(((*own).clone(), item)),
            // What belongs to a hidden item, like its `normalize`, stays behind with it.
            Some(_) => {}
        }
    }
    let mut needs = Needs::new(db, project, own, unparsed, &used);
    needs.follow(used);
    let modules: HashSet<SourceFile> = needs.came_in.iter().map(|item| item.file).collect();
    let came_in = |item: &ItemRef| needs.came_in.contains(item);
    imports.items = items_in(db, project, &modules).filter(came_in).collect();
    imports.stand_ins = needs.stand_ins;
    imports
}

/// The first item of the project by each name that it defines.
fn own_names(own: &[ItemRef]) -> HashMap<&str, &ItemRef> {
    let mut names = HashMap::new();
    for item in own.iter().filter(|item| item.key.kind.defines_name()) {
        names.entry(item.key.name.as_str()).or_insert(item);
    }
    names
}

/// Lists the items of some modules, ordered by (module, position). Other modules are not even parsed.
fn items_in(db: &dyn Db, project: Project, modules: &HashSet<SourceFile>) -> impl Iterator<Item = ItemRef> {
    let modules = project.modules(db).iter().filter(|module| modules.contains(module));
    modules.flat_map(|module| items_of(db, *module))
}

/// Which items of a module a `use` admits.
struct Admitted {
    only: Option<Vec<String>>,
    except: Vec<String>,
}

impl Admitted {
    fn of(import: &Use) -> Self {
        let texts = |names: &[Name]| names.iter().map(|name| name.text.clone()).collect::<Vec<_>>();
        Self { only: import.only.as_deref().map(texts), except: texts(&import.except) }
    }

    /// An item is admitted by its name: a `normalize` goes with its tag, a waiver with its policy.
    fn admits(&self, key: &ItemKey) -> bool {
        may_leave(key) && self.admits_name(&key.name)
    }

    fn admits_name(&self, name: &str) -> bool {
        let listed = |names: &[String]| names.iter().any(|listed| listed == name);
        self.only.as_deref().is_none_or(listed) && !listed(&self.except)
    }
}

/// Whether an item may come out of its module.
fn may_leave(key: &ItemKey) -> bool {
    !matches!(key.kind, ItemKind::Use | ItemKind::Test)
}

/// Resolves an item of the project if it is a `use`, or reports what is wrong with it.
fn used_modules(
    db: &dyn Db,
    project: Project,
    item: &ItemRef,
    imports: &mut Imports,
) -> Vec<(SourceFile, Admitted)> {
    let Some(import) = import_of(db, item) else { return Vec::new() };
    let path = path_of(&import);
    let modules = modules_named(db, project, &path);
    if modules.is_empty() {
        imports.drafts.push(no_such_module(db, project, item, &path));
        match &import.only {
            Some(names) => imports.unparsed.names.extend(names.iter().map(|name| name.text.clone())),
            None => imports.unparsed.any = true,
        }
        return Vec::new();
    }
    check_listed(db, item, &import, &modules, imports);
    modules.into_iter().map(|module| (module, Admitted::of(&import))).collect()
}

fn no_such_module(db: &dyn Db, project: Project, item: &ItemRef, path: &str) -> Draft {
    let known: Vec<&str> = project.modules(db).iter().filter_map(|m| m.module(db).as_deref()).collect();
    let below: Vec<&str> = known.iter().copied().filter(|name| is_below(path, name)).collect();
    let draft = Draft::new(Code::E0016, item.name_anchor(), format!("there is no module `{path}`"));
    if !below.is_empty() {
        return draft.help(format!("use one of {}", below.join(", ")));
    }
    let mut packages: Vec<&str> = known.iter().copied().filter_map(package_of).collect();
    packages.dedup();
    let known: Vec<&str> = packages.into_iter().chain(known).collect();
    match known_as(path) {
        Some(module) => draft.meant(Some(module)),
        None => draft.help(format!("the modules are {}", known.join(", "))).did_you_mean(path, known),
    }
}

/// The module that a path with another word for it probably means.
fn known_as(path: &str) -> Option<&'static str> {
    let name = path.strip_prefix("std::").unwrap_or(path);
    Some(match name.to_ascii_lowercase().as_str() {
        "tag" | "tags" | "label" | "labels" | "tagging" | "taxonomies" => "std::taxonomy",
        "cloud" | "types" | "resources" => "std::clouds",
        "amazon" => "std::aws",
        "microsoft" => "std::azure",
        "google" | "googlecloud" => "std::gcp",
        _ => return None,
    })
}

/// Whether a module is below a path: `std::packs::soc2` is below `std::packs`.
fn is_below(path: &str, module: &str) -> bool {
    module.strip_prefix(path).is_some_and(|rest| rest.starts_with("::"))
}

/// Returns what a `use` says; None for another item.
fn import_of(db: &dyn Db, item: &ItemRef) -> Option<Use> {
    if item.key.kind != ItemKind::Use {
        return None;
    }
    match &item.item(db)?.body {
        Body::Use(import) => Some(import.clone()),
        _ => None,
    }
}

fn path_of(import: &Use) -> String {
    import.path.iter().map(|name| name.text.as_str()).collect::<Vec<_>>().join("::")
}

/// Returns the modules that a path names: one, or all of a package.
fn modules_named(db: &dyn Db, project: Project, path: &str) -> Vec<SourceFile> {
    let named = |module: &&SourceFile| {
        module.module(db).as_deref().is_some_and(|name| name == path || package_of(name) == Some(path))
    };
    project.modules(db).iter().filter(named).copied().collect()
}

/// Returns the package that a module is of; None for the standard library, whose modules are separate.
pub(crate) fn package_of(module: &str) -> Option<&str> {
    let (package, _) = module.split_once("::")?;
    (!is_standard(module)).then_some(package)
}

/// Reports names in a `use` that none of the modules has.
fn check_listed(db: &dyn Db, item: &ItemRef, import: &Use, modules: &[SourceFile], imports: &mut Imports) {
    let keys = modules.iter().flat_map(|module| item_keys(db, *module));
    let defining = keys.filter(|key| key.kind.defines_name());
    let known: Vec<&str> = defining.map(|key| key.name.as_str()).collect();
    for name in import.only.iter().flatten().chain(&import.except) {
        if !known.contains(&name.text.as_str()) {
            let message = format!("`{}` has no `{}`", item.key.name, name.text);
            let draft = Draft::new(Code::E0016, item.anchor(name.id), message);
            imports.drafts.push(draft.did_you_mean(&name.text, known.iter().copied()));
            imports.unparsed.names.insert(name.text.clone());
        }
    }
}

/// The search for what items of modules need.
struct Needs<'a> {
    db: &'a dyn Db,
    project: Project,
    /// What the project's own files may define too.
    unparsed: &'a Unparsed,
    /// Names that the project has: own ones, used ones, and those found to be needed.
    taken: BTreeMap<String, ItemRef>,
    came_in: HashSet<ItemRef>,
    stand_ins: Vec<(ItemRef, ItemRef)>,
}

impl<'a> Needs<'a> {
    fn new(
        db: &'a dyn Db,
        project: Project,
        own: &[ItemRef],
        unparsed: &'a Unparsed,
        used: &[ItemRef],
    ) -> Self {
        let mut taken = BTreeMap::new();
        for item in own.iter().chain(used).filter(|item| item.key.kind.defines_name()) {
            taken.entry(item.key.name.clone()).or_insert_with(|| item.clone());
        }
        Self { db, project, unparsed, taken, came_in: HashSet::new(), stand_ins: Vec::new() }
    }

    /// Lets items in, and all that they need.
    fn follow(&mut self, mut queue: Vec<ItemRef>) {
        while let Some(reader) = queue.pop() {
            if !self.came_in.insert(reader.clone()) {
                continue;
            }
            let Some(item) = reader.item(self.db) else { continue };
            for name in mentions(&item) {
                if let Some(needed) = self.needed(&reader, name) {
                    // A `normalize` comes with its tag.
                    let with_it = items_of(self.db, needed.file).filter(|item| item.key.name == name);
                    queue.extend(with_it.filter(|item| may_leave(&item.key)));
                }
            }
        }
    }

    /// Returns the item of a module that a name in an item of a module calls for.
    fn needed(&mut self, reader: &ItemRef, name: &str) -> Option<ItemRef> {
        let target = self.meant(reader.file, name)?;
        if self.unparsed.names.contains(name) {
            return None;
        }
        let holder = self.taken.entry(name.to_owned()).or_insert_with(|| target.clone());
        // An item of another kind cannot stand in: let the two clash, and be reported.
        if *holder != target && holder.key.kind == target.key.kind {
            self.stand_ins.push((reader.clone(), holder.clone()));
            return None;
        }
        Some(target)
    }

    /// Returns the item that a name stands for in a module by itself: one of the module or its package, or of a module
    /// that it uses.
    fn meant(&self, module: SourceFile, name: &str) -> Option<ItemRef> {
        let defined = |module: SourceFile| self.defined(module, name);
        let package = module.module(self.db).as_deref().and_then(package_of);
        let together =
            package.map(|package| modules_named(self.db, self.project, package)).unwrap_or_default();
        defined(module).or_else(|| together.iter().copied().find_map(defined)).or_else(|| {
            // A `use` counts in all files of a package.
            let files = if together.is_empty() { vec![module] } else { together };
            let items = files.into_iter().flat_map(|file| items_of(self.db, file));
            let imports = items.filter_map(|item| import_of(self.db, &item));
            imports.filter(|import| Admitted::of(import).admits_name(name)).find_map(|import| {
                modules_named(self.db, self.project, &path_of(&import)).into_iter().find_map(defined)
            })
        })
    }

    fn defined(&self, module: SourceFile, name: &str) -> Option<ItemRef> {
        items_of(self.db, module).find(|item| item.key.kind.defines_name() && item.key.name == name)
    }
}
