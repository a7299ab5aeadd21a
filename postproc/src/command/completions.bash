
# Calls the function above with the words that the user sees. Bash splits words at `=`, but
# `--format=json` is an option and its value, and `cause=path-mtu` is one value. A first word that is
# a path is short for `analyze`.
_syncookie_words() {
    local -a words=()
    local i word last=-1
    for ((i = 0; i <= COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        if [[ $i -eq $COMP_CWORD && $word != = ]]; then
            word=$2
        fi
        if [[ $last -gt 0 && ($word == = || ${words[last]} == *=) ]]; then
            words[last]+=$word
        else
            words[++last]=$word
        fi
    done
    if [[ ${words[last]} == --*=* ]]; then
        word=${words[last]}
        words[last]=${word%%=*}
        words[++last]=${word#*=}
    fi
    if [[ $last -gt 1 && ${words[1]} != -* && -e ${words[1]} && " @COMMANDS@ " != *" ${words[1]} "* ]]; then
        words=("${words[0]}" analyze "${words[@]:1}")
        ((last++))
    fi
    word=${words[last]}
    local -a COMP_WORDS=("${words[@]}")
    local COMP_CWORD=$last
    _syncookie "$1" "$word" "${words[last - 1]}"
    # Bash replaces only what follows the last `=`.
    if [[ $word == *=* && $COMP_WORDBREAKS == *=* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${word%=*}="}")
    fi
}
