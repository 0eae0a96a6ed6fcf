//! Policies, and those with parameters.

use tagpol_syntax::SyntaxKind;
use tagpol_syntax::ast::{self, AstNode as _};

use super::Ctx;
use crate::hir::{Argument, Instance, Length, Param, Policy};

impl Ctx {
    pub(super) fn length(
        &mut self,
        quantity: Option<ast::Quantity>,
        name: Option<ast::Name>,
    ) -> Option<Length> {
        match quantity {
            Some(quantity) => self.quantity(&quantity).map(Length::Quantity),
            None => Some(Length::Name(self.name(&name?))),
        }
    }

    pub(super) fn param(&mut self, node: &ast::PolicyParam) -> Option<Param> {
        let mut names = node.names();
        let (name, ty) = (self.name(&names.next()?), self.name(&names.next()?));
        let default = node.values().next().and_then(|value| self.value(&value));
        Some(Param { name, ty, default })
    }

    pub(super) fn instance(&mut self, node: &ast::PolicyInstance) -> Option<Instance> {
        let template = self.name(&node.name()?);
        let arguments = node.children::<ast::PolicyArgument>().filter_map(|node| {
            let name = node.name().map(|name| self.name(&name));
            Some(Argument { name, value: self.value(&node.values().next()?)? })
        });
        let arguments = arguments.collect();
        Some(Instance { template, arguments })
    }

    pub(super) fn policy(&mut self, node: &ast::PolicyItem) -> Policy {
        let severity =
            node.children::<ast::SeverityStmt>().filter_map(|s| Some(self.name(&s.name()?))).collect();
        let scopes = node.children::<ast::ForStmt>().map(|stmt| self.for_stmt(&stmt)).collect();
        let mut checks = Vec::new();
        for child in node.syntax().children() {
            match child.kind() {
                SyntaxKind::RequireStmt => {
                    checks.extend(
                        ast::RequireStmt::cast(child).into_iter().flat_map(|stmt| {
                            self.checks(true, stmt.child(), stmt.child(), stmt.conditions())
                        }),
                    );
                }
                SyntaxKind::ForbidStmt => {
                    checks.extend(
                        ast::ForbidStmt::cast(child).into_iter().flat_map(|stmt| {
                            self.checks(false, stmt.child(), stmt.child(), stmt.conditions())
                        }),
                    );
                }
                _ => {}
            }
        }
        let grace = node
            .children::<ast::GraceStmt>()
            .filter_map(|stmt| self.length(stmt.child(), stmt.name()))
            .collect();
        let escalate = node.children::<ast::EscalateStmt>().filter_map(|stmt| {
            let id = self.node(stmt.range());
            let to = self.text(&stmt.string()?);
            Some((id, to, self.length(stmt.child(), stmt.name())))
        });
        let escalate = escalate.collect();
        let mut controls = Vec::new();
        for stmt in node.children::<ast::ControlStmt>() {
            let Some(framework) = stmt.name() else { continue };
            let framework = self.name(&framework);
            controls.extend(stmt.strings().map(|id| (framework.clone(), self.text(&id))));
        }
        let remedies = node
            .children::<ast::RemediateStmt>()
            .filter_map(|stmt| self.action(true, stmt.range(), stmt.name(), stmt.values().next()))
            .collect();
        Policy { severity, scopes, checks, grace, escalate, controls, remedies }
    }
}
