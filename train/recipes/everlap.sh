#!/bin/sh
# Makes the pilot that ships with Everlap, from nothing: record in the simulator, train, export.
# About 20 minutes on two idle cores. Run it from the top of a checkout; FOLDER is where tubs go.
set -eu
folder=${1:-recordings/everlap}
pilot=${2:-car/pilots/everlap.tflite}

# Three tubs of 110 short drives, each on a road, in a look and with a car of its own.
# The roads that it is judged on (random:1000-1009 and up, oval, hairpins, ...) are not among them.
./everlap record --sim --tracks random:200000-200109 --seed 200000 --look 0.4 --car-level 0.5 \
    --seconds 12 --out "$folder/plain"
./everlap record --sim --tracks random:210000-210109 --seed 210000 --look 0.7 --car-level 1.0 \
    --seconds 12 --out "$folder/varied"
./everlap record --sim --tracks random:220000-220109 --seed 220000 --look 1.0 --car-level 1.0 \
    --seconds 12 --out "$folder/wild"
./everlap train "$folder/plain" "$folder/varied" "$folder/wild" --out "$pilot" \
    --minutes 13 --delay 0.06 --seed 1
