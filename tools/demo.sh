#!/usr/bin/env bash
# Index the recorded run and answer three queries: tools/demo.sh VENV
set -euo pipefail
semdrive="$1/bin/semdrive"
release="${SEMDRIVE_SHARED:-../shared}/semantic_drive_release"
index=build/demo
gemma="$release/index_gemma_run.jsonl" kimi="$release/index_kimi_run_reasoning.jsonl"
for file in "$gemma" "$kimi"; do
  if [ ! -f "$file" ]; then
    echo "The demo indexes the paper's released scout reports, and $file is missing." >&2
    echo "Put index_gemma_run.jsonl and index_kimi_run_reasoning.jsonl (repository AntonioAlgaida/Semantic-Drive)" >&2
    echo "into a folder semantic_drive_release/ and name its parent: make demo SEMDRIVE_SHARED=FOLDER" >&2
    exit 2
  fi
done
run() { printf '\n$ semdrive %s\n' "$*"; "$semdrive" "$@"; }
started=$SECONDS
run index recorded --scout "gemma=$gemma" --scout "kimi=$kimi" --index "$index"
run search 'risk>=4 AND construction' --index "$index" --limit 3
run search 'jaywalker at night' --index "$index" --limit 3
run search '"jersey barrier" -weather:rain,fog risk:6..9 sort:risk-desc' --index "$index" --limit 3
printf '\nrun time: %d s\n' $((SECONDS - started))
cat <<EOF

Next:  $semdrive facets construction --index $index
       $semdrive explain 'risk>=4 AND NOT weather:rain person in the road' --index $index
       $semdrive show 5d87df9e71524d46a9457acfb230eaac --index $index
EOF
