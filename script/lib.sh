# Shared by the scripts in this folder: where things are, how steps are shown, how packages come.
# Sourced, never run.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$ROOT/build
DEPS=$BUILD/deps
ENGINE=$BUILD/engine
export CCACHE_DIR=${CCACHE_DIR:-$BUILD/ccache} CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-2G}
JOBS=$(nproc)

if [ -t 2 ]; then bold=$'\e[1m' red=$'\e[31m' green=$'\e[32m' dim=$'\e[2m' plain=$'\e[0m'
else bold='' red='' green='' dim='' plain=''; fi

case ${LC_ALL:-${LANG:-}} in zh*) zh=1 ;; *) zh= ;; esac
# say ENGLISH CHINESE: one of the two, by the locale.
say() { if [ -n "$zh" ]; then printf '%s\n' "$2" >&2; else printf '%s\n' "$1" >&2; fi; }

die() { printf '%s' "$red" >&2; say "error: $1" "错误：$2"; printf '%s' "$plain" >&2; exit 1; }

# step ENGLISH CHINESE COMMAND...: runs the command with its output in a log; shows one line with the
# time it took, and on failure the end of the log and where the rest is.
step() {
  local title=$1 cure=$2 started=$SECONDS log pid
  [ -n "$zh" ] && title=$2
  shift 2
  mkdir -p "$BUILD/log"
  log=$BUILD/log/$(date +%s%N).log
  if [ -t 2 ]; then
    "$@" >"$log" 2>&1 &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
      printf '\r%s… %s %s%ds%s ' "$bold" "$title" "$dim" $((SECONDS - started)) "$plain" >&2
      read -rt 1 <> <(:) || true
    done
    printf '\r\e[K' >&2
    wait "$pid" || step_failed "$title" "$log"
  else
    "$@" >"$log" 2>&1 || step_failed "$title" "$log"
  fi
  printf '%s✓%s %s %s(%d s)%s\n' "$green" "$plain" "$title" "$dim" $((SECONDS - started)) "$plain" >&2
}

# shown ENGLISH CHINESE COMMAND...: runs the command with its output in sight, then one line with the time it took.
shown() {
  local title=$1 started=$SECONDS
  [ -n "$zh" ] && title=$2
  shift 2
  "$@" || die "'$title' failed" "“$title”失败"
  printf '%s✓%s %s %s(%d s)%s\n' "$green" "$plain" "$title" "$dim" $((SECONDS - started)) "$plain" >&2
}

step_failed() {
  tail -n 25 "$2" >&2
  die "'$1' failed. The whole output is in $2. Mend what it names (network? disk space? rights?) and run the same script again: finished steps are not repeated." \
      "“$1”失败，完整输出在 $2。请按其中提示处理（网络？磁盘空间？权限？）后重新运行同一脚本：已完成的步骤不会重复。"
}

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# needs_root_for NAME...: ends with what to tell an administrator, unless this user may install packages. Asks for
# sudo's password, so call it outside of a step.
needs_root_for() {
  local line="apt-get update && apt-get install -y --no-install-recommends $*"
  [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null && sudo -v; } ||
    die "packages are missing, and installing them needs root. Let an administrator run this line, then run this script again:
  $line" "缺少软件包，安装它们需要 root 权限。请管理员运行下面这一行，然后重新运行本脚本：
  $line"
}

package_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# install_packages NAME...: installs those that are missing; does nothing (and needs no root) when none is.
install_packages() {
  local missing=() name
  for name in "$@"; do package_installed "$name" || missing+=("$name"); done
  [ ${#missing[@]} = 0 ] && return 0
  needs_root_for "${missing[@]}"
  as_root apt-get update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
}

# archive LABEL: the address of the machine's archive of Debian or Debian-Security; nothing when it has none.
archive() {
  apt-get "${LISTS[@]}" indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
    sed -n "s/^Debian|$1|//p" | head -n 1
}

# know_release: makes apt know what this release offers. Where the system has no lists (container images drop them)
# they are fetched into build/apt: nothing of the system's apt is touched, and no root is needed.
LISTS=()
know_release() {
  local home=$BUILD/apt/release
  [ -z "$(archive Debian)" ] || return 0
  mkdir -p "$home"/{lists/partial,cache/archives/partial}
  LISTS=(-o "Dir::State::lists=$home/lists" -o "Dir::Cache=$home/cache" -o "APT::Sandbox::User=$(id -un)")
  apt-get "${LISTS[@]}" update
}

# release_has NAME MINIMUM: does this machine's own release offer the package, new enough? After know_release.
release_has() {
  local candidate
  candidate=$(apt-cache "${LISTS[@]}" policy "$1" 2>/dev/null | sed -n 's/^ *Candidate: //p')
  [ -n "$candidate" ] && [ "$candidate" != '(none)' ] && dpkg --compare-versions "$candidate" ge "$2"
}

die_without_archive() { die "no Debian archive in this machine's apt sources; add one" "本机 apt 源中没有 Debian 主仓库，请添加"; }

NEWER_SUITE=forky

# newer_apt: writes a private apt configuration for a newer Debian suite under build/apt and exports
# APT_CONFIG for it. Nothing of the system's apt is touched; the archive's address is the machine's own,
# and signatures are checked with the machine's own Debian keyring.
newer_apt() {
  local home=$BUILD/apt archive
  archive=$(archive Debian)
  [ -n "$archive" ] || die_without_archive
  mkdir -p "$home"/{lists/partial,cache/archives/partial}
  : >"$home/status"
  printf 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\ndeb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] %s %s main\n' \
    "$archive" $NEWER_SUITE "$archive" $NEWER_SUITE >"$home/sources.list"
  cat >"$home/apt.conf" <<CONF
Dir::State "$home";
Dir::State::lists "$home/lists";
Dir::State::status "$home/status";
Dir::Cache "$home/cache";
Dir::Etc::sourcelist "$home/sources.list";
Dir::Etc::sourceparts "-";
Dir::Etc::preferences "-";
Dir::Etc::preferencesparts "-";
APT::Architecture "$(dpkg --print-architecture)";
APT::Architectures "$(dpkg --print-architecture)";
APT::Sandbox::User "$(id -un)";
APT::Install-Recommends "false";
APT::Update::Post-Invoke {};
APT::Update::Post-Invoke-Success {};
Acquire::Languages "none";
CONF
  export APT_CONFIG=$home/apt.conf
  [ -e "$home/lists-are-here" ] || { apt-get update && touch "$home/lists-are-here"; }
}
