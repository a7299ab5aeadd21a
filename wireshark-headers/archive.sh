# shellcheck shell=bash
# Wireshark as Debian and Ubuntu released it, from their archives into folders below the build folder: sourced, never
# run, after script/common.sh. Nothing is installed: each suite has package lists of its own, whose signatures apt
# checks, and packages are only unpacked.

# Which suite has which release of Wireshark. Unstable (sid) moves on: what its package says counts.
#    suite    distribution  Wireshark
releases=(
    "bullseye debian        3.4"
    "jammy    ubuntu        3.6"
    "bookworm debian        4.0"
    "noble    ubuntu        4.2"
    "trixie   debian        4.4"
    "sid      debian        4.6"
)

# The suite that has Wireshark $1, which may also be named by the suite itself.
suite_of() {
    local suite release
    while read -r suite _ release; do
        case "$1" in "$suite" | "$release" | "$release".*) printf '%s\n' "$suite" && return ;; esac
    done < <(printf '%s\n' "${releases[@]}")
    return 1
}

distribution_of() { printf '%s\n' "${releases[@]}" | awk -v suite="$1" '$1 == suite {print $2}'; }

# The folder of a suite.
suite_folder() { printf '%s/wireshark/%s\n' "$(target_folder)" "$1"; }

can_fetch() { have apt-get && have dpkg-deb && have tar; }

# Where this machine's own apt takes a distribution's packages from; else the distribution's archive.
mirror_of() {
    local found
    # shellcheck disable=SC2016 # apt replaces these names, not the shell
    found=$(apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        awk -v label="$1" 'tolower($1) == label {print $2; exit}')
    case "$1" in
    debian) printf '%s\n' "${DEBIAN_MIRROR:-${found:-http://deb.debian.org/debian}}" ;;
    ubuntu) printf '%s\n' "${UBUNTU_MIRROR:-${found:-http://archive.ubuntu.com/ubuntu}}" ;;
    esac
}

# apt-get with the package lists of suite $1 alone: this machine's proxies, but none of its sources and packages.
suite_apt() {
    local folder
    folder=$(suite_folder "$1")/apt
    shift
    apt-get -q -q -o "Dir::State=$folder/state" -o "Dir::State::status=$folder/status" -o "Dir::Cache=$folder/cache" \
        -o "Dir::Etc::SourceList=$folder/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
        -o "APT::Architectures=$(dpkg --print-architecture)" -o APT::Sandbox::User=root -o APT::Install-Recommends=0 \
        -o Acquire::Languages=none -o Acquire::Retries=3 -o Debug::NoLocking=1 "$@"
}

# Fetches the package lists of a suite.
suite_update() {
    local suite=$1 folder distribution keyring=/usr/share/keyrings/debian-archive-keyring.gpg components=main
    folder=$(suite_folder "$suite")/apt
    distribution=$(distribution_of "$suite")
    if [ "$distribution" = ubuntu ]; then
        components="main universe"
        keyring=$(ubuntu_keyring) || return 1
    fi
    [ -r "$keyring" ] || { warn "$keyring is missing: install debian-archive-keyring"; return 1; }
    mkdir -p "$folder/state/lists/partial" "$folder/cache/archives/partial" "$folder/keys"
    : >"$folder/status"
    # A path with a space cannot stand in a source line, so the keys lie beside it.
    cp "$keyring" "$folder/keys/"
    printf 'deb %s %s %s\n' "$(mirror_of "$distribution")" "$suite" "$components" >"$folder/sources.list"
    # Success of apt-get means little when it could not fetch: then there is no list.
    suite_apt "$suite" -o "Dir::Etc::TrustedParts=$folder/keys/" -o Dir::Etc::Trusted=/dev/null update &&
        compgen -G "$folder/state/lists/*_Packages*" >/dev/null
}

# Ubuntu's signing keys: this machine's, or those in the package that Debian 13 has of them, checked with Debian's keys.
ubuntu_keyring() {
    local keyring=usr/share/keyrings/ubuntu-archive-keyring.gpg folder
    [ -r "/$keyring" ] && printf '/%s\n' "$keyring" && return
    folder=$(suite_folder trixie)/ubuntu
    [ -r "$folder/$keyring" ] || { suite_update trixie && fetch_packages trixie "$folder" ubuntu-keyring; } >&2 ||
        return 1
    printf '%s\n' "$folder/$keyring"
}

# Unpacks packages of a suite, without what they depend on, into folder $2.
fetch_packages() {
    local suite=$1 into=$2 scratch result=0
    shift 2
    scratch=$(mktemp -d)
    (cd "$scratch" && suite_apt "$suite" download "$@" && unpack "$into" ./*.deb) || result=$?
    rm -rf "$scratch"
    return "$result"
}

# Unpacks package files into folder $1. No script of theirs runs.
unpack() {
    local into=$1 package
    shift
    mkdir -p "$into"
    for package in "$@"; do
        dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink --no-same-owner -C "$into" || return 1
    done
}

# Development headers of a suite, kept for the next time: Wireshark's in HEADERS/usr/include/wireshark, their version in
# headers.version, and the C library's part that is linked statically.
fetch_headers() {
    local suite=$1 folder
    folder=$(suite_folder "$suite")
    [ ! -f "$folder/headers.version" ] || return 0
    rm -rf "$folder/headers"
    suite_update "$suite" &&
        fetch_packages "$suite" "$folder/headers" libwireshark-dev libwiretap-dev libwsutil-dev libc6-dev || return 1
    sed -n 's/^Version: //p' "$folder/headers/usr/lib/"*/pkgconfig/wireshark.pc >"$folder/headers.version.part"
    mv "$folder/headers.version.part" "$folder/headers.version"
}
