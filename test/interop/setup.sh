#!/bin/sh
# Makes .venv and .venv-macrocosim in the root of the project: Python environments with exactly the packages of requirements.txt and
# requirements-macrocosim.txt, .venv also with the zone data (tzdata) of the version that Node.js has. Does nothing when they are there already.
#
# Needs Python 3.11 or newer with its venv module (Debian package: python3-venv). PYTHON names the interpreter to use,
# by default python3.
set -eu
export LC_ALL=C PIP_DISABLE_PIP_VERSION_CHECK=1
cd "$(dirname "$0")/../.."
python=${PYTHON:-python3}

fail() {
  echo "interop:setup: $1" >&2
  exit 1
}

wanted() {
  { sed -e '/^#/d' -e '/^$/d' "$2" && echo "${3-}"; } | sed '/^$/d' | sort
}

installed() {
  "$1/bin/python" -m pip freeze 2>/dev/null | sort
}

is_complete() {
  [ -x "$1/bin/python" ] && [ "$(installed "$1")" = "$(wanted "$@")" ]
}

# Makes an environment with exactly the packages of a file, and one more if it is given.
make_environment() {
  if is_complete "$@"; then
    echo "$1 is complete"
    return
  fi
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "needs Python 3.11 or newer as '$python'; PYTHON can name another one"
  "$python" -m venv --clear "$1" ||
    fail "'$python -m venv' failed; Debian has the venv module in the package python3-venv"
  "$1/bin/python" -m pip install --quiet --requirement "$2" ${3+"$3"} ||
    fail 'the packages could not be installed'
  is_complete "$@" || fail "$1 holds other packages than $2: $(installed "$1" | tr '\n' ' ')"
  echo "$1 is complete"
}

# Of 2026a the package is 2026.1.
zone_data=$(node -p 'const [, year, letter] = /^(\d+)(\w)$/.exec(process.versions.tz); year + "." + (letter.charCodeAt(0) - 96)')

make_environment .venv test/interop/requirements.txt "tzdata==$zone_data"
make_environment .venv-macrocosim test/interop/requirements-macrocosim.txt
