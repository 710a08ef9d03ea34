#!/bin/sh
# The sum of all arguments.
sum=0
while [ $# -gt 0 ]; do
  sum=$((sum + $1))
  shift
done
echo "$sum"
