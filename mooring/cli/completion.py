"""What the shell offers behind `./invoke`: tasks and their options; files where a value or an
argument is due."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

# The word that was typed is asked, so that `./invoke`, a path and `invoke` in PATH are each
# completed by themselves. An empty answer means files.
BASH = """\
# Completion of Mooring's tasks for bash: eval "$(./invoke --print-completion-script bash)"
_mooring_tasks() {
    local program=${COMP_WORDS[0]} candidates
    case $program in "~/"*) program=$HOME/${program#"~/"} ;; esac
    candidates=$("$program" --complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null </dev/null)
    COMPREPLY=($(compgen -W "$candidates" -- "$2"))
}
complete -o default -F _mooring_tasks invoke ./invoke mooring
"""
ZSH = """\
# Completion of Mooring's tasks for zsh: eval "$(./invoke --print-completion-script zsh)"
_mooring_tasks() {
    local program=${words[1]} answer
    local -a candidates
    case $program in "~/"*) program=$HOME/${program#"~/"} ;; esac
    answer=$("$program" --complete -- "${(@)words[2,CURRENT]}" 2>/dev/null </dev/null)
    candidates=(${(f)answer})
    if (( $#candidates )); then compadd -- $candidates; else _files; fi
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
compdef _mooring_tasks invoke ./invoke mooring
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH}


def complete(words: list[str], contexts: Mapping[str, Any], initial: Any) -> Iterable[str]:
    """What may stand for the last of the words, which are those behind the program's name; none
    where it is a value.

    `contexts` are the tasks as Invoke's parser knows them, `initial` is what may stand before them.
    """
    *before, current = words
    context, missing = initial, 0
    is_value = False
    for word in before:
        if is_value or word == "=":
            is_value = word == "="
        elif word.startswith("-"):
            is_value = "=" not in word and _takes_value(word, context, initial)
        elif missing:
            missing -= 1
        elif word in contexts:
            context = contexts[word]
            missing = len(context.missing_positional_args)
    if is_value or current == "=" or "=" in current:
        return ()
    if current.startswith("-"):
        return sorted(name for name in context.flag_names() if len(name) > 2 or current == "-")
    return () if missing else list(contexts)


def _takes_value(flag: str, *contexts: Any) -> bool:
    """Whether the next word is this option's value; one that may go without it, such as `--help`,
    takes a task."""
    option = next((context.flags[flag] for context in contexts if flag in context.flags), None)
    return option is not None and option.takes_value and not option.optional
