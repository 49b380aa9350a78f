/* SPDX-License-Identifier: Apache-2.0 */
/* The folder of things that are made once: templates of /tmp, compiled filters. */
#pragma once

#include "base/err.h"

/* Opens the given folder, or the default (/var/cache/clambda, then /var/tmp/clambda for root; else
 * $XDG_CACHE_HOME/clambda or ~/.cache/clambda), made when missing: owned by the caller, mode 0700,
 * on a disk (never tmpfs: files there are memory), with nameless files. The caller closes the
 * descriptor. ERR_HOST says what was tried. */
int cache_open(const char *folder, struct err *err) ATTR_CHECK;
