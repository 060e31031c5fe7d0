#!/bin/sh
# Makes .venv in the root of the project: a Python environment with exactly the packages of requirements.txt.
# Does nothing when it is there already.
#
# Needs Python 3.11 or newer with its venv module (Debian package: python3-venv). PYTHON names the interpreter to use,
# by default python3.
set -eu
export LC_ALL=C PIP_DISABLE_PIP_VERSION_CHECK=1
cd "$(dirname "$0")/../.."
python=${PYTHON:-python3}
requirements=test/interop/requirements.txt

fail() {
  echo "interop:setup: $1" >&2
  exit 1
}

wanted() {
  sed -e '/^#/d' -e '/^$/d' "$requirements" | sort
}

installed() {
  .venv/bin/python -m pip freeze 2>/dev/null | sort
}

is_complete() {
  [ -x .venv/bin/python ] && [ "$(installed)" = "$(wanted)" ]
}

if is_complete; then
  echo '.venv is complete'
  exit 0
fi
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  fail "needs Python 3.11 or newer as '$python'; PYTHON can name another one"
"$python" -m venv --clear .venv ||
  fail "'$python -m venv' failed; Debian has the venv module in the package python3-venv"
.venv/bin/python -m pip install --quiet --requirement "$requirements" ||
  fail 'the packages could not be installed'
is_complete || fail ".venv holds other packages than $requirements: $(installed | tr '\n' ' ')"
echo '.venv is complete'
