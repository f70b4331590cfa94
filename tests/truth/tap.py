# SPDX-License-Identifier: GPL-2.0-or-later
"""Lines of the Test Anything Protocol, one for each check; tests/check counts them.

    tap = Tap("6.1-la57 victim-maps")
    tap.ok(not bad, "resident pages agree", bad)
    sys.exit(tap.end())
"""
import os
import sys

NR_SHOWN = 12  # differences that a failed check shows


class Tap:
    def __init__(self, what, out=None):
        self.what = what
        self.out = out or sys.stdout
        self.nr = self.nr_failed = 0

    def _say(self, verdict, text, suffix=""):
        self.nr += 1
        print(f"{verdict} - {self.what}: {text}{suffix}", file=self.out)

    def ok(self, good, text, why=()):
        """One check. @why: what is wrong, a text or a list of texts; shown if it failed."""
        self._say("ok" if good else "not ok", text)
        if good:
            return True
        self.nr_failed += 1
        lines = [why] if isinstance(why, str) else list(why)
        for line in lines[:NR_SHOWN]:
            for part in str(line).splitlines() or [""]:
                print(f"#   {part}", file=self.out)
        if len(lines) > NR_SHOWN:
            print(f"#   ... {len(lines)} in all", file=self.out)
        return False

    def none(self, wrong, text):
        """A check that passes if the list of what is wrong is empty."""
        return self.ok(not wrong, text, wrong)

    def skip(self, text, why):
        self._say("ok", text, f" # SKIP {why}")

    def end(self):
        """The plan. Return: the status to end with."""
        print(f"1..{self.nr}", file=self.out, flush=True)
        return 1 if self.nr_failed else 0


def bed():
    """Make the modules of tests/bed importable."""
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bed"))
