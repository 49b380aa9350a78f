/* SPDX-License-Identifier: Apache-2.0 */
/* Attempts by way of sockets. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "escape.h"

static struct sockaddr_in address(const char *host, const char *port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    inet_pton(AF_INET, host, &to.sin_addr);
    return to;
}

static const char *try_tcp(char **a)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = address(a[0], a[1]);
    return outcome(connect(fd, (struct sockaddr *)&to, sizeof to));
}

/* An IPv4 address in IPv6's form, or IPv6. */
static const char *try_tcp6(char **a)
{
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)atoi(a[1]))};
    inet_pton(AF_INET6, a[0], &to.sin6_addr);
    return outcome(connect(fd, (struct sockaddr *)&to, sizeof to));
}

/* A connection without connect(). */
static const char *try_fastopen(char **a)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = address(a[0], a[1]);
    return outcome(sendto(fd, "x", 1, MSG_FASTOPEN, (struct sockaddr *)&to, sizeof to));
}

static const char *try_mptcp(char **a)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_MPTCP);
    struct sockaddr_in to = address(a[0], a[1]);
    return outcome(fd < 0 ? -1 : connect(fd, (struct sockaddr *)&to, sizeof to));
}

static const char *try_udp(char **a)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = address(a[0], a[1]);
    return outcome(sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof to));
}

static const char *try_bind_tcp(char **a)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = address(a[0], a[1]);
    return outcome(bind(fd, (struct sockaddr *)&at, sizeof at));
}

static int local_type(const char *name)
{
    return strcmp(name, "stream") == 0 ? SOCK_STREAM : SOCK_DGRAM;
}

static const char *connect_local(int type, struct sockaddr_un *to, size_t len)
{
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)to, (socklen_t)len) < 0)
        return outcome(-1);
    return outcome(send(fd, "x", 1, MSG_NOSIGNAL));
}

static const char *try_abstract(char **a)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path + 1, sizeof to.sun_path - 1, "%s", a[1]);
    return connect_local(local_type(a[0]), &to,
                         offsetof(struct sockaddr_un, sun_path) + 1 + strlen(a[1]));
}

/* Without a connection: sendto with the name. */
static const char *try_abstract_send(char **a)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path + 1, sizeof to.sun_path - 1, "%s", a[0]);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return outcome(sendto(fd, "x", 1, 0, (struct sockaddr *)&to,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(a[0]))));
}

static const char *try_local(char **a)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof to.sun_path, "%s", a[1]);
    return connect_local(local_type(a[0]), &to, sizeof to);
}

/* Says that it is another process and another user. */
static const char *try_credentials(char **a)
{
    int ends[2], one = 1;
    struct ucred claim = {.pid = atoi(a[0]), .uid = (uid_t)atoi(a[1]), .gid = getgid()};
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof claim)];
    } control = {.head = {.cmsg_len = CMSG_LEN(sizeof claim),
                          .cmsg_level = SOL_SOCKET,
                          .cmsg_type = SCM_CREDENTIALS}};
    char byte = 'x';
    struct iovec iov = {&byte, 1};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control.bytes,
                         .msg_controllen = sizeof control.bytes};
    memcpy(CMSG_DATA(&control.head), &claim, sizeof claim);
    if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) < 0 ||
        setsockopt(ends[1], SOL_SOCKET, SO_PASSCRED, &one, sizeof one) < 0)
        return outcome(-1);
    return outcome(sendmsg(ends[0], &msg, 0));
}

static const char *try_socket(char **a)
{
    static const struct {
        const char *name;
        int family, type, protocol;
    } rows[] = {
        {"raw", AF_INET, SOCK_RAW, IPPROTO_ICMP}, {"ping", AF_INET, SOCK_DGRAM, IPPROTO_ICMP},
        {"packet", AF_PACKET, SOCK_RAW, 0},       {"vsock", AF_VSOCK, SOCK_STREAM, 0},
        {"alg", AF_ALG, SOCK_SEQPACKET, 0},       {"key", AF_KEY, SOCK_RAW, 2},
        {"bluetooth", AF_BLUETOOTH, SOCK_RAW, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, a[0]) == 0)
            return outcome(socket(rows[i].family, rows[i].type | SOCK_CLOEXEC, rows[i].protocol));
    return "?";
}

/* A new interface of kind dummy, asked for by netlink: the answer's errno. */
static const char *try_link_new(char **a)
{
    struct {
        struct nlmsghdr head;
        struct ifinfomsg info;
        struct rtattr linkinfo;
        struct rtattr kind;
        char name[8];
    } req = {.head = {.nlmsg_len = sizeof req,
                      .nlmsg_type = RTM_NEWLINK,
                      .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE},
             .linkinfo = {.rta_len = sizeof req.linkinfo + sizeof req.kind + sizeof req.name,
                          .rta_type = IFLA_LINKINFO},
             .kind = {.rta_len = sizeof req.kind + sizeof req.name, .rta_type = IFLA_INFO_KIND}};
    struct {
        struct nlmsghdr head;
        struct nlmsgerr err;
        char rest[256];
    } answer = {0};
    snprintf(req.name, sizeof req.name, "%s", a[0]);
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0 || send(fd, &req, sizeof req, 0) < 0 || recv(fd, &answer, sizeof answer, 0) < 0)
        return outcome(-1);
    return answer.err.error ? strerrorname_np(-answer.err.error) : "ok";
}

/* Messages of the kernel to all, of which udev's are acted upon. */
static const char *try_uevent(char **a)
{
    struct sockaddr_nl to = {.nl_family = AF_NETLINK, .nl_groups = (unsigned)atoi(a[0])};
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_KOBJECT_UEVENT);
    return outcome(
        fd < 0 ? -1 : sendto(fd, "add@/x\0ACTION=add", 18, 0, (struct sockaddr *)&to, sizeof to));
}

static const char *try_interface(char **a)
{
    struct ifreq req = {0};
    snprintf(req.ifr_name, sizeof req.ifr_name, "%s", a[0]);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return outcome(ioctl(fd, SIOCSIFFLAGS, &req));
}

const struct verb net_verbs[] = {
    {"tcp", 2, try_tcp},           {"tcp6", 2, try_tcp6},
    {"fastopen", 2, try_fastopen}, {"mptcp", 2, try_mptcp},
    {"udp", 2, try_udp},           {"bind-tcp", 2, try_bind_tcp},
    {"abstract", 2, try_abstract}, {"abstract-send", 1, try_abstract_send},
    {"local", 2, try_local},       {"credentials", 2, try_credentials},
    {"socket", 1, try_socket},     {"link-new", 1, try_link_new},
    {"uevent", 1, try_uevent},     {"interface-down", 1, try_interface},
};
const size_t net_verbs_count = sizeof net_verbs / sizeof *net_verbs;
