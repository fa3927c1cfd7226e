#!/usr/bin/env bash
# Render a drive, index it without weights, answer three queries: tools/demo.sh VENV
set -euo pipefail
semdrive="$1/bin/semdrive"
drive=build/demo-drive index=build/demo
shown() { case $1 in *[!A-Za-z0-9_./-]*) printf " '%s'" "$1" ;; *) printf ' %s' "$1" ;; esac; }
run() { printf '\n$ semdrive'; for word; do shown "$word"; done; printf '\n'; "$semdrive" "$@"; }
started=$SECONDS
run sample "$drive"
run index nuscenes --dataroot "$drive" --version v1.0-sample --index "$index"
run search 'lane_diversion AND weather:rain barrels in the lane' --index "$index" --limit 3
run search 'child runs out between parked cars' --index "$index" --limit 3
run search 'risk>=5 AND time_of_day:night cyclist in the lane' --index "$index" --limit 3
run gold score --gold "$drive/gold.jsonl" --index "$index"
printf '\nrun time: %d s\n' $((SECONDS - started))
cat <<EOT

Next:  look at $drive/samples/CAM_FRONT, then
       $semdrive facets vru_hazard --index $index
       $semdrive search 'pedestrian on the pavement' --index $index     then: $semdrive show TOKEN --index $index
       $semdrive sample build/other --seed 7 --perturb
       $semdrive index folder YOUR_PICTURES --index build/mine
       $semdrive doctor                                   which profile of models this machine can run
EOT
