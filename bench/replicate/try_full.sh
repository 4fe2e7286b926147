#!/bin/sh
# Tries a round of each kind of run behind Tables 1 to 6 at the paper's sizes (preset full), cut
# after a few epochs, which says so in its name and counts as no result. Prints the one command that
# starts each cell for real.
#
#   bench/replicate/try_full.sh BIN DATA STORE [EPOCHS [KIND]]
#
# BIN: folder of the programs; DATA: of the data sets; STORE: runs of the tries go to STORE-tried.
# KIND picks the tries whose description holds that text. "commands" for EPOCHS only prints. What of
# the data is missing is said, and its tries are left out.
set -u
[ $# -ge 3 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2; }
bin=$1 data=$2 store=$3 epochs=${4:-1} kind=${5:-}
failed=0 done=0 skipped=0

# The data sets that can be read there; each is read for that once, though many tries ask.
there=
for dataset in cifar10 svhn; do
  [ "$epochs" != commands ] || break
  if "$bin/moonpool" data inspect --dataset $dataset --data-dir "$data" >/dev/null 2>&1; then
    there="$there $dataset "
  fi
done
has() { case $there in *" $1 "*) ;; *) return 1 ;; esac; }

# line PROGRAM CELL: what starts the runs of a cell for real.
line() { echo "$bin/$1 --preset full --data-dir $data --store $store --only $2"; }

try() { # PROGRAM DATASET CELL
  description="$1 $2 $3"
  case $description in *"$kind"*) ;; *) return ;; esac
  if ! has "$2"; then
    echo "left out: $description: $2 is missing in $data"
    skipped=$((skipped + 1))
    return
  fi
  echo "== $description"
  if $(line "$1" "$3") --try-epochs "$epochs"; then done=$((done + 1)); else failed=$((failed + 1)); fi
}

strategies="rand conf marg bald coreset badge lhd"
echo "One command a cell:"
for table in 1:cifar10 2:svhn; do
  for noise in clean blank diverse class; do
    for ft in no yes; do
      for strategy in $strategies; do
        line "replicate_table${table%%:*}" "strategy=$strategy,noise=$noise,ft=$ft"
      done
    done
  done
done
echo "Tables 3 and 4 (replicate_table3, replicate_table4) and 6 show the same runs as 1 and 2."
for percent in 20 40 80; do
  for strategy in rand conf marg coreset badge lhd; do
    line replicate_table5 "strategy=$strategy,percent=$percent"
  done
done
[ "$epochs" = commands ] && exit 0

# Each strategy once, each benchmark once, fine-tuning with each benchmark, each share of noise, the
# other data set.
for strategy in $strategies; do try replicate_table1 cifar10 "strategy=$strategy,noise=class,ft=no"; done
for noise in clean blank diverse; do
  try replicate_table1 cifar10 "strategy=lhd,noise=$noise,ft=no"
done
for noise in clean blank diverse class; do
  try replicate_table1 cifar10 "strategy=lhd,noise=$noise,ft=yes"
done
for percent in 20 40; do try replicate_table5 cifar10 "strategy=lhd,percent=$percent"; done
for noise in clean class; do
  for ft in no yes; do try replicate_table2 svhn "strategy=lhd,noise=$noise,ft=$ft"; done
done
echo "$done kinds tried, $failed failed, $skipped left out for want of data"
[ "$failed" -eq 0 ]
