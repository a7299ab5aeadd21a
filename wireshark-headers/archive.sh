# shellcheck shell=bash
# Fetches Wireshark's packages from the archives of Debian and Ubuntu into folders below the build
# folder. Sourced, never run, after script/common.sh. Installs nothing: each suite has package lists
# of its own, whose signatures apt checks, and packages are only unpacked.

# The lines of releases.tsv: release, suite, distribution.
listed_releases() { grep -Ev '^(#|$)' "$root/wireshark-headers/releases.tsv"; }

# All suites, the one with the oldest Wireshark first.
listed_suites() { listed_releases | cut -f 2; }

# The suite that has Wireshark $1; $1 may also be a suite.
suite_of() {
    local release suite
    while IFS=$'\t' read -r release suite _; do
        case "$1" in "$suite" | "$release" | "$release".*) printf '%s\n' "$suite" && return ;; esac
    done < <(listed_releases)
    return 1
}

distribution_of() { listed_releases | awk -F '\t' -v suite="$1" '$2 == suite {print $3}'; }

# Debian's name of the processor whose packages are fetched, and the compiler for it.
architecture=$(dpkg --print-architecture 2>/dev/null || true)
compiler=gcc

# The folder of all suites. Packages for another processor are kept apart.
releases_folder() {
    local folder
    folder=$(target_folder)/wireshark
    [ "$architecture" = "$(dpkg --print-architecture 2>/dev/null || true)" ] || folder+=/$architecture
    printf '%s\n' "$folder"
}

# The folder of a suite.
suite_folder() { printf '%s/%s\n' "$(releases_folder)" "$1"; }

can_fetch() { have apt-get && have dpkg-deb && have tar; }

# The mirror from which this machine's apt gets a distribution's packages, or else the
# distribution's archive.
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

# Runs apt-get with the package lists of suite $1 alone: with this machine's proxies, without its
# sources and packages.
suite_apt() {
    local folder
    folder=$(suite_folder "$1")/apt
    shift
    apt-get -q -q -o "Dir::State=$folder/state" -o "Dir::State::status=$folder/status" -o "Dir::Cache=$folder/cache" \
        -o "Dir::Etc::SourceList=$folder/sources.list" -o Dir::Etc::SourceParts=/dev/null \
        -o Dir::Etc::Preferences=/dev/null -o Dir::Etc::PreferencesParts=/dev/null \
        -o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture" -o APT::Sandbox::User=root -o APT::Install-Recommends=0 \
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
    # A source line cannot hold a path with a space, so the keys are copied beside it.
    cp "$keyring" "$folder/keys/"
    printf 'deb %s %s %s\n' "$(mirror_of "$distribution")" "$suite" "$components" >"$folder/sources.list"
    # apt-get reports success even when it could not fetch, but then there is no list.
    suite_apt "$suite" -o "Dir::Etc::TrustedParts=$folder/keys/" -o Dir::Etc::Trusted=/dev/null update &&
        compgen -G "$folder/state/lists/*_Packages*" >/dev/null
}

# Ubuntu's signing keys: this machine's, or those of the package in Debian 13, which is checked with
# Debian's keys.
ubuntu_keyring() {
    local keyring=usr/share/keyrings/ubuntu-archive-keyring.gpg folder
    [ -r "/$keyring" ] && printf '/%s\n' "$keyring" && return
    folder=$(suite_folder trixie)/ubuntu
    [ -r "$folder/$keyring" ] || { suite_update trixie && fetch_packages trixie "$folder" ubuntu-keyring; } >&2 ||
        return 1
    printf '%s\n' "$folder/$keyring"
}

