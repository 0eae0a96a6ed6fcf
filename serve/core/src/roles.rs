//! Who may do what: four roles, and one table.

use serde::{Deserialize, Serialize};

/// The role of a member. Each one may do everything that the ones before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads virtual tags, dashboards and reports.
    Viewer,
    /// Decides about tags and suggestions.
    Editor,
    /// Changes rules, policies and schedules.
    Admin,
    /// Manages people, tenants and integrations.
    SuperAdmin,
}

impl Role {
    /// All roles, the least one first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Editor, Self::Admin, Self::SuperAdmin];

    /// Returns the name in the store and in the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Admin => "admin",
            Self::SuperAdmin => "super_admin",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == name)
    }

    /// Whether the role has a permission.
    pub fn may(self, permission: Permission) -> bool {
        TABLE.iter().any(|row| row.permission == permission && row.least.is_some_and(|least| self >= least))
    }
}

/// Something that the interface can be asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the table describes each")]
pub enum Permission {
    Public,
    SignedIn,
    ReadTags,
    Export,
    OwnViews,
    OwnTokens,
    Ask,
    DecideTags,
    DecideSuggestions,
    Bulk,
    Recheck,
    EditPolicies,
    ManageSnapshots,
    ManageSchedules,
    ManageModels,
    ManageAlerts,
    ReadAudit,
    ManageUsers,
    ManageChannels,
    ManageIdentityProviders,
    ManageTenants,
    ManageSettings,
    ErasePeople,
}

/// A row of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The permission.
    pub permission: Permission,
    /// Its name in messages and documentation.
    pub name: &'static str,
    /// The least role that has it. None: nobody needs a role for it.
    pub least: Option<Role>,
    /// What it allows.
    pub allows: &'static str,
}

/// The table: every permission once.
pub const TABLE: [Row; 23] = [
    row(Permission::Public, "public", None, "sign in; ask whether the server is alive"),
    row(Permission::SignedIn, "signed_in", Some(Role::Viewer), "read and change one's own account"),
    row(
        Permission::ReadTags,
        "read_tags",
        Some(Role::Viewer),
        "read virtual tags, findings, costs and dashboards",
    ),
    row(Permission::Export, "export", Some(Role::Viewer), "export what can be read"),
    row(Permission::OwnViews, "own_views", Some(Role::Viewer), "save views of one's own"),
    row(Permission::OwnTokens, "own_tokens", Some(Role::Viewer), "make and revoke API tokens of one's own"),
    row(Permission::Ask, "ask", Some(Role::Viewer), "ask questions about what can be read"),
    row(
        Permission::DecideTags,
        "decide_tags",
        Some(Role::Editor),
        "set, unset and confirm tags of resources",
    ),
    row(
        Permission::DecideSuggestions,
        "decide_suggestions",
        Some(Role::Editor),
        "accept and reject suggestions",
    ),
    row(Permission::Bulk, "bulk", Some(Role::Editor), "preview, apply and undo changes of many resources"),
    row(Permission::Recheck, "recheck", Some(Role::Editor), "start an evaluation"),
    row(Permission::EditPolicies, "edit_policies", Some(Role::Admin), "change mappings, rules and policies"),
    row(Permission::ManageSnapshots, "manage_snapshots", Some(Role::Admin), "upload and fetch inventories"),
    row(
        Permission::ManageSchedules,
        "manage_schedules",
        Some(Role::Admin),
        "change schedules; cancel and retry jobs",
    ),
    row(Permission::ManageModels, "manage_models", Some(Role::Admin), "train and promote models"),
    row(Permission::ManageAlerts, "manage_alerts", Some(Role::Admin), "change alert rules"),
    row(Permission::ReadAudit, "read_audit", Some(Role::Admin), "read and verify the whole audit trail"),
    row(
        Permission::ManageUsers,
        "manage_users",
        Some(Role::SuperAdmin),
        "add, change and remove users and their roles",
    ),
    row(
        Permission::ManageChannels,
        "manage_channels",
        Some(Role::SuperAdmin),
        "configure where notifications go",
    ),
    row(
        Permission::ManageIdentityProviders,
        "manage_identity_providers",
        Some(Role::SuperAdmin),
        "configure single sign-on",
    ),
    row(
        Permission::ManageTenants,
        "manage_tenants",
        Some(Role::SuperAdmin),
        "add and change tenants and projects",
    ),
    row(
        Permission::ManageSettings,
        "manage_settings",
        Some(Role::SuperAdmin),
        "change settings of the server",
    ),
    row(
        Permission::ErasePeople,
        "erase_people",
        Some(Role::SuperAdmin),
        "export and erase the data of a person",
    ),
];

const fn row(permission: Permission, name: &'static str, least: Option<Role>, allows: &'static str) -> Row {
    Row { permission, name, least, allows }
}

impl Permission {
    /// Returns its row of the table.
    pub fn row(self) -> Row {
        let of_none = row(self, "unknown", Some(Role::SuperAdmin), "nothing");
        TABLE.into_iter().find(|row| row.permission == self).unwrap_or(of_none)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_permission_has_one_row_and_higher_roles_have_more() {
        for (at, row) in TABLE.iter().enumerate() {
            assert!(
                !TABLE[..at].iter().any(|other| other.permission == row.permission || other.name == row.name)
            );
            for pair in Role::ALL.windows(2) {
                assert!(!pair[0].may(row.permission) || pair[1].may(row.permission), "{}", row.name);
            }
        }
        assert!(Role::Viewer.may(Permission::ReadTags) && !Role::Viewer.may(Permission::DecideTags));
        assert!(Role::Editor.may(Permission::Bulk) && !Role::Editor.may(Permission::EditPolicies));
        assert!(Role::Admin.may(Permission::ReadAudit) && !Role::Admin.may(Permission::ManageUsers));
    }
}
