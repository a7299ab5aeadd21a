# shellcheck shell=bash
# Shared by the scripts in this folder: sourced, never run. Everything here only defines functions; `root` is the one
# variable it sets.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '==> %s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }
die() {
    printf 'error: %s\n' "$1" >&2
    shift
    for line in "$@"; do printf '       %s\n' "$line" >&2; done
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

can_be_root() { [ "$(id -u)" -eq 0 ] || have sudo; }

# Runs a command as root: directly, or through sudo.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif have sudo; then
        sudo "$@"
    else
        die "this needs root: $*" "Run the script as root, or install sudo."
    fi
}

# Runs a command, for root as another user: Wireshark loads no personal plugin for root.
unprivileged() {
    if [ "$(id -u)" -eq 0 ]; then setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; else "$@"; fi
}

# True when version $1 is at least version $2.
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# Home folder of a user as the system knows it, whatever HOME says.
home_of() { getent passwd "$1" | cut -d: -f6; }

: "${HOME:=$(home_of "$(id -un)")}"
export HOME

# The oldest Rust release the workspace builds with.
wanted_rust() { sed -n 's/^rust-version = "\(.*\)"/\1/p' "$root/Cargo.toml"; }

# The version of the `rustc` that would be used now; empty when none works. A rustup proxy without a toolchain fails.
rust_version() { rustc --version 2>/dev/null | awk '{print $2}' | sed 's/-.*//'; }

rust_is_new_enough() {
    local found
    found=$(rust_version)
    [ -n "$found" ] && cargo --version >/dev/null 2>&1 && at_least "$found" "$(wanted_rust)"
}

# Tries one rustup home (and its default toolchain, then `stable`); keeps the environment that works.
try_rustup_home() {
    [ -d "$1/toolchains" ] || return 1
    export RUSTUP_HOME=$1
    rust_is_new_enough && return 0
    export RUSTUP_TOOLCHAIN=stable
    rust_is_new_enough && return 0
    unset RUSTUP_HOME RUSTUP_TOOLCHAIN
    return 1
}

# Puts a cargo that is new enough on PATH, if this machine has one anywhere. A rustup proxy looks for its toolchains
# below HOME: with another HOME (a build account, `HOME=/tmp/x script/test`) the proxy is found and its toolchains are
# not. So the home of the invoking user and the place the proxy itself lies in are searched too.
use_toolchain() {
    rust_is_new_enough && return 0
    local user_home proxy places=() place
    user_home=$(home_of "$(id -un)")
    places+=("$HOME" "$user_home")
    [ -n "${SUDO_USER:-}" ] && places+=("$(home_of "$SUDO_USER")")
    if have cargo; then
        proxy=$(readlink -f "$(command -v cargo)") # …/.cargo/bin/rustup
        places+=("${proxy%/.cargo/bin/*}")
    fi
    for place in "${places[@]}"; do
        [ -x "$place/.cargo/bin/cargo" ] || continue
        PATH=$place/.cargo/bin:$PATH
        if try_rustup_home "$place/.rustup"; then
            share_registry "$place/.cargo"
            return 0
        fi
    done
    # Where the official container images put it.
    PATH=/usr/local/cargo/bin:$PATH try_rustup_home /usr/local/rustup && PATH=/usr/local/cargo/bin:$PATH
}

# Crates already downloaded, and the registry's configuration, are in the CARGO_HOME of the toolchain: use it when it is
# ours (root must not leave its files in a user's home), else let cargo start a new one below HOME.
share_registry() {
    if [ -z "${CARGO_HOME:-}" ] && [ -O "$1" ] && [ -w "$1" ]; then export CARGO_HOME=$1; fi
}

# Installs Rust's standard library for the target $1.
add_standard_library() {
    { have rustup && (cd "$root" && rustup target add "$1"); } ||
        die "Rust's standard library for $1 cannot be installed." \
            "Install Rust with rustup (https://rustup.rs), check that static.rust-lang.org can be reached," \
            "and run: rustup target add $1"
}

# Where cargo puts what it builds.
target_folder() { printf '%s\n' "${CARGO_TARGET_DIR:-$root/target}"; }

# Programs that only the checks need and that are kept below the build folder.
tools_folder() { printf '%s/tools/bin\n' "$(target_folder)"; }

# The folder with Python packages for one purpose.
python_folder() { printf '%s/tools/%s\n' "$(target_folder)" "$1"; }

# Makes a virtual environment with Python packages, unless they are there. Options of pip may precede them.
make_python_environment() { # folder, package...
    local folder=$1
    shift
    [ "$(cat "$folder/installed" 2>/dev/null)" != "$*" ] || return 0
    rm -rf "$folder"
    say "Installing $* into $folder"
    # Packages that are compiled first could fetch anything.
    python3 -m venv "$folder" &&
        "$folder/bin/pip" install --quiet --disable-pip-version-check --only-binary :all: "$@" &&
        printf '%s\n' "$*" >"$folder/installed"
}

# Installs Python packages in the versions given, and no others, for one purpose.
install_python_packages() { # purpose, package==version...
    make_python_environment "$(python_folder "$1")" --no-deps "${@:2}"
}

# Makes the kernel run programs for a processor with qemu, also in other root folders.
emulate() { # processor
    local formats=/proc/sys/fs/binfmt_misc
    [ -e "$formats/register" ] || as_root mount -t binfmt_misc binfmt_misc "$formats" ||
        die "the kernel cannot be asked to run programs for $1 with qemu." "It needs binfmt_misc, and this script root."
    [ -e "$formats/qemu-$1" ] || as_root tee "$formats/register" <"/usr/lib/binfmt.d/qemu-$1.conf" >/dev/null
}
