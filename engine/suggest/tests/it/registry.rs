//! Models on disk.

use std::fs;

use tagpol_suggest::{About, Entry, Registry, RegistryError, card, reliability};

use crate::inventory::{ENVIRONMENT, TEAM, organization, resource, trained};

fn about(day: u32) -> About {
    About {
        trained_at: format!("2026-11-{day:02}T00:00:00Z"),
        snapshot: "s".to_owned(),
        seed: 1,
        program: "0".to_owned(),
    }
}

#[test]
fn models_are_kept_whole_and_one_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::new(folder.path().join("models"));
    assert_eq!(registry.promoted().unwrap(), None);
    assert_eq!(registry.ids().unwrap(), Vec::<String>::new());
    let trained = trained(&organization(), 1);
    let first = registry.add(&trained.model, &about(1), &trained.report).unwrap();
    let second = registry.add(&trained.model, &about(2), &trained.report).unwrap();
    assert_eq!(registry.ids().unwrap(), [first.clone(), second.clone()]);
    assert_eq!(registry.promoted().unwrap(), None);

    // A model that is read suggests what the written one does.
    let loaded = registry.load(&first).unwrap();
    let missing = resource(1, "dev", 77);
    let question: [(_, &[usize]); 1] = [(&missing, &[ENVIRONMENT, TEAM])];
    assert_eq!(loaded.suggest(&question), trained.model.suggest(&question));
    let entry = registry.entry(&second).unwrap();
    let original = Entry { id: second.clone(), about: about(2), report: trained.report };
    assert_eq!(card(&entry, None), card(&original, None));

    registry.promote(&first).unwrap();
    assert_eq!(registry.before().unwrap(), None);
    registry.promote(&second).unwrap();
    assert_eq!(registry.promoted().unwrap(), Some(second.clone()));
    assert_eq!(registry.before().unwrap(), Some(first.clone()));
    assert_eq!(registry.roll_back().unwrap(), first);
    assert_eq!(registry.promoted().unwrap(), Some(first.clone()));
    assert!(matches!(registry.roll_back(), Err(RegistryError::NothingBefore)));
    assert!(matches!(registry.find("2026"), Err(RegistryError::Ambiguous(_))));
    assert!(matches!(registry.promote("nothing"), Err(RegistryError::Unknown(_))));
    assert!(matches!(registry.promote("../elsewhere"), Err(RegistryError::Unknown(_))));

    // The scratch folder of a training that was killed is removed by the next process that writes, and nothing else is.
    let living = tagpol_files::Scratch::inside(registry.folder()).unwrap();
    let dead = registry.folder().join(".tagpol-scratch-dead");
    fs::create_dir_all(dead.join("20261103T000000Z-00000000")).unwrap();
    fs::copy(living.path().join("tagpol-scratch"), dead.join("tagpol-scratch")).unwrap();
    drop(living);
    let others = registry.folder().join(".20261103T000000Z-00000000.1");
    fs::create_dir(&others).unwrap();
    fs::write(others.join("model.json"), "{").unwrap();
    assert_eq!(registry.ids().unwrap().len(), 2);
    registry.load(&registry.promoted().unwrap().unwrap()).unwrap();
    registry.promote(&first).unwrap();
    assert!(!dead.exists() && others.exists());
    assert_eq!(registry.ids().unwrap().len(), 2);

    // Damage is an error.
    let numbers = registry.folder().join(&second).join("numbers.bin");
    let mut bytes = fs::read(&numbers).unwrap();
    bytes.truncate(bytes.len() / 2);
    fs::write(&numbers, bytes).unwrap();
    assert!(matches!(registry.load(&second), Err(RegistryError::Damaged { .. })));
    let text = registry.folder().join(&second).join("model.json");
    fs::write(&text, r#"{"version": 99}"#).unwrap();
    assert!(matches!(registry.load(&second), Err(RegistryError::Version { found: 99, .. })));
}

