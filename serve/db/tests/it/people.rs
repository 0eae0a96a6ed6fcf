//! Tenants, users, sessions, tokens.

use chrono::Duration;
use tagpol_serve_core::roles::Role;
use tagpol_serve_db::{NewToken, Refreshed, Scope, UserStatus};

use crate::database::Place;
use crate::{on_both_databases, read, write};

on_both_databases!(
    sessions_end_with_their_time_and_their_account,
    links_work_once,
    tokens_have_the_lesser_role,
    a_refresh_token_that_is_used_twice_ends_its_family,
    tenants_do_not_see_each_other,
    failures_block_for_longer_and_longer,
);

fn sessions_end_with_their_time_and_their_account(place: &Place) {
    let (database, source) = place.open();
    let acme = Scope::tenant("acme");
    let user = write(&database, &acme, |r| r.add_user("ann@example.com", "Ann", Role::Editor)).unwrap();
    assert_eq!(write(&database, &acme, |r| r.add_user("ann@example.com", "Ann", Role::Viewer)), None);
    let secret = write(&database, &acme, |r| r.start_session(&user));
    let session = read(&database, &acme, |r| r.session(secret.reveal())).unwrap();
    assert_eq!(
        (session.user.as_str(), session.tenant.as_str(), session.role),
        (user.as_str(), "acme", Role::Editor)
    );
    write(&database, &acme, |r| r.set_role(&user, Role::Viewer));
    assert_eq!(read(&database, &acme, |r| r.session(secret.reveal())).unwrap().role, Role::Viewer);
    assert_eq!(read(&database, &acme, |r| r.session("x")), None);
    source.advance(Duration::hours(12));
    assert_eq!(read(&database, &acme, |r| r.session(secret.reveal())), None);
    let secret = write(&database, &acme, |r| r.start_session(&user));
    write(&database, &acme, |r| r.set_status(&user, UserStatus::Disabled));
    assert_eq!(read(&database, &acme, |r| r.session(secret.reveal())), None);
    write(&database, &acme, |r| r.set_status(&user, UserStatus::Active));
    assert_eq!(read(&database, &acme, |r| r.session(secret.reveal())), None);
}

fn links_work_once(place: &Place) {
    let (database, source) = place.open();
    let acme = Scope::tenant("acme");
    let user = write(&database, &acme, |r| r.add_user("ann@example.com", "Ann", Role::Editor)).unwrap();
    let first = write(&database, &acme, |r| r.make_link(&user));
    let link = write(&database, &acme, |r| r.make_link(&user));
    let used = |secret: &str| write(&database, &Scope::tenant(""), |r| r.use_link(secret));
    assert_eq!(used(first.reveal()), None);
    assert_eq!(used(link.reveal()), Some((user.clone(), "acme".to_owned())));
    assert_eq!(used(link.reveal()), None);
    let late = write(&database, &acme, |r| r.make_link(&user));
    source.advance(Duration::hours(24));
    assert_eq!(used(late.reveal()), None);
}

fn tokens_have_the_lesser_role(place: &Place) {
    let (database, source) = place.open();
    let acme = Scope::tenant("acme");
    let user = write(&database, &acme, |r| r.add_user("ann@example.com", "Ann", Role::Editor)).unwrap();
    let soon = "2026-11-30T10:00:00Z".parse().ok();
    let new = NewToken { user: &user, name: "ci", role: Role::Admin, expires_at: soon };
    let (id, secret) = write(&database, &acme, |r| r.add_token(&new));
    assert!(secret.reveal().starts_with("tagpol_"));
    let role =
        || read(&database, &acme, |r| r.session_of_token(secret.reveal())).map(|(session, _)| session.role);
    assert_eq!(role(), Some(Role::Editor));
    write(&database, &acme, |r| r.set_role(&user, Role::SuperAdmin));
    assert_eq!(role(), Some(Role::Admin));
    assert_eq!(read(&database, &acme, |r| r.tokens(&user)).len(), 1);
    assert!(!write(&database, &Scope::tenant("other"), |r| r.revoke_token(&user, &id)));
    source.advance(Duration::hours(1));
    assert_eq!(role(), None);
    let (id, other) = write(&database, &acme, |r| r.add_token(&NewToken { expires_at: None, ..new.clone() }));
    assert!(write(&database, &acme, |r| r.revoke_token(&user, &id)));
    assert_eq!(read(&database, &acme, |r| r.session_of_token(other.reveal())), None);
}

