#!/usr/bin/env bash
# Make a virtual environment and install the project into it: tools/install.sh VENV [EXTRAS]
# A CPU build of torch is taken wherever pip's sources offer one: nothing here needs CUDA packages.
set -euo pipefail
venv=$1
extras=${2:+[$2]}
[ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
pip() { "$venv/bin/python" -m pip --disable-pip-version-check "$@"; }
if ! "$venv/bin/python" -c 'import torch' 2>/dev/null; then
  if ! pip install --quiet --only-binary=:all: 'torch==2.13.0+cpu' 2>/dev/null; then
    echo "pip's sources offer no CPU build of torch; taking the default one, which on Linux may bring CUDA packages."
    echo "To avoid that, add PyTorch's CPU wheel index to pip's sources (PIP_EXTRA_INDEX_URL) and run this again."
  fi
fi
pip install --quiet -e ".$extras"
