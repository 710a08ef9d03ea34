#!/bin/sh
got=$(sh total.sh 1 2 3)
if [ "$got" != 6 ]; then
  echo "FAILED: the total of 1 2 3 is $got, not 6"
  exit 1
fi
echo "1 passed"
