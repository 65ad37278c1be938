#!/usr/bin/env bash
# The main job over the simulator, from a sample file to a reviewed version. No key, no cost.
#   bash examples/first-run.sh [FOLDER]      FOLDER becomes the workspace; left out: first-run
set -euo pipefail

samples=$(cd "$(dirname "$0")/../datasets/samples" && pwd)
export AUGMENT_WORKSPACE=${1:-first-run}
mkdir -p "$AUGMENT_WORKSPACE"

augment import "$samples/reading.jsonl" --name reading
augment backtranslate --skip translation-tasks --simulate
augment reason --provider yi-34b --simulate

# The first row that nobody has decided about is accepted, and the decision becomes a version.
row=$(augment review next --json | python -c 'import json, sys; print(json.load(sys.stdin)["items"][0]["row_id"])')
augment review accept --row "$row" --reviewer "first run"
augment review seal

augment versions
