//! Makes the list of samples that `guardpost demo` scans, so that an installed binary has them too.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let folder =
        PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("samples");
    println!("cargo::rerun-if-changed=samples");
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = Vec::new();
    if folder.is_dir() {
        walk(&folder, &mut files)?;
    }
    files.sort();
    let mut text = String::from("&[\n");
    for file in files {
        println!("cargo::rerun-if-changed={}", file.display());
        let name = file.strip_prefix(&folder).unwrap_or(&file).to_string_lossy().replace('\\', "/");
        // Writing to a string cannot fail.
        let _ok =
            writeln!(text, "    ({name:?}, include_bytes!({:?})),", file.display().to_string());
    }
    text.push(']');
    fs::write(Path::new(&env::var_os("OUT_DIR").unwrap_or_default()).join("samples.rs"), text)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let is_hidden = path.file_name().is_some_and(|it| it.to_string_lossy().starts_with('.'));
        if path.is_dir() {
            walk(&path, files)?;
        } else if !is_hidden && path.extension().is_none_or(|it| it != "md") {
            files.push(path);
        }
    }
    Ok(())
}
