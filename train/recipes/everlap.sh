#!/bin/sh
# Makes the pilot that ships with Everlap, from nothing: record in the simulator, train, export.
# About half an hour on two idle cores. Run it from the top of a checkout; FOLDER is where the tub goes.
set -eu
folder=${1:-recordings/everlap}
pilot=${2:-car/pilots/everlap.tflite}

# One tub of 740 short drives, each on a road, in a look and with a car of its own; a third of the
# looks are invented. The roads and looks that it is judged on are not among them.
./everlap record --sim --tracks random:200000-200739 --seed 200000 --look 0.7 --car-level 0.8 \
    --seconds 5 --out "$folder/worlds"
./everlap train "$folder/worlds" --out "$pilot" --minutes 25 --delay 0.06 --seed 1
