# SPDX-License-Identifier: MIT
# Arrays, a pipeline, a trap, a subshell and a function, in bash.
declare -A seen
sum() { local total=0 n; for n in "$@"; do ((total += n)); done; echo "$total"; }
for word in "$@" one; do seen[$word]=$((${seen[$word]-0} + 1)); done
trap 'echo caught' USR1
kill -USR1 $$
echo "${seen[one]} ${seen[two words]} $(sum {1..100})"
printf '%s\n' c a b | while read -r letter; do echo -n "$letter"; done
(exit 12)
echo " $? ${BASH_VERSION%%.*}"
exit 3