# Unpacks packages of suite $1, without their dependencies, into folder $2.
fetch_packages() {
    local suite=$1 into=$2 scratch result=0
    shift 2
    scratch=$(mktemp -d)
    (cd "$scratch" && suite_apt "$suite" download "$@" && unpack "$into" ./*.deb) || result=$?
    rm -rf "$scratch"
    return "$result"
}

# Unpacks package files into folder $1, without running their scripts.
unpack() {
    local into=$1 package
    shift
    mkdir -p "$into"
    for package in "$@"; do
        dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink --no-same-owner -C "$into" || return 1
    done
}

# Unpacks packages of suite $1 and their dependencies into folder $2, to run their programs there with
# chroot, and nothing else: no shell, no init, none of a Debian system's essential packages. That takes
# a fifth of the time and space of debootstrap's smallest system.
make_root_folder() {
    local suite=$1 into=$2 archives link
    archives=$(suite_folder "$suite")/apt/cache/archives
    shift 2
    rm -rf "$into"
    mkdir -p "$into"/usr/{bin,sbin,lib,lib64} "$into"/{dev,etc,home,proc,root,tmp}
    for link in bin sbin lib lib64; do ln -s "usr/$link" "$into/$link"; done
    suite_apt "$suite" clean
    { suite_apt "$suite" install -y --download-only "$@" ||
        { suite_update "$suite" && suite_apt "$suite" install -y --download-only "$@"; }; } &&
        unpack "$into" "$archives"/*.deb || return 1
    suite_apt "$suite" clean
    printf 'root:x:0:0::/root:/bin/false\nnobody:x:65534:65534::/home:/bin/false\n' >"$into/etc/passwd"
    cp -a /dev/null /dev/urandom "$into/dev/" || return 1
    chmod 1777 "$into/tmp" "$into/home"
}

# Fetches the development headers of suite $1 once: Wireshark's into headers/usr/include/wireshark,
# their version into headers.version, and the part of the C library that is linked statically.
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

# Waits until no other script uses the package lists. Two at a time would overwrite each other's
# folders.
lock_lists() {
    mkdir -p "$(releases_folder)"
    exec 9>"$(releases_folder)/lock"
    flock 9
}

unlock_lists() { exec 9>&-; }

# Runs a command that takes Wireshark's headers from suite $1, which were fetched.
with_headers() {
    local folder
    folder=$(suite_folder "$1")
    shift
    WIRESHARK_VERSION=$(cat "$folder/headers.version") \
        WIRESHARK_INCLUDE_DIR=$folder/headers/usr/include/wireshark "$@"
}

# The releases that the plugin is built for on other systems, each with its suite. In older ones, wmem is
# in another library on Windows.
cross_releases() { listed_releases | awk '$1 >= 4 {print $1, $2}'; }

# Fetches the headers of these releases.
fetch_cross_headers() {
    local suite
    lock_lists
    while read -r _ suite; do fetch_headers "$suite" </dev/null || return 1; done < <(cross_releases)
    unlock_lists
}

# Unpacks the C library of suite $1 once, into the folder libc.
fetch_c_library() {
    local folder
    folder=$(suite_folder "$1")/libc
    [ ! -f "$folder/complete" ] || return 0
    rm -rf "$folder"
    mkdir -p "$folder"/usr/{lib,lib64}
    ln -s usr/lib usr/lib64 "$folder/"
    suite_update "$1" && fetch_packages "$1" "$folder" libc6 && touch "$folder/complete"
}

# Makes the folder link with the C library of suite $1, which is below folder $2, to link with: an
# older system refuses a library that was linked with a newer one. The linker searches this folder
# first and takes the first library that it finds.
make_link_folder() {
    local folder libraries triple name
    folder=$(suite_folder "$1")
    triple=$("$compiler" -dumpmachine)
    libraries=$2/lib/$triple
    rm -rf "$folder/link"
    mkdir "$folder/link"
    printf 'GROUP ( "%s" "%s" AS_NEEDED ( "%s" ) )\n' "$libraries/libc.so.6" \
        "$folder/headers/usr/lib/$triple/libc_nonshared.a" "$(echo "$libraries"/ld-linux*.so.*)" >"$folder/link/libc.so"
    for name in libpthread.so.0 libdl.so.2 libm.so.6 librt.so.1 libutil.so.1; do
        [ ! -e "$libraries/$name" ] || ln -s "$libraries/$name" "$folder/link/${name%.so.*}.so"
    done
}
