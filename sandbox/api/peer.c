/* SPDX-License-Identifier: Apache-2.0 */
#include "api/peer.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/attr.h"
#include "base/file.h"

#define STATUS_MAX (1u << 20) /* of a process: a line names all its groups */

struct question {
    struct nlmsghdr head;
    struct inet_diag_req_v2 body;
};

static int ask(int fd, const struct sockaddr_in *from, const struct sockaddr_in *to,
               struct err *err)
{
    struct question q = {
        .head = {.nlmsg_len = sizeof q,
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST},
        .body = {.sdiag_family = AF_INET,
                 .sdiag_protocol = IPPROTO_TCP,
                 .idiag_states = ~0u,
                 .id = {.idiag_sport = from->sin_port,
                        .idiag_dport = to->sin_port,
                        .idiag_cookie = {INET_DIAG_NOCOOKIE, INET_DIAG_NOCOOKIE}}},
    };
    q.body.id.idiag_src[0] = from->sin_addr.s_addr;
    q.body.id.idiag_dst[0] = to->sin_addr.s_addr;
    if (send(fd, &q, sizeof q, 0) != (ssize_t)sizeof q)
        return err_sys(err, "ask the kernel for the owner of a connection");
    return 0;
}

int peer_uid(int fd, const struct sockaddr_in *from, const struct sockaddr_in *to, uid_t *out_uid,
             struct err *err)
{
    if (ask(fd, from, to, err) < 0)
        return -1;
    union {
        struct nlmsghdr head;
        char bytes[4096];
    } got;
    /* the kernel has answered a request for one socket when send returns */
    ssize_t n = recv(fd, &got, sizeof got, MSG_DONTWAIT);
    if (n < 0)
        return err_sys(err, "read the owner of a connection");
    if (!NLMSG_OK(&got.head, (size_t)n))
        return err_set(err, ERR_PROTOCOL, "the kernel's answer about a connection is cut");
    if (got.head.nlmsg_type == NLMSG_ERROR)
        return err_set(err, ERR_CLOSED, "no socket at the other end of the connection");
    if (got.head.nlmsg_len < NLMSG_LENGTH(sizeof(struct inet_diag_msg)))
        return err_set(err, ERR_PROTOCOL, "the kernel's answer about a connection is too short");
    struct inet_diag_msg msg;
    memcpy(&msg, NLMSG_DATA(&got.head), sizeof msg);
    if (msg.id.idiag_sport != from->sin_port)
        return err_set(err, ERR_PROTOCOL, "the kernel answered about another connection");
    *out_uid = msg.idiag_uid;
    return 0;
}

int peer_open(int listener, struct err *err)
{
    AUTO_FD int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0) {
        err_sys(err, "open a sock_diag socket");
        err->kind = ERR_HOST;
        return -1;
    }
    struct sockaddr_in own = {0}, nobody = {.sin_family = AF_INET};
    socklen_t len = sizeof own;
    if (getsockname(listener, (struct sockaddr *)&own, &len) < 0)
        return err_sys(err, "address of the listening socket");
    uid_t uid;
    if (peer_uid(fd, &own, &nobody, &uid, err) < 0) {
        err_set(err, ERR_HOST,
                "this kernel cannot tell who owns a connection (module tcp_diag): "
                "use --network none");
        return -1;
    }
    return TAKE_FD(fd);
}

bool peer_is_user_of(pid_t pid, uid_t uid)
{
    char path[64];
    size_t len;
    unsigned real, effective;
    struct err err;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    AUTO_FREE char *text = file_read(path, STATUS_MAX, &len, &err);
    const char *line = text ? strstr(text, "\nUid:") : NULL;
    return line && sscanf(line, "\nUid: %u %u", &real, &effective) == 2 && effective == uid;
}
