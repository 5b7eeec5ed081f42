/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef MIRUO_SANDBOX_SANDBOX_H
#define MIRUO_SANDBOX_SANDBOX_H

enum sandbox_result {
	SANDBOX_DONE,		/* nothing was added to the message */
	SANDBOX_MISSING,	/* this build or system has no such thing: the message, one line, is a warning */
	SANDBOX_FAILED,		/* it should have worked: the message is an error, and the caller must not go on */
};

#endif
