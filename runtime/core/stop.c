/* SPDX-License-Identifier: Apache-2.0 */
#include "core/stop.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>

static int stop_fd = -1;

static void on_sigterm(int sig)
{
    (void)sig;
    int saved = errno;
    uint64_t one = 1;
    ssize_t n = write(stop_fd, &one, sizeof one);
    (void)n; /* fails only when 2^64 signals were not read */
    errno = saved;
}

int stop_install(struct err *err)
{
    stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stop_fd < 0)
        return err_sys(err, "eventfd");
    struct sigaction action = {.sa_handler = on_sigterm, .sa_flags = SA_RESTART};
    if (sigaction(SIGTERM, &action, NULL) != 0)
        return err_sys(err, "catch SIGTERM");
    return stop_fd;
}
