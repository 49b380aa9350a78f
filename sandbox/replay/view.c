/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/clock.h"

#define INTERVAL_US 100000
#define BAR_CELLS   20

void replay_view_begin(struct replay_view *v)
{
    const char *term = getenv("TERM");
    *v = (struct replay_view){.began_us = clock_now_us()};
    v->on = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

static int add_bar(char *out, size_t size, double part)
{
    int full = (int)(part * BAR_CELLS + 0.5), n = 0;
    if (full > BAR_CELLS)
        full = BAR_CELLS;
    n += snprintf(out, size, "[%.*s%.*s] ", full, "####################", BAR_CELLS - full,
                  "....................");
    return n;
}

static int add_remaining(char *out, size_t size, double seconds)
{
    if (seconds < 0 || seconds > 360000)
        return 0;
    return snprintf(out, size, ", %d:%02d left", (int)seconds / 60, (int)seconds % 60);
}

/* What would go on in the next line could not be written over. */
static int cut(int n)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 || n < size.ws_col)
        return n;
    return size.ws_col - 1;
}

void replay_view_tell(struct replay_view *v, double part, const char *text)
{
    char line[200];
    int n = 0;
    if (!v->on)
        return;
    int64_t now = clock_now_us();
    if (now - v->shown_us < INTERVAL_US)
        return;
    v->shown_us = now;
    double seconds = (double)(now - v->began_us) / 1e6;
    if (part >= 0)
        n = add_bar(line, sizeof line, part);
    n += snprintf(line + n, sizeof line - (size_t)n, "%.120s", text);
    if (part > 0)
        n += add_remaining(line + n, sizeof line - (size_t)n, seconds * (1 - part) / part);
    n = cut(n);
    size_t pad = v->width > (size_t)n ? v->width - (size_t)n : 0;
    fprintf(stderr, "\r%.*s%*s", n, line, (int)pad, "");
    fflush(stderr);
    v->width = (size_t)n;
}

void replay_view_show(struct replay_view *v, const struct replay_progress *p)
{
    char text[120];
    double seconds = (double)(clock_now_us() - v->began_us) / 1e6;
    snprintf(text, sizeof text, "%zu done, %zu differing, %.0f events/s", p->done, p->differing,
             (double)p->done / seconds);
    replay_view_tell(v, p->total ? (double)p->read / (double)p->total : -1, text);
}

void replay_view_clear(struct replay_view *v)
{
    if (!v->on || v->width == 0)
        return;
    fprintf(stderr, "\r%*s\r", (int)v->width, "");
    fflush(stderr);
    v->width = 0;
}