/// Files of version 2 have other names and the same numbers.
#[test]
fn models_of_the_version_before_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::new(folder.path().join("models"));
    let trained = trained(&organization(), 1);
    let id = registry.add(&trained.model, &about(1), &trained.report).unwrap();
    let names = [
        ("\"version\":3", "\"version\":2"),
        ("\"calibrations\"", "\"trust\""),
        ("\"weights\"", "\"pool\""),
        ("\"scaling\"", "\"calibration\""),
        ("\"bound\"", "\"assurance\""),
        ("\"learned\"", "\"learnt\""),
        ("\"copies\"", "\"derivations\""),
        ("\"min_known_share\"", "\"least_known\""),
        ("\"predicted\"", "\"said\""),
        ("\"neighbors\"", "\"neighbours\""),
    ];
    let mut replaced = 0;
    for file in ["model.json", "report.json"] {
        let path = registry.folder().join(&id).join(file);
        let mut text = fs::read_to_string(&path).unwrap();
        for (new, old) in names {
            replaced += usize::from(text.contains(new));
            text = text.replace(new, old);
        }
        fs::write(&path, text).unwrap();
    }
    assert_eq!(replaced, names.len());
    let missing = resource(1, "dev", 77);
    let question: [(_, &[usize]); 1] = [(&missing, &[ENVIRONMENT, TEAM])];
    assert_eq!(registry.load(&id).unwrap().suggest(&question), trained.model.suggest(&question));
    assert_eq!(registry.entry(&id).unwrap().report, trained.report);
    let path = registry.folder().join(&id).join("model.json");
    let text = fs::read_to_string(&path).unwrap().replace("\"version\":2", "\"version\":1");
    fs::write(&path, text).unwrap();
    let error = registry.load(&id).unwrap_err();
    assert!(error.to_string().contains("this program reads versions 2 to 3"), "{error}");
}

#[test]
fn the_card_shows_the_figures() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::new(folder.path());
    let trained = trained(&organization(), 1);
    let id = registry.add(&trained.model, &about(1), &trained.report).unwrap();
    let card = card(&registry.entry(&id).unwrap(), Some("plot.svg"));
    for expected in
        ["naive Bayes", "calibration error", "](plot.svg)", "## environment", "## team", "| all | 0.90 |"]
    {
        assert!(card.contains(expected), "{expected}\n{card}");
    }
    let picture = reliability(&trained.report.targets);
    assert!(picture.starts_with("<svg") && picture.matches("<g ").count() == 2, "{picture}");
}

#[cfg(unix)]
#[test]
fn models_are_no_links_and_lead_nowhere_else() {
    use std::os::unix::fs::symlink;
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::new(folder.path().join("models"));
    let trained = trained(&organization(), 1);
    let id = registry.add(&trained.model, &about(1), &trained.report).unwrap();
    for name in ["model.json", "report.json", "numbers.bin"] {
        let (here, there) = (registry.folder().join(&id).join(name), elsewhere.path().join(name));
        fs::rename(&here, &there).unwrap();
        symlink(&there, &here).unwrap();
        assert!(matches!(registry.load(&id), Err(RegistryError::File(_))), "{name}");
        fs::remove_file(&here).unwrap();
        fs::rename(&there, &here).unwrap();
    }
    registry.load(&id).unwrap();
    fs::write(registry.folder().join("promoted"), "../../secret\n").unwrap();
    assert!(matches!(registry.promoted(), Err(RegistryError::Damaged { .. })));
    fs::remove_file(registry.folder().join("promoted")).unwrap();
    symlink(elsewhere.path().join("new"), registry.folder().join("promoted")).unwrap();
    registry.promote(&id).unwrap_err();
    assert!(!elsewhere.path().join("new").exists());
    let linked = Registry::new(folder.path().join("linked"));
    symlink(registry.folder(), linked.folder()).unwrap();
    assert!(matches!(linked.ids(), Err(RegistryError::File(_))));
    assert!(matches!(linked.add(&trained.model, &about(2), &trained.report), Err(RegistryError::File(_))));
}
