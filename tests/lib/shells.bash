# SPDX-License-Identifier: MIT
# For the tests of completions: real shells that complete command lines. The scripts are those that make has written.
COMPLETIONS=$BUILD/completions
SHELLS=$BATS_FILE_TMPDIR/shells # the shells' own files

# offers SHELL LINE..: for each line, in one line and sorted, the words that the shell offers at its end
offers() {
    local shell=$1 line text
    shift
    mkdir -p "$SHELLS"
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
. "$COMPLETIONS/fatelf-amd64.bash"
print_line() { printf '%s\n' "\$READLINE_LINE" >&3; READLINE_LINE=; READLINE_POINT=0; }
bind 'set bell-style none'
bind '"\C-xi": insert-completions'
bind -x '"\C-xp": print_line'
RC
    for line; do
        printf '%s\030i\030p' "$line"
    done | TERM=dumb timeout 60 setsid -w "$BASH" --noprofile --rcfile "$SHELLS/bashrc" -i 3>&1 >"$SHELLS/log" 2>&1
}

# ask_zsh LINE..: the same for zsh, which needs a terminal. ZSH_SETUP: commands to run first. ZSH_LIST=1: prints what zsh
# lists below each line
ask_zsh() {
    cat >"$SHELLS/.zshrc" <<RC
PS1= COLUMNS=300
fpath=("$COMPLETIONS" \$fpath)
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
zpty shell 'ZDOTDIR=$SHELLS zsh -d -i'
zpty -r shell text '*<<ready>>*'
for line; do
    zpty -n -w shell $line$'\C-x'${${ZSH_LIST:+l}:-i}$'\C-xp'
    zpty -r shell text '*<<*>>*'
    if [[ -n $ZSH_LIST ]]; then
        print -r -- $text
    else
        text=${${text##*<<}%%>>*}
        print -r -- ${text%[=,]} # zsh itself removes these if a space follows
    fi
done
DRIVE
    SHELLS=$SHELLS TERM=dumb timeout 60 zsh -f "$SHELLS/drive" "$@"
}

# ask_fish LINE..: the words that may end the line. FISH_SETUP: commands to run first
ask_fish() {
    fish_says '
        for line in $argv
            set -l words (complete -C $line | string replace -r "\t.*" "")
            printf "%s\n" "$words"
        end' "$@"
}

# fish_says COMMANDS ARGUMENT..
fish_says() {
    local commands=$1
    shift
    HOME=$SHELLS XDG_CONFIG_HOME=$SHELLS XDG_DATA_HOME=$SHELLS timeout 60 fish -c \
        "${FISH_SETUP-}; source $COMPLETIONS/fatelf-amd64.fish; $commands" "$@"
}
