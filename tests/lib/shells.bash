# SPDX-License-Identifier: MIT
# For the tests of completions: real shells that complete command lines. The scripts are those that make has written.
COMPLETIONS=$BUILD/completions # LOAD: another command that loads them
SHELLS=$BATS_TEST_TMPDIR.shells # the shells' own files; setup() makes this folder

# offers SHELL LINE..: for each line, in one line and sorted, the words that the shell offers at its end
offers() {
    local shell=$1 line text
    shift
    "ask_$shell" "$@" >"$SHELLS/answers"
    for line; do
        IFS= read -r text <&4
        text=${text#"${line% *} "}
        [ "$text" != "${line##* }" ] || text= # nothing was inserted, not even a space
        tr ' ' '\n' <<<"$text" | sed '/^$/d' | LC_ALL=C sort -u | paste -sd ' '
    done 4<"$SHELLS/answers"
}

# ask_bash LINE..: every line with all words that may end it, which readline inserts. BASH_SETUP: commands to run first
ask_bash() {
    local line
    cat >"$SHELLS/bashrc" <<RC
PS1= HISTFILE=
${BASH_SETUP-}
${LOAD-. "$COMPLETIONS/fatelf-amd64.bash"}
print_line() { printf '%s\n' "\$READLINE_LINE" >&3; READLINE_LINE=; READLINE_POINT=0; }
bind 'set bell-style none'
bind '"\C-xi": insert-completions'
bind -x '"\C-xp": print_line'
RC
    for line; do
        printf '%s\030i\030p' "$line"
    done | TERM=dumb timeout 60 setsid -w "$BASH" --noprofile --rcfile "$SHELLS/bashrc" -i 3>&1 >"$SHELLS/log" 2>&1
}

# ask_zsh LINE..: the same for zsh, which needs a terminal. ZSH_SETUP: commands to run first
ask_zsh() {
    drive_zsh insert "$@" |
        sed -n 's/.*<<\(.*[^=,]\)[=,]*>>.*/\1/p' # zsh removes '=' and ',' itself when a space follows
}

# zsh_says LINE..: what zsh lists below each line, as "LINE<tab>WORD<tab>DESCRIPTION"
zsh_says() {
    drive_zsh list "$@" | tr -d '\r' | awk '
        match($0, /^[a-z-]+ +-- /) {
            word[++count] = $1
            text[count] = substr($0, RLENGTH + 1)
            sub(/ *$/, "", text[count])
        }
        match($0, /<<.*>>/) {
            for (i = 1; i <= count; i++) print substr($0, RSTART + 2, RLENGTH - 4) "\t" word[i] "\t" text[i]
            count = 0
        }'
}

# drive_zsh insert|list LINE..: what is on the terminal after each line and this key; the line itself is between << and >>
drive_zsh() {
    cat >"$SHELLS/.zshrc" <<RC
PS1=
${LOAD-fpath=("$COMPLETIONS" \$fpath)}
autoload -Uz compinit
compinit -u -D
${ZSH_SETUP-}
zle -C insert-completions complete-word _generic
zstyle ':completion:insert-completions::::' completer _all_matches _complete
zstyle ':completion:insert-completions:*' insert true
print-line() { print -rn -- "<<\$BUFFER>>"; BUFFER=; }
zle-line-init() { print -rn -- '<<ready>>'; }
zle -N print-line
zle -N zle-line-init
bindkey '^Xi' insert-completions
bindkey '^Xl' list-choices
bindkey '^Xp' print-line
RC
    cat >"$SHELLS/drive" <<'DRIVE'
zmodload zsh/zpty
zpty shell 'stty rows 200 columns 200; ZDOTDIR=$SHELLS exec zsh -d -i'
zpty -r shell text '*<<ready>>*'
action=$1
shift
for line; do
    zpty -n -w shell $line$'\C-x'$action[1]$'\C-xp'
    zpty -r shell text '*<<*>>*'
    print -r -- $text
done
DRIVE
    env "SHELLS=$SHELLS" TERM=dumb timeout 60 zsh -f "$SHELLS/drive" "$@"
}

# ask_fish LINE..: the words that may end the line. FISH_SETUP: commands to run first
ask_fish() {
    # shellcheck disable=SC2016 # fish's variables
    run_fish 'for line in $argv
            set -l words (complete -C $line | string replace -r "\t.*" "")
            printf "%s\n" "$words"
        end' "$@"
}

# fish_says LINE..: what fish lists for each line, as "LINE<tab>WORD<tab>DESCRIPTION"
fish_says() {
    # shellcheck disable=SC2016 # fish's variables
    run_fish 'for line in $argv
            printf "$line\t%s\n" (complete -C $line)
        end' "$@"
}

# run_fish COMMANDS ARGUMENT..
run_fish() {
    local commands=$1
    shift
    HOME=$SHELLS XDG_CONFIG_HOME=$SHELLS XDG_DATA_HOME=$SHELLS timeout 60 fish -c \
        "${FISH_SETUP-}; ${LOAD-source $COMPLETIONS/fatelf-amd64.fish}; $commands" "$@"
}
