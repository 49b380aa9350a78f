/* SPDX-License-Identifier: Apache-2.0 */
#include "core/watch.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "core/crash.h"

#define LOOK_MS   100 /* before the deadline */
#define LOOK_PART 10  /* or this part of the time */

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static struct {
    int timer; /* the kernel's number for it */
    pid_t pid; /* of the process that has it; 0: none */
    volatile sig_atomic_t running;
    int64_t deadline_ms, at_ms, margin_ms;
} watch;

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void on_watch(int sig, siginfo_t *info, void *context)
{
    (void)sig;
    int saved = errno;
    int64_t now = now_ms();
    if (info->si_code != SI_TIMER || !watch.running || now < watch.at_ms || getpid() != watch.pid)
        return; /* late, of an invocation that has come to its end */
    watch.running = 0;
    if (watch.margin_ms)
        crash_give_up(context, watch.deadline_ms - now);
    crash_explain_hang(context, watch.deadline_ms - now);
    errno = saved;
}

/* With the first event: the start of the process has no time for it. The kernel is called by its
 * own name, since the C library's timer_create was in another library once. */
static bool make_timer(void)
{
    if (watch.pid) /* a fork of it never comes back to here */
        return true;
    struct sigaction action = {.sa_sigaction = on_watch,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = WATCH_SIGNAL};
    sigfillset(&action.sa_mask);
    crash_unmask(&action.sa_mask);
    event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
    if (sigaction(WATCH_SIGNAL, &action, NULL) != 0 ||
        syscall(SYS_timer_create, CLOCK_REALTIME, &event, &watch.timer) != 0)
        return false;
    watch.pid = getpid();
    return true;
}

void watch_set_margin(int64_t margin_ms)
{
    watch.margin_ms = margin_ms;
}

static int64_t margin_of(int64_t left)
{
    if (watch.margin_ms)
        return watch.margin_ms < left / 2 ? watch.margin_ms : left / 2;
    return LOOK_MS < left / LOOK_PART ? LOOK_MS : left / LOOK_PART;
}

void watch_begin(int64_t deadline_ms)
{
    int64_t left = deadline_ms ? deadline_ms - now_ms() : 0;
    if (left <= 0 || !make_timer())
        return;
    watch.deadline_ms = deadline_ms;
    watch.at_ms = deadline_ms - margin_of(left);
    struct itimerspec at = {
        .it_value = {watch.at_ms / 1000, watch.at_ms % 1000 * 1000000},
    };
    watch.running = 1;
    if (syscall(SYS_timer_settime, watch.timer, TIMER_ABSTIME, &at, NULL) != 0)
        watch.running = 0;
}

/* The timer stays: one that fires while nothing runs is cheaper than a call to stop it. */
void watch_end(void)
{
    watch.running = 0;
}
