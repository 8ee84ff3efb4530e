#!/bin/sh
# Prints the time every SECONDS (the first argument), and ends politely on SIGTERM.
trap 'echo "ticker ends"; exit 0' TERM

while true; do
  date -u '+%H:%M:%S'
  sleep "${1:-1}" &
  wait $!
done
