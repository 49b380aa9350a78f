/* SPDX-License-Identifier: Apache-2.0 */
#include "core/stop.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>

#define EXTENSIONS "/opt/extensions"

static int stop_fd = -1;
static volatile sig_atomic_t requested;
static struct timespec requested_at;

/* A handler that has closed every descriptor may have left the number to a connection, which must
 * not get these bytes. An eventfd is no file of any type. */
static bool is_eventfd(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == 0;
}

static void on_sigterm(int sig)
{
    (void)sig;
    int saved = errno;
    uint64_t one = 1;
    if (!requested)
        clock_gettime(CLOCK_REALTIME, &requested_at);
    requested = 1;
    if (is_eventfd(stop_fd))
        (void)!write(stop_fd, &one, sizeof one); /* fails only when 2^64 signals were not read */
    errno = saved;
}

int stop_install(struct err *err)
{
    requested = 0;
    if (stop_fd >= 0)
        close(stop_fd);
    stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stop_fd < 0)
        return err_sys(err, "eventfd");
    struct sigaction action = {.sa_handler = on_sigterm, .sa_flags = SA_RESTART};
    if (sigaction(SIGTERM, &action, NULL) != 0)
        return err_sys(err, "catch SIGTERM");
    return stop_fd;
}

bool stop_requested(void)
{
    return requested;
}

/* Lambda takes every regular file in there for an extension. */
static bool has_external_extensions(void)
{
    DIR *folder = opendir(EXTENSIONS);
    bool found = false;
    if (!folder)
        return false;
    for (struct dirent *entry; !found && (entry = readdir(folder));)
        found = entry->d_name[0] != '.';
    closedir(folder);
    return found;
}

int64_t stop_deadline_ms(void)
{
    int grace = has_external_extensions() ? STOP_GRACE_EXTERNAL_MS : STOP_GRACE_MS;
    return (int64_t)requested_at.tv_sec * 1000 + requested_at.tv_nsec / 1000000 + grace;
}
