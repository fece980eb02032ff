"""What a mirror's answer makes of a pull: it leads on to Docker Hub, or ends the pull.

So before Docker 17.12, whose own engines mind no error of a mirror any more (moby PR #35376), and
in Red Hat's 1.13.1 (source: `continueOnError`, `shouldV2Fallback`; tried on 7d71120). Of a layer's
codes the source alone tells: those that are not tried again (`retryOnError`) come as an error of
another kind, which leads on.
"""

from __future__ import annotations

from dataclasses import dataclass

from mooring.engines.docker.old_protocol import ENDS

IMAGE, LAYER, CONFIGURATION = "manifest", "layer", "configuration"
LEADING = ("UNAUTHORIZED", "MANIFEST_UNKNOWN", "NAME_UNKNOWN")
OF_LAYERS = ("DENIED", "UNSUPPORTED")
NO_CONNECTION = 0


@dataclass(frozen=True)
class Answer:
    """What is asked for, and the answer's HTTP status with the registry's error code in it, ""
    where it has none."""

    part: str
    status: int = NO_CONNECTION
    code: str = ""


def leads_on(answer: Answer) -> bool:
    """Whether Docker Hub is asked after this error; else it ends the pull."""
    if answer.part == CONFIGURATION:  # any error, also a lost connection
        return False
    if answer.status == NO_CONNECTION or answer.status >= 500:
        return True
    if answer.part == LAYER and (answer.status == 404 or answer.code in OF_LAYERS):
        return True
    return not answer.code or answer.code in LEADING


# What is told of answers, each kind with one that stands for it.
KINDS = (
    ("no connection", Answer(IMAGE)),
    ("a 5xx", Answer(IMAGE, 500, "UNKNOWN")),
    ("an answer without a registry's error code", Answer(IMAGE, 403)),
    *((code, Answer(IMAGE, 404, code)) for code in LEADING),
    ("a layer's 404", Answer(LAYER, 404, "BLOB_UNKNOWN")),
    *((f"a layer's {code}", Answer(LAYER, 403, code)) for code in OF_LAYERS),
    ("a layer's 500 after retries", Answer(LAYER, 500, "UNKNOWN")),
    ("a 4xx with another code (DENIED, TOOMANYREQUESTS, ...)", Answer(IMAGE, 403, "DENIED")),
    ("an error of the image's configuration", Answer(CONFIGURATION, 500)),
)


def tell() -> str:
    """Both kinds in one sentence."""
    leading = [words for words, answer in KINDS if leads_on(answer)]
    ending = [words for words, answer in KINDS if not leads_on(answer)]
    return f"{', '.join(leading)}; {f' {ENDS}, and so does '.join([*ending[:1], ', '.join(ending[1:])])}"
