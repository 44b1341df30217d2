#!/usr/bin/env bash
# Gradescope runs this once, as root, while it builds the autograder's image.
set -euo pipefail

source_folder=${AUTOGRADER_ROOT:-/autograder}/source
# Outside of the source: a student's process may read this Python, and nothing of the grader.
venv=${AUTOGRADER_ROOT:-/autograder}/python

export DEBIAN_FRONTEND=noninteractive PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
apt-get update -qq
apt-get install -y -qq --no-install-recommends ca-certificates bubblewrap
python=python3
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=python3.11
fi
apt-get install -y -qq --no-install-recommends "$python" "$python-venv"
apt-get clean
rm -rf /var/lib/apt/lists/*

"$python" -m venv "$venv"
cd "$source_folder"
# CPU builds first: what PyTorch's default index has for Linux brings gigabytes of CUDA along.
torch_index=$(cat torch-index.txt)
"$venv/bin/pip" install --quiet --constraint requirements.lock \
    ${torch_index:+--index-url "$torch_index"} torch torchvision
"$venv/bin/pip" install --quiet --constraint requirements.lock --requirement requirements.txt
# Hidden checks and solutions are for root, who runs the grader, alone.
chmod -R go-rwx "$source_folder"
"$venv/bin/python" -c 'import torch; print("torch", torch.__version__)'
