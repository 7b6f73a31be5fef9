//! Which module of a crate imports which, from the text of its sources.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The modules that each module at the top of a crate names after `crate::`, outside of tests.
pub(crate) type Imports = BTreeMap<String, BTreeSet<String>>;

/// The imports in the sources of a crate.
pub(crate) fn imports(sources: &Path) -> Imports {
    let mut imports = Imports::new();
    for entry in fs::read_dir(sources).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if !["lib", "main"].contains(&name.as_str()) {
            read(&path, imports.entry(name).or_default());
        }
    }
    let modules: BTreeSet<_> = imports.keys().cloned().collect();
    for (module, named) in &mut imports {
        named.retain(|other| other != module && modules.contains(other));
    }
    imports
}

fn read(path: &Path, named: &mut BTreeSet<String>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            read(&entry.unwrap().path(), named);
        }
    } else if path.extension().is_some_and(|extension| extension == "rs") && path.file_stem().unwrap() != "tests" {
        let text = fs::read_to_string(path).unwrap();
        let code = text.split("mod tests {").next().unwrap();
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for after in line.split("crate::").skip(1) {
                let is_part = |character: &char| character.is_alphanumeric() || *character == '_';
                named.extend(match after.strip_prefix('{') {
                    Some(list) => list.split(", ").map(|name| name.chars().take_while(is_part).collect()).collect(),
                    None => vec![after.chars().take_while(is_part).collect::<String>()],
                });
            }
        }
    }
}

/// The imports between modules that reach each other, as `from -> to`.
pub(crate) fn cycles(imports: &Imports) -> Vec<String> {
    let edges = imports.iter().flat_map(|(from, named)| named.iter().map(move |to| (from, to)));
    edges.filter(|(from, to)| reaches(imports, to, from)).map(|(from, to)| format!("{from} -> {to}")).collect()
}

fn reaches(imports: &Imports, from: &str, to: &str) -> bool {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(module) = next.pop() {
        if module == to {
            return true;
        }
        if seen.insert(module) {
            next.extend(imports[module].iter().map(String::as_str));
        }
    }
    false
}