fn a_refresh_token_that_is_used_twice_ends_its_family(place: &Place) {
    let (database, _) = place.open();
    let acme = Scope::tenant("acme");
    let user = write(&database, &acme, |r| r.add_user("ann@example.com", "Ann", Role::Editor)).unwrap();
    let first = write(&database, &acme, |r| r.add_refresh_token(&user));
    assert_eq!(
        read(&database, &acme, |r| r.tenant_of_refresh_token(first.reveal())).as_deref(),
        Some("acme")
    );
    let Refreshed::Replaced { session, next } = write(&database, &acme, |r| r.refresh(first.reveal())) else {
        panic!("the token is new")
    };
    assert_eq!(session.user, user);
    assert!(matches!(
        write(&database, &Scope::tenant("other"), |r| r.refresh(next.reveal())),
        Refreshed::Unknown
    ));
    assert!(matches!(write(&database, &acme, |r| r.refresh(first.reveal())), Refreshed::Reused));
    assert!(matches!(write(&database, &acme, |r| r.refresh(next.reveal())), Refreshed::Unknown));
}

fn tenants_do_not_see_each_other(place: &Place) {
    let (database, _) = place.open();
    let (acme, other) = (Scope::tenant("acme"), Scope::tenant("other"));
    assert!(write(&database, &acme, |r| r.add_tenant("Acme")));
    assert!(!write(&database, &acme, |r| r.add_tenant("Acme")));
    let user = write(&database, &acme, |r| r.add_user("ann@example.com", "Ann", Role::SuperAdmin)).unwrap();
    assert_eq!(read(&database, &other, |r| r.member(&user)), None);
    assert_eq!(read(&database, &other, |r| r.members(None, 10)), []);
    assert_eq!(read(&database, &acme, |r| r.members(None, 10)).len(), 1);
    assert_eq!(read(&database, &acme, |r| r.count_members(Role::SuperAdmin)), 1);
    assert_eq!(read(&database, &other, |r| r.count_members(Role::SuperAdmin)), 0);
    write(&database, &other, |r| r.set_role(&user, Role::Viewer));
    let roles = read(&database, &other, |r| r.tenants_of(&user));
    assert_eq!(roles, [("acme".to_owned(), Role::SuperAdmin), ("other".to_owned(), Role::Viewer)]);
    assert!(write(&database, &other, |r| r.remove_member(&user)));
    assert!(!write(&database, &other, |r| r.remove_member(&user)));
}

fn failures_block_for_longer_and_longer(place: &Place) {
    let (database, source) = place.open();
    let none = Scope::tenant("");
    let until = || read(&database, &none, |r| r.blocked_until("ann"));
    for _ in 0..4 {
        write(&database, &none, |r| r.count_failure("ann"));
        assert_eq!(until(), None);
    }
    let mut pauses = Vec::new();
    for _ in 0..12 {
        write(&database, &none, |r| r.count_failure("ann"));
        let pause = until().unwrap() - tagpol_serve_core::Source::now(&*source);
        pauses.push(pause.num_seconds());
        source.advance(pause);
        assert_eq!(until(), None);
    }
    assert_eq!(pauses, [15, 30, 60, 120, 240, 480, 900, 900, 900, 900, 900, 900]);
    assert_eq!(read(&database, &none, |r| r.blocked_until("bob")), None);
    write(&database, &none, |r| r.forget_failures("ann"));
    assert_eq!(until(), None);
}
