"""Which hosts a play runs on: its pattern, within --limit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from mooring.errors import PlaybookError, UsageError
from mooring.inventory.inventory import Host, Inventory
from mooring.playbook.playbook import Play
from mooring.run.options import Options
from mooring.templating.templar import is_template
from mooring.templating.variables import Variables


@dataclass
class Choice:
    """The hosts that plays choose; `warn` is told, once, of parts of a pattern that
    nobody has heard of."""

    inventory: Inventory
    options: Options
    warn: Callable[[str], None]
    _warned: set[str] = field(default_factory=set)

    def hosts(self, play: Play) -> list[Host]:
        """The hosts of a play, within --limit; among them localhost, where a play names it and no
        inventory has it."""
        try:
            hosts = self.inventory.match(
                self._pattern(play), lambda text: self._warn_once(str(PlaybookError(text, play.where)))
            )
        except UsageError as error:
            raise PlaybookError(str(error), play.where) from None
        if self.options.limit is None:
            return hosts
        within = {host.name for host in self.inventory.match_limit(self.options.limit, self._warn_limit)}
        return [host for host in hosts if host.name in within]

    def _pattern(self, play: Play) -> str:
        """The play's hosts; a template for them knows the play's own variables and
        the command line's."""
        if not is_template(play.hosts):
            return play.hosts
        layers = [(layer, False) for layer in (*play.keywords.vars, self.options.extra_vars)]
        hosts = play.context.templar.render(play.hosts, Variables(play.context.templar, layers))
        return ",".join(map(str, hosts)) if isinstance(hosts, list) else str(hosts)

    def _warn_limit(self, text: str) -> None:
        self._warn_once(f"--limit: {text}")

    def _warn_once(self, text: str) -> None:
        if text not in self._warned:
            self._warned.add(text)
            self.warn(text)
