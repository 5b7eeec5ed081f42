#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# lint_man.sh PAGE: the page is clean mdoc(7). 77: skipped, there is no mandoc.
if ! command -v mandoc >/dev/null; then
	echo "skipped: mandoc is not installed"
	exit 77
fi
exec mandoc -T lint -W warning "$1"
