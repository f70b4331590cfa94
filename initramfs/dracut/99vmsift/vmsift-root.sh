#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Hook "cmdline" of dracut, sourced: there is no root file system, and dracut shall not ask for one.
# shellcheck disable=SC2034
root=vmsift
rootok=1
