"""The difference between two states: finding it, explaining it, drawing it,
without telling secrets."""

from __future__ import absolute_import, division, print_function

import json

from mooring.agent.text import native, plain

MASK = "********"
# A key of a state that is never compared: fuller values of its other keys, for the diff alone.
SHOWN = "shown"


class Secrets(object):
    """Which of a module's arguments are secret, and the values that they have now."""

    def __init__(self, specs, args):
        self.names, self.values = set(), set()
        self._learn(specs, args)

    def _learn(self, specs, args):
        for name, spec in specs.items():
            value = args.get(name)
            if spec.get("secret"):
                self.names.add(name)
                self._remember(value)
            elif spec.get("options"):
                for part in value if isinstance(value, list) else [value]:
                    if isinstance(part, dict):
                        self._learn(spec["options"], part)

    def _remember(self, value):
        if isinstance(value, dict):
            value = list(value.values())
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, (dict, list)):
                self._remember(part)
            elif part not in (None, "", True, False):
                self.values.add(str(part))

    def mask(self, text):
        """The text without any secret value, the longest first."""
        for value in sorted(self.values, key=len, reverse=True):
            for form in (value, json.dumps(value)[1:-1]):
                text = text.replace(form, MASK)
        return text

    def show(self, name, value):
        """A key's value as JSON, or the mask for a secret's."""
        if name in self.names:
            return MASK
        return self.mask(native(json.dumps(plain(value), sort_keys=True, ensure_ascii=False)))


def find(now, wanted, always):
    """The names of the keys in which `now` is not as wanted; [None] when only one of them
    exists."""
    if (now is None) != (wanted is None):
        return [None]
    if wanted is None:
        return []
    return sorted(key for key, value in wanted.items() if _differs(key, value, now, always))


def _differs(key, value, now, always):
    if key in always:
        return bool(value)
    return key not in now or now[key] != value


def explain_rest(now, wanted, always, secrets):
    """What still differs after the change as a sentence, or None."""
    rest = [key for key in find(now, wanted, always) if key is None or key not in always]
    if not rest:
        return None
    if rest == [None]:
        return "still differs after the change: it is %s" % ("absent" if now is None else "still there")
    parts = ["%s is %s, wanted %s" % (key, secrets.show(key, now.get(key)), secrets.show(key, wanted[key]))
             for key in rest]
    return "still differs after the change: " + "; ".join(parts)


def draw(module, args, before, wanted):
    """The change as a list of {"before", "after", "before_header", "after_header"} texts."""
    secrets = Secrets(module.ARGS, args)
    if hasattr(module, "diff"):
        parts = module.diff(args, before, wanted) or []
        return [{key: secrets.mask(text) for key, text in part.items()} for part in parts]
    always = getattr(module, "ALWAYS", ())
    keys = find(before, wanted, always)
    if keys == [None]:
        keys = sorted(key for key in wanted or before or {} if key != SHOWN)
    if before and before.get(SHOWN):
        before = dict(before, **before[SHOWN])
    return [{"before": _lines(before, keys, secrets), "after": _lines(wanted, keys, secrets),
             "before_header": "before", "after_header": "after"}]


def _lines(state, keys, secrets):
    known = [key for key in keys if state and key in state]
    return "".join("%s: %s\n" % (key, secrets.show(key, state[key])) for key in known)
