/* SPDX-License-Identifier: Apache-2.0 */
/* Who owns the other end of a TCP connection on this host: asks the kernel by sock_diag. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/* A descriptor to ask with. listener: a listening socket of this process, on which asking is tried
 * once. ERR_HOST when the kernel cannot tell. */
int peer_open(int listener, struct err *err) ATTR_CHECK;

/* The user that opened the socket with the address from, connected to the address to. ERR_CLOSED
 * when there is no such socket (any more). */
int peer_uid(int fd, const struct sockaddr_in *from, const struct sockaddr_in *to, uid_t *out_uid,
             struct err *err) ATTR_CHECK;

/* Whether the process has that effective user now. */
bool peer_is_user_of(pid_t pid, uid_t uid);
