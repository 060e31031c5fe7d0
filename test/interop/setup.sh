#!/bin/sh
# Makes .venv and .venv-macrocosim in the root of the project: Python environments with exactly the packages of requirements.txt and
# requirements-macrocosim.txt, .venv also with those of requirements-cli.txt and the zone data (tzdata) of the version that Node.js has.
# Does nothing when they are there already.
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

# The lines of a file that are packages.
packages() {
  sed -e '/^#/d' -e '/^$/d' "$1"
}

wanted() {
  { packages "$2" && shift 2 && printf '%s\n' "$@"; } | sed '/^$/d' | sort
}

installed() {
  "$1/bin/python" -m pip freeze 2>/dev/null | sort
}

is_complete() {
  [ -x "$1/bin/python" ] && [ "$(installed "$1")" = "$(wanted "$@")" ]
}

# Makes an environment with exactly the packages of a file, and others that are given.
make_environment() {
  environment=$1 file=$2
  if is_complete "$@"; then
    echo "$1 is complete"
    return
  fi
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "needs Python 3.11 or newer as '$python'; PYTHON can name another one"
  "$python" -m venv --clear "$environment" ||
    fail "'$python -m venv' failed; Debian has the venv module in the package python3-venv"
  shift 2
  "$environment/bin/python" -m pip install --quiet --requirement "$file" "$@" ||
    fail 'the packages could not be installed'
  is_complete "$environment" "$file" "$@" ||
    fail "$environment holds other packages than $file: $(installed "$environment" | tr '\n' ' ')"
  echo "$environment is complete"
}

# Of 2026a the package is 2026.1.
zone_data=$(node -p 'const [, year, letter] = /^(\d+)(\w)$/.exec(process.versions.tz); year + "." + (letter.charCodeAt(0) - 96)')

# Each line is a package.
# shellcheck disable=SC2046
make_environment .venv test/interop/requirements.txt "tzdata==$zone_data" $(packages test/interop/requirements-cli.txt)
make_environment .venv-macrocosim test/interop/requirements-macrocosim.txt
