#!/bin/sh
# A Tesseract that misbehaves in the way its name says. It writes no file, and has no environment to speak of.
name=${0##*/}
head='level	page_num	block_num	par_num	line_num	word_num	left	top	width	height	conf	text'
case "$name $1" in
  "stranger --version") echo 'cat (GNU coreutils) 9.1'; exit ;;
  "broken --version") echo 'cannot open libtesseract.so.5' >&2; exit 127 ;;
  *" --version") echo 'tesseract 5.9.9'; echo ' leptonica-1.82.0'; exit ;;
  "foreign --list-langs") printf 'List of available languages in "/x/" (2):\neng\nosd\n'; exit ;;
  *" --list-langs") printf 'List of available languages in "/x/" (2):\npor\nosd\n'; exit ;;
esac
case "$name" in
  hang) sleep 1000 & wait ;;
  hang-unread) HUNG=$0 exec sleep 1000 ;;
  die) echo 'out of luck' >&2; echo details >&2; exit 3 ;;
  tries) if [ -e "$0.tried" ]; then exec sleep 1000; fi; mkdir "$0.tried"; sleep 0.2; exit 3 ;;
  killed) kill -9 $$ ;;
  flood) while :; do echo "$head$head$head$head$head$head$head$head$head$head"; done ;;
  garbage) printf 'no\377table\n' ;;
  headless) echo 'no table' ;;
  short) echo "$head"; printf '5\t1\t1\n' ;;
  nowhere) echo "$head"; printf '5\t1\t1\t1\t1\t1\tx\t1\t1\t1\t90\tum\n' ;;
  sure) echo "$head"; printf '5\t1\t1\t1\t1\t1\t1\t1\t1\t1\tNaN\tum\n' ;;
  writes) cat > /dev/null; echo x > "/tmp/ocr-was-here.$$" ;;
  greedy) cat > /dev/null; tail /dev/zero > /dev/null ;;
  environment) cat > /dev/null; echo "$head"; env | while read -r line; do printf '5\t1\t1\t1\t1\t1\t0\t0\t0\t0\t90\t%s\n' "$line"; done ;;
  doubtful) cat > /dev/null; echo "$head"; case "$*" in *"--psm 1"*) sure=80 ;; *) sure=30 ;; esac
    printf "5\t1\t1\t1\t1\t1\t0\t0\t0\t0\t$sure\tum\n" ;;
  arguments) cat > /dev/null; echo "$head"; for word in "$@"; do printf '5\t1\t1\t1\t1\t1\t0\t0\t0\t0\t90\t%s\n' "$word"; done ;;
esac
