//! Writes the captures of the cases in forms that no capture program writes (see
//! `syncookie_tests::generate`).

use std::fs;

fn main() -> std::io::Result<()> {
    for (case, name, bytes) in syncookie_tests::generate::all() {
        let folder = syncookie_tests::package().join("cases").join(case);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(name), &bytes)?;
        println!("{case}/{name}: {} bytes", bytes.len());
    }
    Ok(())
}
