//! Permissions as types: a handler names the one it needs in its signature, so that a route without one does not compile.

use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::roles;

use crate::identity::Identity;

/// A permission that handlers can ask for.
pub(crate) trait Permission: Send + Sync + 'static {
    /// Its row in the table.
    const PERMISSION: roles::Permission;

    /// What a handler knows of the one who has it.
    type Holder: Send;

    /// Checks that a request may do it.
    ///
    /// # Errors
    /// [`Code::NotSignedIn`], [`Code::Forbidden`].
    fn admit(identity: Option<Identity>) -> Result<Self::Holder, ApiError>;
}

/// Everybody, signed in or not.
#[derive(Debug)]
pub(crate) struct Public;

impl Permission for Public {
    const PERMISSION: roles::Permission = roles::Permission::Public;
    type Holder = Option<Identity>;

    fn admit(identity: Option<Identity>) -> Result<Self::Holder, ApiError> {
        Ok(identity)
    }
}

fn admit(permission: roles::Permission, identity: Option<Identity>) -> Result<Identity, ApiError> {
    let identity = identity
        .ok_or_else(|| ApiError::new(Code::NotSignedIn, "this address needs a session or a token"))?;
    if identity.role.may(permission) {
        return Ok(identity);
    }
    let row = permission.row();
    let least = row.least.map_or("", roles::Role::as_str);
    Err(ApiError::new(
        Code::Forbidden,
        format!("the role `{}` may not {}", identity.role.as_str(), row.allows),
    )
    .help(format!("it needs the role `{least}` or a higher one")))
}

macro_rules! permissions {
    ($($name:ident),* $(,)?) => {
        $(
            #[doc = concat!("The permission `", stringify!($name), "`.")]
            #[derive(Debug)]
            pub(crate) struct $name;

            impl Permission for $name {
                const PERMISSION: roles::Permission = roles::Permission::$name;
                type Holder = Identity;

                fn admit(identity: Option<Identity>) -> Result<Identity, ApiError> {
                    admit(Self::PERMISSION, identity)
                }
            }
        )*
    };
}

permissions!(
    SignedIn,
    ReadTags,
    OwnViews,
    Export,
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
    ManageTenants,
    ManageSettings,
    ErasePeople,
);
