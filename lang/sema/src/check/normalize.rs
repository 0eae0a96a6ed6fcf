//! `normalize`: native keys and value maps.

use super::{Ctx, Typed};
use crate::clouds::Cloud;
use crate::codes::Code;
use crate::formats::fold_key;
use crate::hir::{self, Name, PatternLit, Target, Text};
use crate::program::{self, Loc, MapArm, MapTarget, Otherwise, Pattern, TagType, Transform, WrittenKey};

impl Ctx<'_> {
    pub(super) fn normalize(&mut self, name: &Name, body: &hir::Normalize) -> Option<Typed> {
        let tag = self.tag(name);
        let scope = match &body.scope {
            None => Some(None),
            Some(expr) => self.condition(expr).map(Some),
        };
        let keys = self.keys(&name.text, body);
        let writes = self.writes(&keys, &body.writes);
        let ty = tag.and_then(|tag| self.decl(tag).ty.clone());
        let arms: Vec<_> =
            body.maps.iter().filter_map(|arm| self.arm(&name.text, ty.as_ref(), arm)).collect();
        let transforms = self.transforms(ty.as_ref(), &body.transforms);
        self.once("otherwise", &body.otherwise.iter().map(|name| name.id).collect::<Vec<_>>());
        let words = [("keep", Otherwise::Keep), ("missing", Otherwise::Missing)];
        let otherwise =
            body.otherwise.first().and_then(|name| self.word(name, "choice after `otherwise`", &words));
        let nodes = body.maps.iter().map(|arm| arm.id).collect();
        let complete = arms.len() == body.maps.len();
        let typed = program::Normalize {
            scope: scope?,
            keys,
            writes,
            arms,
            transforms,
            otherwise: otherwise.unwrap_or(Otherwise::Keep),
            loc: no_loc(),
        };
        complete.then_some(Typed::Normalize(tag?, Box::new(typed), nodes))
    }

    /// The keys in order of trust. The tag's own name comes first unless it is listed.
    fn keys(&mut self, tag: &str, body: &hir::Normalize) -> Vec<String> {
        let mut keys: Vec<String> = Vec::new();
        let mut folded: Vec<String> = Vec::new();
        for key in &body.keys {
            self.escapes(key);
            let fold = fold_key(&key.value);
            if fold.is_empty() {
                let draft = self.draft(Code::E0024, key.id, "this key has no letters or digits");
                self.report(
                    draft.help("keys compare regardless of case and of `-`, `_`, `.`, `:`, `/` and spaces"),
                );
                continue;
            }
            if folded.contains(&fold) {
                let draft = self
                    .draft(Code::E0041, key.id, format!("the key `{}` is listed twice", key.value))
                    .help("keys compare regardless of case and of `-`, `_`, `.`, `:`, `/` and spaces, so one spelling is enough");
                self.report(draft);
                continue;
            }
            folded.push(fold);
            keys.push(key.value.clone());
        }
        if !folded.contains(&fold_key(tag)) {
            keys.insert(0, tag.to_owned());
        }
        keys
    }

    /// The keys that are written, each to another cloud. A key that the cloud does not accept, or under which the tag would
    /// not be found again, is left out.
    fn writes(&mut self, keys: &[String], pairs: &[(Name, Text)]) -> Vec<WrittenKey> {
        let words = Cloud::ALL.map(|cloud| (cloud.provider(), cloud));
        let mut writes: Vec<WrittenKey> = Vec::new();
        for (name, text) in pairs {
            self.escapes(text);
            let (key, cloud) = (text.value.clone(), self.word(name, "cloud", &words));
            let Some(cloud) = cloud else { continue };
            if writes.iter().any(|written| written.cloud == cloud) {
                let draft = self.draft(Code::E0041, name.id, format!("`{}` is listed twice", name.text));
                self.report(draft.help("a tag is written under one key in each cloud"));
            } else if let Some(reason) = cloud.wrong_name(&key) {
                let message = format!("{} does not accept the key `{key}`, since {reason}", cloud.provider());
                let draft = self.draft(Code::E0051, text.id, message);
                self.report(draft.help("write a key that the cloud accepts"));
            } else if let Some(prefix) = cloud.reserved_prefix(&key) {
                let message =
                    format!("keys beginning with `{prefix}` are set by {} itself", cloud.provider());
                let draft = self.draft(Code::E0051, text.id, message);
                self.report(draft.help("write another key"));
            } else if !keys.iter().any(|other| fold_key(other) == fold_key(&key)) {
                let message = format!("the tag is not read from the key `{key}`");
                let draft = self.draft(Code::E0051, text.id, message);
                self.report(
                    draft.help(format!("add it to `keys`, or write a spelling of `{}`", keys.join("`, `"))),
                );
            } else {
                writes.push(WrittenKey { cloud, key });
            }
        }
        writes
    }

    fn arm(&mut self, tag: &str, ty: Option<&TagType>, arm: &hir::MapArm) -> Option<MapArm> {
        let patterns: Vec<Pattern> =
            arm.patterns.iter().filter_map(|pattern| self.pattern(pattern)).collect();
        let target = self.target(tag, ty, arm.target.as_ref()?, &patterns)?;
        (patterns.len() == arm.patterns.len()).then_some(MapArm { patterns, target, loc: no_loc() })
    }

    fn pattern(&mut self, pattern: &PatternLit) -> Option<Pattern> {
        match pattern {
            PatternLit::Name(name) => Some(Pattern::Literal(name.text.clone())),
            PatternLit::Regex(regex) => self.regex(regex).map(Pattern::Regex),
            PatternLit::Text(text) => {
                self.escapes(text);
                let glob = text.value.contains(['*', '?']);
                Some(if glob {
                    Pattern::Glob(text.value.clone())
                } else {
                    Pattern::Literal(text.value.clone())
                })
            }
        }
    }

    fn target(
        &mut self,
        tag: &str,
        ty: Option<&TagType>,
        target: &Target,
        patterns: &[Pattern],
    ) -> Option<MapTarget> {
        let has_regex = patterns.iter().any(|pattern| matches!(pattern, Pattern::Regex(_)));
        let (node, text, quoted) = match target {
            Target::Name(name) if name.text == "missing" => return Some(MapTarget::Missing),
            Target::Name(name) => (name.id, name.text.clone(), false),
            Target::Text(text) => {
                self.escapes(text);
                (text.id, text.value.clone(), true)
            }
        };
        // A text with groups in it is judged when they are filled in.
        if quoted && has_regex && text.contains('$') {
            self.groups(node, &text, patterns)?;
            return Some(MapTarget::Value(text));
        }
        self.valid_for(tag, ty?, node, text).map(MapTarget::Value)
    }

    /// Reports a group that one of the regular expressions does not have.
    fn groups(&mut self, node: hir::NodeId, text: &str, patterns: &[Pattern]) -> Option<()> {
        let digits = text
            .replace("$$", "")
            .split('$')
            .skip(1)
            .filter_map(|part| part.chars().next()?.to_digit(10))
            .max();
        let highest = digits.unwrap_or_default() as usize;
        let regexes = patterns.iter().filter_map(|pattern| match pattern {
            Pattern::Regex(regex) => Some(regex),
            _ => None,
        });
        let fewest = regexes
            .filter_map(|regex| Some(crate::regex::compile(regex, true).ok()?.captures_len()))
            .min()?;
        if highest < fewest {
            return Some(());
        }
        let draft = self
            .draft(Code::E0024, node, format!("the expression has no group `${highest}`"))
            .help("`$1` is the first pair of parentheses, `$0` the whole value, `$$` a dollar sign");
        self.report(draft);
        None
    }

    fn transforms(&mut self, ty: Option<&TagType>, names: &[Name]) -> Vec<Transform> {
        let words = [("lower", Transform::Lower), ("upper", Transform::Upper), ("trim", Transform::Trim)];
        let transforms = names.iter().filter_map(|name| self.word(name, "transform", &words)).collect();
        if let (Some(first), Some(TagType::OneOf(_) | TagType::Bool)) = (names.first(), ty) {
            let draft = self
                .draft(Code::E0020, first.id, "a transform has no effect here")
                .help("members of an enumeration already match trimmed and regardless of case");
            self.report(draft);
        }
        transforms
    }
}

/// Stands in until the places are looked up.
pub(super) fn no_loc() -> Loc {
    Loc { file: "".into(), line: 0, column: 0 }
}
