# SPDX-License-Identifier: MIT
# Pipelines of busybox' own tools: it executes /proc/self/exe for them.
seq 1 500 | sort -r | md5sum
echo "$@" | tr '[:lower:]' '[:upper:]' | sed 's/ /-/g'
exit 11
