//! Tests that apply the rules of Wireshark's own checks to the plugin: `tools/checkfiltername.pl`
//! for names, `tools/checkAPIs.pl` for descriptions of fields, preferences and calls. Those read C,
//! so their rules are restated here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::fields::{Expert, Field};

const PROTOCOL: &str = "syncookie";

/// What the plugin may use of the C library: types. Most functions that Wireshark prohibits are the
/// C library's.
const C_TYPES: [&str; 3] = ["c_char", "c_int", "c_void"];

fn names() -> Vec<&'static str> {
    Field::ALL.iter().map(|field| field.filter()).chain(Expert::ALL.iter().map(|expert| expert.filter())).collect()
}

fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the code that calls into Wireshark, by file.
fn calling_code() -> BTreeMap<PathBuf, String> {
    let files = fs::read_dir(folder().join("src/epan")).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.clone(), fs::read_to_string(&path).unwrap())).collect()
}

/// Returns the words that follow `prefix` in the code.
fn words_after<'a>(code: &'a str, prefix: &'a str) -> impl Iterator<Item = &'a str> {
    code.match_indices(prefix).map(move |(at, _)| {
        let rest = &code[at + prefix.len()..];
        rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or_default()
    })
}

/// Returns the arguments of each call of a function.
fn arguments<'a>(code: &'a str, function: &'a str) -> impl Iterator<Item = &'a str> {
    let is_call = move |at: &usize| code[at + function.len()..].starts_with('(');
    code.match_indices(function).map(|(at, _)| at).filter(is_call).map(move |at| {
        let arguments = &code[at + function.len() + 1..];
        let mut depth = 1;
        let end = arguments.find(|c| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0
        });
        &arguments[..end.unwrap_or(arguments.len())]
    })
}

#[test]
fn names_begin_with_the_protocol_once_and_have_no_needless_underscore() {
    for name in names() {
        let (first, rest) = name.split_once('.').unwrap_or((name, ""));
        assert_eq!(first, PROTOCOL, "{name}");
        assert!(!rest.starts_with(PROTOCOL), "{name} repeats the protocol");
        assert!(!name.contains("._") && !name.contains("_."), "{name} has a needless underscore");
    }
}

#[test]
fn names_have_the_characters_that_wireshark_accepts() {
    for name in names() {
        let is_valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        assert!(name.chars().all(is_valid), "{name}");
        assert!(!name.contains("..") && !name.ends_with('.'), "{name}");
    }
}

#[test]
fn only_expert_items_of_different_severity_share_a_name() {
    let mut seen = BTreeMap::new();
    for field in Field::ALL {
        assert!(seen.insert(field.filter(), None).is_none(), "{}", field.filter());
    }
    for expert in Expert::ALL {
        let other = seen.insert(expert.filter(), Some(expert.severity()));
        assert!(other.is_none_or(|other| other.is_some_and(|other| other != expert.severity())), "{expert:?}");
    }
}

#[test]
fn each_field_has_a_name_and_a_description_that_differ() {
    for field in Field::ALL {
        let (name, description) = (field.name(), field.description());
        assert!(!name.is_empty() && !description.is_empty(), "{field:?}");
        assert!(name == name.trim() && description == description.trim(), "{field:?} has a space at an end");
        assert_ne!(name, field.filter());
        assert_ne!(name.to_lowercase(), description.to_lowercase());
        assert_ne!(name.to_lowercase(), field.filter());
    }
}

#[test]
fn each_field_is_a_column_title_that_differs_from_all_others() {
    let titles: BTreeSet<_> = Field::ALL.iter().map(|field| field.name()).collect();
    assert_eq!(titles.len(), Field::ALL.len());
}

#[test]
fn calls_are_of_functions_that_wireshark_permits() {
    let wrapper = fs::read_to_string(folder().join("../wireshark-headers/wrapper.h")).unwrap();
    let mut listed =
        wrapper.lines().filter_map(|line| line.strip_prefix("// function ")).flat_map(str::split_whitespace);
    // The file of GLib's library does not have the same name everywhere.
    assert_eq!(listed.find(|name| name.starts_with("g_")), None);
    for (path, code) in calling_code() {
        for name in words_after(&code, "libc::").filter(|name| !name.is_empty()) {
            assert!(C_TYPES.contains(&name), "{}: libc::{name}", path.display());
        }
        assert!(!words_after(&code, "use libc::").any(|name| !C_TYPES.contains(&name) && !name.is_empty()));
    }
}

#[test]
fn values_are_not_read_from_the_packet_twice_and_encodings_are_only_given_where_they_are_read() {
    for (path, code) in calling_code() {
        let functions: BTreeSet<_> = words_after(&code, "ffi::proto_tree_add_").collect();
        for function in functions {
            for arguments in arguments(&code, &format!("ffi::proto_tree_add_{function}")) {
                assert!(!arguments.contains("tvb_get_"), "{}: {function}({arguments})", path.display());
                assert!(function == "item" || !arguments.contains("ENC_"), "{}: {function}", path.display());
            }
        }
    }
}

#[test]
fn each_preference_has_its_own_variable_and_each_list_of_values_has_an_end() {
    let code = fs::read_to_string(folder().join("src/epan/prefs.rs")).unwrap();
    let functions = ["bool", "enum", "uint"].map(|kind| format!("ffi::prefs_register_{kind}_preference"));
    let registered: Vec<_> = functions.iter().flat_map(|function| arguments(&code, function)).collect();
    let is_preference = |name: &&str| name.ends_with("_preference");
    assert_eq!(registered.len(), words_after(&code, "ffi::prefs_register_").filter(is_preference).count());
    let variables: BTreeSet<_> = registered.iter().filter_map(|arguments| variable(arguments)).collect();
    assert_eq!(variables.len(), registered.len(), "{variables:?}");
    for list in code.split("EnumValues([").skip(1) {
        let values = list.split("])").next().unwrap_or_default();
        assert!(values.trim_end().trim_end_matches(',').ends_with("END"), "{values}");
    }
}

/// Returns the static that a preference is written to: the first one among the arguments.
fn variable(arguments: &str) -> Option<&str> {
    let is_static = |word: &&str| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase() || c == '_');
    arguments.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').find(is_static)
}
