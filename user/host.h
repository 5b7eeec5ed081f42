/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What live capture needs of the host: the way to capture, the namespace, privileges. Other systems have less of it. */
#ifndef MIRUO_HOST_H
#define MIRUO_HOST_H

#include "config.h"
#include "source.h"

/* Puts this process into the network namespace; NULL: it stays. False: told on stderr; *usage: the name is at fault. */
bool host_enter_netns(const char *netns, bool *usage);

/* The tables of -D and --check on stdout. False: it failed, told on stderr; or there is no way to capture here. */
bool host_list_interfaces(void);
bool host_check(void);

/*
 * Opens live capture by --backend. With auto, what keeps the kernel programs from being used is told on stderr before libpcap
 * takes their place. NULL: the reason is in err, as for source_ops.open.
 */
struct source *host_open_live(const struct config *cfg, const struct source_ops **ops, char *err, size_t err_size, bool *usage);

/* The source is that of the kernel programs. */
bool host_is_kernel(const struct source_ops *ops);

/* After s is open: own priority, privileges, system calls. False: what should have worked did not, told on stderr. */
bool host_give_up_privileges(const struct source_ops *ops, const struct source *s);

#endif
