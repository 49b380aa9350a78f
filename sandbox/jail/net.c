/* SPDX-License-Identifier: Apache-2.0 */
#include "jail/net.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define LISTEN_BACKLOG 128

static int request(int fd, unsigned long what, const char *name, in_addr_t address, struct err *err)
{
    struct ifreq req = {0};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = address};
    memcpy(req.ifr_name, name, strlen(name) + 1);
    if (what == SIOCSIFFLAGS)
        req.ifr_flags = IFF_UP | IFF_RUNNING;
    else
        memcpy(&req.ifr_addr, &in, sizeof in);
    return ioctl(fd, what, &req) < 0 ? err_sys(err, "interface '%s'", name) : 0;
}

/* Addresses of 127.0.0.0/8 are there already; another one gets a label of its own. */
static int add_address(int fd, in_addr_t address, struct err *err)
{
    if ((ntohl(address) >> 24) == 127)
        return 0;
    if (request(fd, SIOCSIFADDR, "lo:1", address, err) < 0)
        return -1;
    return request(fd, SIOCSIFNETMASK, "lo:1", htonl(0xffffffffu), err);
}

static int open_listener(const struct jail_spec *spec, in_addr_t address, struct err *err)
{
    AUTO_FD int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in in = {
        .sin_family = AF_INET, .sin_port = htons(spec->listen_port), .sin_addr.s_addr = address};
    int one = 1;
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) < 0 ||
        bind(fd, (struct sockaddr *)&in, sizeof in) < 0 || listen(fd, LISTEN_BACKLOG) < 0)
        return err_sys(err, "listen on %s:%u", spec->listen_addr ? spec->listen_addr : "127.0.0.1",
                       spec->listen_port);
    return TAKE_FD(fd);
}

int net_build_child(struct build *b, struct err *err)
{
    const struct jail_spec *spec = &b->jail->spec;
    if (spec->network != JAIL_NETWORK_NONE)
        return 0;
    struct in_addr address = {.s_addr = htonl(INADDR_LOOPBACK)};
    if (spec->listen_addr && inet_pton(AF_INET, spec->listen_addr, &address) != 1)
        return err_set(err, ERR_INPUT, "'%s' is no IPv4 address", spec->listen_addr);
    AUTO_FD int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return err_sys(err, "socket");
    if (request(fd, SIOCSIFFLAGS, "lo", 0, err) < 0 || add_address(fd, address.s_addr, err) < 0)
        return -1;
    if (!spec->listen_port)
        return 0;
    AUTO_FD int listener = open_listener(spec, address.s_addr, err);
    if (listener < 0)
        return -1;
    if (build_report_child(b, REPORT_LISTENS, NULL, listener) < 0)
        return err_sys(err, "pass out the listening socket");
    return 0;
}
