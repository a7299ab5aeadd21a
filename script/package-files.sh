# shellcheck shell=bash
# What script/package puts into packages beside what cargo builds. Sourced, never run, after script/common.sh. All files
# are below target/release/package of the build folder, which Cargo.toml of the program and of the plugin name.
# shellcheck disable=SC2154 # script/package sets release and maintainer

project_version() { sed -n 's/^version = "\(.*\)"/\1/p' "$root/Cargo.toml"; }

# The name of the archive for a target without its extension, which is also the folder in it. `cargo
# binstall` derives it from postproc/Cargo.toml; a test compares the two.
archive_name() { printf 'syncookie-%s-%s\n' "$(project_version)" "$1"; } # target

# The program's path in the archive for a target.
archive_program() { # target
    case "$1" in
    *-windows-*) printf '%s/syncookie.exe\n' "$(archive_name "$1")" ;;
    *) printf '%s/syncookie\n' "$(archive_name "$1")" ;;
    esac
}

# The version of the plugin's package for a suite. The suite's number orders the packages, so that an upgrade of the
# system also upgrades the plugin. Debian's unstable has no number and is newer than all others.
plugin_version() { # suite
    local number
    number=$(sed -n 's/^Version: \([0-9]*\).*/\1/p' "$(suite_folder "$1")"/apt/state/lists/*_InRelease)
    printf '%s-1%s\n' "$(project_version)" "${number:+~deb$number}"
}

# The person who builds the packages, named as for Debian's tools.
maintainer() {
    printf '%s <%s>\n' "${DEBFULLNAME:-$(git log -1 --format=%an)}" "${DEBEMAIL:-$(git log -1 --format=%ae)}"
}

# Starts the folder of a package, with the files that each package has. More arguments go to cargo tree.
stage() { # package, crate, version
    staged=$release/package
    rm -rf "$staged"
    mkdir -p "$staged"
    cp "packaging/$1.copyright" "$staged/copyright"
    printf '%s (%s) unstable; urgency=medium\n\n  * changelog.gz in this folder has the changes.\n\n -- %s  %s\n' \
        "$1" "$3" "$maintainer" "$(date --utc --rfc-email --date "@$SOURCE_DATE_EPOCH")" |
        gzip -9 --no-name >"$staged/changelog.Debian.gz"
    third_party -p "$2" "${@:4}" >"$staged/third-party.txt"
}

# Adds the manual pages and completions of a program, and the licence for systems that do not have its text.
stage_program() { # program
    "$1" manual --output "$staged/man"
    gzip -9 --no-name "$staged"/man/*
    "$1" completions bash >"$staged/syncookie.bash"
    "$1" completions zsh >"$staged/_syncookie"
    "$1" completions fish >"$staged/syncookie.fish"
    printf 'uPlot\n\n' | cat - postproc/src/report/html/vendor/uplot/LICENSE >>"$staged/third-party.txt"
    cp /usr/share/common-licenses/GPL-3 "$staged/"
}

# Adds the plugin, in the folder that its release of Wireshark searches.
stage_plugin() { # plugin, major.minor
    install -D -m 0644 "$1" "$staged/plugins/$2/epan/syncookie.so"
}

# Prints the licences of the crates that a crate contains; of those under a choice of licences, the MIT licence.
third_party() { # arguments of cargo tree
    local name number rest folder texts
    cargo tree --locked --edges normal,no-proc-macro --prefix none --format '{p} {l}' "$@" |
        sed 's/ (\*)$//; /^$/d' | sort -u | while read -r name number rest; do
            [[ $rest != "($root"* ]] || continue
            folder=$(echo "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/"$name-${number#v}")
            mapfile -t texts < <(licence_files "$folder" -iname '*mit*')
            [[ $rest == *" OR "* && ${#texts[@]} -gt 0 ]] || mapfile -t texts < <(licence_files "$folder")
            printf '%s %s (%s)\n\n' "$name" "$number" "$rest"
            [ ${#texts[@]} -eq 0 ] || { cat -- "${texts[@]}"; printf '\n'; }
        done
}

# Lists the files of a crate that state its licence. More arguments are conditions of find.
licence_files() { # folder
    find "$1" -maxdepth 2 -type f \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' \) "${@:2}" | sort
}

# Builds a Debian package again with other fields.
repack() { # package, new package, sed expression
    local scratch
    scratch=$(mktemp -d)
    dpkg-deb --raw-extract "$1" "$scratch/package"
    sed -i "$3" "$scratch/package/DEBIAN/control"
    dpkg-deb --root-owner-group -Zxz --build "$scratch/package" "$2" >/dev/null
    rm -rf "$scratch"
}
